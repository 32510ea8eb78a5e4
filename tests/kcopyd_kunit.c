// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: what it is for
 *
 * Copies, zeroing and fan-out, on test disks and on real devices. The real ones
 * are named by the parameter loop_devices of kcopyd_test; without it their cases
 * are skipped.
 *
 * What happens on the way, and when things go wrong, is for the other suites.
 */
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "client.h"
#include "kcopyd_test.h"

static const unsigned int lengths[] = { 1, 7, 8, 9, 100, 1023, 1025, 4099 };

/* Promise 14: success means that each destination holds the copy. */
static void copy_is_equal_to_its_source(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct kt_job *job = kt_job(f);

		test_disk_fill_byte(f->dests[0], KT_BACKGROUND(0));
		kt_set_regions(f, 5 + i, 3000 + i, lengths[i]);
		kt_copy(test, job, 0);
		kt_expect_result(test, job, 0, 0);
		kt_expect_copied(test, job, 0);
	}
}

static void copy_goes_to_every_destination(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, KCOPYD_MAX_REGIONS, &kt_disk);
	kt_set_regions(f, 11, 2000, 3001);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	for (i = 0; i < KCOPYD_MAX_REGIONS; i++)
		kt_expect_copied(test, job, i);
}

static void copy_within_one_device_works(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_source(test, &kt_disk);
	kt_set_regions(f, 0, 0, 3000);
	f->num_dests = 2;
	f->to[0] = f->from;
	f->to[0].sector = 3000;
	f->to[1] = f->from;
	f->to[1].sector = 9000;
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(f->source, 0, f->source, 3000, 3000));
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(f->source, 0, f->source, 9000, 3000));
}

static void copy_works_wherever_bios_end(struct kunit *test)
{
	static const enum test_disk_ending endings[] = {
		TEST_DISK_INLINE,
		TEST_DISK_WORK,
		TEST_DISK_WORK_LIFO,
		TEST_DISK_IRQ,
	};
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	for (i = 0; i < 16; i++) {
		struct kt_job *job = kt_job(f);

		test_disk_end_in(f->source, endings[i % 4]);
		test_disk_end_in(f->dests[0], endings[i / 4]);
		test_disk_end_in(f->dests[1], endings[(i + 1) % 4]);
		kt_set_regions(f, 100 * i, 100, 1500);
		kt_copy(test, job, 0);
		kt_expect_result(test, job, 0, 0);
		kt_expect_copied(test, job, 0);
		kt_expect_copied(test, job, 1);
	}
}

static void partition_is_copied_from_where_it_lies(struct kunit *test)
{
	static const struct test_disk_params partitioned = {
		.sectors = 16384,
		.part_start = 512,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 64);
	kt_make_source(test, &partitioned);
	kt_make_dest(test, &kt_disk);
	kt_set_regions(f, 20, 77, 1000);
	f->from.bdev = test_disk_partition(f->source);
	KUNIT_ASSERT_NOT_NULL(test, f->from.bdev);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	job->from.sector += 512;
	kt_expect_copied(test, job, 0);
}

/* Promise 17 */
static void zeroing_zeroes_every_region(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	kt_make_client(test, 1);
	for (i = 0; i < KCOPYD_MAX_REGIONS; i++)
		kt_make_dest(test, &kt_disk);
	kt_set_regions(f, 0, 2000, 3001);
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	for (i = 0; i < KCOPYD_MAX_REGIONS; i++)
		kt_expect_zeroed(test, job, i);
}

static void logical_blocks_may_be_large(struct kunit *test)
{
	static const struct test_disk_params large_blocks = {
		.sectors = 16384,
		.block_size = 4096,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 17);
	kt_make_disks(test, 2, &large_blocks);
	kt_set_regions(f, 8, 160, 4000);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	kt_expect_copied(test, job, 0);
	kt_expect_copied(test, job, 1);
}

/* Counters: every job and every sector is counted once. */
static void statistics_add_up(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *copy = kt_job(f), *zero = kt_job(f);
	struct kt_job *failed = kt_job(f), *cancelled = kt_job(f);
	struct kcopyd_stats stats;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 0, 0, 2001);
	kt_copy(test, copy, 0);
	kt_wait(test, copy);
	kt_zero(test, zero, 0);
	kt_wait(test, zero);
	kt_fail(f->source, TEST_DISK_READ, 8000, 1, BLK_STS_IOERR);
	kt_set_regions(f, 8000, 0, 8);
	kt_copy(test, failed, 0);
	kt_wait(test, failed);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, cancelled, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	stats = kt_stats(f);
	KUNIT_EXPECT_EQ(test, stats.jobs_submitted, 4);
	KUNIT_EXPECT_EQ(test, stats.jobs_completed, 3);
	KUNIT_EXPECT_EQ(test, stats.jobs_pending, 1);
	KUNIT_EXPECT_EQ(test, stats.pages_in_use, 1);
	kcopyd_cancel(f->kc, cancelled);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, cancelled);
	kcopyd_client_drain(f->kc);

	stats = kt_stats(f);
	KUNIT_EXPECT_EQ(test, stats.jobs_submitted, 4);
	KUNIT_EXPECT_EQ(test, stats.jobs_completed, 4);
	KUNIT_EXPECT_EQ(test, stats.jobs_failed, 1);
	KUNIT_EXPECT_EQ(test, stats.jobs_cancelled, 1);
	KUNIT_EXPECT_EQ(test, stats.jobs_pending, 0);
	KUNIT_EXPECT_EQ(test, stats.sectors_read, 2001 + 8);
	KUNIT_EXPECT_EQ(test, stats.sectors_written, 2 * 2001);
	KUNIT_EXPECT_EQ(test, stats.sectors_zeroed, 2 * 2001);
	KUNIT_EXPECT_EQ(test, stats.pages_in_use, 0);
	KUNIT_EXPECT_EQ(test, stats.pages_total, 64);
}

/* Real devices */

#define LOOPS	   3
#define LOOP_BYTES (4 << 20)

static struct loops {
	struct file *const *files;
	u8 *bytes; /* of one device */
} loops;

static void open_loops(struct kunit *test)
{
	loops.files = kt_loop_devices(LOOPS);
	if (!loops.files)
		kunit_skip(test, "no loop_devices were named");
	loops.bytes = kvmalloc(LOOP_BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, loops.bytes);
}

static struct block_device *loop_bdev(unsigned int i)
{
	return I_BDEV(loops.files[i]->f_mapping->host);
}

static void fill_loop(struct kunit *test, unsigned int i, u8 seed)
{
	loff_t pos = 0;
	size_t at;

	for (at = 0; at < LOOP_BYTES; at++)
		loops.bytes[at] = seed ? seed + (at >> SECTOR_SHIFT) * 7 : 0;
	KUNIT_ASSERT_EQ(test,
			kernel_write(loops.files[i], loops.bytes, LOOP_BYTES,
				     &pos),
			LOOP_BYTES);
	KUNIT_ASSERT_EQ(test, vfs_fsync(loops.files[i], 0), 0);
}

/* Compare what is on the device, not what the page cache knows, to @bytes. */
static void expect_loop(struct kunit *test, unsigned int i, loff_t at,
			const u8 *bytes, size_t length)
{
	u8 *found = kvmalloc(length, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, found);
	invalidate_bdev(loop_bdev(i));
	KUNIT_EXPECT_EQ(test, kernel_read(loops.files[i], found, length, &at),
			length);
	KUNIT_EXPECT_EQ(test, memcmp(found, bytes, length), 0);
	kvfree(found);
}

static struct io_region loop_region(unsigned int i, sector_t sector,
				    sector_t count)
{
	return (struct io_region){ loop_bdev(i), sector, count };
}

static void loop_is_copied_to_two_others(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	open_loops(test);
	kt_make_client(test, 64);
	fill_loop(test, 1, 0);
	fill_loop(test, 2, 0);
	fill_loop(test, 0, 3);
	f->from = loop_region(0, 16, 8000);
	f->to[0] = loop_region(1, 0, 8000);
	f->to[1] = loop_region(2, 128, 8000);
	f->num_dests = 2;
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	expect_loop(test, 1, 0, loops.bytes + 16 * 512, 8000 * 512);
	expect_loop(test, 2, 128 * 512, loops.bytes + 16 * 512, 8000 * 512);
}

static void loop_is_zeroed(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	open_loops(test);
	kt_make_client(test, 64);
	fill_loop(test, 0, 5);
	f->to[0] = loop_region(0, 100, 5000);
	f->num_dests = 1;
	kt_zero(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	memset(loops.bytes + 100 * 512, 0, 5000 * 512);
	expect_loop(test, 0, 0, loops.bytes, LOOP_BYTES);
}

static void loop_copy_is_durable_in_order_and_sequential(struct kunit *test)
{
	const unsigned int flags = KCOPYD_DURABLE | KCOPYD_ORDERED |
				   KCOPYD_WRITE_SEQ;
	struct kt_fixture *f = test->priv;
	struct kt_job *jobs[8];
	unsigned int i;

	open_loops(test);
	kt_make_client(test, 32);
	fill_loop(test, 1, 0);
	fill_loop(test, 0, 9);
	f->num_dests = 1;
	for (i = 0; i < 8; i++) {
		jobs[i] = kt_job(f);
		f->from = loop_region(0, 1000 * i, 1000);
		f->to[0] = loop_region(1, 1000 * i, 1000);
		kt_copy(test, jobs[i], flags);
	}
	for (i = 0; i < 8; i++) {
		kt_expect_result(test, jobs[i], 0, 0);
		KUNIT_EXPECT_EQ(test, jobs[i]->place, i + 1);
	}
	expect_loop(test, 1, 0, loops.bytes, 8000 * 512);
}

static void kcopyd_test_case_exit(struct kunit *test)
{
	kt_exit(test);
	kvfree(loops.bytes);
	memset(&loops, 0, sizeof(loops));
}

/* Promise 28: a label is one word of a table. */
static void label_is_kept_as_one_word(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 1);
	KUNIT_EXPECT_GT(test, strlen(f->kc->owner.label), 0);
	kcopyd_client_set_label(f->kc, "my target\t253:0\xff");
	KUNIT_EXPECT_STREQ(test, f->kc->owner.label, "my_target_253:0_");
	kcopyd_client_set_label(f->kc,
				"0123456789012345678901234567890123456789");
	KUNIT_EXPECT_STREQ(test, f->kc->owner.label,
			   "0123456789012345678901234567890");
}

static struct kunit_case kcopyd_cases[] = {
	KUNIT_CASE(label_is_kept_as_one_word),
	KUNIT_CASE(copy_is_equal_to_its_source),
	KUNIT_CASE(copy_goes_to_every_destination),
	KUNIT_CASE(copy_within_one_device_works),
	KUNIT_CASE(copy_works_wherever_bios_end),
	KUNIT_CASE(partition_is_copied_from_where_it_lies),
	KUNIT_CASE(zeroing_zeroes_every_region),
	KUNIT_CASE(logical_blocks_may_be_large),
	KUNIT_CASE(statistics_add_up),
	KUNIT_CASE(loop_is_copied_to_two_others),
	KUNIT_CASE(loop_is_zeroed),
	KUNIT_CASE(loop_copy_is_durable_in_order_and_sequential),
	{}
};

static struct kunit_suite kcopyd_suite = {
	.name = "kcopyd",
	.init = kt_init,
	.exit = kcopyd_test_case_exit,
	.test_cases = kcopyd_cases,
};

kunit_test_suite(kcopyd_suite);

MODULE_DESCRIPTION("Tests of kcopyd: copies, zeroing and fan-out");
MODULE_LICENSE("GPL");
