// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "meter.h"

namespace {

using std::chrono::seconds;

constexpr meter::clock::time_point start{ seconds(1000) };

TEST(meter, knows_nothing_at_first)
{
	meter m;

	EXPECT_FALSE(m.rate());
	EXPECT_FALSE(m.time_left(100));
	EXPECT_FALSE(m.average_rate());
	EXPECT_EQ(m.elapsed(), seconds(0));
	m.add(start, 10);
	EXPECT_FALSE(m.rate());
	EXPECT_FALSE(m.time_left(100));
	EXPECT_FALSE(m.average_rate());
}

TEST(meter, counts_from_where_it_began)
{
	meter m;

	m.add(start, 500);
	m.add(start + seconds(2), 700);
	EXPECT_DOUBLE_EQ(*m.rate(), 100);
	EXPECT_DOUBLE_EQ(*m.average_rate(), 100);
	EXPECT_EQ(*m.time_left(1000), seconds(3));
	EXPECT_EQ(m.elapsed(), seconds(2));
}

TEST(meter, rounds_the_time_left_up)
{
	meter m;

	m.add(start, 0);
	m.add(start + seconds(1), 100);
	EXPECT_EQ(*m.time_left(101), seconds(1));
	EXPECT_EQ(*m.time_left(100), seconds(0));
}

TEST(meter, forgets_what_is_long_ago)
{
	meter m;

	for (int i = 0; i <= 10; i++)
		m.add(start + seconds(i), 1000u * i);
	for (int i = 1; i <= 10; i++)
		m.add(start + seconds(10 + i), 10000u + 10u * i);
	EXPECT_DOUBLE_EQ(*m.rate(), 10);
	EXPECT_DOUBLE_EQ(*m.average_rate(), 10100.0 / 20);
}

TEST(meter, sees_that_nothing_moves)
{
	meter m;

	m.add(start, 100);
	m.add(start + seconds(9), 100);
	EXPECT_DOUBLE_EQ(*m.rate(), 0);
	EXPECT_FALSE(m.time_left(200));
	EXPECT_EQ(m.still(), seconds(9));
	m.add(start + seconds(10), 101);
	EXPECT_EQ(m.still(), seconds(0));
}

TEST(meter, starts_anew_when_there_is_less)
{
	meter m;

	m.add(start, 1000);
	m.add(start + seconds(1), 2000);
	m.add(start + seconds(2), 0);
	EXPECT_FALSE(m.rate());
	m.add(start + seconds(3), 50);
	EXPECT_DOUBLE_EQ(*m.rate(), 50);
	EXPECT_EQ(m.elapsed(), seconds(1));
}

} // namespace
