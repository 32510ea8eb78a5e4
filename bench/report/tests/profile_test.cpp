// SPDX-License-Identifier: GPL-2.0
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "profile.h"

namespace {

TEST(profile, instructions_belong_to_the_function_before_them)
{
	std::istringstream log("symbol ffffffff81000000 T first\n"
			       "symbol ffffffff81000100 t second\t[mod]\n"
			       "symbol ffffffff81000080 d data\n");
	std::istringstream blocks("ffffffff81000000 3 10\n"
				  "ffffffff81000090 2 10\n"
				  "ffffffff81000100 5 1\n"
				  "1000 7 7\n");
	auto all = count_functions(log, blocks);

	EXPECT_EQ(all.size(), 2U);
	EXPECT_EQ(all["first"], 50);
	EXPECT_EQ(all["second[mod]"], 5);
}

TEST(profile, needs_symbols_and_blocks)
{
	std::istringstream nothing(""), log("symbol 10 T first\n"),
		nonsense("what\n");

	EXPECT_THROW(count_functions(nothing, nonsense), std::runtime_error);
	EXPECT_THROW(count_functions(log, nonsense), std::runtime_error);
}

} // namespace
