// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: the rate, promise 21
 *
 * How precise it is, is tested with a clock of our own. What remains is never to be
 * faster than the rate, which holds on a slow machine, too.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/sizes.h>

#include "kcopyd_test.h"
#include "../rate.c"

/*
 * The arithmetic: pieces begin as soon as the bucket allows and somebody looks, which
 * is up to @late ns after it said so.
 */
struct begun {
	u64 at;
	u64 bytes;
};

#define LOG_MAX 200000

static unsigned int begin_for(struct rate *rate, u64 now, u64 end, u64 piece,
			      u32 late, struct begun *log)
{
	unsigned int n = 0;
	u64 delay;

	while (now < end && n < LOG_MAX) {
		delay = rate_delay(rate, now);
		if (delay) {
			now += delay + (late ? get_random_u32() % late : 0);
			continue;
		}
		rate_charge(rate, now, piece);
		log[n++] = (struct begun){ now, piece };
	}
	return n;
}

/* The most that began within any second. */
static u64 most_in_a_second(const struct begun *log, unsigned int n)
{
	unsigned int first = 0, i;
	u64 sum = 0, most = 0;

	for (i = 0; i < n; i++) {
		sum += log[i].bytes;
		while (log[i].at - log[first].at > NSEC_PER_SEC)
			sum -= log[first++].bytes;
		most = max(most, sum);
	}
	return most;
}

static u64 percent_of(u64 bytes, unsigned int percent)
{
	return div_u64(bytes * percent, 100);
}

/* Promise 21: for every HZ, that is, also if each look comes up to 10 ms late. */
static void rate_is_kept_within_five_percent(struct kunit *test)
{
	static const u64 rates[] = { 100 * SZ_1K, SZ_1M, 10 * SZ_1M,
				     300 * SZ_1M, 4ULL * SZ_1G };
	static const u32 lateness[] = { 0, NSEC_PER_MSEC, 10 * NSEC_PER_MSEC };
	struct begun *log = kvmalloc_array(LOG_MAX, sizeof(*log), GFP_KERNEL);
	const u64 start = 1000 * NSEC_PER_SEC, end = start + 5 * NSEC_PER_SEC;
	unsigned int i, j, n, k;

	KUNIT_ASSERT_NOT_NULL(test, log);
	for (i = 0; i < ARRAY_SIZE(rates); i++)
		for (j = 0; j < ARRAY_SIZE(lateness); j++) {
			struct rate rate = {};
			u64 piece, sum = 0;

			rate_set(&rate, start - NSEC_PER_SEC, rates[i]);
			piece = min(rate_piece_sectors(&rate, 1), 1024U) * 512;
			n = begin_for(&rate, start, end, piece, lateness[j],
				      log);
			KUNIT_ASSERT_LT(test, n, LOG_MAX);
			for (k = 0; k < n; k++)
				sum += log[k].bytes;
			KUNIT_EXPECT_LE(test, most_in_a_second(log, n),
					percent_of(rates[i], 105));
			KUNIT_EXPECT_GE(test, sum,
					percent_of(rates[i] * 5, 95));
		}
	kvfree(log);
}

/* Promise 21: what was not used is not kept for later. */
static void idleness_earns_no_burst(struct kunit *test)
{
	struct begun *log = kvmalloc_array(LOG_MAX, sizeof(*log), GFP_KERNEL);
	struct rate rate = {};
	unsigned int n;
	u64 now = 1;

	KUNIT_ASSERT_NOT_NULL(test, log);
	rate_set(&rate, now, 10 * SZ_1M);
	now += 3600 * NSEC_PER_SEC;
	n = begin_for(&rate, now, now + NSEC_PER_SEC, SZ_64K, 0, log);
	KUNIT_EXPECT_LE(test, most_in_a_second(log, n),
			percent_of(10 * SZ_1M, 105));
	kvfree(log);
}

/* Promise 21: what is owed at the old rate is paid at the new one. */
static void changed_rate_holds_at_once(struct kunit *test)
{
	const u64 now = 5 * NSEC_PER_SEC;
	struct rate rate = {};

	rate_set(&rate, 0, 1);
	rate_charge(&rate, now, SZ_64K);
	KUNIT_EXPECT_GT(test, rate_delay(&rate, now), 65000ULL * NSEC_PER_SEC);
	rate_set(&rate, now, 100 * SZ_1M);
	KUNIT_EXPECT_LT(test, rate_delay(&rate, now), NSEC_PER_MSEC);
	rate_charge(&rate, now, SZ_1M);
	KUNIT_EXPECT_GT(test, rate_delay(&rate, now), 9 * NSEC_PER_MSEC);
	rate_set(&rate, now, SZ_1M);
	KUNIT_EXPECT_GT(test, rate_delay(&rate, now), 900 * NSEC_PER_MSEC);
	KUNIT_EXPECT_LT(test, rate_delay(&rate, now), 1100 * NSEC_PER_MSEC);
	rate_set(&rate, now, 0);
	KUNIT_EXPECT_FALSE(test, rate_limits(&rate));
	rate_set(&rate, now, SZ_1M);
	KUNIT_EXPECT_EQ(test, rate_delay(&rate, now), 0);
}

/* Promise 21: nothing overflows, whatever was set before and is set then. */
static void extreme_rates_are_fine(struct kunit *test)
{
	static const u64 rates[] = { 1, SZ_1K, BIT_ULL(40), U64_MAX };
	const u64 now = NSEC_PER_SEC * 3600ULL * 24 * 365;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rates); i++)
		for (j = 0; j < ARRAY_SIZE(rates); j++) {
			struct rate rate = {};
			u64 most;

			rate_set(&rate, now, rates[i]);
			if (rate_limits(&rate))
				rate_charge(&rate, now, 32 * SZ_1M);
			rate_set(&rate, now, rates[j]);
			if (!rate_limits(&rate))
				continue;
			/* 32 MiB are owed at most, and a little by rounding. */
			most = div64_u64(33ULL * SZ_1M * NSEC_PER_SEC,
					 rates[j]);
			KUNIT_EXPECT_LE(test, rate_delay(&rate, now), most + 1);
			KUNIT_EXPECT_GE(test, rate_piece_sectors(&rate, 8), 8);
			KUNIT_EXPECT_EQ(test, rate_piece_sectors(&rate, 8) % 8,
					0);
		}
}

/* Copies, on the clock of the machine. */

#define RATE  (4 * SZ_1M)
#define COUNT 4096

static void make(struct kunit *test, u64 rate)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 1024);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, COUNT);
	kcopyd_client_set_rate(f->kc, rate);
}

/* So much may have begun at once. */
static s64 least_ns(u64 bytes)
{
	bytes -= RATE / 32 + RATE / 64;
	return div_u64(bytes * NSEC_PER_SEC, RATE);
}

/* Promise 21. */
static void copy_takes_its_time(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	ktime_t start;

	make(test, RATE);
	start = ktime_get();
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_GE(test, ktime_to_ns(ktime_sub(ktime_get(), start)),
			least_ns(COUNT * 512));
	kt_expect_copied(test, job, 0);
}

/* Promise 21: by command, in pieces that would be too long. */
static void zeroing_takes_its_time(struct kunit *test)
{
	static const struct test_disk_params params = {
		.sectors = 16384,
		.flags = TEST_DISK_HAS_ZERO,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	ktime_t start;

	kt_make_client(test, 16);
	kt_make_dest(test, &params);
	kcopyd_client_set_rate(f->kc, RATE);
	kt_set_regions(f, 0, 0, COUNT);
	start = ktime_get();
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_GE(test, ktime_to_ns(ktime_sub(ktime_get(), start)),
			least_ns(COUNT * 512));
	kt_expect_zeroed(test, job, 0);
}

/* Promises 21 and 29: joined or not, no piece is longer than the rate allows. */
static void adjacent_copies_take_their_time(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;
	ktime_t start;

	make(test, RATE);
	/* The first is charged; the others are queued together. */
	test_disk_hold(f->source, TEST_DISK_READ);
	start = ktime_get();
	for (i = 0; i < 64; i++) {
		kt_set_regions(f, 64 * i, 64 * i, 64);
		kt_copy(test, kt_job(f), KCOPYD_NOWAIT);
	}
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	KUNIT_EXPECT_GE(test, ktime_to_ns(ktime_sub(ktime_get(), start)),
			least_ns(COUNT * 512));
	for (i = 0; i < test_disk_log_length(f->source); i++)
		KUNIT_EXPECT_LE(test, test_disk_log(f->source, i)->sectors,
				RATE / 64 / 512);
}

/* So little that all but the first piece will not begin. */
static void make_slow(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make(test, 1);
	kt_copy(test, kt_job(f), 0);
	kt_settle(f);
	KUNIT_ASSERT_EQ(test, kt_stats(f).waits_for, KCOPYD_WAIT_RATE);
	KUNIT_ASSERT_EQ(test, test_disk_log_length(f->source), 1);
}

/* Promise 21. */
static void lifted_rate_lets_copies_go_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_slow(test);
	kcopyd_client_set_rate(f->kc, 0);
	kt_expect_result(test, &f->jobs[0], 0, 0);
	kt_expect_copied(test, &f->jobs[0], 0);
}

/* Promise 21. */
static void raised_rate_lets_copies_go_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_slow(test);
	kcopyd_client_set_rate(f->kc, SZ_1G);
	kt_expect_result(test, &f->jobs[0], 0, 0);
}

/* Promises 7 and 21. */
static void slow_job_is_cancelled_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_slow(test);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, &f->jobs[0]), 1);
	kt_expect_result(test, &f->jobs[0], -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->source), 1);
}

/* Promises 8 and 21: destruction lifts the limit. */
static void slow_client_is_destroyed_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_slow(test);
	kt_destroy_client(test);
	kt_expect_result(test, &f->jobs[0], 0, 0);
}

/* Promise 21: what is over is called back, however long the others wait. */
static void callbacks_do_not_wait_for_the_rate(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *first = kt_job(f), *rest, *empty;

	make(test, 1);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 1);
	kt_copy(test, first, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	rest = kt_job(f);
	kt_set_regions(f, 64, 64, 64);
	kt_copy(test, rest, 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, first, 0, 0);
	empty = kt_job(f);
	kt_set_regions(f, 0, 0, 0);
	kt_copy(test, empty, 0);
	kt_expect_result(test, empty, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&rest->calls), 0);
	kcopyd_cancel(f->kc, rest);
}

/* Promises 6 and 21: a piece each, also where the rate cuts them short. */
static void jobs_take_turns_at_a_rate(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	make_slow(test);
	kcopyd_cancel(f->kc, &f->jobs[0]);
	test_disk_clear_log(f->source);
	for (i = 0; i < 2; i++) {
		kt_set_regions(f, 4096 * i, 4096 * i, 320);
		kt_copy(test, kt_job(f), 0);
	}
	kcopyd_client_set_rate(f->kc, SZ_1M);
	kt_wait_all(test);
	/* 16 KiB are a 64th of a second's worth. */
	KUNIT_ASSERT_EQ(test, test_disk_log_length(f->source), 20);
	for (i = 1; i < 20; i++)
		KUNIT_EXPECT_NE(test,
				test_disk_log(f->source, i)->sector / 4096,
				test_disk_log(f->source, i - 1)->sector / 4096);
}

static struct kunit_case rate_cases[] = {
	KUNIT_CASE(rate_is_kept_within_five_percent),
	KUNIT_CASE(idleness_earns_no_burst),
	KUNIT_CASE(changed_rate_holds_at_once),
	KUNIT_CASE(extreme_rates_are_fine),
	KUNIT_CASE(copy_takes_its_time),
	KUNIT_CASE(zeroing_takes_its_time),
	KUNIT_CASE(adjacent_copies_take_their_time),
	KUNIT_CASE(lifted_rate_lets_copies_go_at_once),
	KUNIT_CASE(raised_rate_lets_copies_go_at_once),
	KUNIT_CASE(slow_job_is_cancelled_at_once),
	KUNIT_CASE(slow_client_is_destroyed_at_once),
	KUNIT_CASE(callbacks_do_not_wait_for_the_rate),
	KUNIT_CASE(jobs_take_turns_at_a_rate),
	{}
};

static struct kunit_suite rate_suite = {
	.name = "kcopyd_rate",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = rate_cases,
};

kunit_test_suite(rate_suite);

MODULE_DESCRIPTION("Tests of kcopyd: the rate");
MODULE_LICENSE("GPL");
