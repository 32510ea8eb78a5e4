// SPDX-License-Identifier: GPL-2.0
#include "neighbours.h"

#include <array>

#include <fmt/format.h>

#include "machine.h"
#include "sections.h"
#include "work.h"

namespace {

const std::array<std::string, 3> all_engines{ "dm-kcopyd", "drop-in",
					      "kcopyd" };

const work load{ .bytes = 64 * KiB, .depth = 8, .jobs = 4000 };
/* A throttle allows for what was not used before, so this takes longer. */
const work throttled_load{ .bytes = 64 * KiB, .depth = 1, .jobs = 20'000 };
/* Slow disks use up what a throttle allows for with few jobs. */
const work slow_load{ .bytes = 64 * KiB, .depth = 1, .jobs = 2000, .disk = "s" };

/* A neighbour, in words for the module. */
struct kind {
	std::string name;
	std::string words;
	const work &what = load;
};

const std::vector<kind> kinds{
	{ "none", "" },
	{ "copies", "neighbour=copies beside_from=/dev/n0 beside_to=/dev/n1" },
	{ "its source hangs",
	  "neighbour=copies beside_from=/dev/hangs beside_to=/dev/n1" },
	{ "its source takes one request, of 10 ms",
	  "neighbour=copies beside_from=/dev/slow beside_to=/dev/n1" },
	{ "its callbacks sleep",
	  "neighbour=sleeps beside_from=/dev/n0 beside_to=/dev/n1" },
	{ "its callbacks trigger the next", "neighbour=chains" },
	{ "the same, on the same client", "neighbour=chains same" },
	{ "none; throttled to one half", "throttled", throttled_load },
	{ "its source hangs; throttled to one half",
	  "throttled neighbour=copies beside_from=/dev/hangs beside_to=/dev/n1",
	  slow_load },
};

bool is_throttled(const kind &what)
{
	return what.words.starts_with("throttled");
}

/* Only the interface of dm-kcopyd has throttles. */
bool takes_part(const std::string &engine, const kind &what)
{
	return !is_throttled(what) || engine != "kcopyd";
}

/* A throttle counts in ticks, so where in a tick a copy ends changes the speed. */
double noise_of(const kind &what)
{
	return is_throttled(what) ? 0.2 : 0.05;
}

std::string id(const std::string &engine, const kind &what)
{
	return fmt::format("{}.{}", engine, &what - kinds.data());
}

std::string speed_text(double speed)
{
	return speed < 1 ? fmt::format("{:.2f}", speed) : number(speed);
}

} // namespace

std::vector<std::string> neighbours::plan()
{
	std::vector<std::string> lines{ "forget" };

	append(lines, null_disks(1, 80'000, 1024));
	lines.emplace_back("null n0 1024 80000");
	lines.emplace_back("null n1 1024 80000");
	lines.emplace_back("null hangs 1024 10000000000000");
	lines.emplace_back("null s0 1024 10000000");
	lines.emplace_back("null s1 1024 10000000");
	lines.emplace_back("null slow 1024 10000000 0 1");
	for (const auto &what : kinds)
		for (const auto &engine : all_engines) {
			if (!takes_part(engine, what))
				continue;

			auto w = what.what;

			w.more = what.words;
			lines.push_back(w.run(id(engine, what), engine));
		}
	return lines;
}

std::vector<neighbours::figure> neighbours::evaluate(const results &measured)
{
	std::vector<figure> all;

	for (const auto &what : kinds) {
		figure f{ what.name, noise_of(what), {} };

		for (const auto &engine : all_engines) {
			if (!takes_part(engine, what))
				continue;

			auto seconds = measured.value(id(engine, what), "ns") /
				       1e9;

			const auto &w = what.what;

			f.speed[engine] = static_cast<double>(w.bytes *
							      w.jobs) /
					  seconds / MiB;
		}
		all.push_back(std::move(f));
	}
	return all;
}

table neighbours::show(const std::vector<figure> &all,
		       const std::string &release)
{
	table t{ .title = "Neighbours",
		 .how = fmt::format(
			 "MiB/s of copies of {}, {} queued, or {} where it is "
			 "throttled, while another client of the same\nengine "
			 "is busy, or in trouble. Linux {}, one processor; "
			 "null_blk of 80 us, or 10 ms in the last row. ``make "
			 "bench``",
			 size_text(load.bytes), load.depth,
			 throttled_load.depth, release),
		 .head = { "neighbour" },
		 .rows = {} };

	t.head.insert(t.head.end(), all_engines.begin(), all_engines.end());
	for (const auto &f : all) {
		std::vector<std::string> row{ f.neighbour };

		for (const auto &engine : all_engines) {
			auto speed = f.speed.find(engine);

			row.push_back(speed == f.speed.end() ?
					      "" :
					      speed_text(speed->second));
		}
		t.rows.push_back(row);
	}
	return t;
}

table measure_neighbours()
{
	auto measured = run_in(counting, "neighbours", neighbours::plan());

	return neighbours::show(neighbours::evaluate(measured),
				measured.release());
}
