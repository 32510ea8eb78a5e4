// SPDX-License-Identifier: GPL-2.0
#include <array>

#include <fmt/format.h>

#include "machine.h"
#include "sections.h"
#include "work.h"

namespace {

constexpr unsigned int latency_ns = 3'000'000;

/* The source and the destination are halves of one disk. */
const std::vector<work> all_work{
	{ .bytes = 4 * KiB, .depth = 32, .jobs = 4000, .more = "apart" },
	{ .bytes = 64 * KiB, .depth = 32, .jobs = 2000 },
	{ .bytes = 512 * KiB, .depth = 32, .jobs = 1000 },
};

const std::array<std::string, 2> compared{ "dm-kcopyd", "kcopyd" };
const std::array<std::string, 2> throttling{ "off", "on" };

std::string id(std::size_t i, const std::string &engine, const std::string &wbt)
{
	return fmt::format("{}.{}.{}", i, engine, wbt);
}

} // namespace

table measure_writeback()
{
	std::vector<std::string> lines;

	for (const auto &wbt : throttling) {
		lines.push_back(fmt::format("halves {} 1024 {} {}", wbt,
					    latency_ns, wbt));
		for (std::size_t i = 0; i < all_work.size(); i++)
			for (const auto &engine : compared) {
				auto w = all_work[i];

				w.disk = wbt;
				lines.push_back(
					w.run(id(i, engine, wbt), engine));
			}
	}

	auto measured = run_in(counting, "writeback", lines);
	table t{ .title = "Writeback throttling",
		 .how = fmt::format(
			 "Seconds that copies take, without the kernel's "
			 "writeback throttling and with it; source and\n"
			 "destination are halves of one disk. Linux {}, one "
			 "processor; null_blk of 3 ms. ``make bench``",
			 measured.release()),
		 .head = { "copies", "size", "depth", "engine", "off", "on",
			   "off / on" },
		 .rows = {} };

	for (std::size_t i = 0; i < all_work.size(); i++)
		for (const auto &engine : compared) {
			const auto &w = all_work[i];
			auto seconds = [&](const std::string &wbt) {
				return measured.value(id(i, engine, wbt),
						      "ns") /
				       1e9;
			};

			t.rows.push_back(
				{ number(w.jobs), size_text(w.bytes),
				  std::to_string(w.depth), engine,
				  fmt::format("{:.2f}", seconds("off")),
				  fmt::format("{:.2f}", seconds("on")),
				  fmt::format("{:.2f}",
					      seconds("off") / seconds("on")) });
		}
	return t;
}
