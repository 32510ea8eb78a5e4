// SPDX-License-Identifier: GPL-2.0
#include "core.h"

#include <map>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "stats.h"

namespace core {

namespace {

/* Rounds, each of all work by all engines. What is used is the median. */
constexpr unsigned int rounds = 3;

/* A job of 1 GiB is done in so many pieces; the floor has no such jobs. */
constexpr unsigned int pieces_of_1g = 2048;
constexpr double growth_allowed = 1.05;

std::string id(const std::string &engine, std::size_t row, unsigned int round)
{
	return fmt::format("{}.{}.{}", engine, row, round);
}

work as_done_by(const std::string &engine, const work &what)
{
	if (engine != "floor" || what.bytes != GiB)
		return what;
	return { .bytes = 512 * KiB, .depth = 8, .jobs = pieces_of_1g };
}

/* The same, with a gap between the copies. */
work apart(work what)
{
	what.more = "apart";
	return what;
}

double cost_of(const results &measured, const std::string &engine,
	       std::size_t index)
{
	const auto &what = rows()[index].what;
	unsigned int parts = what.bytes == GiB ? pieces_of_1g : what.jobs;
	std::vector<double> all;

	for (unsigned int round = 0; round < rounds; round++)
		all.push_back(measured.value(id(engine, index, round), "ns") /
			      parts);
	return stats::quantile(all, 0.5);
}

std::string limit(const std::optional<double> &value, const char *words)
{
	return value ? fmt::format("{} {:.2f}", words, *value) : "";
}

} // namespace

const std::vector<row> &rows()
{
	static const std::vector<row> all{
		{ { 4 * KiB, 1, 1, 2000 }, 1.20, 1.25 },
		{ { 4 * KiB, 1, 32, 8000 }, 0.50, 3 },
		{ { 4 * KiB, 3, 32, 8000 }, 0.50, 3 },
		{ apart({ 4 * KiB, 1, 32, 8000 }), 1.30, 1.3 },
		{ apart({ 4 * KiB, 3, 32, 8000 }), 1.30, 1.3 },
		{ { 64 * KiB, 1, 1, 2000 }, {}, {} },
		{ { 64 * KiB, 1, 32, 2000 }, 1.20, 5 },
		{ { 64 * KiB, 3, 32, 2000 }, 1.20, 3.5 },
		{ apart({ 64 * KiB, 1, 32, 2000 }), {}, {} },
		{ apart({ 64 * KiB, 3, 32, 2000 }), {}, {} },
		{ { 512 * KiB, 1, 32, 500 }, 1.10, 6 },
		{ { 512 * KiB, 3, 32, 500 }, 1.10, 4.5 },
		{ { MiB, 1, 8, 200 }, 1.10, 6 },
		{ { MiB, 3, 8, 200 }, 1.10, 4.5 },
		{ { GiB, 1, 1, 1 }, 1.15, 6 },
	};

	return all;
}

std::string row::name() const
{
	return fmt::format("{}, {} dest{}, depth {}{}", size_text(what.bytes),
			   what.dests, what.dests == 1 ? "" : "s", what.depth,
			   what.more.empty() ? "" : ", " + what.more);
}

bool cost::met() const
{
	return (!what.floor_limit || to_floor() <= *what.floor_limit) &&
	       (!what.dm_limit || from_dm() >= *what.dm_limit);
}

std::vector<std::string> plan()
{
	auto lines = null_disks(3, 0, 2048);

	for (unsigned int round = 0; round < rounds; round++)
		for (std::size_t i = 0; i < rows().size(); i++)
			for (const auto &engine : engines)
				lines.push_back(
					as_done_by(engine, rows()[i].what)
						.run(id(engine, i, round),
						     engine));
	return lines;
}

std::vector<cost> evaluate(const results &measured)
{
	std::vector<cost> all;

	for (std::size_t i = 0; i < rows().size(); i++)
		all.push_back({ rows()[i], cost_of(measured, "dm-kcopyd", i),
				cost_of(measured, "floor", i),
				cost_of(measured, "kcopyd", i) });
	return all;
}

table show(const std::vector<cost> &costs, const std::string &release)
{
	table t{ .title = "Instructions a copy",
		 .how = fmt::format(
			 "Linux {}, one processor, null_blk that completes at "
			 "once; of the copy of 1 GiB, a piece of\n512 KiB. "
			 "``make bench-quick``",
			 release),
		 .head = { "copy", "dm-kcopyd", "floor", "kcopyd",
			   "kcopyd / floor", "target", "dm-kcopyd / kcopyd",
			   "target", "" },
		 .rows = {} };

	for (const auto &c : costs)
		t.rows.push_back({ c.what.name(), number(c.dm_kcopyd),
				   number(c.floor), number(c.kcopyd),
				   fmt::format("{:.2f}", c.to_floor()),
				   limit(c.what.floor_limit, "max"),
				   fmt::format("{:.2f}", c.from_dm()),
				   limit(c.what.dm_limit, "min"),
				   c.met() ? "met" : "missed" });
	return t;
}

void save(std::ostream &file, const std::vector<cost> &costs,
	  const std::string &release)
{
	fmt::print(file,
		   "# What a copy costs beside the floor, on Linux {}; written "
		   "by\n# `make bench-save` and compared by `make "
		   "bench-check`.\n",
		   release);
	for (const auto &c : costs)
		fmt::print(file, "{:.3f} {}\n", c.to_floor(), c.what.name());
}

std::vector<verdict> compare(std::istream &kept, const std::vector<cost> &costs)
{
	std::map<std::string, double> figures;
	std::vector<verdict> all;

	for (std::string line; std::getline(kept, line);) {
		std::istringstream words(line);
		double figure;
		std::string name;

		if (words >> figure && std::getline(words >> std::ws, name))
			figures[name] = figure;
	}
	for (const auto &c : costs) {
		auto figure = figures.find(c.what.name());

		if (figure == figures.end())
			throw std::runtime_error("no figure is kept for " +
						 c.what.name());
		all.push_back(
			{ c.what.name(), figure->second, c.to_floor(),
			  c.to_floor() <= figure->second * growth_allowed });
	}
	return all;
}

} // namespace core
