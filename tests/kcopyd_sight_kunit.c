// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: what is told to those who watch, promise 28
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "client.h"
#include "kcopyd_test.h"
#include "kcopyd_trace.h"

static const struct times *times(struct kt_fixture *f, enum client_times which)
{
	return &f->kc->times[which];
}

/* What was counted as no shorter than this. */
static u64 no_shorter(const struct times *times, u64 us)
{
	unsigned int i;
	u64 n = 0;

	for (i = fls64(us); i < TIMES_BUCKETS; i++)
		n += times->buckets[i];
	return n;
}

static void expect_once(struct kunit *test, enum client_times which, u64 ms)
{
	const struct times *t = times(test->priv, which);

	KUNIT_EXPECT_EQ(test, t->count, 1);
	KUNIT_EXPECT_GE(test, t->sum, ms * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, t->recent, t->sum);
	/* Half of it is in a lower bucket than all of it, or the same. */
	KUNIT_EXPECT_EQ(test, no_shorter(t, ms * USEC_PER_MSEC / 2), 1);
}

static void hold_for(struct kunit *test, struct test_disk *disk,
		     unsigned int ms)
{
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(disk, 1));
	msleep(ms);
	test_disk_release_all(disk, TEST_DISK_FIFO);
}

/* Promise 28. */
static void times_are_taken_while_wanted(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, kt_job(f), 0);
	kt_wait(test, &f->jobs[1]);
	for (i = 0; i < NR_CLIENT_TIMES; i++)
		KUNIT_EXPECT_EQ(test, times(f, i)->count, 0);

	static_branch_inc(&times_key);
	test_disk_hold(f->source, TEST_DISK_READ);
	test_disk_hold(f->dests[1], TEST_DISK_WRITE);
	kt_copy(test, job, 0);
	hold_for(test, f->source, 30);
	hold_for(test, f->dests[1], 60);
	kt_wait(test, job);
	static_branch_dec(&times_key);
	expect_once(test, TIMES_QUEUE, 0);
	expect_once(test, TIMES_READ, 30);
	expect_once(test, TIMES_WRITE, 60);
	expect_once(test, TIMES_TOTAL, 90);
}

/* Promise 28: what began before that has no beginning, and is not counted. */
static void half_observed_jobs_are_not_counted(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, job, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	static_branch_inc(&times_key);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, job);
	static_branch_dec(&times_key);
	KUNIT_EXPECT_EQ(test, times(f, TIMES_QUEUE)->count, 0);
	KUNIT_EXPECT_EQ(test, times(f, TIMES_READ)->count, 0);
	KUNIT_EXPECT_EQ(test, times(f, TIMES_TOTAL)->count, 0);
	/* The write was begun, and has ended, under observation. */
	KUNIT_EXPECT_EQ(test, times(f, TIMES_WRITE)->count, 1);
}

/* What the tracepoints told of one client. */
static struct {
	u32 client;
	atomic_t reads;
	atomic_t writes[KCOPYD_MAX_REGIONS];
	dev_t dev[KCOPYD_MAX_REGIONS];
	u64 bytes;
	int error;
	atomic_t waits[KCOPYD_NR_WAITS];
	u64 waited;
} told;

static void io_is_told(void *unused, u32 client, dev_t dev,
		       enum kcopyd_io_op op, unsigned int dest, u64 bytes,
		       u64 ns, int error)
{
	if (client != told.client)
		return;
	told.bytes = bytes;
	if (error)
		told.error = error;
	if (op == KCOPYD_IO_READ) {
		atomic_inc(&told.reads);
		return;
	}
	told.dev[dest] = dev;
	atomic_inc(&told.writes[dest]);
}

static void wait_is_told(void *unused, u32 client, enum kcopyd_wait reason,
			 u64 ns)
{
	if (client != told.client)
		return;
	told.waited = max(told.waited, ns);
	atomic_inc(&told.waits[reason]);
}

static bool listens;

static void listen(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	memset(&told, 0, sizeof(told));
	told.client = f->kc->owner.id;
	listens = true;
	KUNIT_ASSERT_EQ(test, register_trace_kcopyd_io(io_is_told, NULL), 0);
	KUNIT_ASSERT_EQ(test, register_trace_kcopyd_wait(wait_is_told, NULL),
			0);
}

static void listen_no_more(void)
{
	listens = false;
	unregister_trace_kcopyd_io(io_is_told, NULL);
	unregister_trace_kcopyd_wait(wait_is_told, NULL);
	tracepoint_synchronize_unregister();
}

/* Promise 28. */
static void each_destination_is_told(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 3, &kt_disk);
	kt_fail(f->dests[2], TEST_DISK_WRITE, 0, 0, BLK_STS_NOSPC);
	kt_set_regions(f, 0, 0, 16);
	listen(test);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, BIT(2));
	listen_no_more();
	KUNIT_EXPECT_EQ(test, atomic_read(&told.reads), 1);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&told.writes[i]), 1);
		KUNIT_EXPECT_EQ(test, told.dev[i],
				test_disk_bdev(f->dests[i])->bd_dev);
	}
	KUNIT_EXPECT_EQ(test, told.bytes, 16 * 512);
	KUNIT_EXPECT_EQ(test, told.error, -ENOSPC);
}

static void expect_wait(struct kunit *test, enum kcopyd_wait reason)
{
	struct kt_fixture *f = test->priv;

	kt_settle(f);
	KUNIT_EXPECT_STREQ(test, kcopyd_wait_name(kt_stats(f).waits_for),
			   kcopyd_wait_name(reason));
}

/* Promise 28: with one page, the second copy waits for that of the first. */
static void wait_for_pages_is_told(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	expect_wait(test, KCOPYD_WAIT_NONE);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8);
	listen(test);
	kt_copy(test, kt_job(f), 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	expect_wait(test, KCOPYD_WAIT_DEVICE);
	kt_copy(test, kt_job(f), 0);
	expect_wait(test, KCOPYD_WAIT_PAGES);
	msleep(20);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	listen_no_more();
	KUNIT_EXPECT_EQ(test, atomic_read(&told.waits[KCOPYD_WAIT_PAGES]), 1);
	KUNIT_EXPECT_GE(test, told.waited, 20 * NSEC_PER_MSEC);
	KUNIT_EXPECT_GE(test, f->kc->waited[KCOPYD_WAIT_PAGES],
			20 * NSEC_PER_MSEC);
	expect_wait(test, KCOPYD_WAIT_NONE);
}

/* Promise 28. */
static void wait_for_the_rate_is_told(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	kcopyd_client_set_rate(f->kc, SZ_64K);
	kt_set_regions(f, 0, 0, 16);
	listen(test);
	kt_copy(test, kt_job(f), 0);
	kt_wait_all(test);
	listen_no_more();
	KUNIT_EXPECT_GT(test, atomic_read(&told.waits[KCOPYD_WAIT_RATE]), 0);
	KUNIT_EXPECT_GT(test, f->kc->waited[KCOPYD_WAIT_RATE], 0);
}

/* Promise 28: a cancelled job leaves no wait behind. */
static void cancelled_client_waits_for_nothing(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	kcopyd_client_set_rate(f->kc, 1);
	kt_set_regions(f, 0, 0, 16);
	kt_copy(test, job, 0);
	expect_wait(test, KCOPYD_WAIT_RATE);
	kcopyd_cancel(f->kc, job);
	kt_wait(test, job);
	expect_wait(test, KCOPYD_WAIT_NONE);
}

static void submit(void *job)
{
	kt_try_copy(job, 0);
}

/* Promises 22 and 28. */
static void wait_for_other_jobs_is_told(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *task;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	kcopyd_client_set_max_jobs(f->kc, 1);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 16);
	listen(test);
	kt_copy(test, kt_job(f), 0);
	task = kt_start(test, submit, kt_job(f));
	KUNIT_ASSERT_TRUE(test, kt_wait_asleep(task));
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	listen_no_more();
	KUNIT_EXPECT_EQ(test, atomic_read(&told.waits[KCOPYD_WAIT_JOBS]), 1);
}

static struct kt_gate gate;

/* Promise 28: the worker sleeps in submit_bio(). */
static void wait_inside_submit_bio_is_told(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned long end = jiffies + KT_PATIENCE;

	kt_gate_init(&gate);
	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_watch(f->source, kt_block_first, &gate);
	kt_set_regions(f, 0, 0, 16);
	listen(test);
	kt_copy(test, kt_job(f), KCOPYD_NOWAIT);
	wait_for_completion(&gate.entered);
	while (kt_stats(f).waits_for != KCOPYD_WAIT_SUBMIT &&
	       time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(test, kt_stats(f).waits_for, KCOPYD_WAIT_SUBMIT);
	complete(&gate.leave);
	kt_wait_all(test);
	listen_no_more();
	KUNIT_EXPECT_GT(test, atomic_read(&told.waits[KCOPYD_WAIT_SUBMIT]), 0);
}

static struct completion in_callback, leave_callback;

static void sleep_in_callback(struct kt_job *job)
{
	complete(&in_callback);
	wait_for_completion(&leave_callback);
}

/* Promise 28. */
static void wait_for_a_callback_is_told(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned long end = jiffies + KT_PATIENCE;

	init_completion(&in_callback);
	init_completion(&leave_callback);
	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	kt_job(f)->then = sleep_in_callback;
	kt_set_regions(f, 0, 0, 16);
	kt_copy(test, &f->jobs[0], 0);
	wait_for_completion(&in_callback);
	kt_copy(test, kt_job(f), 0);
	while (kt_stats(f).waits_for != KCOPYD_WAIT_CALLBACK &&
	       time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(test, kt_stats(f).waits_for, KCOPYD_WAIT_CALLBACK);
	complete(&leave_callback);
	kt_wait_all(test);
}

static void every_reason_has_a_name(struct kunit *test)
{
	unsigned int i, j;

	KUNIT_EXPECT_STREQ(test, kcopyd_wait_name(KCOPYD_WAIT_NONE), "none");
	KUNIT_EXPECT_STREQ(test, kcopyd_wait_name(KCOPYD_NR_WAITS), "none");
	for (i = 1; i < KCOPYD_NR_WAITS; i++)
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, kcopyd_wait_name(i),
					    kcopyd_wait_name(j));
}

/* A case that was broken off listens still. */
static void stop_and_exit(struct kunit *test)
{
	if (listens)
		listen_no_more();
	kt_exit(test);
}

static struct kunit_case sight_cases[] = {
	KUNIT_CASE(times_are_taken_while_wanted),
	KUNIT_CASE(half_observed_jobs_are_not_counted),
	KUNIT_CASE(each_destination_is_told),
	KUNIT_CASE(wait_for_pages_is_told),
	KUNIT_CASE(wait_for_the_rate_is_told),
	KUNIT_CASE(cancelled_client_waits_for_nothing),
	KUNIT_CASE(wait_for_other_jobs_is_told),
	KUNIT_CASE(wait_inside_submit_bio_is_told),
	KUNIT_CASE(wait_for_a_callback_is_told),
	KUNIT_CASE(every_reason_has_a_name),
	{}
};

static struct kunit_suite sight_suite = {
	.name = "kcopyd_sight",
	.init = kt_init,
	.exit = stop_and_exit,
	.test_cases = sight_cases,
};

kunit_test_suite(sight_suite);

MODULE_DESCRIPTION("Tests of kcopyd: sight");
MODULE_LICENSE("GPL");
