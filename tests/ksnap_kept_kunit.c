// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of ksnap's chunks that every snapshot has: none is in the set that was not
 * added since the last new snapshot
 *
 * The set is compiled into this file.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "../targets/ksnap_pages.c"
#include "../targets/ksnap_kept.c"

static struct kept kept;

static void add(struct kunit *test, u32 first, u32 last)
{
	u32 chunk;

	for (chunk = first; chunk <= last; chunk++) {
		KUNIT_ASSERT_EQ(test, kept_reserve(&kept, chunk, GFP_KERNEL),
				0);
		KUNIT_ASSERT_TRUE(test, __kept_add(&kept, chunk));
	}
}

static void nothing_is_there_before_it_is_added(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, 0, 0));
	KUNIT_EXPECT_FALSE(test, __kept_add(&kept, 0));
	KUNIT_EXPECT_EQ(test, kept_reserve(&kept, 0, GFP_KERNEL), 0);
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, 0, 0));
	KUNIT_EXPECT_TRUE(test, __kept_add(&kept, 0));
	KUNIT_EXPECT_TRUE(test, kept_has(&kept, 0, 0));
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, 0, 1));
}

/* A range that goes from one page to the next but one. */
static void range_is_there_if_each_is(struct kunit *test)
{
	const u32 first = KEPT_BITS - 10, last = 2 * KEPT_BITS + 10;

	add(test, first, last);
	KUNIT_EXPECT_TRUE(test, kept_has(&kept, first, last));
	KUNIT_EXPECT_TRUE(test, kept_has(&kept, last, last));
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, first - 1, last));
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, first, last + 1));
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, last, last + KEPT_BITS));
}

/* What was there before is not there, also when the page is in use again. */
static void new_snapshot_has_nothing(struct kunit *test)
{
	add(test, 100, 200);
	__kept_forget(&kept);
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, 100, 100));
	add(test, 150, 150);
	KUNIT_EXPECT_TRUE(test, kept_has(&kept, 150, 150));
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, 149, 149));
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, 151, 151));
}

static void last_chunk_has_its_place(struct kunit *test)
{
	add(test, NO_CHUNK - 1, NO_CHUNK - 1);
	KUNIT_EXPECT_TRUE(test, kept_has(&kept, NO_CHUNK - 1, NO_CHUNK - 1));
	KUNIT_EXPECT_FALSE(test, kept_has(&kept, NO_CHUNK - 2, NO_CHUNK - 2));
}

#define MODEL_CHUNKS (3 * KEPT_BITS)

static void random_sets_agree_with_a_model(struct kunit *test)
{
	u32 seed = get_random_u32(), i;
	unsigned long *model;
	struct rnd_state random;

	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&random, seed);
	model = kunit_kzalloc(test, BITS_TO_LONGS(MODEL_CHUNKS) * sizeof(long),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model);
	for (i = 0; i < 3000; i++) {
		u32 first = prandom_u32_state(&random) % MODEL_CHUNKS;
		u32 length = 1 + prandom_u32_state(&random) % 3000;
		u32 last = min_t(u32, first + length, MODEL_CHUNKS) - 1;

		if (prandom_u32_state(&random) % 500 == 0) {
			__kept_forget(&kept);
			bitmap_zero(model, MODEL_CHUNKS);
		}
		if (prandom_u32_state(&random) % 2) {
			add(test, first, last);
			bitmap_set(model, first, last - first + 1);
		}
		first = min(first + 50, last);
		KUNIT_ASSERT_EQ(test, kept_has(&kept, first, last),
				find_next_zero_bit(model, last + 1, first) >
					last);
	}
}

static int set_up(struct kunit *test)
{
	kept_init(&kept);
	return 0;
}

static void tear_down(struct kunit *test)
{
	kept_exit(&kept);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&nr_pages), 0L);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nothing_is_there_before_it_is_added),
	KUNIT_CASE(range_is_there_if_each_is),
	KUNIT_CASE(new_snapshot_has_nothing),
	KUNIT_CASE(last_chunk_has_its_place),
	KUNIT_CASE(random_sets_agree_with_a_model),
	{}
};

static struct kunit_suite suite = {
	.name = "ksnap_kept",
	.init = set_up,
	.exit = tear_down,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of ksnap's chunks that every snapshot has");
MODULE_LICENSE("GPL");
