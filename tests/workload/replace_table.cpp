// SPDX-License-Identifier: GPL-2.0
/*
 * replace_table - give a device-mapper device another table
 *
 *	replace_table NAME "START LENGTH TYPE PARAMETERS"
 *
 * One process loads the table and resumes the device, as LVM does. With dmsetup
 * they are two, and a kernel that looks after its locks reports dm-cache, which
 * takes one when it is loaded and releases it when it is resumed.
 *
 * Exit status: 0 if the device has the table.
 */
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "device_mapper.hpp"

namespace {

void replace(const std::string &device, const Table &table)
{
	Task load(DM_DEVICE_RELOAD, device);

	load.add(table);
	load.run();
	Task(DM_DEVICE_RESUME, device).run();
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Give a device-mapper device another table.");
	std::string device, line;

	app.add_option("name", device, "the device")->required();
	app.add_option("table", line, "one line, as for dmsetup")->required();
	CLI11_PARSE(app, argc, argv);
	try {
		replace(device, parse_table(line));
	} catch (const std::exception &error) {
		fmt::print(stderr, "replace_table: {}: {}\n", device,
			   error.what());
		return 1;
	}
	return 0;
}
