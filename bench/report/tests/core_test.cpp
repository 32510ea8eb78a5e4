// SPDX-License-Identifier: GPL-2.0
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "core.h"

namespace {

std::vector<core::cost> costs(double kcopyd)
{
	std::vector<core::cost> all;

	for (const auto &row : core::rows())
		all.push_back({ row, 10000, 1000, kcopyd });
	return all;
}

std::vector<core::verdict> compare(double then, double now)
{
	std::stringstream kept;

	core::save(kept, costs(then), "6.12");
	return core::compare(kept, costs(now));
}

TEST(core, what_has_not_grown_passes)
{
	for (double now : { 900, 1000, 1049 })
		for (const auto &v : compare(1000, now))
			EXPECT_TRUE(v.passed) << v.name;
}

TEST(core, growth_by_more_than_five_percent_fails)
{
	auto all = compare(1000, 1051);

	EXPECT_EQ(all.size(), core::rows().size());
	for (const auto &v : all)
		EXPECT_FALSE(v.passed) << v.name;
}

TEST(core, a_row_without_a_figure_is_an_error)
{
	std::istringstream nothing("# nothing\n");

	EXPECT_THROW(core::compare(nothing, costs(1)), std::runtime_error);
}

TEST(core, a_target_is_met_or_missed)
{
	core::cost c{ { { 4 * KiB }, 1.2, 2.0 }, 2400, 1000, 1200 };

	EXPECT_TRUE(c.met());
	c.kcopyd = 1201;
	EXPECT_FALSE(c.met());
	c = { { { 4 * KiB }, {}, 2.0 }, 2000, 10, 1000 };
	EXPECT_TRUE(c.met());
	c.dm_kcopyd = 1999;
	EXPECT_FALSE(c.met());
}

TEST(core, the_floor_does_a_large_job_in_pieces)
{
	for (const auto &line : core::plan()) {
		bool floor = line.find("engine=floor") != std::string::npos;
		bool large = line.find("bytes=1073741824") != std::string::npos;

		EXPECT_FALSE(floor && large) << line;
	}
}

} // namespace
