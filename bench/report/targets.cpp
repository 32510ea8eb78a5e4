// SPDX-License-Identifier: GPL-2.0
#include "targets.h"

#include <functional>

#include <fmt/format.h>

#include "work.h"

namespace targets {

namespace {

constexpr double pages_of_mib = 256;
/* Who runs first decides how large batches are, and that differs a little. */
constexpr double noise = 0.05;

const char *const engines[] = { "dm-kcopyd", "kcopyd", "own" };

run snapshots(unsigned int chunk_kib, unsigned int count)
{
	/* The same number of copies for all: else a few say less. */
	unsigned int nr = 4096 / count;

	return { fmt::format("dm-snapshot, {} KiB chunks, {} snapshot{}",
			     chunk_kib, count, count == 1 ? "" : "s"),
		 "snapshots",
		 fmt::format("{} {} {}", chunk_kib * 2, count, nr),
		 "write",
		 static_cast<double>(nr),
		 "ksnap" };
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
	constexpr unsigned int nr = 1024;

	return { fmt::format("dm-thin, {} KiB blocks", block_kib),
		 "thin",
		 fmt::format("{} {}", block_kib * 2, nr),
		 "write",
		 static_cast<double>(nr),
		 "" };
}

run mirror(unsigned int legs, unsigned int region_kib)
{
	constexpr unsigned int mib = 256;

	return { fmt::format("dm-mirror, {} regions, {} legs",
			     size_text(region_kib * KiB), legs),
		 "mirror",
		 fmt::format("{} {} {}", legs, region_kib * 2, mib),
		 "MiB",
		 mib,
		 "kmirror" };
}

run clone(unsigned int region_kib, unsigned int at_once, unsigned int batch)
{
	constexpr unsigned int mib = 64;

	return {
		fmt::format("dm-clone, {} KiB regions, {} at once{}",
			    region_kib, at_once,
			    batch == 1 ? "" :
					 fmt::format(", batches of {}", batch)),
		"clone",
		fmt::format("{} {} {} {}", region_kib * 2, at_once, batch, mib),
		"MiB",
		mib,
		""
	};
}

/* What is measured of each run, in a machine each time anew; see ../targets.sh. */
struct aspect {
	const char *name;
	const char *what;
	const char *disk;
};

constexpr aspect aspects[] = {
	{ "cost", "time", "0" },
	{ "rate", "time", "80000" },
	{ "memory", "pages", "80000" },
	/* 20,000 requests a second, and 400 */
	{ "limited", "time", "50000/1" },
	{ "slow", "time", "2500000/1" },
};

bool takes_part(const run &what, const std::string &engine)
{
	return engine != "own" || !what.own.empty();
}

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
	auto all_of = [&](const char *aspect) {
		auto nr = value(aspect, "requests");

		return requests{ value(aspect, "ns") / 1e9, nr / what.amount,
				 value(aspect, "sectors") / nr / 2 };
	};

	return { value("cost", "busy_ns") / what.amount,
		 what.amount / value("rate", "ns") * 1e9,
		 value("memory", "pages_peak") / pages_of_mib,
		 all_of("rate"),
		 all_of("limited"),
		 all_of("slow") };
}

using figure = std::function<double(const cost &)>;

std::string text_of(double value, bool whole)
{
	return whole ? number(value) : fmt::format("{:.1f}", value);
}

/* A table of one figure of all costs, which may be a whole number. */
table show_one(const std::vector<comparison> &all, const std::string &title,
	       const std::string &how, const figure &of, bool whole,
	       bool more_is_better)
{
	table t{ .title = title,
		 .how = how,
		 .head = { "target", "of a", "dm-kcopyd", "kcopyd", "own",
			   more_is_better ? "kcopyd / dm-kcopyd" :
					    "dm-kcopyd / kcopyd" },
		 .rows = {} };

	for (const auto &c : all) {
		auto stock = of(c.dm_kcopyd), ours = of(c.kcopyd);

		t.rows.push_back(
			{ c.what.name, c.what.unit, text_of(stock, whole),
			  text_of(ours, whole),
			  c.own ? text_of(of(*c.own), whole) : "",
			  fmt::format("{:.2f}", more_is_better ?
							ours / stock :
							stock / ours) });
	}
	return t;
}

/* Requests and their size, and how long it took, on one kind of disk. */
table show_requests(const std::vector<comparison> &all,
		    const std::string &title, const std::string &how,
		    requests cost::*disk)
{
	table t{ .title = title,
		 .how = how,
		 .head = { "target", "of a" },
		 .rows = {} };

	for (const auto *engine : engines)
		t.head.insert(t.head.end(), { engine, "KiB", "s" });
	for (const auto &c : all) {
		std::vector<std::string> row{ c.what.name, c.what.unit };
		auto add = [&](const cost &of) {
			const auto &r = of.*disk;

			row.push_back(fmt::format("{:.3f}", r.number));
			row.push_back(fmt::format("{:.1f}", r.kib));
			row.push_back(fmt::format("{:.3f}", r.seconds));
		};

		add(c.dm_kcopyd);
		add(c.kcopyd);
		if (c.own)
			add(*c.own);
		else
			row.insert(row.end(), 3, "");
		t.rows.push_back(std::move(row));
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

std::vector<std::string> comparison::worse() const
{
	std::vector<std::string> all;
	auto look = [&](const char *figure, double stock, double ours) {
		if (ours > stock * (1 + noise))
			all.push_back(fmt::format("{} ({:.2f})", figure,
						  ours / stock));
	};
	auto look_at_disk = [&](const std::string &name, requests cost::*disk) {
		const auto &stock = dm_kcopyd.*disk, &ours = kcopyd.*disk;

		look(("requests" + name).c_str(), stock.number, ours.number);
		look(("time" + name).c_str(), stock.seconds, ours.seconds);
	};

	look("instructions", dm_kcopyd.instructions, kcopyd.instructions);
	look_at_disk("", &cost::fast);
	look_at_disk(", 20,000 a second", &cost::limited);
	look_at_disk(", 400 a second", &cost::slow);
	return all;
}

std::vector<std::string> plan(const std::vector<run> &runs)
{
	std::vector<std::string> lines;

	for (const auto *engine : engines) {
		lines.push_back(fmt::format("targets {}", engine));
		for (const auto &what : runs) {
			if (!takes_part(what, engine))
				continue;
			for (const auto &a : aspects)
				lines.push_back(fmt::format(
					"{} {} {} {} {}", what.target,
					id(what, engine, a.name), a.what,
					a.disk, what.words));
		}
	}
	return lines;
}

std::vector<comparison> evaluate(const std::vector<run> &runs,
				 const results &measured)
{
	std::vector<comparison> all;

	for (const auto &what : runs) {
		comparison c{ what,
			      cost_of(what, "dm-kcopyd", measured),
			      cost_of(what, "kcopyd", measured),
			      {} };

		if (!what.own.empty())
			c.own = cost_of(what, "own", measured);
		all.push_back(std::move(c));
	}
	return all;
}

std::vector<table> show(const std::vector<comparison> &all,
			const std::string &release)
{
	auto how = [&](const std::string &what) {
		return fmt::format("{}\nLinux {}, one processor. ``make "
				   "bench-targets``",
				   what, release);
	};
	const std::string requests =
		"Requests at all disks, of a write, or of a MiB; their mean "
		"size; and how long it took;\n";
	const std::string scheduler = ", mq-deadline, writeback throttling.";

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
		show_requests(all, "Disks of 80 us",
			      how(requests + "null_blk of 80 us, 64 requests "
					     "at a time."),
			      &cost::fast),
		show_requests(all, "Disks of 20,000 requests a second",
			      how(requests +
				  "null_blk that takes a request "
				  "at a time, of 50 us" +
				  scheduler),
			      &cost::limited),
		show_requests(all, "Disks of 400 requests a second",
			      how(requests +
				  "null_blk that takes a request "
				  "at a time, of 2.5 ms" +
				  scheduler),
			      &cost::slow),
	};
}

} // namespace targets
