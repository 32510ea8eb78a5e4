// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: clients that borrow from the reserve, promises 2, 6 and 10
 *
 * The reserve has its default size here: room for sixteen pieces of 512 KiB.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "kcopyd_test.h"

#define OWN_PAGES     4
#define RESERVE_PAGES (SZ_8M / PAGE_SIZE)
#define PIECE	      1024
#define ALL	      (16 * PIECE)

/* A second client, and a disk that it reads from. */
static struct kcopyd_client *other;
static struct test_disk *its_source;

static void make_shared(struct kunit *test, struct kcopyd_client **kc)
{
	KUNIT_ASSERT_EQ(test, kcopyd_client_create_shared(OWN_PAGES, kc), 0);
}

static void make_both(struct kunit *test, unsigned int num_dests)
{
	struct kt_fixture *f = test->priv;

	make_shared(test, &f->kc);
	make_shared(test, &other);
	kt_make_disks(test, num_dests, &kt_disk);
	its_source = test_disk_create(&kt_disk);
	KUNIT_ASSERT_NOT_NULL(test, its_source);
	test_disk_fill(its_source, 2);
}

/* The job of the other client: from its own disk to destination @i. */
static void other_copies(struct kunit *test, struct kt_job *job, unsigned int i,
			 sector_t count)
{
	struct kt_fixture *f = test->priv;
	struct io_region from = {
		.bdev = test_disk_bdev(its_source),
		.count = count,
	};
	struct io_region to = {
		.bdev = test_disk_bdev(f->dests[i]),
		.count = count,
	};
	int err;

	job->accepted = true;
	err = kcopyd_copy(other, &from, 1, &to, 0, kt_called, job);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static struct kcopyd_stats its_stats(void)
{
	struct kcopyd_stats stats;

	kcopyd_client_get_stats(other, &stats);
	return stats;
}

/* Two large jobs, whose reads are held, take all of the reserve. */
static void take_all(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < 2; i++) {
		kt_set_regions(f, 0, 0, ALL);
		f->to[0] = f->to[i];
		f->to[0].sector = 0;
		f->num_dests = 1;
		kt_copy(test, kt_job(f), 0);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 16));
	kt_settle(f);
	KUNIT_ASSERT_EQ(test, kt_stats(f).pages_in_use, RESERVE_PAGES);
}

/* Promise 10: a few own pages, and still eight large pieces in flight. */
static void large_pieces_are_borrowed(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	struct kcopyd_stats stats;

	make_shared(test, &f->kc);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, ALL);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_copy(test, job, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 8));
	stats = kt_stats(f);
	KUNIT_EXPECT_EQ(test, stats.pages_total, OWN_PAGES + RESERVE_PAGES);
	KUNIT_EXPECT_EQ(test, stats.pages_in_use, 8 * PIECE / PAGE_SECTORS);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	kt_expect_copied(test, job, 0);
	stats = kt_stats(f);
	KUNIT_EXPECT_EQ(test, stats.pages_in_use, 0);
	KUNIT_EXPECT_EQ(test, stats.pages_peak, 8 * PIECE / PAGE_SECTORS);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->source, TEST_DISK_READ), 16);
}

static void small_copies_use_own_pages(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *small = kt_job(f);

	make_both(test, 3);
	take_all(test);
	other_copies(test, small, 2, 8);
	kt_expect_result(test, small, 0, 0);
	KUNIT_EXPECT_EQ(test, its_stats().pages_peak, 1);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
}

static void own_pages_guarantee_progress(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_both(test, 3);
	take_all(test);
	other_copies(test, job, 2, 2000);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(its_source, 0, f->dests[2], 0, 2000));
	KUNIT_EXPECT_LE(test, its_stats().pages_peak, OWN_PAGES);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
}

/* What one gives back goes to the one who waits. */
static void clients_take_turns(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_both(test, 3);
	take_all(test);
	test_disk_hold(its_source, TEST_DISK_READ);
	other_copies(test, job, 2, ALL);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, 1));
	KUNIT_EXPECT_LE(test, its_stats().pages_in_use, OWN_PAGES);
	test_disk_release(f->source, 0);
	KUNIT_EXPECT_TRUE(test, test_disk_wait_held(its_source, 2));
	msleep(100);
	KUNIT_EXPECT_EQ(test, test_disk_held(f->source), 15);
	/* The next one returned is the first client's turn. */
	test_disk_release(f->source, 0);
	KUNIT_EXPECT_TRUE(test, test_disk_wait_held(f->source, 15));
	msleep(100);
	KUNIT_EXPECT_EQ(test, test_disk_held(its_source), 2);
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(its_source, 0, f->dests[2], 0, ALL));
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(f->source, 0, f->dests[0], 0, ALL));
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(f->source, 0, f->dests[1], 0, ALL));
}

/* Who is in line and has nothing left to copy must not hold up the others. */
static void cancelled_job_leaves_the_line(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_both(test, 3);
	take_all(test);
	test_disk_hold(its_source, TEST_DISK_READ);
	other_copies(test, job, 2, ALL);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, 1));
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(other, job), 1);
	test_disk_release(f->source, 0);
	/* The piece held is the other's; the one returned is ours again. */
	KUNIT_EXPECT_TRUE(test, test_disk_wait_held(f->source, 16));
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_expect_result(test, job, -ECANCELED, 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
}

static void last_client_releases_the_reserve(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kcopyd_client *kc;
	unsigned int i;

	/* A leak of 8 MiB each time would not go unnoticed. */
	for (i = 0; i < 200; i++) {
		make_shared(test, &kc);
		KUNIT_ASSERT_EQ(test, kcopyd_client_create_shared(1, &f->kc),
				0);
		kcopyd_client_destroy(f->kc);
		f->kc = NULL;
		kcopyd_client_destroy(kc);
	}
}

static void reserve_case_exit(struct kunit *test)
{
	if (its_source)
		test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_exit(test);
	kcopyd_client_destroy(other);
	test_disk_destroy(its_source);
	other = NULL;
	its_source = NULL;
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE(large_pieces_are_borrowed),
	KUNIT_CASE(small_copies_use_own_pages),
	KUNIT_CASE(own_pages_guarantee_progress),
	KUNIT_CASE(clients_take_turns),
	KUNIT_CASE(cancelled_job_leaves_the_line),
	KUNIT_CASE(last_client_releases_the_reserve),
	{}
};

static struct kunit_suite reserve_suite = {
	.name = "kcopyd_reserve",
	.init = kt_init,
	.exit = reserve_case_exit,
	.test_cases = reserve_cases,
};

kunit_test_suite(reserve_suite);

MODULE_DESCRIPTION("Tests of kcopyd: the shared reserve");
MODULE_LICENSE("GPL");
