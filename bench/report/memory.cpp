// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "machine.h"
#include "sections.h"
#include "work.h"

namespace {

constexpr unsigned int jobs = 1000;

} // namespace

table measure_memory()
{
	/* Devices that take a piece at once: else the block layer splits it. */
	auto lines = null_disks(1, 80'000, 2048, 2048);

	for (const char *engine : { "dm-kcopyd", "kcopyd" })
		lines.push_back(work{ .bytes = 512 * KiB,
				      .depth = jobs,
				      .jobs = jobs,
				      .more = "memory" }
					.run(engine, engine));

	auto measured = run_in(counting, "memory", lines);
	table t{ .title = "Memory",
		 .how = fmt::format(
			 "{} queued copies of 512 KiB, as the kernel's own "
			 "kmem tracepoints tell it: what is\nallocated when a "
			 "copy is submitted, and all that is allocated later. "
			 "Pages are those beyond what a\nclient sets aside when "
			 "it is created: 128 by dm-kcopyd, 2,048 by kcopyd, as "
			 "its caller\nasks for. Linux {}; null_blk of 80 us, "
			 "with requests of up to 1 MiB. ``make bench``",
			 jobs, measured.release()),
		 .head = { "engine", "bytes a queued job",
			   "allocations a job, later", "of pages, a job",
			   "pages at the peak" },
		 .rows = {} };

	for (const char *engine : { "dm-kcopyd", "kcopyd" }) {
		auto value = [&](const char *name) {
			return measured.value(engine, name);
		};

		t.rows.push_back(
			{ engine, number(value("job_bytes")),
			  fmt::format("{:.2f}", value("later_allocs") / jobs),
			  fmt::format("{:.2f}",
				      value("later_page_allocs") / jobs),
			  number(value("later_pages_peak")) });
	}
	return t;
}
