// SPDX-License-Identifier: GPL-2.0
#include "device_mapper.hpp"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

Table parse_table(const std::string &line)
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

Task::Task(int type, const std::string &device) : task_(dm_task_create(type))
{
	if (!task_ || !dm_task_set_name(task_.get(), device.c_str()))
		throw std::runtime_error("no device-mapper task");
}

void Task::add(const Table &table)
{
	if (!dm_task_add_target(task_.get(), table.start, table.length,
				table.type.c_str(), table.parameters.c_str()))
		throw std::runtime_error("no target");
}

void Task::run()
{
	if (!dm_task_run(task_.get()))
		throw std::runtime_error("refused");
	/* in /dev/mapper */
	dm_task_update_nodes();
}

std::string Task::status()
{
	std::uint64_t start = 0, length = 0;
	char *type = nullptr, *parameters = nullptr;

	dm_get_next_target(task_.get(), nullptr, &start, &length, &type,
			   &parameters);
	return parameters ? parameters : "";
}
