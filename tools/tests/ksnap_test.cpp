// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "ksnap.h"
#include "words.h"

namespace {

TEST(ksnap, reads_and_writes_a_table)
{
	const auto t = ksnap::parse_table("253:1 7:2 P 32");

	EXPECT_EQ(t.origin, "253:1");
	EXPECT_EQ(t.store, "7:2");
	EXPECT_TRUE(t.persistent);
	EXPECT_EQ(t.chunk_sectors, 32u);
	EXPECT_EQ(words_of(t, ksnap::store::found), "253:1 7:2 P 32");
	EXPECT_EQ(words_of(t, ksnap::store::made), "253:1 7:2 P 32 format");
	EXPECT_FALSE(ksnap::parse_table("253:1 7:2 N 32").persistent);
}

TEST(ksnap, refuses_other_tables)
{
	for (const auto *words :
	     { "", "253:1", "253:1 7:2 X 32", "253:1 7:2 P", "253:1 7:2 P x" })
		EXPECT_THROW(ksnap::parse_table(words), parse_error) << words;
}

TEST(ksnap, knows_how_much_is_enough)
{
	EXPECT_EQ(ksnap::enough_sectors(480 * 8, 8), (480 + 2 + 1) * 8u);
	EXPECT_EQ(ksnap::enough_sectors(480 * 8 + 1, 8), (481 + 2 + 2) * 8u);
	EXPECT_EQ(ksnap::enough_sectors(1920 * 32, 32), (1920 + 2 + 1) * 32u);
}

TEST(ksnap, reads_a_status)
{
	const auto s = ksnap::parse_status("64/2048 32 3");

	EXPECT_EQ(s.state, ksnap::state::good);
	EXPECT_EQ(s.used, 64u);
	EXPECT_EQ(s.size, 2048u);
	EXPECT_EQ(s.unreadable, 3u);
	EXPECT_EQ(ksnap::parse_status("Overflow").state,
		  ksnap::state::overflow);
	EXPECT_EQ(ksnap::parse_status("Invalid").state, ksnap::state::invalid);
}

TEST(ksnap, refuses_another_status)
{
	for (const auto *words : { "", "64", "64/2048", "64/2048 32", "Lost" })
		EXPECT_THROW(ksnap::parse_status(words), parse_error) << words;
}

} // namespace
