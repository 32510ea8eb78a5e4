// SPDX-License-Identifier: GPL-2.0
#include "mirrors.h"

#include <algorithm>

#include <fmt/format.h>

#include "device.h"
#include "follow.h"
#include "layer.h"
#include "lock.h"
#include "running.h"
#include "take_down.h"

namespace {

summary summary_of(const running &r, const mirror_status &status,
		   std::chrono::milliseconds time)
{
	return { .source = source_of(r),
		 .bytes = r.bytes(),
		 .time = time,
		 .copies = results_of(status, destinations_of(r)),
		 .remarks = words::reasons(view_of(r)) };
}

exit_code end(dm::control &dm, const running &r, failed_source source,
	      std::chrono::milliseconds time, output &out)
{
	const auto s = summary_of(r, take_down(dm, r, source), time);

	for (const auto &copy : s.copies)
		announce(copy.device);
	out.result(s);
	return code_of(s.copies);
}

bool has_failed(const running &r)
{
	const auto result = outcome_of(r.status);

	return result == outcome::degraded || result == outcome::stuck;
}

void expect_ours(const running &r)
{
	if (r.kind)
		return;
	throw refused({ fmt::format(
		"{}: this mirror was not made by kcopyctl: use dmsetup",
		path_of(r.device.number)) });
}

/* Our own device that is open while somebody follows it. */
std::string own_device(const running &r)
{
	return r.hidden ? r.hidden->name : r.device.name;
}

/* No cleanup comes in between. */
running begin_to_follow(dm::control &dm, const std::string &device,
			std::optional<attendance> &open)
{
	const exclusive lock;
	auto r = running_on(dm, device);

	if (r.kind)
		open.emplace(own_device(r));
	return r;
}

/* Those that end when they are in sync. */
bool is_clone(const running &r)
{
	return r.kind == role::clone || r.kind == role::detached;
}

std::size_t leg_at(const running &r, const std::string &path)
{
	const auto number = layer::number_words(number_of(path));
	const auto &legs = r.table.legs;
	const auto found = std::find_if(legs.begin(), legs.end(),
					[&number](const table_leg &l) {
						return l.device == number;
					});

	if (found == legs.end())
		throw refused({ fmt::format("{}: is no leg of {}", path,
					    path_of(r.device.number)) });
	return static_cast<std::size_t>(found - legs.begin());
}

/* The new leg is to be fit, and the others are to be as good as they were. */
void examine_leg(const running &r, const commands::replace_leg_options &options)
{
	const auto device = facts_of(path_of(r.device.number));
	const auto leg = facts_of(options.new_leg);
	auto why = refusal::of_pair(device, leg);

	if (why.empty()) {
		why = refusal::of_destination(
			leg, options.force ? refusal::overwrite::yes :
					     refusal::overwrite::no);
		for (const auto &line : refusal::of_size(device, leg, true))
			why.push_back(line);
	}
	if (!why.empty())
		throw refused(why);
}

void expect_another_source(const running &r, std::size_t leg,
			   const std::string &path)
{
	for (std::size_t i = 0; i < r.status.legs.size(); i++)
		if (i != leg && r.status.legs[i].health == health::in_sync)
			return;
	throw refused({ fmt::format("{}: no other leg holds all data", path) });
}

} // namespace

exit_code status(dm::control &dm, const commands::status_options &options,
		 output &out)
{
	const auto found =
		options.device.empty() ?
			all_running(dm) :
			std::vector{ running_on(dm, options.device) };

	for (const auto &r : found)
		out.status(view_of(r));
	return std::any_of(found.begin(), found.end(), has_failed) ?
		       exit_partly :
		       exit_done;
}

exit_code pause(dm::control &dm, const commands::one_device_options &options)
{
	dm.message(running_on(dm, options.device).device.name, "pause");
	return exit_done;
}

exit_code resume(dm::control &dm, const commands::one_device_options &options)
{
	dm.message(running_on(dm, options.device).device.name, "resume");
	return exit_done;
}

exit_code stop(dm::control &dm, const commands::stop_options &options,
	       output &out)
{
	const exclusive lock;
	const auto r = running_on(dm, options.device);

	expect_ours(r);
	return end(dm, r,
		   options.force ? failed_source::go_back : failed_source::keep,
		   {}, out);
}

exit_code wait(dm::control &dm, const commands::wait_options &options,
	       output &out, const stop_signals &signals)
{
	std::optional<attendance> open;
	const auto r = begin_to_follow(dm, options.device, open);
	const auto f = follow(dm, r.device.name, out, signals,
			      commands::interval(options.interval));

	if (open)
		open->end();
	if (f.how == ending::interrupted)
		return exit_stopped;
	if (f.how == ending::replaced)
		throw dm::error(fmt::format("{}: somebody else ended it before "
					    "it was complete",
					    options.device));
	if (is_clone(*f.last)) {
		const exclusive lock;

		return end(dm, *f.last, failed_source::keep, f.time, out);
	}

	const auto s = summary_of(*f.last, f.last->status, f.time);

	out.result(s);
	return code_of(s.copies);
}

exit_code replace_leg(dm::control &dm,
		      const commands::replace_leg_options &options, output &out)
{
	const exclusive lock;
	const auto r = running_on(dm, options.device);
	const auto leg = leg_at(r, options.old_leg);
	auto table = r.table;

	if (r.hidden && leg == 0)
		throw refused({ fmt::format("{}: is the source itself",
					    options.old_leg) });
	expect_another_source(r, leg, options.old_leg);
	examine_leg(r, options);
	table.legs[leg] = { layer::number_words(number_of(options.new_leg)), 0,
			    "fill" };
	layer::replace_table(dm, r.device.name,
			     { { 0, r.sectors, "kmirror", words_of(table) } },
			     [] {});
	out.say(fmt::format("{}: {} takes the place of {} and is filled",
			    path_of(r.device.number), options.new_leg,
			    options.old_leg));
	return exit_done;
}
