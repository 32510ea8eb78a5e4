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
#include <cstdint>
#include <exception>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <libdevmapper.h>

namespace {

struct Table {
	std::uint64_t start = 0;
	std::uint64_t length = 0;
	std::string type;
	std::string parameters;
};

Table parse(const std::string &line)
{
	std::istringstream words(line);
	Table table;

	words >> table.start >> table.length >> table.type >> std::ws;
	std::getline(words, table.parameters);
	if (table.type.empty())
		throw std::runtime_error(
			fmt::format("this is no table: {}", line));
	return table;
}

class Task {
public:
	Task(int type, const std::string &device) : task_(dm_task_create(type))
	{
		if (!task_ || !dm_task_set_name(task_.get(), device.c_str()))
			throw std::runtime_error("no device-mapper task");
	}

	void add(const Table &table)
	{
		if (!dm_task_add_target(task_.get(), table.start, table.length,
					table.type.c_str(),
					table.parameters.c_str()))
			throw std::runtime_error("no target");
	}

	/* libdevmapper says itself what is wrong. */
	void run()
	{
		if (!dm_task_run(task_.get()))
			throw std::runtime_error("refused");
	}

private:
	struct destroy {
		void operator()(dm_task *task) const
		{
			dm_task_destroy(task);
		}
	};

	std::unique_ptr<dm_task, destroy> task_;
};

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
		replace(device, parse(line));
	} catch (const std::exception &error) {
		fmt::print(stderr, "replace_table: {}: {}\n", device,
			   error.what());
		return 1;
	}
	return 0;
}
