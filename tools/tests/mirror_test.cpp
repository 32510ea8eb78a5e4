// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "mirror.h"

namespace {

mirror_status with(std::string_view words)
{
	return parse_status(words);
}

TEST(mirror, reads_a_status)
{
	const auto status = with("3 7:0 A 7:1 D 253:12 A 17/320");

	ASSERT_EQ(status.legs.size(), 3u);
	EXPECT_EQ(status.legs[0].device, "7:0");
	EXPECT_TRUE(status.legs[0].good);
	EXPECT_FALSE(status.legs[1].good);
	EXPECT_EQ(status.legs[2].device, "253:12");
	EXPECT_EQ(count_good(status.legs), 2u);
	EXPECT_EQ(status.synced, 17u);
	EXPECT_EQ(status.total, 320u);
}

TEST(mirror, reads_past_further_words)
{
	EXPECT_EQ(with("2 7:0 A 7:1 A 5/6 new words").synced, 5u);
}

TEST(mirror, reads_the_largest_numbers)
{
	EXPECT_EQ(with("2 7:0 A 7:1 A 0/18446744073709551615").total,
		  UINT64_MAX);
}

constexpr const char *not_a_status[] = {
	"",
	"3",
	"x",
	"2 7:0 A 7:1",
	"2 7:0 A 7:1 A",
	"2 7:0 A 7:1 X 0/1",
	"2 7:0 A 7:1 A 5",
	"2 7:0 A 7:1 A 5/",
	"2 7:0 A 7:1 A /5",
	"2 7:0 A 7:1 A 6/5",
	"2 7:0 A 7:1 A 0/0",
	"2 7:0 A 7:1 A -1/5",
	"2 7:0 A 7:1 A 1/5x",
	"3 7:0 A 7:1 A 1/5",
	"1 7:0 A 0/5",
	"9 7:0 A 7:1 A 0/5",
	"99999999999999999999 7:0 A 0/5",
	"2 7:0 7:1 320/320 1 AA 1 core", /* that of dm-mirror */
};

TEST(mirror, refuses_other_words)
{
	for (const auto *words : not_a_status)
		EXPECT_THROW(with(words), parse_error) << words;
}

TEST(mirror, reads_the_region_size)
{
	EXPECT_EQ(parse_region_sectors("2048 2 7:0 0 7:1 0"), 2048u);
	EXPECT_THROW(parse_region_sectors(""), parse_error);
	EXPECT_THROW(parse_region_sectors("0 2 7:0 0 7:1 0"), parse_error);
	EXPECT_THROW(parse_region_sectors("core 1 2048"), parse_error);
}

TEST(mirror, knows_when_there_is_nothing_to_wait_for)
{
	EXPECT_EQ(outcome_of(with("2 7:0 A 7:1 A 0/9")), outcome::syncing);
	EXPECT_EQ(outcome_of(with("2 7:0 A 7:1 A 9/9")), outcome::in_sync);
	EXPECT_EQ(outcome_of(with("3 7:0 A 7:1 D 7:2 A 8/9")),
		  outcome::syncing);
	EXPECT_EQ(outcome_of(with("3 7:0 D 7:1 A 7:2 A 9/9")),
		  outcome::degraded);
}

TEST(mirror, knows_that_the_source_is_lost)
{
	EXPECT_EQ(outcome_of(with("3 7:0 D 7:1 A 7:2 A 8/9")), outcome::stuck);
}

TEST(mirror, knows_that_no_leg_is_left_to_copy_to)
{
	EXPECT_EQ(outcome_of(with("3 7:0 A 7:1 D 7:2 D 8/9")), outcome::stuck);
}

TEST(mirror, counts_bytes_with_a_short_last_region)
{
	EXPECT_EQ(bytes_synced(with("2 7:0 A 7:1 A 2/3"), 100, 250), 200u);
	EXPECT_EQ(bytes_synced(with("2 7:0 A 7:1 A 3/3"), 100, 250), 250u);
}

} // namespace
