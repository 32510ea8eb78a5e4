/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device-mapper that only remembers, and fails when it is told to
 */
#ifndef TOOLS_TESTS_FAKE_DM_H
#define TOOLS_TESTS_FAKE_DM_H

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include "dm.h"

struct fake_device {
	std::string uuid;
	dev_t number = 0;
	dm::table live, inactive, status;
	bool suspended = true;
	int opened = 0; /* by processes */
	std::vector<std::string> messages;
};

class fake_dm final : public dm::control {
public:
	std::map<std::string, fake_device> devices;
	std::vector<std::string> requests; /* those that change something */
	int fail_at = -1;      /* the request with this number fails, from 0 */
	bool fails_on = false; /* and all after it */

	/* In use under that table. */
	void add(const std::string &name, const dm::table &live,
		 const std::string &uuid = {})
	{
		devices[name] = { .uuid = uuid,
				  .number = next_number(),
				  .live = live,
				  .inactive = {},
				  .status = {},
				  .suspended = false,
				  .opened = 0,
				  .messages = {} };
	}

	std::vector<dm::info> list() override
	{
		std::vector<dm::info> found;

		for (const auto &[name, device] : devices)
			found.push_back(*find(name));
		return found;
	}

	std::optional<dm::info> find(const std::string &name) override
	{
		if (!devices.contains(name))
			return {};

		const auto &device = devices.at(name);

		return dm::info{ .name = name,
				 .uuid = device.uuid,
				 .number = device.number,
				 .open_count = device.opened +
					       users_of(device.number),
				 .live = !device.live.empty(),
				 .inactive = !device.inactive.empty(),
				 .suspended = device.suspended,
				 .read_only = false };
	}

	dm::table live_table(const std::string &name) override
	{
		return at(name).live;
	}

	dm::table status(const std::string &name) override
	{
		return at(name).status;
	}

	void create(const std::string &name, const std::string &uuid) override
	{
		request("create", name);
		if (devices.contains(name))
			throw dm::error(name + ": exists");
		devices[name].uuid = uuid;
		devices[name].number = next_number();
	}

	void load(const std::string &name, const dm::table &t) override
	{
		request("load", name);
		at(name).inactive = t;
	}

	void clear(const std::string &name) override
	{
		request("clear", name);
		at(name).inactive.clear();
	}

	void suspend(const std::string &name, dm::freeze) override
	{
		request("suspend", name);
		at(name).suspended = true;
	}

	void resume(const std::string &name, dm::visibility) override
	{
		request("resume", name);

		auto &device = at(name);

		if (!device.inactive.empty())
			device.live = std::exchange(device.inactive, {});
		device.suspended = false;
	}

	void remove(const std::string &name) override
	{
		request("remove", name);
		if (find(name)->open_count)
			throw dm::error(name + ": busy");
		devices.erase(name);
	}

	void remove_when_closed(const std::string &name) override
	{
		request("remove when closed", name);
		devices.erase(name);
	}

	void message(const std::string &name, const std::string &words) override
	{
		request("message", name);
		at(name).messages.push_back(words);
	}

	void settle() override
	{
		for (const auto &[name, device] : devices)
			if (device.suspended && !device.live.empty())
				throw std::logic_error("udev would wait for " +
						       name);
	}

	fake_device &at(const std::string &name)
	{
		if (!devices.contains(name))
			throw dm::error(name + ": no such device");
		return devices.at(name);
	}

private:
	void request(const std::string &what, const std::string &name)
	{
		const auto number = static_cast<int>(requests.size());

		requests.push_back(what + " " + name);
		if (fail_at >= 0 &&
		    (number == fail_at || (fails_on && number > fail_at)))
			throw dm::error(
				fmt::format("{}: {} fails", name, what));
	}

	dev_t next_number() const
	{
		return makedev(253, static_cast<unsigned int>(devices.size()));
	}

	/* Devices whose tables name it. */
	int users_of(dev_t number) const
	{
		const auto word = fmt::format(" {}:{} ", major(number),
					      minor(number));
		const auto names = [&word](const dm::target &t) {
			return (" " + t.params + " ").find(word) !=
			       std::string::npos;
		};

		return static_cast<int>(std::count_if(
			devices.begin(), devices.end(), [&](const auto &d) {
				const auto &live = d.second.live;
				const auto &inactive = d.second.inactive;

				return std::any_of(live.begin(), live.end(),
						   names) ||
				       std::any_of(inactive.begin(),
						   inactive.end(), names);
			}));
	}
};

#endif /* TOOLS_TESTS_FAKE_DM_H */
