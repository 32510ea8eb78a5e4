// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "machine.h"
#include "plot.h"
#include "sections.h"
#include "stats.h"
#include "work.h"

namespace {

constexpr unsigned int samples = 1000;
constexpr unsigned int alone = 20; /* copies of a piece, one by one */

struct run {
	unsigned int ns;
	std::string whose;
	std::string engine;

	std::string id() const
	{
		return fmt::format("{}.{}.{}", engine, whose, ns);
	}
};

std::string piece_id(unsigned int ns)
{
	return fmt::format("piece.{}", ns);
}

const std::vector<unsigned int> latencies{ 10'000, 80'000 };

std::vector<run> all_runs()
{
	std::vector<run> all;

	for (auto ns : latencies)
		for (const char *whose : { "same", "other" })
			for (const char *engine : { "dm-kcopyd", "kcopyd" })
				all.push_back({ ns, whose, engine });
	return all;
}

std::vector<std::string> plan()
{
	std::vector<std::string> lines;

	for (auto ns : latencies) {
		lines.emplace_back("forget");
		append(lines, null_disks(1, ns, 2048));
		lines.push_back(work{ 512 * KiB, 1, 1, alone }.run(piece_id(ns),
								   "kcopyd"));
		for (const auto &run : all_runs())
			if (run.ns == ns)
				lines.push_back(
					work{ .bytes = GiB,
					      .jobs = samples,
					      .more = run.whose == "same" ?
							      "latency same" :
							      "latency" }
						.run(run.id(), run.engine));
	}
	return lines;
}

/* Of each run, the share of copies that took no longer than so many us. */
void plot(const results &measured)
{
	std::vector<curve> curves;

	for (const auto &run : all_runs()) {
		auto values = measured.values(run.id(), "sample");
		curve c{ fmt::format("{}, {} client, {} us", run.engine,
				     run.whose, run.ns / 1000),
			 {} };

		std::ranges::sort(values);
		for (std::size_t i = 0; i < values.size(); i++)
			c.points.emplace_back(
				values[i] / 1000,
				static_cast<double>(i + 1) /
					static_cast<double>(values.size()));
		curves.push_back(std::move(c));
	}
	draw("waiting", "A 4 KiB copy beside a 1 GiB copy", "microseconds",
	     "share of copies", true, curves);
}

} // namespace

table measure_waiting()
{
	auto measured = run_in(counting, "waiting", plan());
	table t{ .title = "Waiting beside a large copy",
		 .how = fmt::format(
			 "Microseconds that a 4 KiB copy takes, one started "
			 "each millisecond, {} in all, while copies of\n1 GiB "
			 "run one after the other on the same client or on "
			 "another. Linux {}, one\nprocessor; null_blk of some "
			 "latency. A piece is a copy of 512 KiB alone. ``make "
			 "bench``",
			 samples, measured.release()),
		 .head = { "latency", "client", "engine", "median", "99 %",
			   "longest", "two pieces" },
		 .rows = {} };

	for (const auto &run : all_runs()) {
		const auto &values = measured.values(run.id(), "sample");
		auto us = [](double ns) {
			return fmt::format("{:.0f}", ns / 1000);
		};

		t.rows.push_back(
			{ us(run.ns) + " us", run.whose, run.engine,
			  us(stats::quantile(values, 0.5)),
			  us(stats::quantile(values, 0.99)),
			  us(stats::quantile(values, 1)),
			  us(2 * measured.value(piece_id(run.ns), "ns") /
			     alone) });
	}
	plot(measured);
	return t;
}
