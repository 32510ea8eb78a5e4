// SPDX-License-Identifier: GPL-2.0
#include "targets.h"

#include <fmt/format.h>

#include "work.h"

namespace targets {

namespace {

/* Latency of the devices that take time. */
constexpr unsigned int latency_ns = 80'000;
constexpr double pages_of_mib = 256;
/* Who runs first decides how large batches are, and that differs a little. */
constexpr double noise = 0.05;

const char *const compared[] = { "dm-kcopyd", "kcopyd" };

run snapshots(unsigned int chunk_kib, unsigned int count)
{
	/* The same number of copies for all: else a few say less. */
	unsigned int nr = 8192 / count;

	return { fmt::format("dm-snapshot, {} KiB chunks, {} snapshot{}",
			     chunk_kib, count, count == 1 ? "" : "s"),
		 "snapshots", fmt::format("{} {} {}", chunk_kib * 2, count, nr),
		 "write", static_cast<double>(nr) };
}

/* The same, but the writes are in order, through the page cache. */
run in_order(run what)
{
	what.name += ", in order";
	what.words += " in-order";
	return what;
}

run thin(unsigned int block_kib)
{
	constexpr unsigned int nr = 2048;

	return { fmt::format("dm-thin, {} KiB blocks", block_kib), "thin",
		 fmt::format("{} {}", block_kib * 2, nr), "write",
		 static_cast<double>(nr) };
}

run mirror(unsigned int legs, unsigned int region_kib)
{
	constexpr unsigned int mib = 1024;

	return { fmt::format("dm-mirror, {} regions, {} legs",
			     size_text(region_kib * KiB), legs),
		 "mirror", fmt::format("{} {} {}", legs, region_kib * 2, mib),
		 "MiB", mib };
}

run clone(unsigned int region_kib, unsigned int at_once, unsigned int batch)
{
	constexpr unsigned int mib = 128;

	return {
		fmt::format("dm-clone, {} KiB regions, {} at once{}",
			    region_kib, at_once,
			    batch == 1 ? "" :
					 fmt::format(", batches of {}", batch)),
		"clone",
		fmt::format("{} {} {} {}", region_kib * 2, at_once, batch, mib),
		"MiB", mib
	};
}

/* What is measured of each run, in a machine each time anew. */
struct aspect {
	const char *name;
	const char *what;
	unsigned int ns;
};

constexpr aspect aspects[] = {
	{ "cost", "time", 0 },
	{ "rate", "time", latency_ns },
	{ "memory", "pages", latency_ns },
};

std::string id(const run &what, const std::string &engine,
	       const std::string &aspect)
{
	auto words = what.words;

	for (auto &c : words)
		if (c == ' ')
			c = '-';
	return fmt::format("{}.{}.{}.{}", what.target, words, engine, aspect);
}

cost cost_of(const run &what, const std::string &engine,
	     const results &measured)
{
	auto value = [&](const char *aspect, const char *name) {
		return measured.value(id(what, engine, aspect), name);
	};

	return { value("cost", "busy_ns") / what.amount,
		 what.amount / value("rate", "ns") * 1e9,
		 value("memory", "pages_peak") / pages_of_mib,
		 value("rate", "requests") / what.amount,
		 value("rate", "sectors") / value("rate", "requests") / 2 };
}

/* A table of one figure of all costs, which may be a whole number. */
table show_one(const std::vector<comparison> &all, const std::string &title,
	       const std::string &how, double cost::*figure, bool whole,
	       bool more_is_better)
{
	table t{ .title = title,
		 .how = how,
		 .head = { "target", "of a", "dm-kcopyd", "kcopyd",
			   more_is_better ? "kcopyd / dm-kcopyd" :
					    "dm-kcopyd / kcopyd" },
		 .rows = {} };

	auto text = [whole](double value) {
		return whole ? number(value) : fmt::format("{:.1f}", value);
	};

	for (const auto &c : all) {
		auto stock = c.dm_kcopyd.*figure, ours = c.kcopyd.*figure;

		t.rows.push_back(
			{ c.what.name, c.what.unit, text(stock), text(ours),
			  fmt::format("{:.2f}", more_is_better ?
							ours / stock :
							stock / ours) });
	}
	return t;
}

} // namespace

const std::vector<run> &runs()
{
	static const std::vector<run> all{
		snapshots(4, 1),
		snapshots(4, 4),
		snapshots(4, 8),
		snapshots(16, 1),
		snapshots(16, 4),
		snapshots(16, 8),
		snapshots(64, 1),
		snapshots(64, 4),
		snapshots(64, 8),
		in_order(snapshots(4, 1)),
		in_order(snapshots(4, 4)),
		in_order(snapshots(4, 8)),
		in_order(snapshots(16, 4)),
		in_order(snapshots(64, 1)),
		thin(64),
		thin(256),
		mirror(2, 64),
		mirror(2, 2048),
		mirror(3, 2048),
		clone(4, 1, 1),
		clone(4, 256, 1),
		clone(4, 256, 32),
		clone(64, 32, 1),
	};

	return all;
}

bool comparison::slower() const
{
	return kcopyd.instructions > dm_kcopyd.instructions * (1 + noise) ||
	       kcopyd.rate < dm_kcopyd.rate * (1 - noise);
}

std::vector<std::string> plan()
{
	std::vector<std::string> lines;

	for (const auto *engine : compared) {
		lines.push_back(fmt::format("targets {}", engine));
		for (const auto &what : runs())
			for (const auto &a : aspects)
				lines.push_back(fmt::format(
					"{} {} {} {} {}", what.target,
					id(what, engine, a.name), a.what, a.ns,
					what.words));
	}
	return lines;
}

std::vector<comparison> evaluate(const std::vector<run> &runs,
				 const results &measured)
{
	std::vector<comparison> all;

	for (const auto &what : runs)
		all.push_back({ what, cost_of(what, "dm-kcopyd", measured),
				cost_of(what, "kcopyd", measured) });
	return all;
}

std::vector<table> show(const std::vector<comparison> &all,
			const std::string &release)
{
	auto how = [&](const char *what) {
		return fmt::format("{}\nLinux {}, one processor. ``make "
				   "bench-targets``",
				   what, release);
	};

	return {
		show_one(all, "Instructions",
			 how("Of a write, or of a MiB; null_blk that "
			     "completes at once."),
			 &cost::instructions, true, false),
		show_one(all, "Throughput",
			 how("Writes, or MiB, a second; null_blk of 80 us."),
			 &cost::rate, true, true),
		show_one(all, "Memory",
			 how("MiB of the kernel at the peak; null_blk of "
			     "80 us."),
			 &cost::mebibytes, false, false),
		show_one(all, "Requests",
			 how("At the disks, of a write, or of a MiB; null_blk "
			     "of 80 us."),
			 &cost::requests, false, false),
		show_one(all, "Size of a request",
			 how("KiB, mean; null_blk of 80 us."), &cost::kib,
			 false, true),
	};
}

} // namespace targets
