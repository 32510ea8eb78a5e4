// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: sequential and durable jobs, promises 18 and 19
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "kcopyd_test.h"

#define COUNT	4000
#define CHANGES (TEST_DISK_WRITE | TEST_DISK_ZERO)

/*
 * The log of a destination shows ascending writes without a gap, one at a time,
 * from the beginning of its region. Returns the sector after the last one; a
 * failed one must be the last.
 */
static sector_t sequence_end(struct kunit *test, struct kt_job *job,
			     unsigned int i)
{
	struct test_disk *disk = job->f->dests[i];
	sector_t next = job->to[i].sector;
	bool failed = false;
	unsigned int n;

	for (n = 0; n < test_disk_log_length(disk); n++) {
		const struct test_disk_io *io = test_disk_log(disk, n);

		if (!(io->op & CHANGES))
			continue;
		/* Later ones would only repeat it, thousands of times. */
		KUNIT_ASSERT_FALSE_MSG(test, failed,
				       "a write follows the first failure");
		KUNIT_ASSERT_EQ_MSG(test, io->sector, next,
				    "writes do not follow each other");
		KUNIT_ASSERT_EQ_MSG(test, io->writes, 1,
				    "two writes are in flight");
		failed = io->status;
		next = io->sector + io->sectors;
	}
	return next;
}

static void expect_whole_sequence(struct kunit *test, struct kt_job *job,
				  unsigned int i)
{
	KUNIT_EXPECT_EQ(test, sequence_end(test, job, i),
			job->to[i].sector + job->to[i].count);
}

/* Promise 18: sequential */

static void writes_ascend_though_reads_end_in_any_order(struct kunit *test)
{
	static const unsigned int num_pages[] = { 1, 2, 16, 256 };
	struct kt_fixture *f = test->priv;
	unsigned int n, i;

	kt_make_disks(test, 3, &kt_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK_LIFO);
	test_disk_end_in(f->dests[0], TEST_DISK_IRQ);
	test_disk_end_in(f->dests[1], TEST_DISK_WORK);
	for (n = 0; n < ARRAY_SIZE(num_pages); n++) {
		struct kt_job *job = kt_job(f);

		kt_make_client(test, num_pages[n]);
		kt_set_regions(f, 7, 100, COUNT + n);
		for (i = 0; i < 3; i++) {
			test_disk_clear_log(f->dests[i]);
			test_disk_fill_byte(f->dests[i], KT_BACKGROUND(i));
		}
		kt_copy(test, job, KCOPYD_WRITE_SEQ);
		kt_expect_result(test, job, 0, 0);
		for (i = 0; i < 3; i++) {
			expect_whole_sequence(test, job, i);
			kt_expect_copied(test, job, i);
		}
		kt_destroy_client(test);
	}
}

/* All reads of a job are held, and end from the last to the first. */
static void writes_ascend_though_reads_end_backwards(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int held;

	kt_make_client(test, 512);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, KCOPYD_WRITE_SEQ);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	kt_settle(f);
	for (held = test_disk_held(f->source); held; held--) {
		KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[0]), 0);
		test_disk_release(f->source, held - 1);
		msleep(20);
	}
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	expect_whole_sequence(test, job, 0);
	kt_expect_copied(test, job, 0);
}

static void one_write_is_in_flight_at_a_time(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_hold(f->dests[0], TEST_DISK_WRITE);
	test_disk_hold(f->dests[1], TEST_DISK_WRITE);
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, KCOPYD_WRITE_SEQ);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 1));
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[1], 1));
	msleep(50);
	KUNIT_EXPECT_EQ(test, test_disk_held(f->dests[0]), 1);
	KUNIT_EXPECT_EQ(test, test_disk_held(f->dests[1]), 1);
	test_disk_release_all(f->dests[0], TEST_DISK_FIFO);
	test_disk_release_all(f->dests[1], TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	expect_whole_sequence(test, job, 0);
	expect_whole_sequence(test, job, 1);
}

static void no_write_follows_a_destinations_first_failure(struct kunit *test)
{
	static const sector_t spots[] = { 0, 1999, COUNT - 1 };
	static const unsigned int flags[] = {
		KCOPYD_WRITE_SEQ,
		KCOPYD_WRITE_SEQ | KCOPYD_IGNORE_ERROR,
	};
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	for (i = 0; i < 6; i++) {
		struct kt_job *job = kt_job(f);

		test_disk_clear_log(f->dests[0]);
		test_disk_clear_log(f->dests[1]);
		test_disk_heal(f->dests[0]);
		kt_fail(f->dests[0], TEST_DISK_WRITE, spots[i / 2], 1,
			BLK_STS_IOERR);
		kt_set_regions(f, 0, 0, COUNT);
		kt_copy(test, job, flags[i % 2]);
		kt_expect_result(test, job, 0, BIT(0));
		KUNIT_EXPECT_GT(test, sequence_end(test, job, 0), spots[i / 2]);
		expect_whole_sequence(test, job, 1);
	}
}

/* Later pieces are read already when the one in the middle fails. */
static void no_write_follows_a_read_that_failed_before_it(struct kunit *test)
{
	static const unsigned int flags[] = {
		KCOPYD_WRITE_SEQ,
		KCOPYD_WRITE_SEQ | KCOPYD_IGNORE_ERROR,
	};
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 512);
	kt_make_disks(test, 2, &kt_disk);
	for (i = 0; i < 2; i++) {
		struct kt_job *job = kt_job(f);

		test_disk_clear_log(f->source);
		test_disk_clear_log(f->dests[0]);
		test_disk_heal(f->source);
		test_disk_hold(f->source, TEST_DISK_READ);
		kt_fail(f->source, TEST_DISK_READ, COUNT / 2, 1, BLK_STS_IOERR);
		kt_set_regions(f, 0, 0, COUNT);
		kt_copy(test, job, flags[i]);
		KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 3));
		kt_settle(f);
		test_disk_release_all(f->source, TEST_DISK_LIFO);
		kt_expect_result(test, job, -EIO, 0);
		KUNIT_EXPECT_LE(test, sequence_end(test, job, 0), COUNT / 2);
	}
}

static const struct test_disk_params zoned_disk = {
	.sectors = 16384,
	.zone_sectors = 1024,
};

/* A zoned disk fails what does not come at the write pointer. */
static void zoned_destination_is_written_sequentially(struct kunit *test)
{
	static const unsigned int flags[] = {
		0,
		KCOPYD_IGNORE_ERROR,
		KCOPYD_WRITE_SEQ,
	};
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 256);
	kt_make_disks(test, 2, &zoned_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK_LIFO);
	test_disk_end_in(f->dests[0], TEST_DISK_WORK);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kt_job *job = kt_job(f);

		test_disk_reset_zones(f->dests[0]);
		test_disk_reset_zones(f->dests[1]);
		test_disk_clear_log(f->dests[0]);
		kt_set_regions(f, 0, 2048, COUNT);
		f->to[1].sector = 1024;
		kt_copy(test, job, flags[i]);
		kt_expect_result(test, job, 0, 0);
		expect_whole_sequence(test, job, 0);
		kt_expect_copied(test, job, 0);
		kt_expect_copied(test, job, 1);
	}
}

static void one_zoned_destination_is_enough(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 256);
	kt_make_disks(test, 2, &kt_disk);
	kt_make_dest(test, &zoned_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK_LIFO);
	kt_set_regions(f, 0, 0, COUNT);
	f->to[2].sector = 0;
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	expect_whole_sequence(test, job, 0);
	kt_expect_copied(test, job, 2);
}

/* With the command, refused in the middle, and without. */
static void zeroing_ascends_too(struct kunit *test)
{
	static const struct test_disk_params zoned_zeroing_disk = {
		.sectors = 16384,
		.zone_sectors = 1024,
		.flags = TEST_DISK_HAS_ZERO,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	kt_make_client(test, 256);
	kt_make_dest(test, &zoned_zeroing_disk);
	kt_make_dest(test, &zoned_disk);
	kt_make_dest(test, &kt_disk);
	kt_set_regions(f, 0, 0, 9999);
	f->to[1].sector = 1024;
	kt_zero(test, job, KCOPYD_WRITE_SEQ);
	kt_expect_result(test, job, 0, 0);
	for (i = 0; i < 3; i++) {
		expect_whole_sequence(test, job, i);
		kt_expect_zeroed(test, job, i);
	}
}

/* Promise 19: durable */

static const struct test_disk_params cached_disk = {
	.sectors = 16384,
	.flags = TEST_DISK_HAS_CACHE,
};

static const struct test_disk_params cached_zeroing_disk = {
	.sectors = 16384,
	.flags = TEST_DISK_HAS_CACHE | TEST_DISK_HAS_ZERO,
};

static unsigned long durable_dests;

/* What is durable by the time of the callback. */
static void note_durable_dests(struct kt_job *job)
{
	unsigned int i;

	durable_dests = 0;
	for (i = 0; i < job->num_dests; i++)
		if (test_disk_durable(job->f->dests[i], job->to[i].sector,
				      job->to[i].count))
			durable_dests |= BIT(i);
}

static void durable_copy_is_on_stable_media(struct kunit *test)
{
	static const unsigned int flags[] = {
		0,
		KCOPYD_WRITE_SEQ,
		KCOPYD_IGNORE_ERROR,
		KCOPYD_ORDERED,
	};
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &cached_disk);
	kt_make_dest(test, &cached_zeroing_disk);
	test_disk_end_in(f->dests[0], TEST_DISK_WORK_LIFO);
	test_disk_end_in(f->dests[1], TEST_DISK_IRQ);
	for (i = 0; i < 8; i++) {
		struct kt_job *job = kt_job(f);

		job->then = note_durable_dests;
		kt_set_regions(f, 0, 0, COUNT);
		if (i % 2)
			kt_zero(test, job, flags[i / 2] | KCOPYD_DURABLE);
		else
			kt_copy(test, job, flags[i / 2] | KCOPYD_DURABLE);
		kt_expect_result(test, job, 0, 0);
		KUNIT_EXPECT_EQ(test, durable_dests, 7);
	}
}

static void nothing_is_flushed_unless_asked_for(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &cached_disk);
	job->then = note_durable_dests;
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_EQ(test, durable_dests, 0);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_FLUSH), 0);
}

static void flush_comes_after_the_last_write(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i, flushes = 0;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &cached_disk);
	test_disk_hold_range(f->dests[0], TEST_DISK_WRITE, 0, 1);
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, KCOPYD_DURABLE);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 1));
	msleep(100);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_FLUSH), 0);
	test_disk_release_all(f->dests[0], TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	for (i = 0; i < test_disk_log_length(f->dests[0]); i++) {
		const struct test_disk_io *io = test_disk_log(f->dests[0], i);

		flushes += io->op == TEST_DISK_FLUSH;
		KUNIT_EXPECT_FALSE(test, flushes && io->op == TEST_DISK_WRITE);
	}
	KUNIT_EXPECT_EQ(test, flushes, 1);
}

static void failed_flush_sets_the_destinations_bit(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *copy = kt_job(f), *zero = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 3, &cached_disk);
	kt_fail(f->dests[1], TEST_DISK_FLUSH, 0, 0, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, COUNT);
	copy->then = note_durable_dests;
	kt_copy(test, copy, KCOPYD_DURABLE);
	kt_expect_result(test, copy, 0, BIT(1));
	KUNIT_EXPECT_EQ(test, durable_dests, BIT(0) | BIT(2));
	zero->then = note_durable_dests;
	kt_zero(test, zero, KCOPYD_DURABLE);
	kt_expect_result(test, zero, 0, BIT(1));
	KUNIT_EXPECT_EQ(test, durable_dests, BIT(0) | BIT(2));
}

static void failed_destination_is_not_flushed(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &cached_disk);
	kt_fail(f->dests[0], TEST_DISK_WRITE, 2000, 1, BLK_STS_IOERR);
	job->then = note_durable_dests;
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, KCOPYD_DURABLE);
	kt_expect_result(test, job, 0, BIT(0));
	KUNIT_EXPECT_EQ(test, durable_dests, BIT(1));
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_FLUSH), 0);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[1], TEST_DISK_FLUSH), 1);
}

static struct kunit_case sequential_cases[] = {
	KUNIT_CASE(writes_ascend_though_reads_end_in_any_order),
	KUNIT_CASE(writes_ascend_though_reads_end_backwards),
	KUNIT_CASE(one_write_is_in_flight_at_a_time),
	KUNIT_CASE(no_write_follows_a_destinations_first_failure),
	KUNIT_CASE(no_write_follows_a_read_that_failed_before_it),
	KUNIT_CASE(zoned_destination_is_written_sequentially),
	KUNIT_CASE(one_zoned_destination_is_enough),
	KUNIT_CASE(zeroing_ascends_too),
	KUNIT_CASE(durable_copy_is_on_stable_media),
	KUNIT_CASE(nothing_is_flushed_unless_asked_for),
	KUNIT_CASE(flush_comes_after_the_last_write),
	KUNIT_CASE(failed_flush_sets_the_destinations_bit),
	KUNIT_CASE(failed_destination_is_not_flushed),
	{}
};

static struct kunit_suite sequential_suite = {
	.name = "kcopyd_sequential",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = sequential_cases,
};

kunit_test_suite(sequential_suite);

MODULE_DESCRIPTION("Tests of kcopyd: sequential and durable jobs");
MODULE_LICENSE("GPL");
