// SPDX-License-Identifier: GPL-2.0
#include "snapshots.h"

#include <algorithm>

#include <fmt/format.h>

#include "layer.h"
#include "role.h"

namespace {

/* The one target of this type that a device has in use, or nothing. */
std::optional<dm::target> only(dm::control &dm, const dm::info &device,
			       const std::string &type)
{
	if (!device.live)
		return {};

	const auto table = dm.live_table(device.name);

	if (table.size() != 1 || table.front().type != type)
		return {};
	return table.front();
}

std::optional<dm::info> hidden_of(dm::control &dm, const std::string &below)
{
	for (const auto &info : dm.list())
		if (layer::number_words(info.number) == below &&
		    role_of(info.uuid) == role::origin)
			return info;
	return {};
}

std::optional<origin_device> origin_on(dm::control &dm,
				       const std::string &below)
{
	for (const auto &o : all_origins(dm))
		if (o.below == below)
			return o;
	return {};
}

std::optional<snapshot> snapshot_at(dm::control &dm, const dm::info &info)
{
	const auto target = only(dm, info, "ksnap");

	if (!target)
		return {};

	const auto table = ksnap::parse_table(target->params);
	const auto status = dm.status(info.name);

	return snapshot{ .device = info,
			 .sectors = target->sectors,
			 .table = table,
			 .status = ksnap::parse_status(status.front().params),
			 .origin = origin_on(dm, table.origin) };
}

} // namespace

std::optional<origin_device> origin_named(dm::control &dm,
					  const std::string &name)
{
	const auto info = dm.find(name);

	if (!info)
		return {};

	const auto target = only(dm, *info, "ksnap-origin");

	if (!target)
		return {};
	return origin_device{ .device = *info,
			      .below = target->params,
			      .hidden = hidden_of(dm, target->params) };
}

std::vector<origin_device> all_origins(dm::control &dm)
{
	std::vector<origin_device> found;

	for (const auto &info : dm.list())
		if (auto o = origin_named(dm, info.name))
			found.push_back(std::move(*o));
	return found;
}

std::vector<snapshot> all_snapshots(dm::control &dm)
{
	std::vector<snapshot> found;

	for (const auto &info : dm.list())
		if (auto s = snapshot_at(dm, info))
			found.push_back(std::move(*s));
	return found;
}

snapshot snapshot_named(dm::control &dm, const std::string &name)
{
	const auto info = dm.find(name.substr(name.rfind('/') + 1));
	const auto found = info ? snapshot_at(dm, *info) : std::nullopt;

	if (!found)
		throw dm::error(fmt::format("{}: is no snapshot; `kcopyctl "
					    "snapshot list` lists them",
					    name));
	return *found;
}

std::size_t count_snapshots_of(dm::control &dm, const std::string &below)
{
	const auto all = all_snapshots(dm);

	return static_cast<std::size_t>(std::count_if(
		all.begin(), all.end(), [&below](const snapshot &s) {
			return s.table.origin == below;
		}));
}
