// SPDX-License-Identifier: GPL-2.0
/*
 * Questions to device-mapper, asked with libdevmapper
 */
#include "dm.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <libdevmapper.h>

namespace dm {
namespace {

/* libdevmapper tells its log what went wrong, and its caller only that. */
std::string first_complaint;

constexpr int level_mask = 7; /* the rest are flags */
constexpr int level_error = 3;

[[gnu::format(printf, 5, 6)]] void log(int level, const char *, int, int,
				       const char *format, ...)
{
	char line[256];
	std::va_list args;

	if ((level & level_mask) > level_error || !first_complaint.empty())
		return;
	va_start(args, format);
	std::vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	first_complaint = line;
}

/* One request to device-mapper. */
class task {
public:
	task(int type, const std::string &device) :
		task_(dm_task_create(type)), device_(device)
	{
		if (!task_ || !dm_task_set_name(get(), device.c_str()))
			fail();
		/* Asking must not make the device write. */
		dm_task_no_flush(get());
	}

	void run()
	{
		if (dm_task_run(get()))
			return;
		if (dm_task_get_errno(get()) == ENXIO)
			throw error(device_ + ": no such device-mapper device");
		fail();
	}

	std::vector<target> targets() const
	{
		std::vector<target> found;
		void *next = nullptr;

		do {
			std::uint64_t start, sectors;
			char *type = nullptr, *params = nullptr;

			next = dm_get_next_target(get(), next, &start, &sectors,
						  &type, &params);
			if (type)
				found.push_back({ sectors, type,
						  params ? params : "" });
		} while (next);
		return found;
	}

private:
	struct destroy {
		void operator()(dm_task *t) const
		{
			dm_task_destroy(t);
		}
	};

	dm_task *get() const
	{
		return task_.get();
	}

	[[noreturn]] void fail() const
	{
		throw error(fmt::format("{}: {}", device_, first_complaint));
	}

	std::unique_ptr<dm_task, destroy> task_;
	std::string device_;
};

std::vector<target> ask(int type, const std::string &device)
{
	first_complaint.clear();
	dm_log_with_errno_init(log);

	task request(type, device);

	request.run();
	return request.targets();
}

} // namespace

std::vector<target> table(const std::string &device)
{
	return ask(DM_DEVICE_TABLE, device);
}

std::vector<target> status(const std::string &device)
{
	return ask(DM_DEVICE_STATUS, device);
}

} // namespace dm
