// SPDX-License-Identifier: GPL-2.0
#include "targets.h"

#include <fmt/format.h>

#include "work.h"

namespace targets {

namespace {

/* Latency of the devices that take time. */
constexpr unsigned int latency_ns = 80'000;
constexpr double page_bytes = 4096;
/* The same work repeated differs by less than this, in either direction. */
constexpr double noise = 0.03;

const char *const compared[] = { "dm-kcopyd", "kcopyd" };

run snapshots(unsigned int chunk_kib, unsigned int count)
{
	constexpr unsigned int nr = 2048;

	return { fmt::format("dm-snapshot, chunks of {} KiB, {} snapshot{}",
			     chunk_kib, count, count == 1 ? "" : "s"),
		 "snapshots", fmt::format("{} {} {}", chunk_kib * 2, count, nr),
		 nr };
}

run thin(unsigned int block_kib)
{
	constexpr unsigned int nr = 1024;

	return { fmt::format("dm-thin, shared blocks of {} KiB", block_kib),
		 "thin", fmt::format("{} {}", block_kib * 2, nr), nr };
}

run mirror(unsigned int legs, unsigned int region_kib)
{
	constexpr unsigned int mib = 1024;

	return { fmt::format("dm-mirror, {} legs, regions of {}", legs,
			     size_text(region_kib * KiB)),
		 "mirror", fmt::format("{} {} {}", legs, region_kib * 2, mib),
		 mib };
}

run clone(unsigned int region_kib, unsigned int at_once, unsigned int batch)
{
	constexpr unsigned int mib = 128;

	return { fmt::format("dm-clone, regions of {} KiB, {} at once, "
			     "batches of {}",
			     region_kib, at_once, batch),
		 "clone",
		 fmt::format("{} {} {} {}", region_kib * 2, at_once, batch,
			     mib),
		 mib };
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
		 value("memory", "pages_peak") * page_bytes };
}

std::string ratio(double a, double b)
{
	return fmt::format("{:.2f}", a / b);
}

std::string mebibytes(double bytes)
{
	return fmt::format("{:.1f}", bytes / MiB);
}

/* All about @unit, whose costs are given in instructions. */
table show(const std::vector<comparison> &all, const std::string &title,
	   const std::string &unit, const std::string &what,
	   const std::string &release)
{
	table t{ .title = title,
		 .how = fmt::format(
			 "{} Linux {}, one processor. ``make bench-targets``",
			 what, release),
		 .head = { "target", "instructions: dm-kcopyd", "kcopyd",
			   "ratio", unit + " a second: dm-kcopyd", "kcopyd",
			   "ratio", "MiB: dm-kcopyd", "kcopyd" },
		 .rows = {} };

	for (const auto &c : all)
		t.rows.push_back(
			{ c.what.name, number(c.dm_kcopyd.instructions),
			  number(c.kcopyd.instructions),
			  ratio(c.dm_kcopyd.instructions,
				c.kcopyd.instructions),
			  number(c.dm_kcopyd.rate), number(c.kcopyd.rate),
			  ratio(c.kcopyd.rate, c.dm_kcopyd.rate),
			  mebibytes(c.dm_kcopyd.bytes),
			  mebibytes(c.kcopyd.bytes) });
	return t;
}

} // namespace

const std::vector<run> &writes()
{
	static const std::vector<run> all{
		snapshots(4, 1),  snapshots(4, 4),  snapshots(4, 8),
		snapshots(16, 1), snapshots(16, 4), snapshots(16, 8),
		snapshots(64, 1), snapshots(64, 4), snapshots(64, 8),
		thin(64),	  thin(256),
	};

	return all;
}

const std::vector<run> &devices()
{
	static const std::vector<run> all{
		mirror(2, 64),	  mirror(2, 2048),  mirror(3, 2048),
		clone(4, 1, 1),	  clone(4, 256, 1), clone(4, 256, 32),
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
		for (const auto *runs : { &writes(), &devices() })
			for (const auto &what : *runs)
				for (const auto &a : aspects)
					lines.push_back(fmt::format(
						"{} {} {} {} {}", what.target,
						id(what, engine, a.name),
						a.what, a.ns, what.words));
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

table show_writes(const std::vector<comparison> &all,
		  const std::string &release)
{
	return show(all, "Random writes of 4 KiB", "writes",
		    "fio, 32 at a time, each to a chunk that is not copied "
		    "yet. Instructions a write on\nnull_blk that completes at "
		    "once; writes a second on null_blk of 80 us; memory there.",
		    release);
}

table show_devices(const std::vector<comparison> &all,
		   const std::string &release)
{
	return show(all, "Devices that are copied as a whole", "MiB",
		    "Instructions a MiB on null_blk that completes at once; "
		    "MiB a second on null_blk of\n80 us; memory there.",
		    release);
}

} // namespace targets
