// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "text.h"

namespace {

using std::chrono::seconds;
using text::bar_style;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t gib = 1 << 30;

TEST(text, bytes)
{
	EXPECT_EQ(text::bytes(0), "0 B");
	EXPECT_EQ(text::bytes(1023), "1023 B");
	EXPECT_EQ(text::bytes(1024), "1.0 KiB");
	EXPECT_EQ(text::bytes(320 * mib), "320 MiB");
	EXPECT_EQ(text::bytes(gib + gib / 2), "1.5 GiB");
	EXPECT_EQ(text::bytes(10 * gib - 1), "10 GiB");
	EXPECT_EQ(text::bytes(5000 * 1024 * gib), "5000 TiB");
}

TEST(text, bytes_of_keeps_its_width)
{
	EXPECT_EQ(text::bytes_of(0, 320 * mib), "  0 of 320 MiB");
	EXPECT_EQ(text::bytes_of(320 * mib, 320 * mib), "320 of 320 MiB");
	EXPECT_EQ(text::bytes_of(700 * mib, 2 * gib), "0.7 of 2.0 GiB");
}

TEST(text, duration)
{
	EXPECT_EQ(text::duration(seconds(0)), "0:00");
	EXPECT_EQ(text::duration(seconds(75)), "1:15");
	EXPECT_EQ(text::duration(seconds(3599)), "59:59");
	EXPECT_EQ(text::duration(seconds(3600)), "1:00:00");
	EXPECT_EQ(text::duration(seconds(100 * 3600 + 61)), "100:01:01");
}

TEST(text, percent_is_a_hundred_only_at_the_end)
{
	EXPECT_EQ(text::percent(0, 320), 0u);
	EXPECT_EQ(text::percent(319, 320), 99u);
	EXPECT_EQ(text::percent(320, 320), 100u);
	EXPECT_EQ(text::percent(0, 0), 100u);
}

TEST(text, bar)
{
	EXPECT_EQ(text::bar(0, 10, 12, bar_style::ascii), "[          ]");
	EXPECT_EQ(text::bar(4, 10, 12, bar_style::ascii), "[====      ]");
	EXPECT_EQ(text::bar(10, 10, 12, bar_style::ascii), "[==========]");
	EXPECT_EQ(text::bar(5, 10, 4, bar_style::lines), "━━──");
	EXPECT_EQ(text::bar(11, 10, 4, bar_style::lines), "━━━━");
	EXPECT_EQ(text::bar(1, 2, 0, bar_style::lines), "");
	EXPECT_EQ(text::bar(1, 2, 1, bar_style::ascii), "[]");
}

text::progress half()
{
	return { .name = "demo",
		 .done = 160 * mib,
		 .all = 320 * mib,
		 .rate = 80.0 * mib,
		 .time = "0:02 left",
		 .legs = "2/3 legs" };
}

TEST(text, line_has_the_width_asked_for)
{
	EXPECT_EQ(text::line(half(), 80, bar_style::ascii),
		  "demo  50 % [=========         ]  "
		  "160 of 320 MiB    80 MiB/s  0:02 left  2/3 legs");
	EXPECT_EQ(text::line(half(), 100, bar_style::ascii).size(), 100u);
}

TEST(text, line_does_without_a_bar)
{
	EXPECT_EQ(text::line(half(), 60, bar_style::ascii),
		  "demo  50 %  160 of 320 MiB    80 MiB/s  0:02 left  "
		  "2/3 legs");
}

TEST(text, line_keeps_its_width_without_a_rate)
{
	auto p = half();

	p.rate.reset();
	p.time.clear();
	EXPECT_EQ(text::line(p, 80, bar_style::ascii).size(), 80u);
}

} // namespace
