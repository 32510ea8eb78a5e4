// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of which legs of a mirror hold a region, asked while one of them fails and the
 * region is filled
 *
 * The window is of a few instructions, so one thread asks again and again, while the
 * other does what the end of a copy does: it drops leg 1, which failed its write, then
 * sets the region's bit. Leg 1 has the region at no moment.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../targets/kmirror.h"

#define ROUNDS 20000

struct race {
	struct mirror *m;
	atomic_t round;	   /* which one may begin */
	atomic_t answered; /* and which has been answered to its end */
	unsigned long wrong;
};

/* Asks until the region is filled. */
static void ask(struct race *r)
{
	unsigned long legs;

	do {
		legs = legs_with_region(r->m, 0);
		if (legs != BIT(0))
			r->wrong++;
		cond_resched();
	} while (!test_bit(0, r->m->synced));
}

static int ask_in_each_round(void *data)
{
	struct race *r = data;
	int round;

	for (round = 1; round <= ROUNDS; round++) {
		while (atomic_read_acquire(&r->round) < round)
			cond_resched();
		ask(r);
		atomic_set_release(&r->answered, round);
	}
	return 0;
}

/* What targets/kmirror_sync.c does when a copy has ended. */
static void fail_leg_and_fill(struct mirror *m)
{
	clear_bit(1, &m->good);
	/* as there */
	smp_mb__before_atomic();
	set_bit(0, m->synced);
}

static struct mirror *new_mirror(struct kunit *test, unsigned long *synced)
{
	struct mirror *m = kunit_kzalloc(test, struct_size(m, legs, 2),
					 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->synced = synced;
	m->nr_legs = 2;
	m->good = BIT(0) | BIT(1);
	m->full = BIT(0);
	return m;
}

static void region_is_on_good_legs(struct kunit *test)
{
	unsigned long synced = 0;
	struct mirror *m = new_mirror(test, &synced);

	KUNIT_EXPECT_EQ(test, legs_with_region(m, 0), BIT(0));
	set_bit(0, m->synced);
	KUNIT_EXPECT_EQ(test, legs_with_region(m, 0), BIT(0) | BIT(1));
	KUNIT_EXPECT_EQ(test, legs_with_region(m, 1), BIT(0));
	clear_bit(0, &m->good);
	KUNIT_EXPECT_EQ(test, legs_with_region(m, 0), BIT(1));
	KUNIT_EXPECT_EQ(test, legs_with_region(m, 1), 0UL);
}

static void failed_leg_is_not_asked(struct kunit *test)
{
	unsigned long synced = 0;
	struct race r = {
		.m = new_mirror(test, &synced),
	};
	struct task_struct *thread;
	int round;

	if (num_online_cpus() < 2)
		kunit_skip(test, "it takes two processors");
	thread = kthread_create(ask_in_each_round, &r, "ask");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	get_task_struct(thread);
	wake_up_process(thread);
	for (round = 1; round <= ROUNDS; round++) {
		r.m->good = BIT(0) | BIT(1);
		synced = 0;
		atomic_set_release(&r.round, round);
		/* at another moment each time */
		ndelay(round % 1000);
		fail_leg_and_fill(r.m);
		while (atomic_read_acquire(&r.answered) < round)
			cond_resched();
	}
	kthread_stop(thread);
	put_task_struct(thread);
	KUNIT_EXPECT_EQ(test, r.wrong, 0UL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(region_is_on_good_legs),
	KUNIT_CASE(failed_leg_is_not_asked),
	{},
};

static struct kunit_suite suite = {
	.name = "kmirror_legs",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of which legs of a mirror hold a region");
MODULE_LICENSE("GPL");
