// SPDX-License-Identifier: GPL-2.0
#include "watch.h"

#include <fmt/format.h>

#include "dm.h"

namespace {

constexpr std::uint64_t sector_bytes = 512;

dm::target only_kmirror(const std::string &device,
			const std::vector<dm::target> &targets)
{
	if (targets.empty())
		throw dm::error(fmt::format("{}: has no table", device));
	if (targets.size() > 1)
		throw dm::error(fmt::format("{}: not a kmirror, but {} targets",
					    device, targets.size()));
	if (targets.front().type != "kmirror")
		throw dm::error(fmt::format("{}: not a kmirror, but {}", device,
					    targets.front().type));
	return targets.front();
}

/* In words, from "no-source" or "unreadable <sector>". */
std::string why_stopped(const mirror_status &status)
{
	const std::string unreadable = "unreadable ";

	if (status.stopped_by.starts_with(unreadable))
		return fmt::format(
			"no leg can read the region at sector {}; the rest is "
			"in sync",
			status.stopped_by.substr(unreadable.size()));
	return "no leg is left that holds all data";
}

std::string name_of(const std::string &device)
{
	return device.substr(device.rfind('/') + 1);
}

} // namespace

watcher::watcher(const std::string &device, display &out) :
	device_(device), out_(out)
{
}

outcome watcher::look()
{
	const auto table = only_kmirror(device_, dm::table(device_));
	const auto status = parse_status(
		only_kmirror(device_, dm::status(device_)).params);
	const auto region = parse_region_sectors(table.params) * sector_bytes;
	const auto all = table.sectors * sector_bytes;
	const auto done = bytes_synced(status, region, all);
	const auto result = outcome_of(status);

	meter_.add(meter::clock::now(), done);
	tell_failures(status);
	if (result == outcome::stuck)
		out_.say(why_stopped(status));
	show(status, done, all, result);
	return result;
}

/* Of each leg once. */
void watcher::tell_failures(const mirror_status &status)
{
	for (std::size_t i = 0; i < status.legs.size(); i++) {
		const auto bit = 1u << i;

		if (status.legs[i].good || told_ & bit)
			continue;
		told_ |= bit;
		out_.say(fmt::format("leg {} ({}) has failed", i,
				     status.legs[i].device));
	}
}

/* At the end, the last seconds are of no interest, but all of them are. */
void watcher::show(const mirror_status &status, std::uint64_t done,
		   std::uint64_t all, outcome result)
{
	const bool ended = result != outcome::syncing;

	out_.show({
		.name = name_of(device_),
		.done = done,
		.all = all,
		.rate = ended ? meter_.average_rate() : meter_.rate(),
		.time = time_words(all, result, status.activity),
		.good_legs = count_good(status.legs),
		.legs = status.legs.size(),
	});
}

std::string watcher::time_words(std::uint64_t all, outcome result,
				const std::string &activity) const
{
	const auto left = meter_.time_left(all);

	if (result == outcome::stuck)
		return "stopped";
	if (activity == "paused" || activity == "suspended")
		return activity;
	if (result != outcome::syncing)
		return meter_.average_rate() ?
			       "in " + text::duration(meter_.elapsed()) :
			       "in sync";
	if (left)
		return text::duration(*left) + " left";
	return meter_.rate() ? "waiting" : "";
}
