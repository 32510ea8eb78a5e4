/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of our own mapped devices, which are all that is ever written down
 *
 * A device that this program makes has a uuid KCOPYD-<role>-<name>. A device in use that
 * was put on top of a hidden one keeps its own uuid.
 */
#ifndef TOOLS_ROLE_H
#define TOOLS_ROLE_H

#include <optional>
#include <string>
#include <string_view>

enum class role {
	clone,	  /* until it is in sync; a process follows it */
	detached, /* until it is in sync; no process needs to */
	mirror,	  /* until somebody stops it */
	origin,	  /* of snapshots */
	snapshot,
};

std::string uuid_of(role r, std::string_view name);
std::optional<role> role_of(std::string_view uuid);
std::string_view word_for(role r);

/*
 * The device that takes over the table of another one, and back. An origin of snapshots
 * may be mirrored as well.
 */
std::string hidden_name(std::string_view device, role r);
std::optional<std::string> name_above(std::string_view hidden);

/* The mirror of a device that is not in use: "kcopyd-sdb" for "/dev/sdb". */
std::string mirror_name(std::string_view path);

#endif /* TOOLS_ROLE_H */
