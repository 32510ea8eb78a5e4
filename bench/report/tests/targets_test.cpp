// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>

#include "targets.h"

namespace {

using targets::comparison;
using targets::cost;

TEST(targets, are_given_the_same_work_on_both_engines)
{
	auto lines = targets::plan(targets::runs());
	auto own = std::ranges::find(lines, "targets own") - lines.begin();
	auto half = static_cast<std::size_t>(own) / 2;

	EXPECT_EQ(lines[0], "targets dm-kcopyd");
	EXPECT_EQ(lines[half], "targets kcopyd");
	for (std::size_t i = 1; i < half; i++) {
		auto ours = lines[i + half];

		ours.replace(ours.find(".kcopyd"), 7, ".dm-kcopyd");
		EXPECT_EQ(lines[i], ours);
	}
	EXPECT_NE(std::ranges::find(
			  lines,
			  "snapshots snapshots.32-4-1024.kcopyd.rate time "
			  "80000 32 4 1024"),
		  lines.end());
	EXPECT_NE(std::ranges::find(lines,
				    "mirror mirror.2-128-256.own.slow time "
				    "2500000/1 2 128 256"),
		  lines.end());
}

TEST(targets, are_evaluated_by_what_the_machine_reports)
{
	std::string text = "==== report ====\n";
	auto say = [&](const std::string &what) {
		text += "result t.1." + what + "\n";
	};
	auto say_disk = [&](const std::string &which, int requests) {
		say(which + " ns 1000000000");
		say(which + " requests " + std::to_string(requests));
		say(which + " sectors 1280");
	};

	for (const std::string engine : { "dm-kcopyd", "kcopyd", "own" }) {
		bool stock = engine == "dm-kcopyd";

		say(engine +
		    (stock ? ".cost busy_ns 4000" : ".cost busy_ns 2000"));
		say_disk(engine + ".rate", stock ? 40 : 10);
		say_disk(engine + ".limited", 20);
		say_disk(engine + ".slow", 80);
		say(engine + ".memory pages_peak 512");
	}
	text += "verdict 0 taint 0\n";

	std::istringstream log(text);
	auto all = targets::evaluate(
		{ { "a target", "t", "1", "write", 10, "own" },
		  { "no own", "t", "1", "write", 10, "" } },
		results::parse(log));

	ASSERT_EQ(all.size(), 2u);
	EXPECT_EQ(all[0].dm_kcopyd.instructions, 400);
	EXPECT_EQ(all[0].kcopyd.instructions, 200);
	EXPECT_EQ(all[0].dm_kcopyd.rate, 10);
	EXPECT_EQ(all[0].dm_kcopyd.mebibytes, 2);
	EXPECT_EQ(all[0].dm_kcopyd.fast.number, 4);
	EXPECT_EQ(all[0].kcopyd.fast.number, 1);
	EXPECT_EQ(all[0].dm_kcopyd.fast.kib, 16);
	EXPECT_EQ(all[0].kcopyd.fast.kib, 64);
	EXPECT_EQ(all[0].kcopyd.limited.number, 2);
	EXPECT_EQ(all[0].kcopyd.slow.number, 8);
	EXPECT_EQ(all[0].kcopyd.slow.seconds, 1);
	ASSERT_TRUE(all[0].own);
	EXPECT_EQ(all[0].own->instructions, 200);
	EXPECT_FALSE(all[1].own);

	auto tables = targets::show(all, "6.12");

	ASSERT_EQ(tables.size(), 6u);
	for (const auto &t : tables) {
		EXPECT_EQ(t.rows[0].front(), "a target");
		for (const auto &row : t.rows)
			EXPECT_EQ(row.size(), t.head.size());
	}
	EXPECT_EQ(tables[0].rows[0].back(), "2.00");
	EXPECT_EQ(tables[1].rows[0].back(), "1.00");
	EXPECT_EQ(tables[5].rows[0][5], "8.000");
}

TEST(targets, are_worse_only_beyond_noise)
{
	const targets::requests disk{ 1, 1, 4 };
	const cost stock{ 1000, 1000, 4096, disk, disk, disk };
	auto worse = [&](double instructions, targets::requests slow) {
		cost ours{ instructions, 1000, 8192, disk, disk, slow };

		return comparison{ {}, stock, ours, {} }.worse().size();
	};

	EXPECT_EQ(worse(1000, disk), 0u);
	EXPECT_EQ(worse(1049, { 1.049, 1.049, 4 }), 0u);
	EXPECT_EQ(worse(1051, disk), 1u);
	EXPECT_EQ(worse(1000, { 1.051, 1.051, 4 }), 2u);
}

} // namespace
