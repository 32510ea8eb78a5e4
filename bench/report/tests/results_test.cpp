// SPDX-License-Identifier: GPL-2.0
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "results.h"

namespace {

results parse(const std::string &log)
{
	std::istringstream in(log);

	return results::parse(in);
}

TEST(results, are_read_from_the_report_of_a_machine)
{
	auto r = parse("result a ns 1\n==== report ====\nrelease 6.12\n"
		       "result a ns 1500\nresult a errors 0\n"
		       "result b sample 3\nresult b sample 4\n"
		       "verdict 0 taint 4096\n");

	EXPECT_EQ(r.release(), "6.12");
	EXPECT_EQ(r.value("a", "ns"), 1500);
	EXPECT_EQ(r.values("b", "sample"), (std::vector<double>{ 3, 4 }));
	EXPECT_THROW(r.value("a", "sample"), std::runtime_error);
	EXPECT_THROW(r.value("c", "ns"), std::runtime_error);
}

TEST(results, need_a_good_end)
{
	EXPECT_THROW(parse("==== report ====\nresult a ns 1\n"),
		     std::runtime_error);
	EXPECT_THROW(parse("==== report ====\nverdict 1 taint 0\n"),
		     std::runtime_error);
	EXPECT_THROW(parse("verdict 0 taint 0\n"), std::runtime_error);
}

TEST(results, are_none_where_copies_failed)
{
	EXPECT_THROW(parse("==== report ====\nresult a errors 2\n"
			   "verdict 0 taint 0\n"),
		     std::runtime_error);
}

} // namespace
