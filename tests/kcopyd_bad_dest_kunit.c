// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: a bad destination is not the others' fault, promise 20
 *
 * Of three destinations, one is bad: read-only, too short or gone, from the
 * beginning or from the middle of the job on. It is not touched from then on, its
 * bit is set, and the others get all.
 */
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/module.h>

#include "kcopyd_test.h"

#define BAD   1
#define COUNT 8000

static void become_read_only(struct test_disk *disk)
{
	test_disk_set_read_only(disk, true);
}

static void become_short(struct test_disk *disk)
{
	test_disk_shrink(disk, 2000);
}

/* Ways to become bad. */
static void (*const ways[])(struct test_disk *disk) = {
	become_read_only,
	become_short,
	test_disk_vanish,
};

static const unsigned int flags[] = {
	0,
	KCOPYD_IGNORE_ERROR,
	KCOPYD_WRITE_SEQ,
	KCOPYD_DURABLE,
};

static void make_all(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 64);
	kt_make_disks(test, 3, &kt_disk);
	kt_set_regions(f, 64, 64, COUNT);
}

static void submit(struct kunit *test, struct kt_job *job, bool zero,
		   unsigned int job_flags)
{
	if (zero)
		kt_zero(test, job, job_flags);
	else
		kt_copy(test, job, job_flags);
}

static void expect_good_ones_complete(struct kunit *test, struct kt_job *job,
				      bool zero)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_expect_result(test, job, 0, BIT(BAD));
	for (i = 0; i < f->nr_disks; i++) {
		if (i == BAD)
			continue;
		if (zero)
			kt_expect_zeroed(test, job, i);
		else
			kt_expect_copied(test, job, i);
	}
}

static void expect_bad_from_the_beginning(struct kunit *test, bool zero,
					  unsigned int way,
					  unsigned int job_flags)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	ways[way](f->dests[BAD]);
	test_disk_clear_log(f->dests[BAD]);
	submit(test, job, zero, job_flags);
	expect_good_ones_complete(test, job, zero);
	kt_expect_untouched(test, job, BAD);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[BAD]), 0);
}

static void read_only_destination_fails_alone(struct kunit *test)
{
	unsigned int i;

	make_all(test);
	for (i = 0; i < 2 * ARRAY_SIZE(flags); i++)
		expect_bad_from_the_beginning(test, i & 1, 0, flags[i / 2]);
}

static void short_destination_fails_alone(struct kunit *test)
{
	unsigned int i;

	make_all(test);
	for (i = 0; i < 2 * ARRAY_SIZE(flags); i++)
		expect_bad_from_the_beginning(test, i & 1, 1, flags[i / 2]);
}

static void destination_that_is_gone_fails_alone(struct kunit *test)
{
	unsigned int i;

	make_all(test);
	for (i = 0; i < 2 * ARRAY_SIZE(flags); i++)
		expect_bad_from_the_beginning(test, i & 1, 2, flags[i / 2]);
}

/* The first writes are held while one destination becomes bad. */
static void expect_bad_in_the_middle(struct kunit *test, unsigned int way,
				     unsigned int job_flags)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int writes;

	test_disk_hold(f->source, TEST_DISK_READ);
	kt_copy(test, job, job_flags);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	test_disk_release(f->source, 0);
	kt_settle(f);
	ways[way](f->dests[BAD]);
	writes = test_disk_count(f->dests[BAD], TEST_DISK_ALL);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	expect_good_ones_complete(test, job, false);
	/* What still lies on a short one may be written. */
	if (ways[way] != become_short)
		KUNIT_EXPECT_EQ(test,
				test_disk_count(f->dests[BAD], TEST_DISK_ALL),
				writes);
}

static void destination_becomes_read_only(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	make_all(test);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		expect_bad_in_the_middle(test, 0, flags[i]);
		test_disk_set_read_only(f->dests[BAD], false);
	}
}

static void destination_becomes_short(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	make_all(test);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		expect_bad_in_the_middle(test, 1, flags[i]);
		test_disk_shrink(f->dests[BAD], kt_disk.sectors);
	}
}

static void destination_vanishes(struct kunit *test)
{
	make_all(test);
	expect_bad_in_the_middle(test, 2, 0);
}

/* Nothing is known of what came before. */
static void destination_comes_back(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f), *again = kt_job(f);

	make_all(test);
	test_disk_set_read_only(f->dests[BAD], true);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, BIT(BAD));
	test_disk_set_read_only(f->dests[BAD], false);
	kt_copy(test, again, 0);
	kt_expect_result(test, again, 0, 0);
	kt_expect_copied(test, again, BAD);
}

/* The submitter of the second bio is slow: the first one's failure is known then. */
static void sleep_at_second(struct bio *bio, void *data)
{
	atomic_t *bios = data;

	if (atomic_inc_return(bios) == 2)
		msleep(200);
}

/* A piece that is begun when no destination is left has failed nowhere else. */
static void piece_without_destination_tells_nothing_new(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	static atomic_t bios;

	atomic_set(&bios, 0);
	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_end_in(f->dests[0], TEST_DISK_WORK);
	kt_fail(f->dests[0], TEST_DISK_WRITE, 0, 0, BLK_STS_IOERR);
	test_disk_watch(f->dests[0], sleep_at_second, &bios);
	kt_set_regions(f, 64, 64, COUNT);
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, BIT(0));
	KUNIT_EXPECT_LE(test, test_disk_count(f->dests[0], TEST_DISK_ALL), 2);
}

static void write_error_tells_why(struct kunit *test)
{
	static const int errors[] = { -EROFS, -ENXIO, -ENXIO };
	struct kt_fixture *f = test->priv;
	unsigned int way;

	static_assert(ARRAY_SIZE(errors) == ARRAY_SIZE(ways));
	kt_make_disks(test, ARRAY_SIZE(ways), &kt_disk);
	kt_set_regions(f, 64, 64, COUNT);
	for (way = 0; way < ARRAY_SIZE(ways); way++) {
		KUNIT_EXPECT_EQ(test, kcopyd_write_error(&f->to[way]), -EIO);
		ways[way](f->dests[way]);
		KUNIT_EXPECT_EQ(test, kcopyd_write_error(&f->to[way]),
				errors[way]);
	}
}

static struct kunit_case bad_dest_cases[] = {
	KUNIT_CASE(read_only_destination_fails_alone),
	KUNIT_CASE(short_destination_fails_alone),
	KUNIT_CASE(destination_that_is_gone_fails_alone),
	KUNIT_CASE(destination_becomes_read_only),
	KUNIT_CASE(destination_becomes_short),
	KUNIT_CASE(destination_vanishes),
	KUNIT_CASE(destination_comes_back),
	KUNIT_CASE(piece_without_destination_tells_nothing_new),
	KUNIT_CASE(write_error_tells_why),
	{}
};

static struct kunit_suite bad_dest_suite = {
	.name = "kcopyd_bad_dest",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = bad_dest_cases,
};

kunit_test_suite(bad_dest_suite);

MODULE_DESCRIPTION("Tests of kcopyd: bad destinations");
MODULE_LICENSE("GPL");
