/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mirrors that run, as device-mapper knows them
 */
#ifndef TOOLS_RUNNING_H
#define TOOLS_RUNNING_H

#include <optional>
#include <string>
#include <vector>

#include "dm.h"
#include "mirror.h"
#include "role.h"

struct running {
	dm::info device;
	std::uint64_t sectors;
	mirror_table table;
	mirror_status status;
	std::optional<dm::info> hidden; /* leg 0, if the device was in use */
	std::optional<role> kind;	/* none: not made by this program */

	std::uint64_t bytes() const
	{
		return sectors * sector_bytes;
	}

	std::uint64_t done() const
	{
		return bytes_synced(status, table.region_sectors * sector_bytes,
				    bytes());
	}
};

/* None if the device is gone, or is no kmirror. */
std::optional<running> look_at(dm::control &dm, const std::string &name);

std::vector<running> all_running(dm::control &dm);

/*
 * That of this name or number; or that which has this device as a leg. Throws
 * dm::error if there is none.
 */
running running_on(dm::control &dm, const std::string &device);

#endif /* TOOLS_RUNNING_H */
