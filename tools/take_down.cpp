// SPDX-License-Identifier: GPL-2.0
#include "take_down.h"

#include <algorithm>

#include <fmt/format.h>

#include "device.h"
#include "layer.h"

namespace {

/* What is where, then. */
std::string where_data_is(const running &r)
{
	for (const auto &leg : r.status.legs)
		if (leg.health == health::in_sync)
			return "The copies have all of it: back it up now";
	return "The copies lack what was not copied yet, which can't be read: "
	       "save what can be";
}

void expect_source(const running &r)
{
	if (r.status.legs.front().good())
		return;
	throw needs_you(fmt::format(
		"{0}: its source has failed a write and lacks what was written "
		"since, so it was left on its mirror. {1}. `kcopyctl stop "
		"--force {0}` goes back to the source: do not use it without a "
		"check of its file system",
		path_of(r.device.number), where_data_is(r)));
}

/* While the device is suspended. */
running must_look(dm::control &dm, const std::string &name)
{
	auto found = look_at(dm, name);

	if (!found)
		throw dm::error(name + ": somebody has replaced its table");
	return *found;
}

mirror_status take_out(dm::control &dm, const running &r, failed_source source)
{
	const bool go_back = source == failed_source::go_back;
	mirror_status last;

	if (!go_back)
		expect_source(r);
	layer::take_out(
		dm, r.device.name, r.hidden->name,
		[&] {
			const auto frozen = must_look(dm, r.device.name);

			if (!go_back)
				expect_source(frozen);
			last = frozen.status;
		},
		go_back ? dm::freeze::no : dm::freeze::yes);
	return last;
}

mirror_status remove(dm::control &dm, const running &r)
{
	const auto last = must_look(dm, r.device.name).status;

	dm.remove(r.device.name);
	dm.settle();
	return last;
}

} // namespace

mirror_status take_down(dm::control &dm, const running &r, failed_source source)
{
	try {
		return r.hidden ? take_out(dm, r, source) : remove(dm, r);
	} catch (const dm::error &e) {
		throw needs_you(fmt::format(
			"{}. {} was left on its mirror: `kcopyctl status` shows "
			"it, `kcopyctl stop` tries again",
			e.what(), source_of(r)));
	}
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
