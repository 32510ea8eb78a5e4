// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of ksnap's exceptions: what was added is found, with memory for no more than
 * was asked for
 *
 * They are compiled into this file, with stand-ins for the functions that get memory
 * from the system. These count what is out, and can be told to run dry.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/prandom.h>

static struct {
	unsigned int left;
	int out;
} pages;

static unsigned long give_page(gfp_t gfp)
{
	if (!pages.left)
		return 0;
	pages.left--;
	pages.out++;
	return __get_free_page(gfp);
}

static void take_back(unsigned long page)
{
	pages.out--;
	free_page(page);
}

#undef __get_free_page
#define __get_free_page give_page
#undef free_page
#define free_page take_back
#include "../targets/ksnap_pages.c"
#include "../targets/ksnap_exceptions.c"

#define NR 20000

static struct exceptions exceptions;

/* Each number once, in no order. */
static u32 chunk_of(u32 slot)
{
	return slot * 0x9e3779b1u;
}

static void add(struct kunit *test, u32 nr)
{
	u32 slot;

	KUNIT_ASSERT_EQ(test, exceptions_reserve(&exceptions, nr, GFP_KERNEL),
			0);
	for (slot = exceptions.nr; slot < nr; slot++)
		KUNIT_ASSERT_EQ(test,
				exceptions_add(&exceptions, chunk_of(slot),
					       slot, slot % 7 == 0),
				0);
}

static void nothing_is_found_in_none(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, exceptions_find(&exceptions, 0), NO_SLOT);
	KUNIT_EXPECT_EQ(test, exceptions_find(&exceptions, NO_CHUNK - 1),
			NO_SLOT);
}

/* At each size of the hash table: it grows by one with each of them. */
static void what_was_added_is_found(struct kunit *test)
{
	u32 nr, slot;

	for (nr = 1; nr < 300; nr++) {
		add(test, nr);
		for (slot = 0; slot < nr; slot++)
			KUNIT_ASSERT_EQ(test,
					exceptions_find(&exceptions,
							chunk_of(slot)),
					slot);
		KUNIT_ASSERT_EQ(test,
				exceptions_find(&exceptions, chunk_of(nr)),
				NO_SLOT);
	}
}

static void many_are_found(struct kunit *test)
{
	u32 slot;

	add(test, NR);
	for (slot = 0; slot < NR; slot++) {
		KUNIT_ASSERT_EQ(test,
				exceptions_find(&exceptions, chunk_of(slot)),
				slot);
		KUNIT_ASSERT_EQ(test, exceptions_unreadable(&exceptions, slot),
				slot % 7 == 0);
	}
	KUNIT_EXPECT_EQ(test, exceptions.nr_unreadable, NR / 7 + 1);
}

/* A find looks at a few exceptions, however many there are. */
static void buckets_are_short(struct kunit *test)
{
	u32 bucket, slot, longest = 0;

	add(test, NR);
	for (bucket = 0; bucket < exceptions.nr_buckets; bucket++) {
		u32 length = 0;

		for (slot = *head_of(&exceptions, bucket); slot != NO_SLOT;
		     slot = exception_of(&exceptions, slot)->next)
			length++;
		longest = max(longest, length);
	}
	KUNIT_EXPECT_GE(test, exceptions.nr_buckets, NR - 1);
	KUNIT_EXPECT_LE(test, longest, 16);
}

static void slot_and_chunk_have_one_exception(struct kunit *test)
{
	add(test, 2);
	KUNIT_EXPECT_EQ(test,
			exceptions_add(&exceptions, chunk_of(0), 2, false),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, exceptions_add(&exceptions, 12345, 1, false),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, exceptions_find(&exceptions, chunk_of(0)), 0);
}

static void memory_follows_what_is_used(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, pages.out, 2);
	add(test, NR);
	/* 8 bytes and 4 for each; a page of either may be begun */
	KUNIT_EXPECT_LE(test, pages.out, NR * 12 / PAGE_SIZE + 2);
}

static void without_memory_what_was_there_stays(struct kunit *test)
{
	u32 had;

	add(test, 100);
	had = exceptions.nr_slots;
	pages.left = 3;
	KUNIT_EXPECT_EQ(test, exceptions_reserve(&exceptions, NR, GFP_KERNEL),
			-ENOMEM);
	KUNIT_EXPECT_GT(test, exceptions.nr_slots, had);
	KUNIT_EXPECT_LT(test, exceptions.nr_slots, NR);
	KUNIT_EXPECT_EQ(test, exceptions_find(&exceptions, chunk_of(99)), 99);
	pages.left = UINT_MAX;
	add(test, NR);
	KUNIT_EXPECT_EQ(test, exceptions_find(&exceptions, chunk_of(NR - 1)),
			NR - 1);
}

/* What all snapshots have is limited, so that nobody else is driven out. */
static void a_quarter_of_memory_is_the_limit(struct kunit *test)
{
	long before = atomic_long_read(&nr_pages);

	atomic_long_set(&nr_pages, totalram_pages() / 4 - 1);
	KUNIT_EXPECT_EQ(test, exceptions_reserve(&exceptions, NR, GFP_KERNEL),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&nr_pages),
			(long)(totalram_pages() / 4));
	atomic_long_set(&nr_pages, before + 1);
}

static int set_up(struct kunit *test)
{
	pages.left = UINT_MAX;
	exceptions = (struct exceptions){};
	return exceptions_init(&exceptions);
}

static void tear_down(struct kunit *test)
{
	exceptions_exit(&exceptions);
	KUNIT_EXPECT_EQ(test, pages.out, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&nr_pages), 0L);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nothing_is_found_in_none),
	KUNIT_CASE(what_was_added_is_found),
	KUNIT_CASE(many_are_found),
	KUNIT_CASE(buckets_are_short),
	KUNIT_CASE(slot_and_chunk_have_one_exception),
	KUNIT_CASE(memory_follows_what_is_used),
	KUNIT_CASE(without_memory_what_was_there_stays),
	KUNIT_CASE(a_quarter_of_memory_is_the_limit),
	{}
};

static struct kunit_suite suite = {
	.name = "ksnap_exceptions",
	.init = set_up,
	.exit = tear_down,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of ksnap's exceptions");
MODULE_LICENSE("GPL");
