// SPDX-License-Identifier: GPL-2.0
#include "layer.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <sys/sysmacros.h>

namespace layer {
namespace {

constexpr std::array<std::string_view, 8> movable = {
	"crypt",  "delay",	  "error",   "flakey",
	"linear", "ksnap-origin", "striped", "zero",
};

bool is_movable(const dm::target &target)
{
	return std::find(movable.begin(), movable.end(), target.type) !=
	       movable.end();
}

[[noreturn]] void give_up(const std::string &device, const std::string &first,
			  const std::string &second)
{
	throw half_done(fmt::format(
		"{}: {}; and its table could not be put back: {}. Look at "
		"`dmsetup info {}` and `dmsetup table {}`",
		device, first, second, device, device));
}

/* A kmirror's table also says what has become of its legs, and may differ so far. */
bool is_same_kind(const dm::table &a, const dm::table &b)
{
	return std::equal(a.begin(), a.end(), b.begin(), b.end(),
			  [](const dm::target &x, const dm::target &y) {
				  return x.sectors == y.sectors &&
					 x.type == y.type;
			  });
}

/* The device is suspended, with the old table or already with another one. */
void put_back(dm::control &dm, const std::string &device, const dm::table &old,
	      const std::string &because)
{
	try {
		if (!is_same_kind(dm.live_table(device), old))
			dm.load(device, old);
		else
			dm.clear(device);
		dm.resume(device, dm::visibility::shown);
	} catch (const std::exception &e) {
		give_up(device, because, e.what());
	}
	dm.settle();
}

/* Nothing stands on it yet, or any more. */
void abandon(dm::control &dm, const std::string &hidden,
	     const std::string &because)
{
	try {
		discard(dm, hidden);
	} catch (const std::exception &e) {
		throw half_done(fmt::format(
			"{}; and a device is left: {}. `kcopyctl cleanup` "
			"removes it",
			because, e.what()));
	}
}

void create_hidden(dm::control &dm, const insertion &plan)
{
	dm.create(plan.hidden, plan.uuid);
	try {
		dm.load(plan.hidden, dm.live_table(plan.device));
		dm.resume(plan.hidden, dm::visibility::hidden);
		dm.settle();
	} catch (const std::exception &e) {
		abandon(dm, plan.hidden, e.what());
		throw;
	}
}

dm::info must_find(dm::control &dm, const std::string &name)
{
	const auto found = dm.find(name);

	if (!found)
		throw dm::error(name + ": no such device-mapper device");
	return *found;
}

} // namespace

std::string immovable(const dm::table &table)
{
	const auto found = std::find_if_not(table.begin(), table.end(),
					    is_movable);

	return found == table.end() ? "" : found->type;
}

std::string number_words(dev_t number)
{
	return fmt::format("{}:{}", major(number), minor(number));
}

bool stands_on(const dm::table &table, dev_t number)
{
	const auto wanted = number_words(number);

	for (const auto &target : table) {
		std::istringstream words(target.params);
		std::string word;

		while (words >> word)
			if (word == wanted)
				return true;
	}
	return false;
}

void replace_table(dm::control &dm, const std::string &device,
		   const dm::table &table, const std::function<void()> &frozen,
		   dm::freeze freeze)
{
	const auto old = dm.live_table(device);

	dm.load(device, table);
	try {
		dm.suspend(device, freeze);
	} catch (...) {
		dm.clear(device);
		throw;
	}
	try {
		frozen();
		dm.resume(device, dm::visibility::shown);
	} catch (const std::exception &e) {
		put_back(dm, device, old, e.what());
		throw;
	}
	dm.settle();
}

void while_frozen(dm::control &dm, const std::string &device,
		  const std::function<void()> &frozen)
{
	dm.suspend(device, dm::freeze::yes);
	try {
		frozen();
	} catch (const std::exception &e) {
		put_back(dm, device, dm.live_table(device), e.what());
		throw;
	}
	dm.resume(device, dm::visibility::shown);
	dm.settle();
}

void insert(dm::control &dm, const insertion &plan)
{
	create_hidden(dm, plan);
	try {
		replace_table(dm, plan.device,
			      plan.table(must_find(dm, plan.hidden)),
			      plan.frozen);
	} catch (const half_done &) {
		throw;
	} catch (const std::exception &e) {
		abandon(dm, plan.hidden, e.what());
		throw;
	}
}

void take_out(dm::control &dm, const std::string &device,
	      const std::string &hidden, const std::function<void()> &frozen,
	      dm::freeze freeze)
{
	replace_table(dm, device, dm.live_table(hidden), frozen, freeze);
	discard(dm, hidden);
}

void discard(dm::control &dm, const std::string &name)
{
	if (must_find(dm, name).open_count)
		dm.remove_when_closed(name);
	else
		dm.remove(name);
	dm.settle();
}

} // namespace layer
