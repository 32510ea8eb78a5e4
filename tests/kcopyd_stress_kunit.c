// SPDX-License-Identifier: GPL-2.0
/*
 * A test of kcopyd: many threads do all that a caller may do, all at once
 *
 * They submit with all flags, cancel, drain, flush, prepare and trigger, on
 * clients that they share and on some that they create and destroy, while bios
 * end inside submit_bio(), in works and in hard interrupts, and disks fail, refuse
 * to zero and vanish. In the end each job has been called back once. What makes
 * this a test are the kernel's own checkers: KASAN, lockdep, KCSAN, and the poison
 * in objects that are used again.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "include/linux/dm-kcopyd.h"
#include "kcopyd_test.h"

#define NR_THREADS  64
#define NR_STEPS    60
#define NR_DISKS    6
#define SECTORS	    4096
#define GUARD	    64 /* sectors at the end of each disk that nobody writes */
#define OUTSTANDING 16

static const struct test_disk_params kinds[NR_DISKS] = {
	{ .sectors = SECTORS, .log_size = 1 },
	{ .sectors = SECTORS, .log_size = 1, .flags = TEST_DISK_HAS_ZERO },
	{ .sectors = SECTORS, .log_size = 1, .flags = TEST_DISK_HAS_CACHE },
	{ .sectors = SECTORS, .log_size = 1, .block_size = 4096 },
	{ .sectors = SECTORS, .log_size = 1, .flags = TEST_DISK_HAS_ZERO },
	{ .sectors = SECTORS, .log_size = 1 },
};

static const enum test_disk_ending endings[NR_DISKS] = {
	TEST_DISK_INLINE, TEST_DISK_WORK,      TEST_DISK_IRQ,
	TEST_DISK_IRQ,	  TEST_DISK_WORK_LIFO, TEST_DISK_WORK,
};

/* The last two go bad while all this is under way. */
#define FAILING	  4
#define VANISHING 5

struct thread {
	struct task_struct *task;
	struct rnd_state rnd;
	struct kcopyd_client *own;
	void *latest; /* context of a job, or what was one */
	atomic_t outstanding;
};

static struct test_disk *disks[NR_DISKS];
static struct kcopyd_client *shared[3];
static struct thread *threads;
static atomic_t nr_submitted, nr_called, nr_running;

static unsigned int below(struct thread *t, unsigned int limit)
{
	return prandom_u32_state(&t->rnd) % limit;
}

static struct kcopyd_client *any_client(struct thread *t)
{
	unsigned int i = below(t, ARRAY_SIZE(shared) + 1);

	return i < ARRAY_SIZE(shared) || !t->own ?
		       shared[i % ARRAY_SIZE(shared)] :
		       t->own;
}

/* Callbacks */

struct ticket {
	struct thread *thread;
	struct kcopyd_client *kc;
	unsigned int action; /* what to do when called */
};

static struct ticket *new_ticket(struct thread *t, struct kcopyd_client *kc,
				 unsigned int action)
{
	struct ticket *ticket = kmalloc(sizeof(*ticket), GFP_ATOMIC);

	if (!ticket)
		return NULL;
	*ticket = (struct ticket){ t, kc, action };
	WRITE_ONCE(t->latest, ticket);
	atomic_inc(&t->outstanding);
	atomic_inc(&nr_submitted);
	return ticket;
}

static void drop_ticket(struct ticket *ticket)
{
	atomic_dec(&ticket->thread->outstanding);
	atomic_dec(&nr_submitted);
	kfree(ticket);
}

static void called(int read_err, unsigned int write_err, void *context);

/* A job of length zero, or a prepared callback: neither waits for anything. */
static void follow_up(struct ticket *ticket)
{
	struct io_region to = { .bdev = test_disk_bdev(disks[0]) };
	struct ticket *next = new_ticket(ticket->thread, ticket->kc, 0);

	if (!next)
		return;
	if (ticket->action == 1)
		kcopyd_do_callback(kcopyd_prepare_callback(ticket->kc, called,
							   next),
				   0, 0);
	else if (kcopyd_zero(ticket->kc, 1, &to, KCOPYD_NOWAIT, called, next))
		drop_ticket(next);
}

static void called(int read_err, unsigned int write_err, void *context)
{
	struct ticket *ticket = context;

	if (ticket->action == 1 || ticket->action == 2)
		follow_up(ticket);
	else if (ticket->action == 3)
		usleep_range(50, 100);
	atomic_inc(&nr_called);
	atomic_dec(&ticket->thread->outstanding);
	kfree(ticket);
}

static void dm_called(int read_err, unsigned long write_err, void *context)
{
	called(read_err, write_err, context);
}

/* What threads do */

static unsigned int any_regions(struct thread *t, struct io_region *from,
				struct io_region *to)
{
	unsigned int count = 8 * below(t, 100), n = 1 + below(t, 3), i;
	unsigned int first = below(t, NR_DISKS);
	unsigned int room = SECTORS - GUARD - count;

	*from = (struct io_region){
		.bdev = test_disk_bdev(disks[first]),
		.sector = 8 * below(t, room / 8),
		.count = count,
	};
	for (i = 0; i < n; i++) {
		struct test_disk *disk = disks[(first + 1 + i) % NR_DISKS];

		to[i] = (struct io_region){
			.bdev = test_disk_bdev(disk),
			.sector = 8 * below(t, room / 8),
			.count = count,
		};
	}
	return n;
}

static void submit_native(struct thread *t)
{
	struct kcopyd_client *kc = any_client(t);
	struct io_region from, to[3];
	unsigned int n = any_regions(t, &from, to), flags = below(t, 32);
	struct ticket *ticket = new_ticket(t, kc, below(t, 6));
	int err;

	if (!ticket)
		return;
	if (below(t, 3))
		err = kcopyd_copy(kc, &from, n, to, flags, called, ticket);
	else
		err = kcopyd_zero(kc, n, to, flags, called, ticket);
	if (err)
		drop_ticket(ticket);
}

static void submit_dropin(struct thread *t)
{
	struct kcopyd_client *kc = any_client(t);
	struct ticket *ticket = new_ticket(t, kc, below(t, 6));
	struct io_region from, to[3];
	unsigned int n = any_regions(t, &from, to);
	unsigned int flags = below(t, 4) << 1;

	if (!ticket)
		return;
	/* The two kinds of region have the same members. */
	dm_kcopyd_copy(kc, below(t, 3) ? (struct dm_io_region *)&from : NULL, n,
		       (struct dm_io_region *)to, flags, dm_called, ticket);
}

static void trigger(struct thread *t)
{
	struct kcopyd_client *kc = any_client(t);
	struct ticket *ticket = new_ticket(t, kc, below(t, 4));

	if (ticket)
		kcopyd_do_callback(kcopyd_prepare_callback(kc, called, ticket),
				   below(t, 2) ? -EIO : 0, below(t, 8));
}

static void cancel(struct thread *t)
{
	kcopyd_cancel(any_client(t), READ_ONCE(t->latest));
}

static void wait_for_jobs(struct thread *t)
{
	if (below(t, 2))
		kcopyd_client_drain(any_client(t));
	else
		dm_kcopyd_client_flush(any_client(t));
}

static void change_client(struct thread *t)
{
	if (t->own) {
		kcopyd_client_destroy(t->own);
		t->own = NULL;
	} else if (below(t, 2)) {
		kcopyd_client_create(1 + below(t, 64), &t->own);
	} else {
		kcopyd_client_create_shared(1 + below(t, 8), &t->own);
	}
}

static void step(struct thread *t)
{
	switch (below(t, 16)) {
	case 0:
		change_client(t);
		break;
	case 1:
		wait_for_jobs(t);
		break;
	case 2:
	case 3:
		cancel(t);
		break;
	case 4:
	case 5:
		trigger(t);
		break;
	case 6:
	case 7:
	case 8:
		submit_dropin(t);
		break;
	default:
		submit_native(t);
	}
}

static int run_thread(void *data)
{
	struct thread *t = data;
	unsigned int i;

	for (i = 0; i < NR_STEPS; i++) {
		step(t);
		if (atomic_read(&t->outstanding) > OUTSTANDING)
			wait_for_jobs(t);
	}
	kcopyd_client_destroy(t->own);
	atomic_dec(&nr_running);
	/* Stopped by the test, so that this module outlives us. */
	while (!kthread_should_stop())
		usleep_range(500, 1000);
	return 0;
}

/* The test */

static void make_all(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR_DISKS; i++) {
		disks[i] = test_disk_create(&kinds[i]);
		KUNIT_ASSERT_NOT_NULL(test, disks[i]);
		test_disk_end_in(disks[i], endings[i]);
	}
	KUNIT_ASSERT_EQ(test, kcopyd_client_create(64, &shared[0]), 0);
	KUNIT_ASSERT_EQ(test, kcopyd_client_create_shared(4, &shared[1]), 0);
	KUNIT_ASSERT_EQ(test, kcopyd_client_create(8, &shared[2]), 0);
}

static void start_threads(struct kunit *test)
{
	unsigned int i;

	atomic_set(&nr_submitted, 0);
	atomic_set(&nr_called, 0);
	atomic_set(&nr_running, NR_THREADS);
	threads = kcalloc(NR_THREADS, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	for (i = 0; i < NR_THREADS; i++) {
		prandom_seed_state(&threads[i].rnd, i + 1);
		threads[i].task = kthread_run(run_thread, &threads[i],
					      "stress%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[i].task));
	}
}

/* Disks turn bad when a third, and two thirds, of the work are done. */
static void turn_bad(unsigned int stage)
{
	if (stage == 1) {
		kt_fail(disks[FAILING], TEST_DISK_ZERO, 0, 0, BLK_STS_NOTSUPP);
		kt_fail(disks[FAILING], TEST_DISK_READ | TEST_DISK_WRITE, 1000,
			500, BLK_STS_IOERR);
	} else {
		test_disk_vanish(disks[VANISHING]);
	}
}

static void wait_for_threads(struct kunit *test)
{
	unsigned int total = NR_THREADS * NR_STEPS / 3, stage = 0, i;
	unsigned long end = jiffies + 5 * KT_PATIENCE;

	while (atomic_read(&nr_running) && time_before(jiffies, end)) {
		if (stage < 2 &&
		    atomic_read(&nr_called) > total * (stage + 1) / 3)
			turn_bad(++stage);
		usleep_range(500, 1000);
	}
	KUNIT_ASSERT_EQ(test, atomic_read(&nr_running), 0);
	KUNIT_EXPECT_EQ(test, stage, 2);
	for (i = 0; i < NR_THREADS; i++)
		kthread_stop(threads[i].task);
}

static void everything_at_once(struct kunit *test)
{
	unsigned int i;

	make_all(test);
	start_threads(test);
	wait_for_threads(test);
	for (i = 0; i < ARRAY_SIZE(shared); i++)
		kcopyd_client_destroy(shared[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_called),
			atomic_read(&nr_submitted));
	for (i = 0; i < NR_DISKS; i++) {
		KUNIT_EXPECT_EQ(test, test_disk_in_flight(disks[i]), 0);
		if (i != VANISHING)
			KUNIT_EXPECT_TRUE(test,
					  test_disk_is_filled(disks[i],
							      SECTORS - GUARD,
							      GUARD, 0));
		test_disk_destroy(disks[i]);
	}
	kfree(threads);
}

static struct kunit_case stress_cases[] = { KUNIT_CASE(everything_at_once),
					    {} };

static struct kunit_suite stress_suite = {
	.name = "kcopyd_stress",
	.test_cases = stress_cases,
};

kunit_test_suite(stress_suite);

MODULE_DESCRIPTION("Tests of kcopyd: everything at once");
MODULE_LICENSE("GPL");
