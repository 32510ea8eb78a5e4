/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What device-mapper says of a device
 */
#ifndef TOOLS_DM_H
#define TOOLS_DM_H

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace dm {

/* A device that isn't there, a question that may not be asked, and the like. */
struct error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

/* A target of a device: a line of its table or of its status. */
struct target {
	std::uint64_t sectors; /* of 512 bytes */
	std::string type;
	std::string params;
};

/* A device is named as for dmsetup: by its name or by its path. */
std::vector<target> table(const std::string &device);
std::vector<target> status(const std::string &device);

} // namespace dm

#endif /* TOOLS_DM_H */
