// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to device-mapper, by libdevmapper
 */
#include "dm.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libdevmapper.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "kernel_log.h"

namespace dm {
namespace {

/* libdevmapper tells its log what went wrong, and its caller only that. */
std::string first_complaint;

constexpr const char *no_target = "unknown target type";

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

/* One request. */
class task {
public:
	explicit task(int type, const std::string &device = {}) :
		device_(device)
	{
		first_complaint.clear();
		task_.reset(dm_task_create(type));
		check(task_ && (device.empty() ||
				dm_task_set_name(get(), device.c_str())));
	}

	dm_task *get() const
	{
		return task_.get();
	}

	void check(bool done) const
	{
		if (!done)
			throw error(device_.empty() ?
					    first_complaint :
					    fmt::format("{}: {}", device_,
							first_complaint));
	}

	void run() const
	{
		if (dm_task_run(get()))
			return;
		if (dm_task_get_errno(get()) == ENXIO)
			throw error(device_ + ": no such device-mapper device");
		check(false);
	}

	/* For a request whose refusal the kernel's log explains. */
	void run_explained() const
	{
		const kernel_log log;

		if (dm_task_run(get()))
			return;

		const auto why = fmt::format(
			"{}", fmt::join(log.since("device-mapper: "), "; "));

		if (why.empty())
			check(false);
		throw error(fmt::format(
			"{}: {} (the kernel says: {}){}", device_,
			first_complaint, why,
			why.find(no_target) == why.npos ?
				"" :
				". Are kcopyd's modules there for this kernel? "
				"`kcopyctl doctor` tells"));
	}

private:
	struct destroy {
		void operator()(dm_task *t) const
		{
			dm_task_destroy(t);
		}
	};

	std::unique_ptr<dm_task, destroy> task_;
	std::string device_;
};

std::uint16_t udev_flags(visibility v)
{
	switch (v) {
	case visibility::shown:
		return 0;
	case visibility::copy:
		return DM_UDEV_LOW_PRIORITY_FLAG;
	case visibility::hidden:
		break;
	}
	return DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG |
	       DM_UDEV_DISABLE_DISK_RULES_FLAG |
	       DM_UDEV_DISABLE_OTHER_RULES_FLAG;
}

table targets_of(const task &request)
{
	table found;
	void *next = nullptr;

	do {
		std::uint64_t start = 0, sectors = 0;
		char *type = nullptr, *params = nullptr;

		next = dm_get_next_target(request.get(), next, &start, &sectors,
					  &type, &params);
		if (type)
			found.push_back(
				{ start, sectors, type, params ? params : "" });
	} while (next);
	return found;
}

class kernel_control final : public control {
public:
	kernel_control()
	{
		dm_log_with_errno_init(log);
		task(DM_DEVICE_VERSION).run();
	}

	~kernel_control() override
	{
		settle();
	}

	std::vector<info> list() override
	{
		const task request(DM_DEVICE_LIST);
		std::vector<info> found;

		request.run();

		const auto *names = dm_task_get_names(request.get());

		request.check(names);
		/* dev is 0 where there are none */
		while (names->dev) {
			if (auto device = find(names->name))
				found.push_back(*device);
			if (!names->next)
				break;
			names = reinterpret_cast<const dm_names *>(
				reinterpret_cast<const char *>(names) +
				names->next);
		}
		return found;
	}

	std::optional<info> find(const std::string &name) override
	{
		const task request(DM_DEVICE_INFO, name);
		dm_info found;

		request.run();
		request.check(dm_task_get_info(request.get(), &found));
		if (!found.exists)
			return {};
		return info{ .name = dm_task_get_name(request.get()),
			     .uuid = dm_task_get_uuid(request.get()),
			     .number = makedev(found.major, found.minor),
			     .open_count = found.open_count,
			     .live = found.live_table != 0,
			     .inactive = found.inactive_table != 0,
			     .suspended = found.suspended != 0,
			     .read_only = found.read_only != 0 };
	}

	table live_table(const std::string &name) override
	{
		const task request(DM_DEVICE_TABLE, name);

		/* it may hold a key */
		request.check(dm_task_secure_data(request.get()));
		dm_task_no_flush(request.get());
		request.run();
		return targets_of(request);
	}

	table status(const std::string &name) override
	{
		const task request(DM_DEVICE_STATUS, name);

		/* Asking must not make the device write. */
		dm_task_no_flush(request.get());
		request.run();
		return targets_of(request);
	}

	void create(const std::string &name, const std::string &uuid) override
	{
		const task request(DM_DEVICE_CREATE, name);

		request.check(dm_task_set_uuid(request.get(), uuid.c_str()));
		request.run_explained();
	}

	void load(const std::string &name, const table &t) override
	{
		const task request(DM_DEVICE_RELOAD, name);

		request.check(dm_task_secure_data(request.get()));
		for (const auto &line : t)
			request.check(dm_task_add_target(
				request.get(), line.start, line.sectors,
				line.type.c_str(), line.params.c_str()));
		request.run_explained();
	}

	void clear(const std::string &name) override
	{
		task(DM_DEVICE_CLEAR, name).run();
	}

	/* Our own pages may be on the device: they have to be here before. */
	void suspend(const std::string &name, freeze f) override
	{
		const task request(DM_DEVICE_SUSPEND, name);

		if (f == freeze::no)
			dm_task_skip_lockfs(request.get());
		if (mlockall(MCL_CURRENT | MCL_FUTURE))
			throw error(fmt::format(
				"{}: cannot lock this program in memory: {}",
				name, std::strerror(errno)));
		try {
			request.run();
		} catch (...) {
			munlockall();
			throw;
		}
	}

	void resume(const std::string &name, visibility v) override
	{
		const task request(DM_DEVICE_RESUME, name);

		request.check(dm_task_set_cookie(request.get(), &cookie_,
						 udev_flags(v)));
		request.run_explained();
		munlockall();
	}

	void remove(const std::string &name) override
	{
		const task request(DM_DEVICE_REMOVE, name);

		/* udev may be looking at it */
		dm_task_retry_remove(request.get());
		remove(request);
	}

	void remove_when_closed(const std::string &name) override
	{
		const task request(DM_DEVICE_REMOVE, name);

		request.check(dm_task_deferred_remove(request.get()));
		remove(request);
	}

	void message(const std::string &name, const std::string &words) override
	{
		const task request(DM_DEVICE_TARGET_MSG, name);

		request.check(
			dm_task_set_sector(request.get(), 0) &&
			dm_task_set_message(request.get(), words.c_str()));
		request.run_explained();
	}

	/* Where no udev runs, libdevmapper makes the nodes in /dev/mapper now. */
	void settle() final
	{
		dm_udev_wait(cookie_);
		cookie_ = 0;
	}

private:
	void remove(const task &request)
	{
		request.check(dm_task_set_cookie(request.get(), &cookie_, 0));
		request.run();
	}

	std::uint32_t cookie_ = 0;
};

} // namespace

std::vector<std::string> versions()
{
	std::vector<std::string> found;
	char driver[64];

	dm_log_with_errno_init(log);

	const task request(DM_DEVICE_LIST_VERSIONS);

	request.run();
	if (dm_task_get_driver_version(request.get(), driver, sizeof(driver)))
		found.push_back(fmt::format("driver {}", driver));

	const auto *v = dm_task_get_versions(request.get());

	while (v) {
		found.push_back(fmt::format("{} {}.{}.{}", v->name,
					    v->version[0], v->version[1],
					    v->version[2]));
		v = v->next ? reinterpret_cast<const dm_versions *>(
				      reinterpret_cast<const char *>(v) +
				      v->next) :
			      nullptr;
	}
	return found;
}

std::unique_ptr<control> open()
{
	return std::make_unique<kernel_control>();
}

} // namespace dm
