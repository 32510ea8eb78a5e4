// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "machine.h"
#include "sections.h"
#include "work.h"

namespace {

constexpr unsigned int jobs = 256;

struct run {
	unsigned int ns;
	work what;

	std::string id(const std::string &engine) const
	{
		return fmt::format("{}.{}.{}.{}", engine, ns, what.bytes,
				   what.depth);
	}
};

std::vector<run> all_runs()
{
	std::vector<run> all;

	for (unsigned int ns : { 10'000, 80'000 })
		for (auto bytes : { 4 * KiB, 64 * KiB, 512 * KiB })
			for (unsigned int depth : { 1, 32 })
				all.push_back(
					{ ns, { bytes, 1, depth, jobs } });
	return all;
}

} // namespace

table measure_devices()
{
	std::vector<std::string> lines;
	unsigned int last = 0;

	for (const auto &run : all_runs()) {
		if (run.ns != last) {
			lines.push_back("forget");
			append(lines, null_disks(1, run.ns, 1024));
			last = run.ns;
		}
		for (const auto &engine : engines)
			lines.push_back(run.what.run(run.id(engine), engine));
	}

	auto measured = run_in(counting, "devices", lines);
	table t{ .title = "Devices that take time",
		 .how = fmt::format(
			 "Microseconds a copy, in the machine's own time: a "
			 "nanosecond an instruction, and the\nlatency of "
			 "null_blk. Linux {}, one processor. ``make bench``",
			 measured.release()),
		 .head = { "latency", "size", "depth", "dm-kcopyd", "floor",
			   "kcopyd" },
		 .rows = {} };

	for (const auto &run : all_runs()) {
		std::vector<std::string> row{ fmt::format("{} us",
							  run.ns / 1000),
					      size_text(run.what.bytes),
					      std::to_string(run.what.depth) };

		for (const auto &engine : engines)
			row.push_back(fmt::format(
				"{:.1f}", measured.value(run.id(engine), "ns") /
						  jobs / 1000));
		t.rows.push_back(row);
	}
	return t;
}
