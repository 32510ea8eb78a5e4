// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: foreground and background, promise 24
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/part_stat.h>
#include <linux/sizes.h>

#include "client.h"
#include "compat.h"
#include "kcopyd_test.h"

/* All pieces that one job may have in flight, and a short one. */
#define ALL   8
#define SHORT 256

/* A client on whose source all reads are held. */
static void make(struct kunit *test, enum kcopyd_class class, u64 floor)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 2048);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 16384);
	kcopyd_client_set_floor(f->kc, floor);
	kcopyd_client_set_class(f->kc, class);
}

static void expect_in_flight(struct kunit *test, unsigned int pieces)
{
	struct kt_fixture *f = test->priv;

	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, pieces));
	kt_settle(f);
	KUNIT_EXPECT_EQ(test, test_disk_held(f->source), pieces);
}

/* A background copy, while the users of its target are active. */
static void begin_beside_users(struct kunit *test, u64 floor)
{
	struct kt_fixture *f = test->priv;

	make(test, KCOPYD_BACKGROUND, floor);
	kcopyd_client_busy_begin(f->kc);
	kt_copy(test, kt_job(f), 0);
}

static void finish(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, &f->jobs[0], 0, 0);
	kt_expect_copied(test, &f->jobs[0], 0);
	KUNIT_EXPECT_EQ(test, f->kc->yield.nr_pieces, 0);
}

/* Promise 24. */
static void background_takes_all_of_an_idle_device(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make(test, KCOPYD_BACKGROUND, 0);
	kt_copy(test, kt_job(f), 0);
	expect_in_flight(test, ALL);
	finish(test);
	KUNIT_EXPECT_EQ(test, f->kc->waited[KCOPYD_WAIT_YIELD], 0);
}

/* Promise 24: a piece at a time, and a short one. */
static void background_yields_to_users(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	begin_beside_users(test, 0);
	expect_in_flight(test, 1);
	KUNIT_EXPECT_EQ(test, kt_stats(f).waits_for, KCOPYD_WAIT_YIELD);
	/* It goes on, one by one. */
	for (i = 1; i <= 4; i++) {
		test_disk_release(f->source, 0);
		expect_in_flight(test, 1);
		KUNIT_EXPECT_EQ(test, test_disk_log(f->source, i)->sectors,
				SHORT);
	}
	kcopyd_client_busy_end(f->kc);
	finish(test);
}

/* Promise 24: the device is idle again. */
static void background_speeds_up_after_users(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	begin_beside_users(test, 0);
	expect_in_flight(test, 1);
	kcopyd_client_busy_end(f->kc);
	msleep(100);
	test_disk_release(f->source, 0);
	expect_in_flight(test, ALL);
	finish(test);
}

/*
 * Promise 24: between short I/O, one after the other, the device is not idle. The case
 * ends where we are too slow to keep it busy.
 */
static void gaps_between_users_io_are_not_idleness(struct kunit *test)
{
	const s64 soon = 40;
	struct kt_fixture *f = test->priv;
	unsigned int i, held = 0;
	ktime_t last;

	begin_beside_users(test, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	last = ktime_get();
	kcopyd_client_busy_end(f->kc);
	for (i = 0; i < 20; i++) {
		kcopyd_client_busy_begin(f->kc);
		kcopyd_client_busy_end(f->kc);
		if (ktime_ms_delta(ktime_get(), last) > soon)
			break;
		last = ktime_get();
		test_disk_release(f->source, 0);
		KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
		held = test_disk_held(f->source);
		if (ktime_ms_delta(ktime_get(), last) > soon)
			break;
		KUNIT_EXPECT_EQ(test, held, 1);
	}
	finish(test);
	if (!i)
		kunit_skip(test, "the machine is too slow");
}

/* Promise 24. */
static void foreground_does_not_yield(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make(test, KCOPYD_FOREGROUND, 0);
	kcopyd_client_busy_begin(f->kc);
	kt_copy(test, kt_job(f), 0);
	expect_in_flight(test, ALL);
	kcopyd_client_busy_end(f->kc);
	finish(test);
}

/* Promise 24: somebody begins to wait for it. */
static void background_becomes_foreground_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	begin_beside_users(test, 0);
	expect_in_flight(test, 1);
	kcopyd_client_set_class(f->kc, KCOPYD_FOREGROUND);
	expect_in_flight(test, ALL);
	kcopyd_client_busy_end(f->kc);
	finish(test);
}

/* Promise 24: the piece in flight hangs, and still the floor is kept. */
static void floor_is_kept(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	ktime_t start = ktime_get();
	s64 least;

	begin_beside_users(test, SZ_1M);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 6));
	/* No faster than the floor, but for the first piece and the credit. */
	least = 4 * (SHORT * 512 * NSEC_PER_SEC / SZ_1M) - NSEC_PER_SEC / 32;
	KUNIT_EXPECT_GE(test, ktime_to_ns(ktime_sub(ktime_get(), start)),
			least);
	kcopyd_client_busy_end(f->kc);
	finish(test);
}

/* Promise 24: a floor that is set takes effect at once. */
static void floor_is_changed(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	begin_beside_users(test, 0);
	expect_in_flight(test, 1);
	kcopyd_client_set_floor(f->kc, SZ_1G);
	expect_in_flight(test, ALL);
	kcopyd_client_busy_end(f->kc);
	finish(test);
}

/* Promises 21 and 24: the floor is not above the rate. */
static void rate_is_above_the_floor(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make(test, KCOPYD_BACKGROUND, SZ_1G);
	kcopyd_client_set_rate(f->kc, 1);
	kcopyd_client_busy_begin(f->kc);
	kt_copy(test, kt_job(f), 0);
	expect_in_flight(test, 1);
	KUNIT_EXPECT_EQ(test, kt_stats(f).waits_for, KCOPYD_WAIT_RATE);
	kcopyd_client_busy_end(f->kc);
	kcopyd_client_set_rate(f->kc, 0);
	finish(test);
}

/* Promises 7, 8 and 24. */
static void yielding_client_is_cancelled_and_destroyed(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	begin_beside_users(test, 0);
	kt_copy(test, kt_job(f), 0);
	expect_in_flight(test, 1);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, &f->jobs[1]), 1);
	kt_expect_result(test, &f->jobs[1], -ECANCELED, 0);
	test_disk_hold(f->source, 0);
	while (test_disk_held(f->source))
		test_disk_release(f->source, 0);
	kt_destroy_client(test);
	kt_expect_result(test, &f->jobs[0], 0, 0);
}

/* What a device counts beside our I/O, as if it ended now. */
static void others_move(struct test_disk *disk, unsigned int sectors)
{
	struct block_device *bdev = test_disk_bdev(disk);

	part_stat_lock();
	part_stat_add(bdev, sectors[STAT_READ], sectors);
	part_stat_unlock();
}

static bool others_are_gone;

static void others_go_on(void *disk)
{
	while (!READ_ONCE(others_are_gone)) {
		others_move(disk, 4096);
		usleep_range(1000, 2000);
	}
}

/* Let pieces end, until the copy waits for this. */
static bool release_until(struct kunit *test, enum kcopyd_wait reason)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < ALL; i++) {
		kt_settle(f);
		if (kt_stats(f).waits_for == reason)
			return true;
		test_disk_release(f->source, 0);
		KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	}
	return false;
}

/* Promise 24: the statistics of a device tell of others that use it. */
static void background_yields_to_others_on_the_device(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *others;

	make(test, KCOPYD_BACKGROUND, 0);
	if (!compat_counts_at_end(test_disk_bdev(f->source)))
		kunit_skip(test, "this kernel counts too early");
	kt_copy(test, kt_job(f), 0);
	expect_in_flight(test, ALL);
	others_are_gone = false;
	others = kt_start(test, others_go_on, f->source);
	KUNIT_EXPECT_TRUE(test, release_until(test, KCOPYD_WAIT_YIELD));
	WRITE_ONCE(others_are_gone, true);
	kt_join(test, others);
	finish(test);
}

static struct kunit_case yield_cases[] = {
	KUNIT_CASE(background_takes_all_of_an_idle_device),
	KUNIT_CASE(background_yields_to_users),
	KUNIT_CASE(background_speeds_up_after_users),
	KUNIT_CASE(gaps_between_users_io_are_not_idleness),
	KUNIT_CASE(foreground_does_not_yield),
	KUNIT_CASE(background_becomes_foreground_at_once),
	KUNIT_CASE(floor_is_kept),
	KUNIT_CASE(floor_is_changed),
	KUNIT_CASE(rate_is_above_the_floor),
	KUNIT_CASE(yielding_client_is_cancelled_and_destroyed),
	KUNIT_CASE(background_yields_to_others_on_the_device),
	{}
};

static struct kunit_suite yield_suite = {
	.name = "kcopyd_yield",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = yield_cases,
};

kunit_test_suite(yield_suite);

MODULE_DESCRIPTION("Tests of kcopyd: foreground and background");
MODULE_LICENSE("GPL");
