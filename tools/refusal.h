/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What speaks against a copy, given what is known of the devices
 *
 * Each line says what is wrong, with which device, and what to do. Nothing was changed
 * yet. An empty list: go ahead.
 */
#ifndef TOOLS_REFUSAL_H
#define TOOLS_REFUSAL_H

#include <string>
#include <vector>

#include "device.h"
#include "dm.h"

namespace refusal {

using list = std::vector<std::string>;

enum class overwrite { no, yes };

/* A device that is to be overwritten. */
list of_destination(const device_facts &dest, overwrite signatures);

/* A device that is to be copied, and is not in use or is no mapped device. */
list of_idle_source(const device_facts &source);

/* A mapped device in use, whose table is to move. */
list of_live_source(const device_facts &source, const dm::info &device,
		    const dm::table &table);

/* A mapped device whose table is to move, for whatever. */
list of_moving(const device_facts &source, const dm::info &device,
	       const dm::table &table);

/* Writes to it could not be seen. */
list of_unmapped_origin(const device_facts &origin);

/* Two devices that must have no data in common. */
list of_pair(const device_facts &a, const device_facts &b);

/* The destination must be fit for what the source has. */
list of_size(const device_facts &source, const device_facts &dest, bool live);

} // namespace refusal

#endif /* TOOLS_REFUSAL_H */
