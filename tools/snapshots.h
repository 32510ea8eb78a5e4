/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The snapshots of ksnap and their origins, as device-mapper knows them
 */
#ifndef TOOLS_SNAPSHOTS_H
#define TOOLS_SNAPSHOTS_H

#include <optional>
#include <string>
#include <vector>

#include "dm.h"
#include "ksnap.h"

/* A device by way of which an origin is written. */
struct origin_device {
	dm::info device;
	std::string below;		/* the number of the origin itself */
	std::optional<dm::info> hidden; /* the same, if it is one of ours */
};

std::vector<origin_device> all_origins(dm::control &dm);
std::optional<origin_device> origin_named(dm::control &dm,
					  const std::string &name);

struct snapshot {
	dm::info device;
	std::uint64_t sectors;
	ksnap::table table;
	ksnap::status status;
	std::optional<origin_device> origin;
};

/* Those in use. */
std::vector<snapshot> all_snapshots(dm::control &dm);

/* Throws dm::error if there is none. */
snapshot snapshot_named(dm::control &dm, const std::string &name);

std::size_t count_snapshots_of(dm::control &dm, const std::string &below);

#endif /* TOOLS_SNAPSHOTS_H */
