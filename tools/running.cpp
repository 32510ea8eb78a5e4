// SPDX-License-Identifier: GPL-2.0
#include "running.h"

#include <algorithm>

#include <fmt/format.h>

#include "device.h"
#include "layer.h"

namespace {

bool is_kmirror(const dm::table &table)
{
	return table.size() == 1 && table.front().type == "kmirror";
}

/* One of our own devices that the first leg is, and its role. */
void find_hidden(dm::control &dm, running &found)
{
	const auto &source = found.table.legs.front().device;

	for (const auto &info : dm.list()) {
		const auto kind = role_of(info.uuid);

		if (!kind || layer::number_words(info.number) != source)
			continue;
		found.hidden = info;
		found.kind = kind;
	}
}

bool has_leg(const running &r, const std::string &number)
{
	return std::any_of(r.table.legs.begin(), r.table.legs.end(),
			   [&number](const table_leg &l) {
				   return l.device == number;
			   });
}

/* "data" is a device of device-mapper, or else a path. */
std::string number_at(dm::control &dm, const std::string &device)
{
	if (device.find('/') == device.npos)
		if (const auto found = dm.find(device))
			return layer::number_words(found->number);
	return layer::number_words(number_of(device));
}

} // namespace

std::optional<running> look_at(dm::control &dm, const std::string &name)
{
	const auto info = dm.find(name);

	if (!info || !info->live)
		return {};

	const auto table = dm.live_table(name);

	if (!is_kmirror(table))
		return {};

	running found = { .device = *info,
			  .sectors = table.front().sectors,
			  .table = parse_mirror_table(table.front().params),
			  .status = parse_status(
				  dm.status(name).front().params),
			  .hidden = {},
			  .kind = role_of(info->uuid) };

	if (!found.kind)
		find_hidden(dm, found);
	return found;
}

std::vector<running> all_running(dm::control &dm)
{
	std::vector<running> found;

	for (const auto &info : dm.list())
		if (auto r = look_at(dm, info.name))
			found.push_back(std::move(*r));
	return found;
}

running running_on(dm::control &dm, const std::string &device)
{
	const auto number = number_at(dm, device);
	const auto all = all_running(dm);
	auto found =
		std::find_if(all.begin(), all.end(), [&](const running &r) {
			return layer::number_words(r.device.number) == number;
		});

	if (found == all.end())
		found = std::find_if(all.begin(), all.end(),
				     [&](const running &r) {
					     return has_leg(r, number);
				     });
	if (found == all.end())
		throw dm::error(fmt::format(
			"{}: no clone or mirror of it runs; `kcopyctl status` "
			"lists them",
			device));
	return *found;
}
