// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include "role.h"

namespace {

TEST(role, is_found_in_its_uuid)
{
	for (const auto r : { role::clone, role::detached, role::mirror,
			      role::origin, role::snapshot })
		EXPECT_EQ(role_of(uuid_of(r, "data")), r);
	EXPECT_FALSE(role_of("LVM-abcdef"));
	EXPECT_FALSE(role_of("KCOPYD-other-data"));
	EXPECT_FALSE(role_of(""));
}

TEST(role, has_names_for_its_devices)
{
	for (const auto r : { role::clone, role::origin })
		EXPECT_EQ(name_above(hidden_name("vg-home", r)), "vg-home");
	EXPECT_NE(hidden_name("vg-home", role::clone),
		  hidden_name("vg-home", role::origin));
	EXPECT_FALSE(name_above("vg-home"));
	EXPECT_EQ(mirror_name("/dev/disk/by-id/x"), "kcopyd-x");
}

} // namespace
