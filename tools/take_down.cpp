// SPDX-License-Identifier: GPL-2.0
#include "take_down.h"

#include <algorithm>

#include <fmt/format.h>

#include "device.h"
#include "layer.h"

namespace {

void expect_source(const running &r)
{
	if (r.status.legs.front().good())
		return;
	throw needs_you(fmt::format(
		"{0}: the source itself has failed a write, so the copies alone "
		"have what was written since. It was left on its mirror. Save "
		"your data from {0}, or give it another device in place of the "
		"source (`kcopyctl replace-leg`), and do not use the source",
		path_of(r.device.number)));
}

/* While the device is suspended. */
running must_look(dm::control &dm, const std::string &name)
{
	auto found = look_at(dm, name);

	if (!found)
		throw dm::error(name + ": somebody has replaced its table");
	return *found;
}

mirror_status take_out(dm::control &dm, const running &r)
{
	mirror_status last;

	layer::take_out(dm, r.device.name, r.hidden->name, [&] {
		const auto frozen = must_look(dm, r.device.name);

		expect_source(frozen);
		last = frozen.status;
	});
	return last;
}

} // namespace

mirror_status take_down(dm::control &dm, const running &r)
{
	if (r.hidden)
		return take_out(dm, r);

	const auto last = must_look(dm, r.device.name).status;

	dm.remove(r.device.name);
	dm.settle();
	return last;
}

std::vector<std::string> destinations_of(const running &r)
{
	std::vector<std::string> paths;

	for (std::size_t i = 1; i < r.table.legs.size(); i++)
		paths.push_back(path_of(r.table.legs[i].device));
	return paths;
}

std::string source_of(const running &r)
{
	return r.hidden ? path_of(r.device.number) :
			  path_of(r.table.legs.front().device);
}

exit_code code_of(const std::vector<copy_result> &copies)
{
	const auto complete =
		std::count_if(copies.begin(), copies.end(),
			      [](const copy_result &c) { return c.complete; });

	if (static_cast<std::size_t>(complete) == copies.size())
		return exit_done;
	return complete ? exit_partly : exit_failed;
}
