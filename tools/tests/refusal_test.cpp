// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include <sys/sysmacros.h>

#include "refusal.h"

namespace {

using refusal::overwrite;
using testing::Test;

/* Numbers that no device of this machine has: it is not asked for their names. */
constexpr unsigned int disk_major = 3000;

device_facts whole_disk(const std::string &path, unsigned int minor)
{
	const auto number = makedev(disk_major, minor);
	device_facts facts;

	facts.path = path;
	facts.number = number;
	facts.bytes = 1 << 20;
	facts.where = { number, 0, 2048 };
	facts.below = { number };
	return facts;
}

/* One line, with all these words. */
void expect_words(const refusal::list &said,
		  std::initializer_list<std::string_view> words)
{
	ASSERT_EQ(said.size(), 1u);
	for (const auto word : words)
		EXPECT_NE(said[0].find(word), std::string::npos)
			<< said[0] << " has no " << word;
}

class refusals : public Test {
protected:
	device_facts a = whole_disk("/dev/a", 0);
	device_facts b = whole_disk("/dev/b", 16);
};

TEST_F(refusals, are_none_for_two_idle_disks)
{
	EXPECT_TRUE(refusal::of_destination(b, overwrite::no).empty());
	EXPECT_TRUE(refusal::of_idle_source(a).empty());
	EXPECT_TRUE(refusal::of_pair(a, b).empty());
	EXPECT_TRUE(refusal::of_size(a, b, true).empty());
}

TEST_F(refusals, of_a_destination_in_use_say_by_whom)
{
	auto dest = b;

	dest.claimed = true;
	expect_words(refusal::of_destination(dest, overwrite::yes),
		     { "/dev/b", "in use" });
	dest.mounts = { { "/dev/b1", "/home", false } };
	expect_words(refusal::of_destination(dest, overwrite::yes),
		     { "/dev/b", "/dev/b1", "/home", "unmount" });
	dest.mounts.clear();
	dest.swaps = { "/dev/b2" };
	expect_words(refusal::of_destination(dest, overwrite::yes),
		     { "/dev/b", "/dev/b2", "swapoff" });
	dest.swaps.clear();
	dest.holders = { "md0" };
	expect_words(refusal::of_destination(dest, overwrite::yes),
		     { "/dev/b", "md0" });
}

/* For a loop device the kernel claims nothing. */
TEST_F(refusals, of_a_destination_below_a_loop_device)
{
	b.loops = { "/dev/loop3" };
	expect_words(refusal::of_destination(b, overwrite::yes),
		     { "/dev/b", "/dev/loop3", "losetup -d" });
}

TEST_F(refusals, of_data_say_which_and_where)
{
	b.signatures = { { "ext4", "home", 1080 } };
	expect_words(refusal::of_destination(b, overwrite::no),
		     { "/dev/b", "ext4", "\"home\"", "1080", "--force" });
	EXPECT_TRUE(refusal::of_destination(b, overwrite::yes).empty());
}

TEST_F(refusals, are_not_all_overridden)
{
	b.read_only = true;
	b.mounts = { { "/dev/b", "/home", true } };
	EXPECT_EQ(refusal::of_destination(b, overwrite::yes).size(), 2u);
}

TEST_F(refusals, of_a_small_destination_say_by_how_much)
{
	b.bytes -= 512;
	expect_words(refusal::of_size(a, b, false),
		     { "/dev/b", "too small", "1048576", "1048064" });
}

TEST_F(refusals, regard_the_size_of_blocks)
{
	b.logical_block = 4096;
	EXPECT_TRUE(refusal::of_size(a, b, false).empty());
	expect_words(refusal::of_size(a, b, true), { "/dev/b", "4096" });
	a.bytes -= 512;
	expect_words(refusal::of_size(a, b, false), { "/dev/b", "4096" });
}

TEST_F(refusals, of_one_device_twice)
{
	auto other = b;

	expect_words(refusal::of_pair(b, other), { "/dev/b", "twice" });
	other.path = "/dev/disk/by-id/b";
	expect_words(refusal::of_pair(b, other),
		     { "/dev/b", "/dev/disk/by-id/b", "same" });
}

TEST_F(refusals, of_a_partition_of_the_other)
{
	auto part = whole_disk("/dev/a1", 1);

	part.where = { a.number, 1024, 512 };
	part.below.insert(a.number);
	expect_words(refusal::of_pair(a, part), { "/dev/a", "/dev/a1" });

	auto neighbour = whole_disk("/dev/a2", 2);

	neighbour.where = { a.number, 1536, 512 };
	neighbour.below.insert(a.number);
	EXPECT_TRUE(refusal::of_pair(part, neighbour).empty());
}

TEST_F(refusals, of_what_stands_on_the_other)
{
	b.below.insert(a.number);
	expect_words(refusal::of_pair(a, b), { "/dev/b stands on /dev/a" });
	expect_words(refusal::of_pair(b, a), { "/dev/b stands on /dev/a" });
}

TEST_F(refusals, of_two_loops_on_one_file)
{
	EXPECT_TRUE(refusal::of_pair(a, b).empty());
	a.file = b.file = { 5, 7 };
	expect_words(refusal::of_pair(a, b), { "same file" });
}

TEST_F(refusals, of_a_mounted_source_say_how_to_do_it)
{
	a.path = "/dev/3000:0"; /* a name that the kernel does not know */
	a.mounts = { { path_of(a.number), "/data", false } };
	expect_words(refusal::of_idle_source(a),
		     { "/data", "Unmount", "dmsetup create", "linear",
		       "mount /dev/mapper/" });
}

TEST_F(refusals, of_an_idle_source)
{
	a.read_only = true;
	expect_words(refusal::of_idle_source(a), { "/dev/a", "--setrw" });
	a.read_only = false;
	a.holders = { "md0" };
	expect_words(refusal::of_idle_source(a), { "/dev/a", "md0" });
}

TEST_F(refusals, of_a_live_source)
{
	dm::info device = { .name = "data",
			    .uuid = {},
			    .number = 0,
			    .open_count = 1,
			    .live = true,
			    .inactive = false,
			    .suspended = false,
			    .read_only = false };
	const dm::table linear = { { 0, 8, "linear", "8:0 0" } };

	EXPECT_TRUE(refusal::of_live_source(a, device, linear).empty());
	expect_words(refusal::of_live_source(a, device,
					     { { 0, 8, "raid", "" } }),
		     { "/dev/a", "raid" });
	expect_words(refusal::of_live_source(a, device,
					     { { 0, 8, "kmirror", "" } }),
		     { "/dev/a", "kcopyctl status" });
	device.suspended = true;
	expect_words(refusal::of_live_source(a, device, linear),
		     { "/dev/a", "dmsetup resume data" });
	device.suspended = false;
	device.inactive = true;
	expect_words(refusal::of_live_source(a, device, linear),
		     { "/dev/a", "dmsetup clear data" });
}

} // namespace
