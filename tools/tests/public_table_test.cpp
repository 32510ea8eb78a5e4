// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "doctor.h"

namespace {

TEST(public_table, shows_numbers)
{
	EXPECT_EQ(public_table(
			  { 0, 8, "kmirror", "2048 2 7:0 0 sync 7:1 0 fill" }),
		  "0 8 kmirror 2048 2 7:0 0 sync 7:1 0 fill");
	EXPECT_EQ(public_table({ 8, 16, "linear", "7:0 0" }),
		  "8 16 linear 7:0 0");
}

TEST(public_table, shows_no_key)
{
	EXPECT_EQ(public_table({ 0, 8, "crypt",
				 "aes-xts-plain64 0123456789abcdef 0 7:0 0" }),
		  "0 8 crypt (not shown)");
}

} // namespace
