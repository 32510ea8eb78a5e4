// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>

#include "machine.h"
#include "sections.h"
#include "stats.h"
#include "work.h"

namespace {

constexpr unsigned int rounds = 15;

/* A run takes some 20 ms; more of what is quick. */
std::vector<work> all_work()
{
	std::vector<work> all{
		{ 4 * KiB, 1, 1, 40000 },   { 4 * KiB, 1, 32, 80000 },
		{ 4 * KiB, 3, 32, 40000 },  { 64 * KiB, 1, 32, 20000 },
		{ 64 * KiB, 3, 32, 10000 }, { 512 * KiB, 1, 32, 2000 },
		{ 512 * KiB, 3, 32, 1000 }, { MiB, 1, 8, 1000 }
	};

	for (auto bytes : { 4 * KiB, 64 * KiB, 512 * KiB })
		all.push_back({ .bytes = bytes,
				.dests = 1,
				.depth = 32,
				.jobs = static_cast<unsigned int>(
					std::min(128 * MiB / bytes, 8192ull)),
				.disk = "ram" });
	return all;
}

std::string id(const std::string &engine, std::size_t i, unsigned int round)
{
	return fmt::format("{}.{}.{}", engine, i, round);
}

/* Ratios of runs that followed each other. */
std::string ratio(const results &measured, std::size_t i,
		  const std::string &above, const std::string &below)
{
	std::vector<double> all;

	for (unsigned int round = 0; round < rounds; round++)
		all.push_back(measured.value(id(above, i, round), "ns") /
			      measured.value(id(below, i, round), "ns"));

	return fmt::format("{:.2f} ({:.2f} to {:.2f})",
			   stats::quantile(all, 0.5), stats::quantile(all, 0.1),
			   stats::quantile(all, 0.9));
}

} // namespace

table measure_timed()
{
	auto lines = null_disks(3, 0, 1024);
	auto all = all_work();

	lines.emplace_back("brd 2 128");
	for (unsigned int round = 0; round < rounds; round++)
		for (std::size_t i = 0; i < all.size(); i++)
			for (const auto &engine : engines)
				lines.push_back(all[i].run(id(engine, i, round),
							   engine));

	auto measured = run_in(timing, "timed", lines);
	table t{ .title = "Time on a real processor",
		 .how = fmt::format(
			 "Ratios of time: the median of {} rounds, and from "
			 "the first to the last tenth of them.\nUser Mode "
			 "Linux {}, one processor; null_blk that completes at "
			 "once, and ram disks, whose\ndata is really copied. "
			 "``make bench``",
			 rounds, measured.release()),
		 .head = { "device", "size", "dests", "depth", "kcopyd / floor",
			   "dm-kcopyd / kcopyd" },
		 .rows = {} };

	for (std::size_t i = 0; i < all.size(); i++)
		t.rows.push_back({ all[i].disk == "ram" ? "brd" : "null_blk",
				   size_text(all[i].bytes),
				   std::to_string(all[i].dests),
				   std::to_string(all[i].depth),
				   ratio(measured, i, "kcopyd", "floor"),
				   ratio(measured, i, "dm-kcopyd", "kcopyd") });
	return t;
}
