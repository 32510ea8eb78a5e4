// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "cleanup.h"
#include "fake_dm.h"
#include "layer.h"

namespace {

const dm::table linear = { { 0, 4096, "linear", "8:0 2048" } };

class cleaning : public testing::Test {
protected:
	cleaning()
	{
		dm.add("data", linear);
	}

	/* "data" on a hidden device, by a target with these words. */
	void put_on(const std::string &role, const std::string &type,
		    const std::string &words)
	{
		dm.add("data-kcopyd", linear, "KCOPYD-" + role + "-data");

		const auto number = layer::number_words(
			dm.at("data-kcopyd").number);

		dm.at("data").live = { { 0, 4096, type,
					 fmt::format(fmt::runtime(words),
						     number) } };
	}

	void put_on_mirror(const std::string &role)
	{
		put_on(role, "kmirror", "64 2 {} 0 sync 8:16 0 fill");
		dm.at("data").status = {
			{ 0, 4096, "kmirror",
			  "2 253:1 A 0 8:16 F 0 1/64 filling" }
		};
	}

	void expect_as_before()
	{
		EXPECT_EQ(dm.devices.size(), 1u);
		EXPECT_EQ(dm.at("data").live, linear);
		EXPECT_TRUE(dm.at("data").inactive.empty());
		EXPECT_FALSE(dm.at("data").suspended);
	}

	/* Nothing is done. */
	void expect_spared()
	{
		const auto cleaned = cleanup(dm);

		EXPECT_TRUE(cleaned.done.empty());
		EXPECT_TRUE(cleaned.failed.empty());
		EXPECT_TRUE(dm.requests.empty());
	}

	fake_dm dm;
};

TEST_F(cleaning, finds_nothing_where_there_is_nothing)
{
	expect_spared();
}

TEST_F(cleaning, undoes_a_clone_that_nobody_follows)
{
	put_on_mirror("clone");
	EXPECT_EQ(cleanup(dm).done.size(), 1u);
	expect_as_before();
}

TEST_F(cleaning, spares_a_clone_that_somebody_follows)
{
	put_on_mirror("clone");
	dm.at("data-kcopyd").opened = 1;
	expect_spared();
}

TEST_F(cleaning, spares_what_needs_nobody)
{
	put_on_mirror("detached");
	expect_spared();
	dm.at("data-kcopyd").uuid = "KCOPYD-mirror-data";
	expect_spared();
}

/* It must not go back to a source that lacks what was written since. */
TEST_F(cleaning, leaves_a_clone_whose_source_has_failed)
{
	put_on_mirror("clone");

	const auto mirror = dm.at("data").live;

	dm.at("data").status.front().params = "2 253:1 D 0 8:16 A 0 64/64 idle";
	EXPECT_EQ(cleanup(dm).failed.size(), 1u);
	EXPECT_EQ(dm.at("data").live, mirror);
	EXPECT_FALSE(dm.at("data").suspended);
}

/* Nor does that keep the rest from being undone. */
TEST_F(cleaning, goes_on_behind_what_is_left)
{
	put_on_mirror("clone");
	dm.at("data").status.front().params = "2 253:1 D 0 8:16 A 0 64/64 idle";
	dm.add("kcopyd-sdb", { { 0, 8, "kmirror", "" } },
	       "KCOPYD-clone-kcopyd-sdb");

	const auto cleaned = cleanup(dm);

	EXPECT_EQ(cleaned.failed.size(), 1u);
	EXPECT_EQ(cleaned.done.size(), 1u);
	EXPECT_FALSE(dm.devices.contains("kcopyd-sdb"));
}

TEST_F(cleaning, takes_out_an_origin_without_snapshots)
{
	put_on("origin", "ksnap-origin", "{}");
	EXPECT_EQ(cleanup(dm).done.size(), 1u);
	expect_as_before();
}

TEST_F(cleaning, spares_an_origin_with_a_snapshot)
{
	put_on("origin", "ksnap-origin", "{}");
	dm.add("monday",
	       { { 0, 4096, "ksnap",
		   layer::number_words(dm.at("data-kcopyd").number) +
			   " 8:32 P 32" } },
	       "KCOPYD-snapshot-monday");
	dm.at("monday").status = { { 0, 4096, "ksnap", "64/2048 32 0" } };
	expect_spared();
}

/* It is the origin that the clone's hidden device has become. */
TEST_F(cleaning, spares_an_origin_below_a_clone)
{
	put_on("origin", "ksnap-origin", "{}");
	dm.devices["data-kcopyd-origin"] = dm.at("data-kcopyd");
	dm.devices["data-kcopyd"] = dm.at("data");
	dm.at("data-kcopyd").uuid = "KCOPYD-detached-data";
	dm.add("monday",
	       { { 0, 4096, "ksnap",
		   layer::number_words(dm.at("data-kcopyd-origin").number) +
			   " 8:32 P 32" } },
	       "KCOPYD-snapshot-monday");
	dm.at("monday").status = { { 0, 4096, "ksnap", "64/2048 32 0" } };
	dm.at("data-kcopyd").number = makedev(253, 9);
	dm.at("data").live = { { 0, 4096, "kmirror",
				 "64 2 253:9 0 sync 8:16 0 fill" } };
	dm.at("data").status = { { 0, 4096, "kmirror",
				   "2 253:9 A 0 8:16 F 0 1/64 filling" } };
	expect_spared();
}

/* The process was killed when the snapshot had its moment, and the origin not. */
TEST_F(cleaning, removes_a_snapshot_that_misses_writes)
{
	dm.add("data-kcopyd", linear, "KCOPYD-origin-data");
	dm.add("monday",
	       { { 0, 4096, "ksnap",
		   layer::number_words(dm.at("data-kcopyd").number) +
			   " 8:32 P 32" } },
	       "KCOPYD-snapshot-monday");
	dm.at("monday").status = { { 0, 4096, "ksnap", "64/2048 32 0" } };
	dm.at("data").suspended = true;
	cleanup(dm);
	expect_as_before();
}

TEST_F(cleaning, removes_a_mirror_of_an_idle_device)
{
	dm.add("kcopyd-sdb", { { 0, 8, "kmirror", "" } },
	       "KCOPYD-clone-kcopyd-sdb");
	EXPECT_EQ(cleanup(dm).done.size(), 1u);
	expect_as_before();
}

TEST_F(cleaning, removes_what_was_never_resumed)
{
	dm.create("kcopyd-sdb", "KCOPYD-mirror-kcopyd-sdb");
	dm.load("kcopyd-sdb", linear);
	cleanup(dm);
	expect_as_before();
}

} // namespace
