// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "fake_dm.h"
#include "layer.h"

namespace {

const dm::table linear = { { 0, 4096, "linear", "8:0 2048" } };

class layers : public testing::Test {
protected:
	layers()
	{
		dm.add("data", linear, "LVM-1");
	}

	layer::insertion plan()
	{
		return { .device = "data",
			 .hidden = "data-kcopyd",
			 .uuid = "KCOPYD-clone-data",
			 .table =
				 [](const dm::info &hidden) {
					 return dm::table{
						 { 0, 4096, "ksnap-origin",
						   layer::number_words(
							   hidden.number) }
					 };
				 },
			 .frozen =
				 [this] {
					 frozen++;
					 EXPECT_TRUE(dm.at("data").suspended);
					 EXPECT_EQ(dm.at("data").live, linear);
				 } };
	}

	void expect_as_before()
	{
		EXPECT_EQ(dm.devices.size(), 1u);
		EXPECT_EQ(dm.at("data").live, linear);
		EXPECT_TRUE(dm.at("data").inactive.empty());
		EXPECT_FALSE(dm.at("data").suspended);
	}

	fake_dm dm;
	int frozen = 0;
};

TEST_F(layers, are_put_below_and_taken_out)
{
	layer::insert(dm, plan());
	EXPECT_EQ(frozen, 1);
	EXPECT_EQ(dm.at("data-kcopyd").live, linear);
	EXPECT_EQ(dm.at("data-kcopyd").uuid, "KCOPYD-clone-data");
	EXPECT_TRUE(layer::stands_on(dm.at("data").live,
				     dm.at("data-kcopyd").number));
	EXPECT_FALSE(dm.at("data").suspended);

	layer::take_out(dm, "data", "data-kcopyd", [] {});
	expect_as_before();
}

/* All is loaded before, as there may be no memory while the device is suspended. */
TEST_F(layers, suspend_the_device_last_of_all)
{
	const std::vector<std::string> wanted = {
		"create data-kcopyd", "load data-kcopyd", "resume data-kcopyd",
		"load data",	      "suspend data",	  "resume data",
	};

	layer::insert(dm, plan());
	EXPECT_EQ(dm.requests, wanted);
}

TEST_F(layers, leave_nothing_where_a_request_fails)
{
	for (int i = 0; i < 6; i++) {
		dm.requests.clear();
		dm.fail_at = i;
		EXPECT_THROW(layer::insert(dm, plan()), dm::error) << i;
		expect_as_before();
	}
}

TEST_F(layers, stay_where_taking_them_out_fails)
{
	layer::insert(dm, plan());

	const auto above = dm.at("data").live;

	for (int i = 0; i < 3; i++) {
		dm.requests.clear();
		dm.fail_at = i;
		EXPECT_THROW(layer::take_out(dm, "data", "data-kcopyd", [] {}),
			     dm::error)
			<< i;
		EXPECT_EQ(dm.at("data").live, above);
		EXPECT_TRUE(dm.at("data").inactive.empty());
		EXPECT_FALSE(dm.at("data").suspended);
		EXPECT_EQ(dm.at("data-kcopyd").live, linear);
	}
}

TEST_F(layers, stay_where_it_is_the_wrong_moment)
{
	layer::insert(dm, plan());

	const auto above = dm.at("data").live;

	EXPECT_THROW(layer::take_out(dm, "data", "data-kcopyd",
				     [] { throw std::runtime_error("no"); }),
		     std::runtime_error);
	EXPECT_EQ(dm.at("data").live, above);
	EXPECT_FALSE(dm.at("data").suspended);
	EXPECT_TRUE(dm.devices.contains("data-kcopyd"));
}

TEST_F(layers, say_where_undoing_fails_too)
{
	dm.fail_at = 5; /* the resume */
	dm.fails_on = true;
	EXPECT_THROW(layer::insert(dm, plan()), layer::half_done);
	EXPECT_TRUE(dm.devices.contains("data-kcopyd"));
}

TEST_F(layers, go_though_somebody_has_the_hidden_one_open)
{
	layer::insert(dm, plan());
	dm.at("data-kcopyd").opened = 1;
	layer::take_out(dm, "data", "data-kcopyd", [] {});
	expect_as_before();
	EXPECT_EQ(dm.requests.back(), "remove when closed data-kcopyd");
}

TEST_F(layers, are_not_needed_to_freeze_a_device)
{
	layer::while_frozen(dm, "data",
			    [&] { EXPECT_TRUE(dm.at("data").suspended); });
	expect_as_before();
	EXPECT_THROW(
		layer::while_frozen(dm, "data",
				    [] { throw std::runtime_error("no"); }),
		std::runtime_error);
	expect_as_before();
}

TEST(layer, knows_what_can_be_loaded_twice)
{
	EXPECT_EQ(layer::immovable(linear), "");
	EXPECT_EQ(layer::immovable({ { 0, 8, "linear", "8:0 0" },
				     { 8, 8, "raid", "raid1" } }),
		  "raid");
	EXPECT_EQ(layer::immovable({ { 0, 8, "kmirror", "" } }), "kmirror");
}

TEST(layer, knows_what_a_table_stands_on)
{
	EXPECT_TRUE(layer::stands_on(linear, makedev(8, 0)));
	EXPECT_FALSE(layer::stands_on(linear, makedev(8, 1)));
	EXPECT_FALSE(layer::stands_on({ { 0, 8, "linear", "18:0 0" } },
				      makedev(8, 0)));
}

} // namespace
