/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to device-mapper. */
#ifndef WORKLOAD_DEVICE_MAPPER_HPP
#define WORKLOAD_DEVICE_MAPPER_HPP

#include <cstdint>
#include <memory>
#include <string>

#include <libdevmapper.h>

struct Table {
	std::uint64_t start = 0;
	std::uint64_t length = 0;
	std::string type;
	std::string parameters;
};

/* Of a line as for dmsetup. Throws if it is none. */
Table parse_table(const std::string &line);

class Task {
public:
	/* One of DM_DEVICE_*. */
	Task(int type, const std::string &device);

	void add(const Table &table);
	/* Throws if it fails; libdevmapper says itself what is wrong. */
	void run();
	/* What the first target has said of its status. */
	std::string status();

private:
	struct destroy {
		void operator()(dm_task *task) const
		{
			dm_task_destroy(task);
		}
	};

	std::unique_ptr<dm_task, destroy> task_;
};

#endif /* WORKLOAD_DEVICE_MAPPER_HPP */
