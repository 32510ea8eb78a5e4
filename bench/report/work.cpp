// SPDX-License-Identifier: GPL-2.0
#include "work.h"

#include <fmt/format.h>

std::string work::run(const std::string &id, const std::string &engine) const
{
	auto line = fmt::format("run {} engine={} bytes={} depth={} jobs={}",
				id, engine, bytes, depth, jobs);

	if (!zero)
		line += fmt::format(" from=/dev/{}0", disk);
	for (unsigned int i = 1; i <= dests; i++)
		line += fmt::format("{}/dev/{}{}", i == 1 ? " to=" : ",", disk,
				    i);
	if (!more.empty())
		line += " " + more;
	return line;
}

std::vector<std::string> null_disks(unsigned int dests, unsigned int ns,
				    unsigned int megabytes,
				    unsigned int max_sectors)
{
	std::vector<std::string> lines;

	for (unsigned int i = 0; i <= dests; i++) {
		lines.push_back(
			fmt::format("null d{} {} {}", i, megabytes, ns));
		if (max_sectors)
			lines.back() += fmt::format(" {}", max_sectors);
	}
	return lines;
}

void append(std::vector<std::string> &lines,
	    const std::vector<std::string> &more)
{
	lines.insert(lines.end(), more.begin(), more.end());
}
