// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: the life of a job, promises 1 to 6
 *
 * kt_exit() checks after every case, here and in the other suites, that each
 * accepted job was called back exactly once (promise 1), and callbacks one at a
 * time and in process context (promise 2).
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "kcopyd_test.h"

/* Promise 1: exactly once */

static void callback_comes_once_when_every_read_fails(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 32);
	kt_make_disks(test, 2, &kt_disk);
	kt_fail(f->source, TEST_DISK_READ, 0, 0, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, -EIO, 0);
	kt_destroy_client(test);
}

static void callback_comes_once_when_every_write_fails(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *copy = kt_job(f), *zero = kt_job(f);

	kt_make_client(test, 32);
	kt_make_disks(test, 2, &kt_disk);
	kt_fail(f->dests[0], TEST_DISK_WRITE, 0, 0, BLK_STS_IOERR);
	kt_fail(f->dests[1], TEST_DISK_WRITE, 0, 0, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, copy, 0);
	kt_zero(test, zero, 0);
	kt_expect_result(test, copy, 0, 3);
	kt_expect_result(test, zero, 0, 3);
	kt_destroy_client(test);
}

static void callback_comes_once_when_the_source_vanishes(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 32);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < 6; i++) {
		kt_set_regions(f, 2000 * i, 2000 * i, 2000);
		kt_copy(test, kt_job(f), i % 2 ? KCOPYD_WRITE_SEQ : 0);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	test_disk_vanish(f->source);
	for (i = 0; i < 6; i++) {
		kt_expect_result(test, &f->jobs[i], -EIO, 0);
		kt_expect_untouched(test, &f->jobs[i], 0);
	}
	kt_destroy_client(test);
}

static void callback_comes_once_when_a_destination_vanishes(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 32);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_hold(f->dests[0], TEST_DISK_WRITE);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, job, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 1));
	test_disk_vanish(f->dests[0]);
	kt_expect_result(test, job, 0, BIT(0));
	kt_expect_copied(test, job, 1);
	kt_destroy_client(test);
}

static void callback_comes_once_when_a_sequential_read_fails(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK_LIFO);
	kt_fail(f->source, TEST_DISK_READ, 4000, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, job, KCOPYD_WRITE_SEQ);
	kt_expect_result(test, job, -EIO, 0);
	kt_destroy_client(test);
}

static void callback_comes_once_though_destroyed_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 8);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK);
	test_disk_end_in(f->dests[0], TEST_DISK_IRQ);
	for (i = 0; i < 20; i++) {
		kt_set_regions(f, 200 * i, 200 * i, 200);
		kt_copy(test, kt_job(f), i % 3 ? 0 : KCOPYD_ORDERED);
	}
	kt_destroy_client(test);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&f->jobs[i].calls), 1);
}

/* Promise 2: where callbacks run */

static void take_a_nap(struct kt_job *job)
{
	usleep_range(5000, 6000);
}

static void callbacks_run_one_at_a_time_and_may_sleep(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_end_in(f->source, TEST_DISK_IRQ);
	test_disk_end_in(f->dests[0], TEST_DISK_IRQ);
	for (i = 0; i < 20; i++) {
		struct kt_job *job = kt_job(f);

		job->then = take_a_nap;
		kt_set_regions(f, 100 * i, 100 * i, i % 4 ? 10 : 0);
		kt_copy(test, job, 0);
	}
	kt_wait_all(test);
}

static void copy_next_job(struct kt_job *job)
{
	WARN_ON(kt_try_copy(job + 1, 0));
}

static void callback_may_submit_the_next_job(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	for (i = 0; i < 50; i++)
		kt_job(f)->then = copy_next_job;
	kt_job(f);
	kt_set_regions(f, 0, 0, 30);
	kt_copy(test, &f->jobs[0], 0);
	kt_wait_all(test);
}

/* Take job objects until there are none; then submissions have to wait. */
static void take_all_job_slots(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	int err;

	kt_starve(true);
	do {
		err = kt_try_copy(kt_job(f), KCOPYD_NOWAIT);
	} while (!err && f->nr_jobs < KT_MAX_JOBS);
	kt_starve(false);
	KUNIT_EXPECT_EQ(test, err, -EAGAIN);
	/* A reserve is kept for this. */
	KUNIT_EXPECT_GT(test, f->nr_jobs, 4);
}

static void copy_next_job_starving(struct kt_job *job)
{
	kt_starve(true);
	WARN_ON(kt_try_copy(job + 1, 0));
	kt_starve(false);
}

static void first_submission_of_a_callback_never_waits(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f), *next = kt_job(f);
	unsigned int i;

	kt_need_famine(test);
	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	job->then = copy_next_job_starving;
	kt_set_regions(f, 0, 0, 30);
	kt_copy(test, job, 0);
	take_all_job_slots(test);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, next);
	for (i = 0; i < f->nr_jobs; i++)
		if (f->jobs[i].accepted)
			kt_wait(test, &f->jobs[i]);
}

static struct kt_job *bystander;
static struct kt_job *prepared_job;
static void *prepared;
static int stopped;

static void use_the_whole_interface(struct kt_job *job)
{
	WARN_ON(kt_try_zero(job + 1, 0));
	stopped = kcopyd_cancel(job->f->kc, bystander);
	kcopyd_do_callback(prepared, -EPERM, 5);
}

static void callback_may_zero_cancel_and_trigger(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f), *next = kt_job(f);

	bystander = kt_job(f);
	prepared_job = kt_job(f);
	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	prepared = kcopyd_prepare_callback(f->kc, kt_called, prepared_job);
	KUNIT_ASSERT_NOT_NULL(test, prepared);
	prepared_job->accepted = true;
	job->then = use_the_whole_interface;
	test_disk_hold_range(f->source, TEST_DISK_READ, 4000, 8);
	kt_set_regions(f, 4000, 4000, 8);
	kt_copy(test, bystander, 0);
	kt_set_regions(f, 0, 0, 0);
	kt_copy(test, job, 0);
	kt_expect_result(test, next, 0, 0);
	kt_expect_result(test, prepared_job, -EPERM, 5);
	KUNIT_EXPECT_EQ(test, stopped, 1);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, bystander, -ECANCELED, 0);
}

static void copy_from_submit_bio(struct bio *bio, void *job)
{
	struct kt_job *inner = job;

	if (!inner->accepted)
		WARN_ON(kt_try_copy(inner, 0));
}

/* A driver may need a copy while it is itself called by submit_bio(). */
static void job_may_be_submitted_from_within_submit_bio(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *outer = kt_job(f), *inner = kt_job(f);

	kt_make_client(test, 1);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 0, 0, 100);
	test_disk_watch(f->dests[1], copy_from_submit_bio, inner);
	kt_copy(test, outer, 0);
	kt_expect_result(test, outer, 0, 0);
	kt_expect_result(test, inner, 0, 0);
	kt_expect_copied(test, inner, 1);
}

/* Promise 3: done means done */

/* What the callback saw. */
static struct {
	unsigned int in_flight;
	unsigned int pages_in_use;
} seen;

static void look_around(struct kt_job *job)
{
	struct kt_fixture *f = job->f;
	unsigned int i;

	seen.in_flight = test_disk_in_flight(f->source);
	for (i = 0; i < f->nr_disks; i++)
		seen.in_flight += test_disk_in_flight(f->dests[i]);
	seen.pages_in_use = kt_stats(f).pages_in_use;
}

/* Wait for a callback that looks around; nothing may move after it either. */
static void expect_quiet(struct kunit *test, struct kt_job *job)
{
	struct kt_fixture *f = test->priv;
	unsigned int before;

	kt_wait(test, job);
	KUNIT_EXPECT_EQ(test, seen.in_flight, 0);
	KUNIT_EXPECT_EQ(test, seen.pages_in_use, 0);
	before = test_disk_count(f->dests[0], TEST_DISK_ALL);
	msleep(20);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_ALL),
			before);
}

static void nothing_is_in_flight_when_called_back(struct kunit *test)
{
	static const unsigned int flags[] = {
		0,
		KCOPYD_WRITE_SEQ,
		KCOPYD_DURABLE,
		KCOPYD_IGNORE_ERROR,
	};
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK_LIFO);
	test_disk_end_in(f->dests[0], TEST_DISK_IRQ);
	test_disk_end_in(f->dests[1], TEST_DISK_WORK);
	kt_fail(f->source, TEST_DISK_READ, 12000, 1, BLK_STS_IOERR);
	kt_fail(f->dests[1], TEST_DISK_WRITE, 3000, 1, BLK_STS_IOERR);
	for (i = 0; i < 12; i++) {
		struct kt_job *job = kt_job(f);

		job->then = look_around;
		memset(&seen, 0xff, sizeof(seen));
		kt_set_regions(f, (i % 3) * 4000, 0, 4000);
		kt_copy(test, job, flags[i / 3]);
		expect_quiet(test, job);
	}
}

static void failed_job_waits_for_its_other_pieces(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	job->then = look_around;
	memset(&seen, 0xff, sizeof(seen));
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_fail(f->source, TEST_DISK_READ, 0, 1, BLK_STS_IOERR);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, job, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	test_disk_release(f->source, 0);
	msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&job->calls), 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	expect_quiet(test, job);
}

static void regions_may_change_once_the_call_returns(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	struct io_region *regions;

	kt_make_client(test, 8);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 3, 77, 8000);
	regions = kcalloc(3, sizeof(*regions), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, regions);
	regions[0] = f->from;
	memcpy(&regions[1], f->to, 2 * sizeof(*regions));
	job->from = f->from;
	memcpy(job->to, f->to, sizeof(job->to));
	test_disk_hold(f->source, TEST_DISK_READ);
	job->accepted = !kcopyd_copy(f->kc, regions, 2, regions + 1, 0,
				     kt_called, job);
	memset(regions, 0xff, 3 * sizeof(*regions));
	kfree(regions);
	KUNIT_ASSERT_TRUE(test, job->accepted);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	kt_expect_copied(test, job, 0);
	kt_expect_copied(test, job, 1);
}

/* Promise 4: order */

#define NR_IN_ORDER 6

/* Small jobs, all of them held in their reads. */
static void submit_held_jobs(struct kunit *test, unsigned int flags)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < NR_IN_ORDER; i++) {
		kt_set_regions(f, 100 * i, 100 * i, 8);
		kt_copy(test, kt_job(f), flags);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, NR_IN_ORDER));
}

static void callbacks_come_as_jobs_complete(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	submit_held_jobs(test, 0);
	for (i = NR_IN_ORDER; i--;) {
		test_disk_release(f->source, i);
		kt_wait(test, &f->jobs[i]);
		KUNIT_EXPECT_EQ(test, f->jobs[i].place, NR_IN_ORDER - i);
	}
}

static void ordered_callbacks_come_as_submitted(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	submit_held_jobs(test, KCOPYD_ORDERED);
	for (i = NR_IN_ORDER; --i;)
		test_disk_release(f->source, i);
	msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->called), 0);
	test_disk_release(f->source, 0);
	kt_wait_all(test);
	for (i = 0; i < NR_IN_ORDER; i++)
		KUNIT_EXPECT_EQ(test, f->jobs[i].place, i + 1);
}

static void unordered_job_overtakes_ordered_ones(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *free;

	submit_held_jobs(test, KCOPYD_ORDERED);
	free = kt_job(f);
	kt_set_regions(f, 9000, 9000, 8);
	kt_copy(test, free, 0);
	KUNIT_ASSERT_TRUE(test,
			  test_disk_wait_held(f->source, NR_IN_ORDER + 1));
	test_disk_release(f->source, NR_IN_ORDER);
	kt_wait(test, free);
	KUNIT_EXPECT_EQ(test, free->place, 1);
	test_disk_release_all(f->source, TEST_DISK_LIFO);
	kt_wait_all(test);
}

/* What ends early, or does no I/O at all, keeps its place too. */
static void every_kind_of_end_keeps_the_order(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	kt_fail(f->source, TEST_DISK_READ, 2000, 8, BLK_STS_IOERR);
	test_disk_hold_range(f->source, TEST_DISK_READ, 0, 8);
	for (i = 0; i < 5; i++) {
		kt_set_regions(f, 1000 * i, 1000 * i, i == 1 ? 0 : 8);
		if (i == 4)
			kt_zero(test, kt_job(f), KCOPYD_ORDERED);
		else
			kt_copy(test, kt_job(f), KCOPYD_ORDERED);
	}
	kcopyd_cancel(f->kc, &f->jobs[3]);
	msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->called), 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, f->jobs[i].place, i + 1);
	KUNIT_EXPECT_EQ(test, f->jobs[2].read_err, -EIO);
}

/* Promise 5 */
static void job_of_no_sectors_does_no_io_and_succeeds(struct kunit *test)
{
	static const struct test_disk_params cached = {
		.sectors = 16384,
		.flags = TEST_DISK_HAS_CACHE | TEST_DISK_HAS_ZERO,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *busy = kt_job(f);
	unsigned int flags;

	kt_make_client(test, 1);
	kt_make_disks(test, 2, &cached);
	/* The only page is taken. */
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, busy, 0);
	for (flags = 0; flags < 32; flags++) {
		struct kt_job *copy = kt_job(f), *zero = kt_job(f);

		kt_set_regions(f, 16, 16368, 0);
		kt_copy(test, copy, flags);
		kt_zero(test, zero, flags);
		kt_expect_result(test, copy, 0, 0);
		kt_expect_result(test, zero, 0, 0);
	}
	KUNIT_EXPECT_EQ(test, test_disk_count(f->source, TEST_DISK_ALL), 1);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[0], TEST_DISK_ALL), 0);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->dests[1], TEST_DISK_ALL), 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, busy);
}

static struct kunit_case jobs_cases[] = {
	KUNIT_CASE(callback_comes_once_when_every_read_fails),
	KUNIT_CASE(callback_comes_once_when_every_write_fails),
	KUNIT_CASE(callback_comes_once_when_the_source_vanishes),
	KUNIT_CASE(callback_comes_once_when_a_destination_vanishes),
	KUNIT_CASE(callback_comes_once_when_a_sequential_read_fails),
	KUNIT_CASE(callback_comes_once_though_destroyed_at_once),
	KUNIT_CASE(callbacks_run_one_at_a_time_and_may_sleep),
	KUNIT_CASE(callback_may_submit_the_next_job),
	KUNIT_CASE(first_submission_of_a_callback_never_waits),
	KUNIT_CASE(callback_may_zero_cancel_and_trigger),
	KUNIT_CASE(job_may_be_submitted_from_within_submit_bio),
	KUNIT_CASE(nothing_is_in_flight_when_called_back),
	KUNIT_CASE(failed_job_waits_for_its_other_pieces),
	KUNIT_CASE(regions_may_change_once_the_call_returns),
	KUNIT_CASE(callbacks_come_as_jobs_complete),
	KUNIT_CASE(ordered_callbacks_come_as_submitted),
	KUNIT_CASE(unordered_job_overtakes_ordered_ones),
	KUNIT_CASE(every_kind_of_end_keeps_the_order),
	KUNIT_CASE(job_of_no_sectors_does_no_io_and_succeeds),
	{}
};

static struct kunit_suite jobs_suite = {
	.name = "kcopyd_jobs",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = jobs_cases,
};

kunit_test_suite(jobs_suite);

MODULE_DESCRIPTION("Tests of kcopyd: the life of a job");
MODULE_LICENSE("GPL");
