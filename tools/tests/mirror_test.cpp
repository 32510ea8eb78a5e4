// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "mirror.h"
#include "words.h"

namespace {

mirror_status with(std::string_view words)
{
	return parse_status(words);
}

TEST(mirror, reads_a_status)
{
	const auto status = with(
		"3 7:0 A 0 7:1 D 12 253:12 F 3 17/320 filling");

	ASSERT_EQ(status.legs.size(), 3u);
	EXPECT_EQ(status.legs[0].device, "7:0");
	EXPECT_EQ(status.legs[0].health, health::in_sync);
	EXPECT_EQ(status.legs[1].health, health::failed);
	EXPECT_EQ(status.legs[1].read_errors, 12u);
	EXPECT_EQ(status.legs[2].device, "253:12");
	EXPECT_EQ(status.legs[2].health, health::filling);
	EXPECT_EQ(count_good(status.legs), 2u);
	EXPECT_EQ(status.synced, 17u);
	EXPECT_EQ(status.total, 320u);
	EXPECT_EQ(status.activity, "filling");
	EXPECT_EQ(status.stopped_by, "");
}

TEST(mirror, reads_why_it_has_stopped)
{
	const auto status = with(
		"2 7:0 A 1 7:1 F 0 5/6 stopped unreadable 4096");

	EXPECT_EQ(status.activity, "stopped");
	EXPECT_EQ(status.stopped_by, "unreadable 4096");
}

TEST(mirror, reads_past_further_words)
{
	EXPECT_EQ(with("2 7:0 A 0 7:1 F 0 5/6 filling new words").synced, 5u);
}

TEST(mirror, reads_the_largest_numbers)
{
	EXPECT_EQ(
		with("2 7:0 A 0 7:1 F 0 0/18446744073709551615 filling").total,
		UINT64_MAX);
}

constexpr const char *not_a_status[] = {
	"",
	"3",
	"x",
	"2 7:0 A 0 7:1",
	"2 7:0 A 0 7:1 A",
	"2 7:0 A 0 7:1 A 0",
	"2 7:0 X 0 7:1 A 0 0/1 idle",
	"2 7:0 A x 7:1 A 0 0/1 idle",
	"2 7:0 A 0 7:1 A 0 0/1",
	"2 7:0 A 0 7:1 A 0 5 idle",
	"2 7:0 A 0 7:1 A 0 5/ idle",
	"2 7:0 A 0 7:1 A 0 /5 idle",
	"2 7:0 A 0 7:1 A 0 6/5 idle",
	"2 7:0 A 0 7:1 A 0 0/0 idle",
	"2 7:0 A 0 7:1 A 0 -1/5 idle",
	"2 7:0 A 0 7:1 A 0 1/5x idle",
	"3 7:0 A 0 7:1 A 0 1/5 idle",
	"1 7:0 A 0 0/5 idle",
	"9 7:0 A 0 7:1 A 0 0/5 idle",
	"99999999999999999999 7:0 A 0 0/5 idle",
	"2 7:0 A 7:1 A 5/6",		 /* that of version 1 */
	"2 7:0 7:1 320/320 1 AA 1 core", /* that of dm-mirror */
};

TEST(mirror, refuses_other_words)
{
	for (const auto *words : not_a_status)
		EXPECT_THROW(with(words), parse_error) << words;
}

TEST(mirror, reads_a_table)
{
	const std::string words =
		"2048 3 7:0 0 sync 253:12 8192 fill 7:2 0 failed";
	const auto table = parse_mirror_table(words);

	EXPECT_EQ(table.region_sectors, 2048u);
	ASSERT_EQ(table.legs.size(), 3u);
	EXPECT_EQ(table.legs[1].device, "253:12");
	EXPECT_EQ(table.legs[1].offset, 8192u);
	EXPECT_EQ(table.legs[2].state, "failed");
	EXPECT_EQ(words_of(table), words);
}

TEST(mirror, refuses_other_tables)
{
	for (const auto *words :
	     { "", "0 2 7:0 0 sync 7:1 0 fill", "2048 1 7:0 0 sync",
	       "2048 2 7:0 0 sync", "2048 2 7:0 x sync 7:1 0 fill",
	       "core 1 2048" })
		EXPECT_THROW(parse_mirror_table(words), parse_error) << words;
}

TEST(mirror, takes_regions_of_a_mebibyte_where_it_can)
{
	constexpr std::uint64_t tebibyte = 1ull << 31;

	EXPECT_EQ(default_region_sectors(8), 2048u);
	EXPECT_EQ(default_region_sectors(64 * tebibyte), 2048u);
	EXPECT_EQ(default_region_sectors(64 * tebibyte + 1), 4096u);
	EXPECT_EQ(default_region_sectors(256 * tebibyte), 8192u);
}

outcome of(std::string_view words)
{
	return outcome_of(with(words));
}

TEST(mirror, knows_when_there_is_nothing_to_wait_for)
{
	EXPECT_EQ(of("2 7:0 A 0 7:1 F 0 0/9 filling"), outcome::syncing);
	EXPECT_EQ(of("2 7:0 A 0 7:1 F 0 0/9 paused"), outcome::syncing);
	EXPECT_EQ(of("2 7:0 A 0 7:1 A 0 9/9 idle"), outcome::in_sync);
	EXPECT_EQ(of("3 7:0 D 0 7:1 A 0 7:2 A 0 9/9 idle"), outcome::degraded);
	EXPECT_EQ(of("2 7:0 A 0 7:1 D 0 8/9 idle"), outcome::degraded);
}

TEST(mirror, knows_that_what_is_left_cannot_be_copied)
{
	EXPECT_EQ(of("2 7:0 D 0 7:1 F 0 8/9 stopped no-source"),
		  outcome::stuck);
	EXPECT_EQ(of("2 7:0 A 4 7:1 F 0 8/9 stopped unreadable 64"),
		  outcome::stuck);
}

TEST(mirror, counts_bytes_with_a_short_last_region)
{
	EXPECT_EQ(bytes_synced(with("2 7:0 A 0 7:1 F 0 2/3 filling"), 100, 250),
		  200u);
	EXPECT_EQ(bytes_synced(with("2 7:0 A 0 7:1 A 0 3/3 idle"), 100, 250),
		  250u);
}

} // namespace
