// SPDX-License-Identifier: GPL-2.0
/*
 * A process may be killed between any two requests. What tells of it is a device of ours
 * that nobody follows: hidden, not used by the one it was made for; or a clone that
 * no process has open, though it was not begun with --detach.
 */
#include "cleanup.h"

#include <algorithm>

#include <fmt/format.h>

#include "layer.h"
#include "role.h"
#include "running.h"
#include "take_down.h"

namespace {

class cleaner {
public:
	explicit cleaner(dm::control &dm) : dm_(dm)
	{
	}

	std::vector<std::string> clean()
	{
		for (const auto &info : dm_.list())
			if (role_of(info.uuid))
				look(info);
		return done_;
	}

private:
	void look(const dm::info &info)
	{
		const auto above = name_above(info.name);

		if (above && dm_.find(*above))
			look_at_hidden(info, *above);
		else if (!is_used(info))
			remove_if_idle(info);
	}

	/* A device of its own: a mirror or a snapshot. */
	void remove_if_idle(const dm::info &info)
	{
		const bool begun = info.live && !info.suspended;

		if (info.open_count || (begun && !ends_alone(info)))
			return;
		dm_.remove(info.name);
		dm_.settle();
		done_.push_back(fmt::format("{}: removed", info.name));
	}

	/* Somebody was to be there until it ended. */
	static bool ends_alone(const dm::info &info)
	{
		return role_of(info.uuid) == role::clone;
	}

	void look_at_hidden(const dm::info &hidden, const std::string &above)
	{
		const auto device = *dm_.find(above);

		if (layer::stands_on(dm_.live_table(above), hidden.number))
			take_out(hidden, device);
		else
			put_back(hidden, device);
	}

	/* It was killed before the device stood on it, or after. */
	void put_back(const dm::info &hidden, const dm::info &device)
	{
		if (device.inactive && hidden.open_count)
			dm_.clear(device.name);
		if (device.suspended)
			dm_.resume(device.name, dm::visibility::shown);
		layer::discard(dm_, hidden.name);
		done_.push_back(
			fmt::format("{}: has its own table", device.name));
	}

	void take_out(const dm::info &hidden, const dm::info &device)
	{
		const auto r = look_at(dm_, device.name);

		/* the device itself has the hidden one open once */
		if (device.suspended) {
			dm_.clear(device.name);
			dm_.resume(device.name, dm::visibility::shown);
			dm_.settle();
		}
		if (!ends_alone(hidden) || hidden.open_count > 1 || !r)
			return;
		take_down(dm_, *r);
		done_.push_back(fmt::format("{}: has its own table again, the "
					    "copy was not finished",
					    device.name));
	}

	bool is_used(const dm::info &info)
	{
		return info.open_count > 0;
	}

	dm::control &dm_;
	std::vector<std::string> done_;
};

} // namespace

std::vector<std::string> cleanup(dm::control &dm)
{
	return cleaner(dm).clean();
}
