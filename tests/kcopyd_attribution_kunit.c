// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: whose the bios are, promise 23
 *
 * Cgroups are made by programs, so tests/vm/guest/test-cgroup.sh has what is about them.
 */
#include <linux/ioprio.h>
#include <linux/module.h>

#include "kcopyd_test.h"

#define PRIORITY IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6)

static atomic_t nr_right, nr_wrong;

static void look_at_priority(struct bio *bio, void *wanted)
{
	if (bio->bi_ioprio == (unsigned long)wanted)
		atomic_inc(&nr_right);
	else
		atomic_inc(&nr_wrong);
}

static void expect_priority(struct kunit *test, unsigned int priority)
{
	struct kt_fixture *f = test->priv;
	void *wanted = (void *)(unsigned long)priority;
	unsigned int i;

	if (f->source)
		test_disk_watch(f->source, look_at_priority, wanted);
	for (i = 0; i < f->nr_disks; i++)
		test_disk_watch(f->dests[i], look_at_priority, wanted);
	atomic_set(&nr_right, 0);
	atomic_set(&nr_wrong, 0);
}

/* Promise 23: of reads, writes and flushes, of the worker and of a submitter. */
static void copy_has_its_priority(struct kunit *test)
{
	static const struct test_disk_params cached = {
		.sectors = 16384,
		.flags = TEST_DISK_HAS_CACHE,
	};
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &cached);
	kcopyd_client_set_ioprio(f->kc, PRIORITY);
	expect_priority(test, PRIORITY);
	kt_set_regions(f, 0, 0, 256);
	kt_copy(test, kt_job(f), KCOPYD_DURABLE);
	kt_copy(test, kt_job(f), KCOPYD_NOWAIT);
	kt_wait_all(test);
	/* Two jobs of a read and two writes each at least, and two flushes. */
	KUNIT_EXPECT_GE(test, atomic_read(&nr_right), 8);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_wrong), 0);
}

/* Promise 23. */
static void zeroing_has_its_priority(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 64);
	kt_make_dest(test, &kt_disk);
	kcopyd_client_set_ioprio(f->kc, PRIORITY);
	expect_priority(test, PRIORITY);
	kt_set_regions(f, 0, 0, 256);
	kt_zero(test, kt_job(f), 0);
	kt_wait_all(test);
	KUNIT_EXPECT_GE(test, atomic_read(&nr_right), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_wrong), 0);
}

/* Promise 23. */
static void priority_is_changed_and_taken_back(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 64);
	/* What 0 comes to is the submitter's affair. */
	expect_priority(test, PRIORITY);
	kt_copy(test, kt_job(f), 0);
	kt_wait(test, &f->jobs[0]);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_right), 0);
	kcopyd_client_set_ioprio(f->kc, PRIORITY);
	expect_priority(test, PRIORITY);
	kt_copy(test, kt_job(f), 0);
	kt_wait(test, &f->jobs[1]);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_wrong), 0);
	kcopyd_client_set_ioprio(f->kc, 0);
	expect_priority(test, PRIORITY);
	kt_copy(test, kt_job(f), 0);
	kt_wait(test, &f->jobs[2]);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_right), 0);
}

static struct kunit_case attribution_cases[] = {
	KUNIT_CASE(copy_has_its_priority),
	KUNIT_CASE(zeroing_has_its_priority),
	KUNIT_CASE(priority_is_changed_and_taken_back),
	{}
};

static struct kunit_suite attribution_suite = {
	.name = "kcopyd_attribution",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = attribution_cases,
};

kunit_test_suite(attribution_suite);

MODULE_DESCRIPTION("Tests of kcopyd: whose the bios are");
MODULE_LICENSE("GPL");
