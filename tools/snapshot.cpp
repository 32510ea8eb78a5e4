// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot has the moment of its first resume. At that time the device by way of
 * which its origin is written is suspended, and has to go on as the origin of it: both
 * or neither. All that may fail for want of memory, or for what a device holds, is
 * done before.
 */
#include "snapshot.h"

#include <algorithm>

#include <fmt/format.h>

#include "device.h"
#include "layer.h"
#include "lock.h"
#include "role.h"
#include "snapshots.h"
#include "store.h"
#include "text.h"

namespace {

struct plan {
	device_facts origin, store;
	std::optional<origin_device> before; /* if it is an origin already */
	ksnap::table table;
	ksnap::store kind;
};

refusal::list against_origin(dm::control &dm, const device_facts &origin,
			     bool is_origin)
{
	if (!origin.dm)
		return refusal::of_unmapped_origin(origin);
	if (is_origin)
		return {};
	return refusal::of_moving(origin, dm.find(origin.dm->name).value(),
				  dm.live_table(origin.dm->name));
}

refusal::list against_name(dm::control &dm, const std::string &name)
{
	if (name.find('/') != name.npos)
		return { fmt::format("{}: is a path: give the snapshot a name",
				     name) };
	if (dm.find(name))
		return { fmt::format("{}: a mapped device of this name exists",
				     name) };
	return {};
}

/* What was written since the snapshot was in use last is not in it. */
refusal::list against_existing(const device_facts &origin,
			       const commands::snapshot_create_options &options)
{
	if (!options.existing || origin.mounts.empty())
		return {};
	return { fmt::format("{}: is mounted on {}, and what was written to it "
			     "since the snapshot was in use last is lost for "
			     "it: a snapshot is taken up before its origin is "
			     "mounted",
			     origin.path, origin.mounts.front().where) };
}

void add(refusal::list &to, const refusal::list &more)
{
	to.insert(to.end(), more.begin(), more.end());
}

/* Throws refused. */
plan examine(dm::control &dm, const commands::snapshot_create_options &options)
{
	plan p = { .origin = facts_of(options.origin),
		   .store = facts_of(options.store),
		   .before = {},
		   .table = {},
		   .kind = options.existing ? ksnap::store::found :
					      ksnap::store::made };

	if (p.origin.dm)
		p.before = origin_named(dm, p.origin.dm->name);

	const auto overwrite = options.force || options.existing ?
				       refusal::overwrite::yes :
				       refusal::overwrite::no;
	auto why = against_origin(dm, p.origin, p.before.has_value());

	add(why, against_name(dm, options.name));
	add(why, against_existing(p.origin, options));
	add(why, refusal::of_pair(p.origin, p.store));
	add(why, refusal::of_destination(p.store, overwrite));
	if (!why.empty())
		throw refused(why);
	p.table = { .origin = p.before ? p.before->below : "",
		    .store = layer::number_words(p.store.number),
		    .persistent = !options.temporary,
		    .chunk_sectors = options.chunk_bytes / sector_bytes };
	return p;
}

/* All but its moment. */
void prepare(dm::control &dm, const plan &p, const std::string &name)
{
	dm.create(name, uuid_of(role::snapshot, name));
	dm.load(name, { { 0, p.origin.bytes / sector_bytes, "ksnap",
			  words_of(p.table, p.kind) } });
}

/* A device becomes an origin and gets its first snapshot. */
void create_first(dm::control &dm, plan p, const std::string &name)
{
	const auto &device = p.origin.dm->name;
	const auto hidden = hidden_name(device, role::origin);
	const auto table_on = [&](const dm::info &below) {
		p.table.origin = layer::number_words(below.number);
		prepare(dm, p, name);
		return dm::table{ { 0, p.origin.bytes / sector_bytes,
				    "ksnap-origin", p.table.origin } };
	};

	layer::insert(dm, { .device = device,
			    .hidden = hidden,
			    .uuid = uuid_of(role::origin, hidden),
			    .table = table_on,
			    .frozen = [&] {
				    dm.resume(name, dm::visibility::copy);
			    } });
}

void create_another(dm::control &dm, const plan &p, const std::string &name)
{
	prepare(dm, p, name);
	layer::while_frozen(dm, p.origin.dm->name,
			    [&] { dm.resume(name, dm::visibility::copy); });
}

void create(dm::control &dm, const plan &p, const std::string &name)
{
	try {
		if (p.before)
			create_another(dm, p, name);
		else
			create_first(dm, p, name);
	} catch (...) {
		if (dm.find(name))
			layer::discard(dm, name);
		throw;
	}
}

std::string remark_of_size(const plan &p)
{
	const auto enough = ksnap::enough_sectors(p.origin.bytes / sector_bytes,
						  p.table.chunk_sectors) *
			    sector_bytes;

	if (p.store.bytes >= enough)
		return "";
	return fmt::format("{} has {} of the {} bytes that may be needed: when "
			   "it is full, the snapshot is lost; `kcopyctl "
			   "snapshot list` tells how full it is",
			   p.store.path, p.store.bytes, enough);
}

snapshot_view view_of(const snapshot &s)
{
	return { .name = s.device.name,
		 .device = path_of(s.device.number),
		 .origin = s.origin ? path_of(s.origin->device.number) :
				      path_of(s.table.origin),
		 .store = path_of(s.table.store),
		 .persistent = s.table.persistent,
		 .state = s.status.state,
		 .used = s.status.used * sector_bytes,
		 .size = s.status.size * sector_bytes,
		 .unreadable = s.status.unreadable };
}

bool is_of(const snapshot &s, const std::string &origin)
{
	if (origin.empty())
		return true;
	return s.origin && s.origin->device.number == number_of(origin);
}

void expect_unused(const snapshot &s)
{
	const auto path = path_of(s.device.number);

	if (!s.device.open_count)
		return;

	auto why = refusal::of_destination(facts_of(path),
					   refusal::overwrite::yes);

	if (why.empty())
		why.push_back(path + ": is in use");
	throw refused(why);
}

void remove(dm::control &dm, const snapshot &s)
{
	const auto gone = [&] { dm.remove(s.device.name); };

	if (!s.origin)
		gone();
	else if (s.origin->hidden &&
		 count_snapshots_of(dm, s.table.origin) == 1)
		layer::take_out(dm, s.origin->device.name,
				s.origin->hidden->name, gone);
	else
		layer::while_frozen(dm, s.origin->device.name, gone);
	dm.settle();
}

} // namespace

exit_code snapshot_create(dm::control &dm,
			  const commands::snapshot_create_options &options,
			  output &out)
{
	const exclusive lock;
	const auto p = examine(dm, options);
	const auto remark = remark_of_size(p);

	create(dm, p, options.name);
	out.say(fmt::format("{}: a snapshot of {} as it was now",
			    "/dev/mapper/" + options.name, options.origin));
	if (!remark.empty())
		out.say(remark);
	return exit_done;
}

exit_code snapshot_list(dm::control &dm,
			const commands::snapshot_list_options &options,
			output &out)
{
	bool lost = false;

	for (const auto &s : all_snapshots(dm)) {
		if (!is_of(s, options.origin))
			continue;
		out.snapshot(view_of(s));
		lost |= s.status.state != ksnap::state::good;
	}
	return lost ? exit_partly : exit_done;
}

exit_code snapshot_remove(dm::control &dm,
			  const commands::snapshot_remove_options &options,
			  output &out)
{
	const exclusive lock;
	const auto s = snapshot_named(dm, options.name);

	expect_unused(s);
	remove(dm, s);
	forget_store(path_of(s.table.store));
	out.say(fmt::format("{}: removed, and {} is free", s.device.name,
			    path_of(s.table.store)));
	return exit_done;
}
