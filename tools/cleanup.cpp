// SPDX-License-Identifier: GPL-2.0
/*
 * A process may be killed between any two requests. What tells of it is a device of ours
 * that is not what it was made for: a hidden one that none stands on, or a snapshot
 * whose origin is written without it; or a clone that no process has open, though it
 * was not begun with --detach.
 */
#include "cleanup.h"

#include <functional>

#include <fmt/format.h>

#include "layer.h"
#include "role.h"
#include "running.h"
#include "snapshots.h"
#include "take_down.h"

namespace {

class cleaner {
public:
	explicit cleaner(dm::control &dm) : dm_(dm)
	{
	}

	/* Snapshots come before the hidden devices, on which they may stand. */
	cleaned clean()
	{
		for (const auto &info : ours())
			attempt([&] { wake_above(info); });
		for (const auto &info : ours())
			if (role_of(info.uuid) == role::snapshot)
				attempt([&] { look_at_snapshot(info); });
		for (const auto &info : ours())
			if (role_of(info.uuid) != role::snapshot)
				attempt([&] { look_at_mirror(info); });
		return result_;
	}

private:
	/* What can't be undone keeps nothing else from it. */
	void attempt(const std::function<void()> &step)
	{
		try {
			step();
		} catch (const std::exception &e) {
			result_.failed.emplace_back(e.what());
		}
	}

	std::vector<dm::info> ours()
	{
		auto found = dm_.list();

		std::erase_if(found, [](const dm::info &info) {
			return !role_of(info.uuid);
		});
		return found;
	}

	/* That which stands on the hidden device, or was to. */
	std::optional<dm::info> device_above(const dm::info &hidden)
	{
		const auto name = name_above(hidden.name);

		if (!name)
			return {};
		for (const auto &info : dm_.list())
			if (role_of(info.uuid) != role::snapshot &&
			    is_on(info.name, hidden))
				return info;
		return dm_.find(*name);
	}

	bool is_on(const std::string &device, const dm::info &hidden)
	{
		return layer::stands_on(dm_.live_table(device), hidden.number);
	}

	static bool is_begun(const dm::info &info)
	{
		return info.live && !info.suspended;
	}

	void remove(const dm::info &info)
	{
		if (info.open_count)
			return;
		dm_.remove(info.name);
		dm_.settle();
		result_.done.push_back(fmt::format("{}: removed", info.name));
	}

	/* Each of the tables that the device may have then is a good one. */
	void wake_above(const dm::info &hidden)
	{
		const auto device = device_above(hidden);

		if (!device || !device->suspended)
			return;
		if (device->inactive)
			dm_.clear(device->name);
		dm_.resume(device->name, dm::visibility::shown);
		dm_.settle();
	}

	void look_at_snapshot(const dm::info &info)
	{
		if (!is_begun(info) || !snapshot_named(dm_, info.name).origin)
			remove(info);
	}

	void look_at_mirror(const dm::info &info)
	{
		if (const auto above = device_above(info))
			look_at_hidden(info, *above);
		else if (!is_begun(info) || role_of(info.uuid) == role::clone)
			remove(info);
	}

	void look_at_hidden(const dm::info &hidden, const dm::info &device)
	{
		if (!is_on(device.name, hidden))
			put_back(hidden, device);
		else if (is_left_over(hidden))
			take_out(hidden, device);
	}

	/* It was killed before the device stood on it, or after. */
	void put_back(const dm::info &hidden, const dm::info &device)
	{
		const auto now = dm_.find(device.name);

		if (now && now->inactive && hidden.open_count)
			dm_.clear(device.name);
		layer::discard(dm_, hidden.name);
		tell_restored(device.name);
	}

	/* The device above has it open once. */
	bool is_left_over(const dm::info &hidden)
	{
		switch (role_of(hidden.uuid).value()) {
		case role::clone:
			return hidden.open_count == 1;
		case role::origin:
			return !count_snapshots_of(
				dm_, layer::number_words(hidden.number));
		default:
			return false;
		}
	}

	void take_out(const dm::info &hidden, const dm::info &device)
	{
		if (const auto r = look_at(dm_, device.name))
			take_down(dm_, *r);
		else
			layer::take_out(dm_, device.name, hidden.name, [] {});
		tell_restored(device.name);
	}

	void tell_restored(const std::string &device)
	{
		result_.done.push_back(fmt::format(
			"{}: has its own table again; what was begun is not "
			"finished",
			device));
	}

	dm::control &dm_;
	cleaned result_;
};

} // namespace

cleaned cleanup(dm::control &dm)
{
	return cleaner(dm).clean();
}
