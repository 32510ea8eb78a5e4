/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work, as the benchmark's module is told it
 */
#ifndef REPORT_WORK_H
#define REPORT_WORK_H

#include <array>
#include <string>
#include <vector>

inline constexpr unsigned long long KiB = 1024, MiB = 1024 * KiB,
				    GiB = 1024 * MiB;

inline const std::array<std::string, 3> engines{ "dm-kcopyd", "floor",
						 "kcopyd" };

struct work {
	unsigned long long bytes;
	unsigned int dests = 1;
	unsigned int depth = 1;
	unsigned int jobs = 1;
	bool zero = false;
	std::string more = {};	/* other words */
	std::string disk = "d"; /* destinations are d1, d2, ...; source d0 */

	/* A line for the machine. */
	std::string run(const std::string &id, const std::string &engine) const;
};

/* Lines that make null_blk devices: a source and destinations. */
std::vector<std::string> null_disks(unsigned int dests, unsigned int ns,
				    unsigned int megabytes,
				    unsigned int max_sectors = 0);

void append(std::vector<std::string> &lines,
	    const std::vector<std::string> &more);

#endif /* REPORT_WORK_H */
