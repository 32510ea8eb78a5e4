// SPDX-License-Identifier: GPL-2.0
#include <stdexcept>

#include <gtest/gtest.h>

#include "stats.h"

namespace {

TEST(stats, a_quantile_is_one_of_the_values)
{
	std::vector<double> hundred;

	for (int i = 100; i > 0; i--)
		hundred.push_back(i);
	EXPECT_EQ(stats::quantile(hundred, 0), 1);
	EXPECT_EQ(stats::quantile(hundred, 0.5), 50);
	EXPECT_EQ(stats::quantile(hundred, 0.99), 99);
	EXPECT_EQ(stats::quantile(hundred, 1), 100);
	EXPECT_EQ(stats::quantile({ 7 }, 0.99), 7);
}

TEST(stats, nothing_has_no_quantile)
{
	EXPECT_THROW(stats::quantile({}, 0.5), std::invalid_argument);
}

TEST(stats, a_spread_is_from_the_lowest_to_the_highest)
{
	auto s = stats::spread_of({ 3, 1, 2 });

	EXPECT_EQ(s.low, 1);
	EXPECT_EQ(s.median, 2);
	EXPECT_EQ(s.high, 3);
}

} // namespace
