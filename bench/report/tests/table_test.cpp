// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "table.h"

namespace {

TEST(table, numbers_and_sizes_are_for_people)
{
	EXPECT_EQ(number(7), "7");
	EXPECT_EQ(number(999.6), "1,000");
	EXPECT_EQ(number(1234567), "1,234,567");
	EXPECT_EQ(size_text(4096), "4 KiB");
	EXPECT_EQ(size_text(1 << 20), "1 MiB");
	EXPECT_EQ(size_text(1ULL << 30), "1 GiB");
}

TEST(table, is_a_section_of_restructured_text)
{
	table t{ "Title", "How.", { "a", "long" }, { { "wide one", "x" } } };

	EXPECT_EQ(t.rst(), "Title\n-----\n\nHow.\n\n"
			   "========  ====\n"
			   "a         long\n"
			   "========  ====\n"
			   "wide one  x\n"
			   "========  ====\n");
}

} // namespace
