// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "view.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

view filling()
{
	view v = {};

	v.device = "/dev/mapper/data";
	v.mapped = "data";
	v.kind = "clone";
	v.done = 3 << 20;
	v.all = 8 << 20;
	v.rate = 1048576.5;
	v.left = seconds(5);
	v.elapsed = seconds(3);
	v.activity = "filling";
	v.legs = { { "/dev/mapper/data-kcopyd", health::in_sync, 0 },
		   { "/dev/sdb", health::filling, 0 },
		   { "/dev/sdc", health::failed, 2 } };
	return v;
}

TEST(words, say_nothing_while_it_goes_on)
{
	EXPECT_EQ(words::why_still(filling()), "");
}

TEST(words, say_why_it_stands_still)
{
	auto v = filling();

	v.activity = "paused";
	EXPECT_EQ(words::why_still(v),
		  "paused: `kcopyctl resume /dev/mapper/data` goes on");
	v.activity = "suspended";
	EXPECT_NE(words::why_still(v).find("dmsetup resume data"),
		  std::string::npos);
	v.activity = "stopped";
	v.stopped_by = "unreadable 4096";
	EXPECT_NE(words::why_still(v).find("sector 4096"), std::string::npos);
	v.stopped_by = "no-source";
	EXPECT_NE(words::why_still(v).find("no device is left"),
		  std::string::npos);
}

TEST(words, lose_patience_with_a_device)
{
	auto v = filling();

	v.still = seconds(9);
	EXPECT_EQ(words::why_still(v), "");
	v.still = seconds(10);
	EXPECT_NE(words::why_still(v).find("0:10"), std::string::npos);
}

TEST(words, name_each_leg_or_count_many)
{
	auto v = filling();

	EXPECT_EQ(words::legs(v), "source ok, sdb ok, sdc FAILED");
	v.legs.resize(5, { "/dev/sdd", health::filling, 0 });
	EXPECT_EQ(words::legs(v), "4/5 good");
}

TEST(words, tell_the_time)
{
	auto v = filling();

	EXPECT_EQ(words::time(v), "0:05 left");
	v.left.reset();
	EXPECT_EQ(words::time(v), "waiting");
	v.rate.reset();
	EXPECT_EQ(words::time(v), "");
	v.activity = "paused";
	EXPECT_EQ(words::time(v), "paused");
	v.activity = "idle";
	EXPECT_EQ(words::time(v), "in 0:03");
}

TEST(words, of_the_status_have_a_line_for_each_leg)
{
	const std::vector<std::string> wanted = {
		"/dev/mapper/data: clone, 37 % (3.0 of 8.0 MiB), filling",
		"    /dev/mapper/data-kcopyd: in sync",
		"    /dev/sdb: filling",
		"    /dev/sdc: failed, 2 read errors",
	};

	EXPECT_EQ(words::status(filling()), wanted);
}

TEST(words, of_the_result_say_what_is_missing)
{
	const summary s = { .source = "/dev/sda",
			    .bytes = 1 << 20,
			    .time = milliseconds(2340),
			    .copies = { { "/dev/sdb", true, "" },
					{ "/dev/sdc", false, "it failed" } },
			    .remarks = { "a remark" } };
	const std::vector<std::string> wanted = {
		"/dev/sdb: holds all 1.0 MiB of /dev/sda",
		"/dev/sdc: INCOMPLETE: it failed", "in 2.3 s", "a remark"
	};

	EXPECT_EQ(words::result(s), wanted);
}

TEST(json, has_numbers_as_numbers)
{
	EXPECT_EQ(json::progress(filling()),
		  R"({"event":"progress","device":"/dev/mapper/data",)"
		  R"("kind":"clone","bytes":3145728,"total":8388608,)"
		  R"("percent":37,"activity":"filling","why":"","legs":[)"
		  R"({"device":"/dev/mapper/data-kcopyd","health":"in sync",)"
		  R"("read_errors":0},{"device":"/dev/sdb",)"
		  R"("health":"filling","read_errors":0},)"
		  R"({"device":"/dev/sdc","health":"failed",)"
		  R"("read_errors":2}],"seconds":3,"rate":1048576.5,)"
		  R"("seconds_left":5})");
}

TEST(json, has_null_for_what_is_not_known)
{
	auto v = filling();

	v.rate.reset();
	v.left.reset();

	const auto line = json::progress(v);

	EXPECT_TRUE(line.ends_with(R"("rate":null,"seconds_left":null})"))
		<< line;
}

TEST(json, is_one_line_whatever_a_name_has)
{
	EXPECT_EQ(json::error("a\n\"b\" \xff"),
		  "{\"event\":\"error\",\"text\":\"a\\n\\\"b\\\" "
		  "\xef\xbf\xbd\"}");
}

TEST(results, say_what_each_leg_holds)
{
	const auto status = parse_status(
		"4 7:0 A 0 7:1 A 0 7:2 F 0 7:3 D 0 8/10 stopped unreadable 8");
	const auto results = results_of(status, { "b", "c", "d" });

	ASSERT_EQ(results.size(), 3u);
	EXPECT_TRUE(results[0].complete);
	EXPECT_EQ(results[0].device, "b");
	EXPECT_FALSE(results[1].complete);
	EXPECT_EQ(results[1].missing, "2 of 10 regions were not copied");
	EXPECT_FALSE(results[2].complete);
	EXPECT_NE(results[2].missing.find("failed"), std::string::npos);
}

} // namespace
