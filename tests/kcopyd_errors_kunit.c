// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: errors and zeroing, promises 13 to 17
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "kcopyd_test.h"

#define COUNT 4000

/* Bad sectors in the first, a middle and the last piece of a job. */
static const sector_t spots[] = { 0, 1999, COUNT - 1 };

static const unsigned int error_flags[] = {
	0,
	KCOPYD_IGNORE_ERROR,
	KCOPYD_WRITE_SEQ,
	KCOPYD_DURABLE,
};

static const struct test_disk_params zeroing_disk = {
	.sectors = 16384,
	.flags = TEST_DISK_HAS_ZERO,
};

/* Promise 13: read_err */

static void read_err_is_the_errno_of_the_failed_read(struct kunit *test)
{
	static const struct {
		blk_status_t status;
		int err;
	} errors[] = {
		{ BLK_STS_IOERR, -EIO },
		{ BLK_STS_MEDIUM, -ENODATA },
		{ BLK_STS_TARGET, -EREMOTEIO },
		{ BLK_STS_TIMEOUT, -ETIMEDOUT },
	};
	struct kt_fixture *f = test->priv;
	unsigned int i, j;

	kt_make_client(test, 32);
	kt_make_disks(test, 1, &kt_disk);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		for (j = 0; j < 12; j++) {
			struct kt_job *job = kt_job(f);

			test_disk_heal(f->source);
			kt_fail(f->source, TEST_DISK_READ, spots[j % 3], 1,
				errors[i].status);
			kt_set_regions(f, 0, 0, COUNT);
			kt_copy(test, job, error_flags[j / 3]);
			kt_expect_result(test, job, errors[i].err, 0);
		}
	}
}

static void read_err_is_that_of_the_first_failure(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	kt_fail(f->source, TEST_DISK_READ, 1000, 1, BLK_STS_MEDIUM);
	kt_fail(f->source, TEST_DISK_READ, 2000, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, KCOPYD_IGNORE_ERROR);
	kt_expect_result(test, job, -ENODATA, 0);
}

/* Promise 14: write_err */

static void write_err_tells_which_destination_failed(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i, bad, dest;

	kt_make_client(test, 32);
	kt_make_disks(test, 3, &kt_disk);
	for (i = 0; i < 12; i++) {
		struct kt_job *job = kt_job(f);

		bad = i % 3;
		kt_set_regions(f, 16, 32, COUNT);
		for (dest = 0; dest < 3; dest++)
			test_disk_fill_byte(f->dests[dest],
					    KT_BACKGROUND(dest));
		kt_fail(f->dests[bad], TEST_DISK_WRITE,
			f->to[bad].sector + spots[(i + bad) % 3], 1,
			BLK_STS_IOERR);
		kt_copy(test, job, error_flags[i / 3]);
		kt_expect_result(test, job, 0, BIT(bad));
		for (dest = 0; dest < 3; dest++)
			if (dest != bad)
				kt_expect_copied(test, job, dest);
		test_disk_heal(f->dests[bad]);
	}
}

static void every_failed_destination_has_its_bit(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	kt_make_client(test, 32);
	kt_make_disks(test, KCOPYD_MAX_REGIONS, &kt_disk);
	kt_fail(f->dests[0], TEST_DISK_WRITE, 3000, 1, BLK_STS_IOERR);
	kt_fail(f->dests[4], TEST_DISK_WRITE, 500, 1, BLK_STS_IOERR);
	kt_fail(f->dests[7], TEST_DISK_WRITE, 100, 1, BLK_STS_NOSPC);
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, BIT(0) | BIT(4) | BIT(7));
	for (i = 1; i < 7; i++)
		if (i != 4)
			kt_expect_copied(test, job, i);
}

static void zeroing_reports_failed_destinations(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 32);
	kt_make_dest(test, &zeroing_disk);
	kt_make_dest(test, &kt_disk);
	kt_make_dest(test, &kt_disk);
	kt_fail(f->dests[0], TEST_DISK_ZERO, 0, 0, BLK_STS_IOERR);
	kt_fail(f->dests[1], TEST_DISK_WRITE, 3000, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, COUNT);
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, BIT(0) | BIT(1));
	kt_expect_zeroed(test, job, 2);
}

/* Promise 15: stop early */

static void failed_read_starts_no_further_io(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int reads;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_fail(f->source, TEST_DISK_READ, 0, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, 16000);
	kt_copy(test, job, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	kt_settle(f);
	reads = test_disk_log_length(f->source);
	test_disk_release(f->source, 0);
	msleep(50);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, job, -EIO, 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->source), reads);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[0]), 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[1]), 0);
}

/* One page: one piece at a time, so what comes after a failure is certain. */
static void failed_destination_gets_no_further_writes(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i, writes;

	kt_make_client(test, 1);
	kt_make_disks(test, 2, &kt_disk);
	for (i = 0; i < ARRAY_SIZE(spots); i++) {
		struct kt_job *job = kt_job(f);
		const struct test_disk_io *last;

		test_disk_clear_log(f->dests[0]);
		test_disk_fill_byte(f->dests[1], KT_BACKGROUND(1));
		test_disk_heal(f->dests[0]);
		kt_fail(f->dests[0], TEST_DISK_WRITE, spots[i], 1,
			BLK_STS_IOERR);
		kt_set_regions(f, 0, 0, COUNT);
		kt_copy(test, job, 0);
		kt_expect_result(test, job, 0, BIT(0));
		kt_expect_copied(test, job, 1);
		writes = test_disk_log_length(f->dests[0]);
		KUNIT_EXPECT_EQ(test, writes, spots[i] / 8 + 1);
		last = test_disk_log(f->dests[0], writes - 1);
		KUNIT_EXPECT_TRUE(test, last->status == BLK_STS_IOERR);
	}
}

static void job_stops_when_no_destination_is_left(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 1);
	kt_make_disks(test, 2, &kt_disk);
	kt_fail(f->dests[0], TEST_DISK_WRITE, 0, 1, BLK_STS_IOERR);
	kt_fail(f->dests[1], TEST_DISK_WRITE, 88, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, COUNT);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 3);
	/* Destination 1 begins at sector 8: its bad one is in piece 10. */
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->source), 11);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[0]), 1);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[1]), 11);
}

/* Promise 16: go on */

/* The write of a piece to a destination; NULL if there was none. */
static const struct test_disk_io *find_write(struct kt_job *job, unsigned int i,
					     const struct test_disk_io *read)
{
	struct test_disk *disk = job->f->dests[i];
	sector_t sector = read->sector - job->from.sector + job->to[i].sector;
	unsigned int n;

	for (n = 0; n < test_disk_log_length(disk); n++) {
		const struct test_disk_io *write = test_disk_log(disk, n);

		if (write->sector == sector && write->sectors == read->sectors)
			return write;
	}
	return NULL;
}

static void expect_piece(struct kunit *test, struct kt_job *job, unsigned int i,
			 const struct test_disk_io *read)
{
	struct kt_fixture *f = test->priv;
	const struct test_disk_io *write = find_write(job, i, read);
	sector_t sector = read->sector - job->from.sector + job->to[i].sector;

	if (read->status)
		KUNIT_EXPECT_PTR_EQ(test, write, NULL);
	else
		KUNIT_ASSERT_NOT_NULL(test, write);
	if (!write || write->status)
		KUNIT_EXPECT_TRUE(test, test_disk_is_filled(f->dests[i], sector,
							    read->sectors,
							    KT_BACKGROUND(i)));
	else
		KUNIT_EXPECT_TRUE(test, test_disk_equal(f->source, read->sector,
							f->dests[i], sector,
							read->sectors));
}

/* Every piece that was read is on every destination that took it. */
static void expect_all_that_can_be_copied(struct kunit *test,
					  struct kt_job *job)
{
	struct kt_fixture *f = test->priv;
	unsigned int n, i, sectors = 0;

	for (n = 0; n < test_disk_log_length(f->source); n++) {
		const struct test_disk_io *read = test_disk_log(f->source, n);

		sectors += read->sectors;
		for (i = 0; i < f->nr_disks; i++)
			expect_piece(test, job, i, read);
	}
	KUNIT_EXPECT_EQ(test, sectors, COUNT);
}

static void all_that_can_be_copied_is_copied(struct kunit *test)
{
	static const unsigned int num_pages[] = { 1, 16, 256 };
	struct kt_fixture *f = test->priv;
	unsigned int i, n;

	kt_make_disks(test, 2, &kt_disk);
	for (i = 0; i < ARRAY_SIZE(spots); i++)
		kt_fail(f->source, TEST_DISK_READ, 100 + spots[i], 1,
			BLK_STS_IOERR);
	kt_fail(f->dests[1], TEST_DISK_WRITE, 300, 100, BLK_STS_IOERR);
	kt_fail(f->dests[1], TEST_DISK_WRITE, 2500, 1, BLK_STS_IOERR);
	for (n = 0; n < ARRAY_SIZE(num_pages); n++) {
		struct kt_job *job = kt_job(f);

		kt_make_client(test, num_pages[n]);
		test_disk_clear_log(f->source);
		for (i = 0; i < 2; i++) {
			test_disk_fill_byte(f->dests[i], KT_BACKGROUND(i));
			test_disk_clear_log(f->dests[i]);
		}
		kt_set_regions(f, 100, 50, COUNT);
		kt_copy(test, job, KCOPYD_IGNORE_ERROR);
		kt_expect_result(test, job, -EIO, BIT(1));
		expect_all_that_can_be_copied(test, job);
		kt_destroy_client(test);
	}
}

static void zeroing_goes_on_after_a_failure(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 1);
	kt_make_dest(test, &kt_disk);
	kt_fail(f->dests[0], TEST_DISK_WRITE, 0, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, 16000);
	kt_zero(test, job, KCOPYD_IGNORE_ERROR);
	kt_expect_result(test, job, 0, BIT(0));
	KUNIT_EXPECT_TRUE(test,
			  test_disk_is_filled(f->dests[0], 8000, 8000, 0));
}

/* Promise 17: zeroing */

static void zeroing_uses_the_devices_command(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 4);
	kt_make_dest(test, &zeroing_disk);
	kt_make_dest(test, &zeroing_disk);
	kt_set_regions(f, 0, 3, 9999);
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	kt_expect_zeroed(test, job, 0);
	kt_expect_zeroed(test, job, 1);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_WRITE), 0);
	KUNIT_EXPECT_GE(test, test_disk_count(f->dests[0], TEST_DISK_ZERO), 1);
}

static void zeroing_writes_zeroes_without_the_command(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 4);
	kt_make_dest(test, &kt_disk);
	kt_set_regions(f, 0, 3, 9999);
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	kt_expect_zeroed(test, job, 0);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_ZERO), 0);
}

/* Refused by the second of three; the last has no such command at all. */
static void zeroing_writes_zeroes_where_it_is_refused(struct kunit *test)
{
	static const unsigned int flags[] = {
		0,
		KCOPYD_WRITE_SEQ,
		KCOPYD_IGNORE_ERROR,
	};
	struct kt_fixture *f = test->priv;
	unsigned int i, n;

	kt_make_client(test, 4);
	kt_make_dest(test, &zeroing_disk);
	kt_make_dest(test, &zeroing_disk);
	kt_make_dest(test, &kt_disk);
	kt_fail(f->dests[1], TEST_DISK_ZERO, 0, 0, BLK_STS_NOTSUPP);
	for (n = 0; n < ARRAY_SIZE(flags); n++) {
		struct kt_job *job = kt_job(f);

		for (i = 0; i < 3; i++)
			test_disk_fill_byte(f->dests[i], KT_BACKGROUND(i));
		kt_set_regions(f, 0, 3, 9999);
		kt_zero(test, job, flags[n]);
		kt_expect_result(test, job, 0, 0);
		for (i = 0; i < 3; i++)
			kt_expect_zeroed(test, job, i);
	}
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_WRITE), 0);
	KUNIT_EXPECT_GE(test, test_disk_count(f->dests[1], TEST_DISK_ZERO), 1);
}

/* The command works at first, then no more; the region is very long. */
static void zeroing_survives_a_refusal_in_the_middle(struct kunit *test)
{
	static const struct test_disk_params large_disk = {
		.sectors = 68000,
		.flags = TEST_DISK_HAS_ZERO,
	};
	const struct test_disk_fault refusal = {
		.ops = TEST_DISK_ZERO,
		.status = BLK_STS_NOTSUPP,
		.skip = 1,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 1);
	kt_make_dest(test, &large_disk);
	test_disk_fail(f->dests[0], &refusal);
	kt_set_regions(f, 0, 100, 67800);
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	kt_expect_zeroed(test, job, 0);
}

static void refused_zeroing_may_fail_in_writing_too(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 4);
	kt_make_dest(test, &zeroing_disk);
	kt_make_dest(test, &zeroing_disk);
	kt_fail(f->dests[0], TEST_DISK_ZERO, 0, 0, BLK_STS_NOTSUPP);
	kt_fail(f->dests[0], TEST_DISK_WRITE, 5000, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, 9999);
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, BIT(0));
	kt_expect_zeroed(test, job, 1);
}

static struct kunit_case errors_cases[] = {
	KUNIT_CASE(read_err_is_the_errno_of_the_failed_read),
	KUNIT_CASE(read_err_is_that_of_the_first_failure),
	KUNIT_CASE(write_err_tells_which_destination_failed),
	KUNIT_CASE(every_failed_destination_has_its_bit),
	KUNIT_CASE(zeroing_reports_failed_destinations),
	KUNIT_CASE(failed_read_starts_no_further_io),
	KUNIT_CASE(failed_destination_gets_no_further_writes),
	KUNIT_CASE(job_stops_when_no_destination_is_left),
	KUNIT_CASE(all_that_can_be_copied_is_copied),
	KUNIT_CASE(zeroing_goes_on_after_a_failure),
	KUNIT_CASE(zeroing_uses_the_devices_command),
	KUNIT_CASE(zeroing_writes_zeroes_without_the_command),
	KUNIT_CASE(zeroing_writes_zeroes_where_it_is_refused),
	KUNIT_CASE(zeroing_survives_a_refusal_in_the_middle),
	KUNIT_CASE(refused_zeroing_may_fail_in_writing_too),
	{}
};

static struct kunit_suite errors_suite = {
	.name = "kcopyd_errors",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = errors_cases,
};

kunit_test_suite(errors_suite);

MODULE_DESCRIPTION("Tests of kcopyd: errors and zeroing");
MODULE_LICENSE("GPL");
