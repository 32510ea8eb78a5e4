// SPDX-License-Identifier: GPL-2.0
#include "view.h"

#include <algorithm>

#include <fmt/format.h>

#include "text.h"

namespace words {
namespace {

/* Slow disks copy a region in less. */
constexpr std::chrono::seconds patience{ 10 };

constexpr std::size_t legs_by_name = 4;

std::string short_name(const std::string &device)
{
	return device.substr(device.rfind('/') + 1);
}

/* "no-source" or "unreadable <sector>" */
std::string why_stopped(const std::string &reason)
{
	const std::string unreadable = "unreadable ";

	if (reason.starts_with(unreadable))
		return fmt::format("the source cannot be read at sector {}; "
				   "all else is copied",
				   reason.substr(unreadable.size()));
	return "no device is left that holds all data";
}

std::size_t count_good(const view &v)
{
	return static_cast<std::size_t>(
		std::count_if(v.legs.begin(), v.legs.end(), [](const auto &l) {
			return l.health != health::failed;
		}));
}

double seconds_of(std::chrono::milliseconds time)
{
	return std::chrono::duration<double>(time).count();
}

} // namespace

std::string health_word(health h)
{
	switch (h) {
	case health::in_sync:
		return "in sync";
	case health::filling:
		return "filling";
	case health::failed:
		break;
	}
	return "failed";
}

std::string why_still(const view &v)
{
	if (v.activity == "paused")
		return fmt::format("paused: `kcopyctl resume {}` goes on",
				   v.device);
	if (v.activity == "suspended")
		return fmt::format("the device is suspended: if nobody is "
				   "about to resume it, `dmsetup resume {}`",
				   v.mapped);
	if (v.activity == "stopped")
		return why_stopped(v.stopped_by);
	if (v.activity == "filling" && v.still >= patience)
		return fmt::format("no region was copied for {}: a device is "
				   "slow or does not answer; the kernel's log "
				   "(dmesg) may tell",
				   text::duration(v.still));
	return "";
}

std::vector<std::string> reasons(const view &v)
{
	const auto why = why_still(v);

	return why.empty() ? std::vector<std::string>{} : std::vector{ why };
}

std::string legs(const view &v)
{
	std::string said;

	if (v.legs.size() > legs_by_name)
		return fmt::format("{}/{} good", count_good(v), v.legs.size());
	for (const auto &leg : v.legs)
		said += fmt::format(
			"{} {}",
			said.empty() ? "source" : ", " + short_name(leg.device),
			leg.health == health::failed ? "FAILED" : "ok");
	return said;
}

std::string time(const view &v)
{
	if (v.activity == "paused" || v.activity == "suspended" ||
	    v.activity == "stopped")
		return v.activity;
	if (v.activity == "idle")
		return "in " + text::duration(v.elapsed);
	if (v.left)
		return text::duration(*v.left) + " left";
	return v.rate ? "waiting" : "";
}

std::vector<std::string> result(const summary &s)
{
	std::vector<std::string> lines;
	const auto seconds = seconds_of(s.time);

	for (const auto &copy : s.copies)
		lines.push_back(copy.complete ?
					fmt::format("{}: holds all {} of {}",
						    copy.device,
						    text::bytes(s.bytes),
						    s.source) :
					fmt::format("{}: INCOMPLETE: {}",
						    copy.device, copy.missing));
	if (s.time.count() > 0)
		lines.push_back(fmt::format("in {:.1f} s", seconds));
	lines.insert(lines.end(), s.remarks.begin(), s.remarks.end());
	return lines;
}

std::vector<std::string> status(const view &v)
{
	const auto why = why_still(v);
	std::vector<std::string> lines;

	lines.push_back(fmt::format(
		"{}: {}, {} % ({}), {}", v.device,
		v.kind.empty() ? "kmirror" : v.kind,
		text::percent(v.done, v.all), text::bytes_of(v.done, v.all),
		v.activity == "idle" ? "nothing left to copy" : v.activity));
	for (const auto &leg : v.legs)
		lines.push_back(fmt::format(
			"    {}: {}{}", leg.device, health_word(leg.health),
			leg.read_errors ? fmt::format(", {} read errors",
						      leg.read_errors) :
					  ""));
	if (!why.empty())
		lines.push_back("    " + why);
	return lines;
}

std::string state_word(ksnap::state s)
{
	switch (s) {
	case ksnap::state::good:
		return "good";
	case ksnap::state::overflow:
		return "lost: its store was full";
	case ksnap::state::invalid:
		break;
	}
	return "lost: see the kernel's log (dmesg)";
}

std::string snapshot(const snapshot_view &v)
{
	auto line = fmt::format("{}: of {}, on {}{}, {}", v.device, v.origin,
				v.store, v.persistent ? "" : ", temporary",
				state_word(v.state));

	if (v.state == ksnap::state::good)
		line += fmt::format(", {} % full ({})",
				    text::percent(v.used, v.size),
				    text::bytes_of(v.used, v.size));
	if (v.unreadable)
		line += fmt::format(", {} chunks could not be read",
				    v.unreadable);
	return line;
}

} // namespace words

std::vector<copy_result> results_of(const mirror_status &status,
				    const std::vector<std::string> &paths)
{
	const auto left = status.total - status.synced;
	std::vector<copy_result> results;

	for (std::size_t i = 1; i < status.legs.size(); i++) {
		copy_result result = { paths.at(i - 1), false, {} };

		switch (status.legs[i].health) {
		case health::in_sync:
			result.complete = true;
			break;
		case health::filling:
			result.missing =
				fmt::format("{} of {} regions were not copied",
					    left, status.total);
			break;
		case health::failed:
			result.missing =
				"it failed a write or a flush (see dmesg)";
			break;
		}
		results.push_back(result);
	}
	return results;
}
