// SPDX-License-Identifier: GPL-2.0
/*
 * Two ways to copy:
 *
 * A source that is not in use becomes the first leg of a mirror with a name of its own,
 * which nobody uses. It keeps others from using the source meanwhile.
 *
 * A mapped device in use becomes the mirror itself; what it was is a hidden device
 * below, and the first leg.
 */
#include "clone.h"

#include <fmt/format.h>

#include "follow.h"
#include "layer.h"
#include "lock.h"
#include "role.h"
#include "take_down.h"
#include "text.h"

namespace {

struct plan {
	device_facts source;
	std::vector<device_facts> dests;
	role kind;
	bool live;
	std::uint64_t region_sectors;
};

role role_for(const commands::clone_options &options)
{
	if (options.keep)
		return role::mirror;
	return options.detach ? role::detached : role::clone;
}

void add(refusal::list &to, const refusal::list &more)
{
	to.insert(to.end(), more.begin(), more.end());
}

refusal::list against_source(dm::control &dm, const plan &p)
{
	if (!p.live)
		return refusal::of_idle_source(p.source);

	const auto &name = p.source.dm->name;

	return refusal::of_live_source(p.source, *dm.find(name),
				       dm.live_table(name));
}

refusal::list against_dests(const plan &p, refusal::overwrite overwrite)
{
	refusal::list found;

	for (std::size_t i = 0; i < p.dests.size(); i++) {
		const auto &dest = p.dests[i];
		auto pairs = refusal::of_pair(p.source, dest);

		for (std::size_t j = 0; j < i; j++)
			add(pairs, refusal::of_pair(p.dests[j], dest));
		add(found, pairs);
		/* What it is, and is in use by, is the other's. */
		if (!pairs.empty())
			continue;
		add(found, refusal::of_destination(dest, overwrite));
		add(found, refusal::of_size(p.source, dest, p.live));
	}
	return found;
}

bool is_in_use(dm::control &dm, const device_facts &facts)
{
	return dm.find(facts.dm->name).value().open_count > 0;
}

/* Throws refused. */
plan examine(dm::control &dm, const commands::clone_options &options)
{
	plan p = { .source = facts_of(options.source),
		   .dests = {},
		   .kind = role_for(options),
		   .live = false,
		   .region_sectors = 0 };

	for (const auto &dest : options.dests)
		p.dests.push_back(facts_of(dest));
	p.live = p.source.dm && (options.keep || is_in_use(dm, p.source));
	p.region_sectors = options.region_bytes ?
				   *options.region_bytes / sector_bytes :
				   default_region_sectors(p.source.bytes /
							  sector_bytes);

	auto why = against_source(dm, p);

	add(why, against_dests(p, options.force ? refusal::overwrite::yes :
						  refusal::overwrite::no));
	if (!why.empty())
		throw refused(why);
	return p;
}

dm::table table_of(const plan &p, dev_t source)
{
	mirror_table table = { p.region_sectors,
			       { { layer::number_words(source), 0, "sync" } } };

	for (const auto &dest : p.dests)
		table.legs.push_back(
			{ layer::number_words(dest.number), 0, "fill" });
	return { { 0, p.source.bytes / sector_bytes, "kmirror",
		   words_of(table) } };
}

void start_idle(dm::control &dm, const plan &p, const std::string &name)
{
	dm.create(name, uuid_of(p.kind, name));
	try {
		dm.load(name, table_of(p, p.source.number));
		dm.resume(name, p.kind == role::mirror ?
					dm::visibility::shown :
					dm::visibility::hidden);
		dm.settle();
	} catch (...) {
		layer::discard(dm, name);
		throw;
	}
}

void start_live(dm::control &dm, const plan &p, const std::string &hidden)
{
	layer::insert(dm, { .device = p.source.dm->name,
			    .hidden = hidden,
			    .uuid = uuid_of(p.kind, hidden),
			    .table =
				    [&p](const dm::info &below) {
					    return table_of(p, below.number);
				    },
			    .frozen = [] {} });
}

/* The names of the mirror and of our own device, which is the same or is below. */
struct names {
	std::string mirror, own;
};

names start(dm::control &dm, const plan &p)
{
	names n;

	if (p.live) {
		n = { p.source.dm->name,
		      hidden_name(p.source.dm->name, p.kind) };
		start_live(dm, p, n.own);
	} else {
		n.mirror = n.own = mirror_name(p.source.path);
		start_idle(dm, p, n.own);
	}
	return n;
}

void announce_start(const plan &p, output &out)
{
	std::string dests;

	for (const auto &dest : p.dests)
		dests += (dests.empty() ? "" : ", ") + dest.path;
	out.say(fmt::format("copying {} ({}{}) to {}", p.source.path,
			    text::bytes(p.source.bytes),
			    p.live ? ", in use" : "", dests));
}

summary summary_of(const commands::clone_options &options, const running &last,
		   const mirror_status &status, std::chrono::milliseconds time)
{
	return { .source = options.source,
		 .bytes = last.bytes(),
		 .time = time,
		 .copies = results_of(status, options.dests),
		 .remarks = words::reasons(view_of(last)) };
}

std::string remark_of_kept(const plan &p, const names &n)
{
	if (p.live)
		return fmt::format("{0} goes on mirroring: `kcopyctl stop {0}` "
				   "ends that",
				   p.source.path);
	return fmt::format("use /dev/mapper/{0} in place of {1}, or it is no "
			   "mirror: `kcopyctl stop {0}` ends it",
			   n.mirror, p.source.path);
}

/* A frozen file system is clean; what stands on it and has one of its own is not. */
void remark_state(const plan &p, std::vector<std::string> &remarks)
{
	if (!p.live || !p.source.mounts.empty())
		return;
	remarks.push_back(fmt::format(
		"no file system is mounted from {} itself: what was "
		"being written by way of a device above it is as "
		"after a power cut",
		p.source.path));
}

/* A RAID would be assembled from what a larger destination had at its end. */
void remark_rest(const plan &p, std::vector<std::string> &remarks)
{
	for (const auto &dest : p.dests)
		for (const auto &s : dest.signatures)
			if (s.offset >= p.source.bytes)
				remarks.push_back(fmt::format(
					"{0}: still has {1} at byte {2}, behind "
					"the copy: `wipefs -o {2} {0}` removes "
					"it",
					dest.path, s.type, s.offset));
}

exit_code tell_result(const summary &s, output &out)
{
	out.result(s);
	return code_of(s.copies);
}

exit_code finish(dm::control &dm, const plan &p,
		 const commands::clone_options &options, const followed &f,
		 output &out)
{
	const exclusive lock;
	auto s = summary_of(options, *f.last, take_down(dm, *f.last), f.time);

	for (const auto &dest : options.dests)
		announce(dest);
	remark_state(p, s.remarks);
	remark_rest(p, s.remarks);
	return tell_result(s, out);
}

/* They are in sync, and stay so. */
exit_code keep(const plan &p, const names &n,
	       const commands::clone_options &options, const followed &f,
	       output &out)
{
	auto s = summary_of(options, *f.last, f.last->status, f.time);

	s.remarks.push_back(remark_of_kept(p, n));
	remark_rest(p, s.remarks);
	return tell_result(s, out);
}

exit_code undo(dm::control &dm, const commands::clone_options &options,
	       const followed &f, output &out)
{
	const exclusive lock;

	out.result(
		summary_of(options, *f.last, take_down(dm, *f.last), f.time));
	out.error(fmt::format("{}: stopped by a signal; it is as it was before",
			      options.source));
	return exit_stopped;
}

/* Another kcopyctl has stopped it, or LVM has given the device a table. */
exit_code lost(dm::control &dm, const commands::clone_options &options,
	       const names &n, output &out)
{
	const exclusive lock;

	if (dm.find(n.own))
		layer::discard(dm, n.own);
	out.error(fmt::format("{}: somebody else ended the copy before it was "
			      "complete: do not use what is on the "
			      "destinations",
			      options.source));
	return exit_stopped;
}

followed follow_or_undo(dm::control &dm, const names &n, attendance &open,
			const commands::clone_options &options, output &out,
			const stop_signals &signals)
{
	try {
		return follow(dm, n.mirror, out, signals,
			      commands::interval(options.interval));
	} catch (...) {
		const exclusive lock;

		open.end();
		if (const auto r = look_at(dm, n.mirror))
			take_down(dm, *r);
		throw;
	}
}

exit_code detach(const commands::clone_options &options, output &out)
{
	out.say(fmt::format("the kernel goes on copying; `kcopyctl wait {0}` "
			    "waits for the end and {1}",
			    options.source,
			    options.keep ? "says how it went" :
					   "finishes the copies"));
	return exit_done;
}

} // namespace

exit_code clone(dm::control &dm, const commands::clone_options &options,
		output &out, const stop_signals &signals)
{
	plan p;
	names n;
	std::optional<attendance> open;

	{
		const exclusive lock;

		p = examine(dm, options);
		announce_start(p, out);
		n = start(dm, p);
		if (options.detach)
			return detach(options, out);
		open.emplace(n.own);
	}

	const auto f = follow_or_undo(dm, n, *open, options, out, signals);

	open->end();
	switch (f.how) {
	case ending::interrupted:
		return undo(dm, options, f, out);
	case ending::replaced:
		return lost(dm, options, n, out);
	case ending::ended:
		break;
	}
	if (options.keep)
		return keep(p, n, options, f, out);
	return finish(dm, p, options, f, out);
}
