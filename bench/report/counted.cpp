// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include <fmt/format.h>

#include "machine.h"
#include "sections.h"
#include "work.h"

namespace {

constexpr const char *how =
	"Instructions a copy. Linux {}, one processor, null_blk that completes "
	"at once. ``make bench``";

std::vector<work> all_work()
{
	std::vector<work> all;

	for (auto bytes : { 4 * KiB, 64 * KiB, 512 * KiB, MiB })
		for (unsigned int dests : { 1, 3, 8 })
			for (unsigned int depth : { 1, 32 }) {
				auto jobs = std::clamp<unsigned long long>(
					64 * MiB / bytes, 64, 2000);

				all.push_back(
					{ bytes, dests, depth,
					  static_cast<unsigned int>(jobs) });
			}
	for (auto bytes : { 4 * KiB, 64 * KiB })
		for (unsigned int dests : { 1, 3 })
			all.push_back({ .bytes = bytes,
					.dests = dests,
					.depth = 32,
					.jobs = 2000,
					.more = "apart" });
	for (auto bytes : { 64 * KiB, MiB })
		for (unsigned int dests : { 1, 3 })
			all.push_back({ .bytes = bytes,
					.dests = dests,
					.depth = 32,
					.jobs = bytes == MiB ? 500U : 5000U,
					.zero = true });
	return all;
}

std::string name(const work &what)
{
	if (what.zero)
		return "zero";
	return what.more.empty() ? "copy" : "copy, apart";
}

std::string id(const std::string &engine, std::size_t i)
{
	return fmt::format("{}.{}", engine, i);
}

} // namespace

table measure_counted()
{
	auto lines = null_disks(8, 0, 1024);
	auto all = all_work();

	for (std::size_t i = 0; i < all.size(); i++)
		for (const auto &engine : engines)
			lines.push_back(all[i].run(id(engine, i), engine));

	auto measured = run_in(counting, "counted", lines);
	table t{ .title = "All sizes",
		 .how = fmt::format(how, measured.release()),
		 .head = { "work", "size", "dests", "depth", "dm-kcopyd",
			   "floor", "kcopyd", "kcopyd / floor",
			   "dm-kcopyd / kcopyd" },
		 .rows = {} };

	for (std::size_t i = 0; i < all.size(); i++) {
		auto cost = [&](const char *engine) {
			return measured.value(id(engine, i), "ns") /
			       all[i].jobs;
		};
		auto dm = cost("dm-kcopyd"), floor = cost("floor"),
		     ours = cost("kcopyd");

		t.rows.push_back({ name(all[i]), size_text(all[i].bytes),
				   std::to_string(all[i].dests),
				   std::to_string(all[i].depth), number(dm),
				   number(floor), number(ours),
				   fmt::format("{:.2f}", ours / floor),
				   fmt::format("{:.2f}", dm / ours) });
	}
	return t;
}
