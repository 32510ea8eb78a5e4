// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: bad input is refused before anything is touched, promise 20
 *
 * kt_exit() checks that the callback of a refused job is never called.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include "kcopyd_test.h"

static const struct test_disk_params large_blocks = {
	.sectors = 16384,
	.block_size = 4096,
};

/* Regions of which a case then spoils one thing. */
static void make_good_job(struct kunit *test)
{
	kt_make_client(test, 16);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(test->priv, 64, 64, 128);
}

static void expect_nothing_touched(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, test_disk_log_length(f->source), 0);
	for (i = 0; i < f->nr_disks; i++)
		KUNIT_EXPECT_EQ(test, test_disk_log_length(f->dests[i]), 0);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_submitted, 0);
}

static void expect_copy_refused(struct kunit *test, int err)
{
	struct kt_fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, kt_try_copy(kt_job(f), 0), err);
	KUNIT_EXPECT_EQ(test, kt_try_copy(kt_job(f), KCOPYD_NOWAIT), err);
	expect_nothing_touched(test);
}

/* What is wrong with a destination is wrong for zeroing too. */
static void expect_both_refused(struct kunit *test, int err)
{
	KUNIT_EXPECT_EQ(test, kt_try_zero(kt_job(test->priv), 0), err);
	expect_copy_refused(test, err);
}

static void good_job_is_accepted(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *copy = kt_job(f), *zero = kt_job(f);

	make_good_job(test);
	kt_copy(test, copy, 0);
	kt_expect_result(test, copy, 0, 0);
	kt_zero(test, zero, 0);
	kt_expect_result(test, zero, 0, 0);
}

/* Submit the copy as described, but for what @kc, @from and so on say. */
static void expect_bad_copy(struct kunit *test, struct kcopyd_client *kc,
			    struct io_region *from, unsigned int num_dests,
			    struct io_region *dests, kcopyd_notify_fn fn)
{
	struct kt_job *job = kt_job(test->priv);
	int err = kcopyd_copy(kc, from, num_dests, dests, 0, fn, job);

	KUNIT_EXPECT_EQ(test, err, -EINVAL);
}

static void expect_bad_zero(struct kunit *test, struct kcopyd_client *kc,
			    unsigned int num_dests, struct io_region *dests,
			    kcopyd_notify_fn fn)
{
	struct kt_job *job = kt_job(test->priv);
	int err = kcopyd_zero(kc, num_dests, dests, 0, fn, job);

	KUNIT_EXPECT_EQ(test, err, -EINVAL);
}

static void null_pointers_are_refused(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_good_job(test);
	expect_bad_copy(test, NULL, &f->from, 2, f->to, kt_called);
	expect_bad_copy(test, f->kc, NULL, 2, f->to, kt_called);
	expect_bad_copy(test, f->kc, &f->from, 2, NULL, kt_called);
	expect_bad_copy(test, f->kc, &f->from, 2, f->to, NULL);
	expect_bad_zero(test, NULL, 2, f->to, kt_called);
	expect_bad_zero(test, f->kc, 2, NULL, kt_called);
	expect_bad_zero(test, f->kc, 2, f->to, NULL);
	expect_nothing_touched(test);
}

static void null_pointers_prepare_nothing(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	void *callback;

	kt_make_client(test, 1);
	callback = kcopyd_prepare_callback(NULL, kt_called, f);
	KUNIT_EXPECT_PTR_EQ(test, callback, NULL);
	callback = kcopyd_prepare_callback(f->kc, NULL, f);
	KUNIT_EXPECT_PTR_EQ(test, callback, NULL);
}

static void regions_without_a_device_are_refused(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_good_job(test);
	f->to[1].bdev = NULL;
	expect_both_refused(test, -EINVAL);
	kt_set_regions(f, 64, 64, 128);
	f->from.bdev = NULL;
	expect_copy_refused(test, -EINVAL);
}

static void number_of_destinations_is_checked(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct io_region many[KCOPYD_MAX_REGIONS + 1];
	const unsigned int too_many = ARRAY_SIZE(many);
	unsigned int i;

	make_good_job(test);
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = f->to[0];
		many[i].sector = 1000 * i;
	}
	expect_bad_copy(test, f->kc, &f->from, 0, many, kt_called);
	expect_bad_copy(test, f->kc, &f->from, too_many, many, kt_called);
	expect_bad_copy(test, f->kc, &f->from, UINT_MAX, many, kt_called);
	expect_bad_zero(test, f->kc, 0, many, kt_called);
	expect_bad_zero(test, f->kc, too_many, many, kt_called);
	expect_nothing_touched(test);
}

static void unknown_flags_are_refused(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int bit;

	make_good_job(test);
	for (bit = 5; bit < 32; bit++) {
		KUNIT_EXPECT_EQ(test, kt_try_copy(kt_job(f), BIT(bit)),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, kt_try_zero(kt_job(f), BIT(bit)),
				-EINVAL);
	}
	expect_nothing_touched(test);
}

static void counts_must_be_equal(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_good_job(test);
	f->to[1].count = 120;
	expect_both_refused(test, -EINVAL);
	kt_set_regions(f, 64, 64, 128);
	f->from.count = 120;
	expect_copy_refused(test, -EINVAL);
	f->from.count = 0;
	expect_copy_refused(test, -EINVAL);
}

static void source_must_lie_on_its_device(struct kunit *test)
{
	static const struct {
		sector_t sector;
		sector_t count;
	} bad[] = {
		{ 16384, 1 },	   { 16383, 2 },   { 0, 16385 },
		{ 1ULL << 60, 8 }, { U64_MAX, 1 }, { U64_MAX - 7, 16 },
		{ 8, U64_MAX },	   { 16385, 0 },
	};
	struct kt_fixture *f = test->priv;
	unsigned int i;

	make_good_job(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		kt_set_regions(f, 0, 0, bad[i].count);
		f->from.sector = bad[i].sector;
		expect_copy_refused(test, -EINVAL);
	}
}

static void regions_must_not_overflow(struct kunit *test)
{
	static const struct {
		sector_t sector;
		sector_t count;
	} bad[] = { { U64_MAX, 1 }, { U64_MAX - 7, 16 }, { 8, U64_MAX } };
	struct kt_fixture *f = test->priv;
	unsigned int i;

	make_good_job(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		kt_set_regions(f, 0, 0, bad[i].count);
		f->to[1].sector = bad[i].sector;
		expect_both_refused(test, -EINVAL);
	}
}

/* Aligned to the blocks of every device of the job, not only of its own. */
static void regions_must_be_aligned_to_all_devices(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	kt_make_dest(test, &large_blocks);
	kt_set_regions(f, 64, 64, 128);
	f->to[1].sector = 67;
	expect_both_refused(test, -EINVAL);
	kt_set_regions(f, 64, 64, 127);
	expect_both_refused(test, -EINVAL);
	kt_set_regions(f, 64, 64, 128);
	f->from.sector = 65;
	expect_copy_refused(test, -EINVAL);
	kt_set_regions(f, 64, 64, 128);
	f->to[0].sector = 65;
	expect_both_refused(test, -EINVAL);
}

static void source_with_large_blocks_binds_destinations(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 16);
	kt_make_source(test, &large_blocks);
	kt_make_dest(test, &kt_disk);
	kt_set_regions(f, 64, 65, 128);
	expect_copy_refused(test, -EINVAL);
	kt_set_regions(f, 64, 64, 128);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
}

static void overlapping_regions_are_refused(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_good_job(test);
	f->to[1] = f->to[0];
	expect_both_refused(test, -EINVAL);
	f->to[1].sector = f->to[0].sector + 127;
	expect_both_refused(test, -EINVAL);
	kt_set_regions(f, 64, 64, 128);
	f->to[1] = f->from;
	expect_copy_refused(test, -EINVAL);
	f->to[1].sector = f->from.sector - 127;
	expect_copy_refused(test, -EINVAL);
}

static void overlap_is_seen_through_partitions(struct kunit *test)
{
	static const struct test_disk_params partitioned = {
		.sectors = 16384,
		.part_start = 512,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 16);
	kt_make_source(test, &partitioned);
	kt_make_dest(test, &kt_disk);
	/* The kernel has read the partition table. */
	test_disk_clear_log(f->source);
	kt_set_regions(f, 600, 600, 128);
	f->to[0].bdev = test_disk_partition(f->source);
	KUNIT_ASSERT_NOT_NULL(test, f->to[0].bdev);
	f->to[0].sector = 100;
	expect_copy_refused(test, -EINVAL);
	f->to[0].sector = 600;
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test, test_disk_equal(f->source, 600, f->source, 1112,
						128));
}

/* A job is refused only where no destination is left, with the reason. */
static void only_bad_destinations_are_refused(struct kunit *test)
{
	static const struct test_disk_params read_only = {
		.sectors = 16384,
		.flags = TEST_DISK_READ_ONLY,
	};
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 16);
	kt_make_source(test, &kt_disk);
	kt_make_dest(test, &read_only);
	kt_make_dest(test, &read_only);
	kt_set_regions(f, 64, 64, 128);
	expect_both_refused(test, -EROFS);
	f->to[1].sector = 16384;
	expect_both_refused(test, -EINVAL);
	f->to[0].sector = 16380;
	expect_both_refused(test, -EINVAL);
	test_disk_vanish(f->dests[0]);
	kt_set_regions(f, 64, 64, 128);
	expect_both_refused(test, -EINVAL);
}

static void read_only_source_is_fine(struct kunit *test)
{
	static const struct test_disk_params read_only = {
		.sectors = 16384,
		.flags = TEST_DISK_READ_ONLY,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 16);
	kt_make_source(test, &read_only);
	kt_make_dest(test, &kt_disk);
	kt_set_regions(f, 64, 64, 128);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	kt_expect_copied(test, job, 0);
}

static void call_that_would_sleep_is_refused_with_nowait(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;
	int err = 0;

	kt_need_famine(test);
	kt_make_client(test, 4);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 64, 64, 128);
	kt_starve(true);
	while (!err && f->nr_jobs < KT_MAX_JOBS)
		err = kt_try_copy(kt_job(f), KCOPYD_NOWAIT);
	kt_starve(false);
	KUNIT_EXPECT_EQ(test, err, -EAGAIN);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_submitted, f->nr_jobs - 1);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	for (i = 0; i < f->nr_jobs - 1; i++)
		kt_expect_result(test, &f->jobs[i], 0, 0);
}

/* The kernel would complain if the call tried to sleep. */
static void nowait_may_be_called_under_a_spinlock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	struct kt_fixture *f = test->priv;
	struct kt_job *copy = kt_job(f), *zero = kt_job(f), *bad = kt_job(f);
	int copy_err, zero_err, bad_err;

	make_good_job(test);
	spin_lock_irq(&lock);
	copy_err = kt_try_copy(copy, KCOPYD_NOWAIT);
	zero_err = kt_try_zero(zero, KCOPYD_NOWAIT);
	bad_err = kt_try_copy(bad, KCOPYD_NOWAIT | BIT(9));
	spin_unlock_irq(&lock);
	KUNIT_EXPECT_EQ(test, bad_err, -EINVAL);
	KUNIT_ASSERT_EQ(test, copy_err, 0);
	KUNIT_ASSERT_EQ(test, zero_err, 0);
	kt_expect_result(test, copy, 0, 0);
	kt_expect_result(test, zero, 0, 0);
}

static void number_of_pages_is_checked(struct kunit *test)
{
	struct kcopyd_client *kc = NULL;
	unsigned long quarter = totalram_pages() / 4;

	KUNIT_EXPECT_EQ(test, kcopyd_client_create(0, &kc), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcopyd_client_create(quarter + 1, &kc), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcopyd_client_create(UINT_MAX, &kc), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcopyd_client_create(1, NULL), -EINVAL);
	KUNIT_EXPECT_PTR_EQ(test, kc, NULL);
}

static void creation_without_memory_is_reported(struct kunit *test)
{
	struct kcopyd_client *kc = NULL;
	int err;

	kt_need_famine(test);
	kt_starve(true);
	err = kcopyd_client_create(16, &kc);
	kt_starve(false);
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	KUNIT_EXPECT_PTR_EQ(test, kc, NULL);
}

static struct kunit_case input_cases[] = {
	KUNIT_CASE(good_job_is_accepted),
	KUNIT_CASE(null_pointers_are_refused),
	KUNIT_CASE(null_pointers_prepare_nothing),
	KUNIT_CASE(regions_without_a_device_are_refused),
	KUNIT_CASE(number_of_destinations_is_checked),
	KUNIT_CASE(unknown_flags_are_refused),
	KUNIT_CASE(counts_must_be_equal),
	KUNIT_CASE(source_must_lie_on_its_device),
	KUNIT_CASE(regions_must_not_overflow),
	KUNIT_CASE(regions_must_be_aligned_to_all_devices),
	KUNIT_CASE(source_with_large_blocks_binds_destinations),
	KUNIT_CASE(overlapping_regions_are_refused),
	KUNIT_CASE(overlap_is_seen_through_partitions),
	KUNIT_CASE(only_bad_destinations_are_refused),
	KUNIT_CASE(read_only_source_is_fine),
	KUNIT_CASE(call_that_would_sleep_is_refused_with_nowait),
	KUNIT_CASE(nowait_may_be_called_under_a_spinlock),
	KUNIT_CASE(number_of_pages_is_checked),
	KUNIT_CASE(creation_without_memory_is_reported),
	{}
};

static struct kunit_suite input_suite = {
	.name = "kcopyd_input",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = input_cases,
};

kunit_test_suite(input_suite);

MODULE_DESCRIPTION("Tests of kcopyd: bad input");
MODULE_LICENSE("GPL");
