// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: the interface of dm-kcopyd, where clients share a throttle,
 * tasks share a client, and both interfaces share one
 */
#include <linux/delay.h>
#include <linux/module.h>

#include "include/linux/dm-kcopyd.h"
#include "kcopyd_test.h"

static void make_dm_client(struct kunit *test, struct kcopyd_client **kc,
			   struct dm_kcopyd_throttle *t)
{
	*kc = dm_kcopyd_client_create(t);
	KUNIT_ASSERT_FALSE(test, IS_ERR(*kc));
}

static void called(int read_err, unsigned long write_err, void *context)
{
	kt_called_beside(read_err, write_err, context);
}

/* From a disk to the same sectors of destination @i. */
static void dm_copy(struct kcopyd_client *kc, struct kt_job *job,
		    struct test_disk *source, unsigned int i, sector_t count)
{
	struct dm_io_region from = {
		.bdev = test_disk_bdev(source),
		.count = count,
	};
	struct dm_io_region to = from;

	to.bdev = test_disk_bdev(job->f->dests[i]);
	job->accepted = true;
	dm_kcopyd_copy(kc, &from, 1, &to, 0, called, job);
}

static void trigger(struct kcopyd_client *kc, dm_kcopyd_notify_fn fn,
		    struct kt_job *job)
{
	void *callback = dm_kcopyd_prepare_callback(kc, fn, job);

	dm_kcopyd_do_callback(callback, 0, 0);
}

/* The throttle */

/* What one client has in flight ends never; the others go on all the same. */
static void hanging_piece_does_not_stop_the_throttle(struct kunit *test)
{
	static struct dm_kcopyd_throttle throttle;
	struct kt_fixture *f = test->priv;
	struct kt_job *stuck = kt_job(f), *job = kt_job(f);
	struct kcopyd_client *other;

	throttle = (struct dm_kcopyd_throttle){ 50 };
	make_dm_client(test, &f->kc, &throttle);
	make_dm_client(test, &other, &throttle);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_hold(f->dests[0], TEST_DISK_WRITE);
	dm_copy(f->kc, stuck, f->source, 0, 8);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 1));
	/* Some jiffies, so that the share of the time is used up. */
	msleep(100);
	dm_copy(other, job, f->source, 1, 2048);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(f->source, 0, f->dests[1], 0, 2048));
	KUNIT_EXPECT_EQ(test, atomic_read(&stuck->calls), 0);
	dm_kcopyd_client_destroy(other);
	test_disk_release_all(f->dests[0], TEST_DISK_FIFO);
	kt_expect_result(test, stuck, 0, 0);
	KUNIT_EXPECT_EQ(test, throttle.num_io_jobs, 0);
}

/* A flush as a barrier */

#define ROUNDS 3000

static struct {
	struct kcopyd_client *kc;
	bool stop;
	unsigned long late; /* callbacks that were not called before the flush */
} barrier;

static void note_call(int read_err, unsigned long write_err, void *context)
{
	WRITE_ONCE(*(bool *)context, true);
}

static void trigger_and_flush(void)
{
	bool called = false;
	void *callback;

	callback = dm_kcopyd_prepare_callback(barrier.kc, note_call, &called);
	dm_kcopyd_do_callback(callback, 0, 0);
	dm_kcopyd_client_flush(barrier.kc);
	if (READ_ONCE(called))
		return;
	barrier.late++;
	kcopyd_client_drain(barrier.kc);
}

static void trigger_in_a_loop(void *data)
{
	bool called;

	while (!READ_ONCE(barrier.stop)) {
		void *callback;

		callback = dm_kcopyd_prepare_callback(barrier.kc, note_call,
						      &called);
		dm_kcopyd_do_callback(callback, 0, 0);
		kcopyd_client_drain(barrier.kc);
	}
}

static void flush_waits_for_what_was_triggered_before(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *task;
	unsigned int i;

	make_dm_client(test, &f->kc, NULL);
	barrier.kc = f->kc;
	barrier.stop = false;
	barrier.late = 0;
	task = kt_start(test, trigger_in_a_loop, NULL);
	for (i = 0; i < ROUNDS; i++)
		trigger_and_flush();
	WRITE_ONCE(barrier.stop, true);
	kt_join(test, task);
	KUNIT_EXPECT_EQ(test, barrier.late, 0);
}

/* The last write has ended, and nobody has looked at it yet. */
static void flush_waits_for_io_that_has_ended(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	make_dm_client(test, &f->kc, NULL);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->dests[0], TEST_DISK_WRITE);
	for (i = 0; i < 100; i++) {
		struct kt_job *job = kt_job(f);

		dm_copy(f->kc, job, f->source, 0, 8);
		KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 1));
		test_disk_release(f->dests[0], 0);
		dm_kcopyd_client_flush(f->kc);
		KUNIT_EXPECT_EQ(test, atomic_read(&job->calls), 1);
	}
}

/* What has not ended is not waited for, though a callback before it sleeps. */
static struct completion may_return;

static void wait_for_leave(int read_err, unsigned long write_err, void *context)
{
	wait_for_completion(&may_return);
	called(read_err, write_err, context);
}

static void flush(void *data)
{
	dm_kcopyd_client_flush(data);
}

static void flush_waits_for_a_callback_that_sleeps(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *sleeper = kt_job(f), *next = kt_job(f);
	struct kt_job *stuck = kt_job(f);
	struct kt_task *task;

	init_completion(&may_return);
	make_dm_client(test, &f->kc, NULL);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	dm_copy(f->kc, stuck, f->source, 0, 8);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	sleeper->accepted = true;
	next->accepted = true;
	trigger(f->kc, wait_for_leave, sleeper);
	trigger(f->kc, called, next);
	task = kt_start(test, flush, f->kc);
	KUNIT_EXPECT_TRUE(test, kt_wait_asleep(task));
	complete(&may_return);
	kt_join(test, task);
	KUNIT_EXPECT_EQ(test, atomic_read(&sleeper->calls), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&next->calls), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&stuck->calls), 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, stuck);
}

/* Both interfaces are of one client */

#define PREPARED 5

static void *prepared[PREPARED];

static void prepare_some(int read_err, unsigned long write_err, void *context)
{
	struct kt_job *job = context, *next = job + 1;
	struct kcopyd_client *kc = job->f->kc;
	unsigned int i;

	for (i = 0; i < PREPARED; i++, next++)
		prepared[i] =
			i % 2 ? kcopyd_prepare_callback(kc, kt_called, next) :
				dm_kcopyd_prepare_callback(kc, called, next);
	called(read_err, write_err, context);
}

/* No object is handed out twice, whichever interface freed it. */
static void client_serves_both_interfaces(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *native = kt_job(f), *job = kt_job(f);
	unsigned int i, j;

	make_dm_client(test, &f->kc, NULL);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, native, 0);
	kt_expect_result(test, native, 0, 0);
	for (i = 0; i < PREPARED; i++)
		kt_job(f)->accepted = true;
	job->accepted = true;
	trigger(f->kc, prepare_some, job);
	kt_wait(test, job);
	for (i = 0; i < PREPARED; i++) {
		for (j = 0; j < i; j++)
			KUNIT_ASSERT_PTR_NE(test, prepared[i], prepared[j]);
	}
	for (i = 0; i < PREPARED; i++)
		kcopyd_do_callback(prepared[i], i, i);
	for (i = 0; i < PREPARED; i++)
		kt_expect_result(test, job + 1 + i, i, i);
}

static struct kunit_case peers_cases[] = {
	KUNIT_CASE(hanging_piece_does_not_stop_the_throttle),
	KUNIT_CASE(flush_waits_for_what_was_triggered_before),
	KUNIT_CASE(flush_waits_for_io_that_has_ended),
	KUNIT_CASE(flush_waits_for_a_callback_that_sleeps),
	KUNIT_CASE(client_serves_both_interfaces),
	{}
};

static struct kunit_suite peers_suite = {
	.name = "kcopyd_dropin_peers",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = peers_cases,
};

kunit_test_suite(peers_suite);

MODULE_DESCRIPTION("Tests of kcopyd: dm-kcopyd's interface, shared");
MODULE_LICENSE("GPL");
