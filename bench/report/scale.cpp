// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>

#include "machine.h"
#include "plot.h"
#include "sections.h"
#include "stats.h"
#include "work.h"

namespace {

const std::vector<std::string> both{ "dm-kcopyd", "kcopyd" };

constexpr unsigned int rounds = 7;
constexpr unsigned int jobs_of_all = 16000;
const std::vector<unsigned int> clients{ 1, 2, 4, 8 };

const std::vector<unsigned int> depths{ 1, 10, 100, 1000, 10'000, 100'000 };

std::string id(const std::string &engine, unsigned int n, unsigned int round)
{
	return fmt::format("{}.{}.{}", engine, n, round);
}

} // namespace

table measure_clients()
{
	auto lines = null_disks(1, 0, 1024);

	for (unsigned int round = 0; round < rounds; round++)
		for (auto n : clients)
			for (const auto &engine : both)
				lines.push_back(
					work{ .bytes = 4 * KiB,
					      .depth = 32,
					      .jobs = jobs_of_all / n,
					      .more = fmt::format("clients={}",
								  n) }
						.run(id(engine, n, round),
						     engine));

	auto measured = run_in(two_processors, "clients", lines);
	auto ratio = [&](const std::string &above, unsigned int m,
			 const std::string &below, unsigned int n) {
		std::vector<double> all;

		for (unsigned int round = 0; round < rounds; round++)
			all.push_back(
				measured.value(id(above, m, round), "ns") /
				measured.value(id(below, n, round), "ns"));

		auto s = stats::spread_of(all);

		return fmt::format("{:.2f} ({:.2f} to {:.2f})", s.median, s.low,
				   s.high);
	};
	table t{ .title = "Several clients",
		 .how = fmt::format(
			 "The same number of 4 KiB copies, 32 queued on each "
			 "client, by one client and by several:\nhow many "
			 "times faster than by one client of the engine, and "
			 "kcopyd beside dm-kcopyd. Median\nand range of {} "
			 "rounds. Linux {}, two emulated processors, null_blk "
			 "that completes at once.\n``make bench``",
			 rounds, measured.release()),
		 .head = { "clients", "dm-kcopyd", "kcopyd",
			   "dm-kcopyd / kcopyd" },
		 .rows = {} };

	for (auto n : clients)
		t.rows.push_back({ std::to_string(n),
				   ratio("dm-kcopyd", 1, "dm-kcopyd", n),
				   ratio("kcopyd", 1, "kcopyd", n),
				   ratio("dm-kcopyd", n, "kcopyd", n) });
	return t;
}

table measure_queue()
{
	auto lines = null_disks(1, 0, 1024);
	auto jobs = [](unsigned int depth) { return std::max(depth, 2000U); };

	for (auto depth : depths)
		for (const auto &engine : both)
			lines.push_back(
				work{ 4 * KiB, 1, depth, jobs(depth) }.run(
					id(engine, depth, 0), engine));

	auto measured = run_in(counting, "queue", lines);
	table t{ .title = "Long queues",
		 .how = fmt::format(
			 "Instructions a copy of 4 KiB, with so many queued on "
			 "one client. Linux {}, one processor,\nnull_blk that "
			 "completes at once. ``make bench``",
			 measured.release()),
		 .head = { "queued", "dm-kcopyd", "kcopyd" },
		 .rows = {} };
	std::vector<curve> curves{ { "dm-kcopyd", {} }, { "kcopyd", {} } };

	for (auto depth : depths) {
		std::vector<std::string> row{ number(depth) };

		for (std::size_t i = 0; i < both.size(); i++) {
			auto cost = measured.value(id(both[i], depth, 0),
						   "ns") /
				    jobs(depth);

			row.push_back(number(cost));
			curves[i].points.emplace_back(depth, cost);
		}
		t.rows.push_back(row);
	}
	draw("queue", "What a 4 KiB copy costs", "copies queued",
	     "instructions", true, curves);
	return t;
}
