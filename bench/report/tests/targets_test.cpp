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
	auto lines = targets::plan();
	auto half = lines.size() / 2;

	EXPECT_EQ(lines[0], "targets dm-kcopyd");
	EXPECT_EQ(lines[half], "targets kcopyd");
	for (std::size_t i = 1; i < half; i++) {
		auto ours = lines[i + half];

		ours.replace(ours.find(".kcopyd"), 7, ".dm-kcopyd");
		EXPECT_EQ(lines[i], ours);
	}
	EXPECT_NE(std::ranges::find(
			  lines,
			  "snapshots snapshots.32-4-2048.kcopyd.rate time "
			  "80000 32 4 2048"),
		  lines.end());
}

TEST(targets, are_evaluated_by_what_the_machine_reports)
{
	std::istringstream log("==== report ====\n"
			       "result t.1.dm-kcopyd.cost busy_ns 4000\n"
			       "result t.1.dm-kcopyd.rate ns 1000000000\n"
			       "result t.1.dm-kcopyd.rate requests 40\n"
			       "result t.1.dm-kcopyd.rate sectors 1280\n"
			       "result t.1.dm-kcopyd.memory pages_peak 512\n"
			       "result t.1.kcopyd.cost busy_ns 2000\n"
			       "result t.1.kcopyd.rate ns 500000000\n"
			       "result t.1.kcopyd.rate requests 10\n"
			       "result t.1.kcopyd.rate sectors 1280\n"
			       "result t.1.kcopyd.memory pages_peak 128\n"
			       "verdict 0 taint 0\n");
	auto all = targets::evaluate({ { "a target", "t", "1", "write", 10 } },
				     results::parse(log));

	ASSERT_EQ(all.size(), 1u);
	EXPECT_EQ(all[0].dm_kcopyd.instructions, 400);
	EXPECT_EQ(all[0].kcopyd.instructions, 200);
	EXPECT_EQ(all[0].dm_kcopyd.rate, 10);
	EXPECT_EQ(all[0].kcopyd.rate, 20);
	EXPECT_EQ(all[0].dm_kcopyd.mebibytes, 2);
	EXPECT_EQ(all[0].kcopyd.mebibytes, 0.5);
	EXPECT_EQ(all[0].dm_kcopyd.requests, 4);
	EXPECT_EQ(all[0].kcopyd.requests, 1);
	EXPECT_EQ(all[0].dm_kcopyd.kib, 16);
	EXPECT_EQ(all[0].kcopyd.kib, 64);

	auto tables = targets::show(all, "6.12");

	ASSERT_EQ(tables.size(), 5u);
	for (const auto &t : tables)
		EXPECT_EQ(t.rows[0].front(), "a target");
	EXPECT_EQ(tables[0].rows[0].back(), "2.00");
	EXPECT_EQ(tables[1].rows[0].back(), "2.00");
	EXPECT_EQ(tables[2].rows[0].back(), "4.00");
	EXPECT_EQ(tables[3].rows[0].back(), "4.00");
	EXPECT_EQ(tables[4].rows[0].back(), "4.00");
}

TEST(targets, are_slower_only_beyond_noise)
{
	const cost stock{ 1000, 1000, 4096, 1, 4 };
	auto slower = [&](double instructions, double rate) {
		return comparison{
			{}, stock, { instructions, rate, 8192, 1, 4 }
		}.slower();
	};

	EXPECT_FALSE(slower(1000, 1000));
	EXPECT_FALSE(slower(1049, 951));
	EXPECT_TRUE(slower(1051, 1000));
	EXPECT_TRUE(slower(1000, 949));
}

} // namespace
