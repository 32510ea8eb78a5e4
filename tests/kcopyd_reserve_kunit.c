// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: clients that borrow from the reserve, promises 2, 6 and 10
 *
 * The reserve has its default size here: room for sixteen pieces of 512 KiB.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "include/linux/dm-kcopyd.h"
#include "kcopyd_test.h"

#define OWN_PAGES     4
#define RESERVE_PAGES (SZ_8M / PAGE_SIZE)
#define PIECE	      1024
#define PIECE_PAGES   (PIECE / PAGE_SECTORS)
#define ALL	      (16 * PIECE)
/* What one client may hold while the others hold nothing. */
#define HALF 8

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

/* A job of any client: from @sector of a disk to the same of destination @i. */
static void submit(struct kunit *test, struct kcopyd_client *kc,
		   struct kt_job *job, struct test_disk *source, unsigned int i,
		   sector_t sector, sector_t count)
{
	struct kt_fixture *f = test->priv;
	struct io_region to = {
		.bdev = test_disk_bdev(f->dests[i]),
		.sector = sector,
		.count = count,
	};
	struct io_region from = to;
	int err;

	job->accepted = true;
	if (source) {
		from.bdev = test_disk_bdev(source);
		err = kcopyd_copy(kc, &from, 1, &to, 0, kt_called_beside, job);
	} else {
		err = kcopyd_zero(kc, 1, &to, 0, kt_called_beside, job);
	}
	KUNIT_ASSERT_EQ(test, err, 0);
}

/* A job of the other client. */
static void other_copies(struct kunit *test, struct kt_job *job, unsigned int i,
			 sector_t count)
{
	submit(test, other, job, its_source, i, 0, count);
}

static struct kcopyd_stats its_stats(void)
{
	struct kcopyd_stats stats;

	kcopyd_client_get_stats(other, &stats);
	return stats;
}

/*
 * A large job, whose reads are held, takes half of the reserve; all that one
 * client gets. So a second one has to do with a piece in own pages.
 */
static void take_half(struct kunit *test)
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
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, HALF + 1));
	kt_settle(f);
	KUNIT_ASSERT_EQ(test, kt_stats(f).pages_in_use,
			HALF * PIECE_PAGES + OWN_PAGES / 2);
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
	take_half(test);
	other_copies(test, small, 2, 8);
	kt_expect_result(test, small, 0, 0);
	KUNIT_EXPECT_EQ(test, its_stats().pages_peak, 1);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
}

/* Its share of what is left is a fourth of the reserve: four pieces. */
static void hanging_client_keeps_its_share_only(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_both(test, 3);
	take_half(test);
	test_disk_hold(its_source, TEST_DISK_READ);
	other_copies(test, job, 2, ALL);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, HALF / 2));
	KUNIT_EXPECT_EQ(test, its_stats().pages_in_use, HALF / 2 * PIECE_PAGES);
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(its_source, 0, f->dests[2], 0, ALL));
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
}

/* Who gives back while he holds more than the others gets no more at once. */
static void share_shrinks_when_others_come(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_both(test, 3);
	take_half(test);
	test_disk_hold(its_source, TEST_DISK_READ);
	other_copies(test, job, 2, ALL);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, HALF / 2));
	/* With 7 of 16 the first holds more than the 5 that are free. */
	test_disk_release(f->source, 0);
	KUNIT_EXPECT_TRUE(test, test_disk_wait_held(its_source, HALF / 2 + 1));
	kt_settle(f);
	KUNIT_EXPECT_EQ(test, test_disk_held(f->source), HALF);
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(its_source, 0, f->dests[2], 0, ALL));
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(f->source, 0, f->dests[0], 0, ALL));
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(f->source, 0, f->dests[1], 0, ALL));
}

/*
 * So many clients that the last of them get nothing: the shares of those that
 * hang are 8, 4, 2, 1 and 1 pieces.
 */
#define HANGING 5

static struct kcopyd_client *hanging[HANGING];

static void hang_all(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < HANGING; i++) {
		make_shared(test, &hanging[i]);
		submit(test, hanging[i], kt_job(f), f->source, 0, 0, ALL);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 16));
}

static void own_pages_guarantee_progress(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_both(test, 3);
	hang_all(test);
	other_copies(test, job, 2, 2000);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_equal(its_source, 0, f->dests[2], 0, 2000));
	KUNIT_EXPECT_LE(test, its_stats().pages_peak, OWN_PAGES);
}

/* One own page is stuck, the reserve is held by others: the rest will do. */
static void own_pages_go_on_beside_one_that_is_stuck(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *stuck = kt_job(f), *job = kt_job(f);

	make_both(test, 3);
	hang_all(test);
	test_disk_hold_range(its_source, TEST_DISK_READ, 0, 8);
	other_copies(test, stuck, 2, 8);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, 1));
	submit(test, other, job, its_source, 1, 8, 1000);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&stuck->calls), 0);
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_expect_result(test, stuck, 0, 0);
}

static void cancelled_job_leaves_the_line(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f), *zeroing = kt_job(f);

	make_both(test, 3);
	take_half(test);
	test_disk_hold(its_source, TEST_DISK_READ);
	test_disk_hold(f->dests[2], TEST_DISK_WRITE);
	other_copies(test, job, 1, ALL);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, HALF / 2));
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(other, job), 1);
	submit(test, other, zeroing, NULL, 2, 0, 8);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[2], 1));
	/* What comes back now, the first client gets. */
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_expect_result(test, job, -ECANCELED, 0);
	test_disk_release(f->source, 0);
	KUNIT_EXPECT_TRUE(test, test_disk_wait_held(f->source, HALF + 1));
	test_disk_release_all(f->dests[2], TEST_DISK_FIFO);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
}

/* For a worker that is blocked in submit_bio(). */
static struct kt_gate gate;

/*
 * A client that waited for its throttle, which is lifted then, waits for room like
 * any other: it is woken when some comes back, though nothing of its own ends.
 */
static void lifted_throttle_is_forgotten(struct kunit *test)
{
	static struct dm_kcopyd_throttle throttle;
	struct kt_fixture *f = test->priv;
	struct kt_job *first = kt_job(f), *job = kt_job(f);

	throttle = (struct dm_kcopyd_throttle){ 1 };
	make_shared(test, &f->kc);
	other = dm_kcopyd_client_create(&throttle);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	kt_make_disks(test, 3, &kt_disk);
	its_source = test_disk_create(&kt_disk);
	KUNIT_ASSERT_NOT_NULL(test, its_source);
	hang_all(test);
	test_disk_hold(its_source, TEST_DISK_READ);
	other_copies(test, first, 2, 8);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, 1));
	/* Some jiffies, so that the share of the time is used up. */
	msleep(100);
	submit(test, other, job, its_source, 1, 0, ALL);
	msleep(100);
	throttle.throttle = 100;
	/* What own pages hold. */
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(its_source, 2));
	msleep(300);
	KUNIT_ASSERT_EQ(test, test_disk_held(its_source), 2);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	KUNIT_EXPECT_TRUE(test, test_disk_wait_held(its_source, 3));
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_expect_result(test, first, 0, 0);
	kt_expect_result(test, job, 0, 0);
}

static void blocked_worker_is_passed_over(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *blocked = kt_job(f), *job = kt_job(f);
	struct kcopyd_client *third;

	make_both(test, 3);
	hang_all(test);
	/* In line, with a piece in own pages; its write blocks the worker. */
	test_disk_watch(f->dests[2], kt_block_first, &gate);
	other_copies(test, blocked, 2, ALL);
	wait_for_completion(&gate.entered);
	/* Now there is room, and the next one gets it, not the one who is first. */
	make_shared(test, &third);
	test_disk_hold(its_source, TEST_DISK_READ);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	submit(test, third, job, its_source, 1, 0, ALL);
	KUNIT_EXPECT_TRUE(test, test_disk_wait_held(its_source, HALF));
	test_disk_release_all(its_source, TEST_DISK_FIFO);
	kt_expect_result(test, job, 0, 0);
	complete(&gate.leave);
	kt_expect_result(test, blocked, 0, 0);
	kcopyd_client_destroy(third);
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

static int reserve_case_init(struct kunit *test)
{
	kt_gate_init(&gate);
	return kt_init(test);
}

/* The other clients first: their callbacks look at the fixture. */
static void reserve_case_exit(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	complete_all(&gate.leave);
	if (its_source)
		test_disk_release_all(its_source, TEST_DISK_FIFO);
	if (f && f->source)
		test_disk_release_all(f->source, TEST_DISK_FIFO);
	for (i = 0; f && i < f->nr_disks; i++)
		test_disk_release_all(f->dests[i], TEST_DISK_FIFO);
	for (i = 0; i < HANGING; i++) {
		kcopyd_client_destroy(hanging[i]);
		hanging[i] = NULL;
	}
	kcopyd_client_destroy(other);
	kt_exit(test);
	test_disk_destroy(its_source);
	other = NULL;
	its_source = NULL;
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE(large_pieces_are_borrowed),
	KUNIT_CASE(small_copies_use_own_pages),
	KUNIT_CASE(hanging_client_keeps_its_share_only),
	KUNIT_CASE(share_shrinks_when_others_come),
	KUNIT_CASE(own_pages_guarantee_progress),
	KUNIT_CASE(own_pages_go_on_beside_one_that_is_stuck),
	KUNIT_CASE(cancelled_job_leaves_the_line),
	KUNIT_CASE(lifted_throttle_is_forgotten),
	KUNIT_CASE(blocked_worker_is_passed_over),
	KUNIT_CASE(last_client_releases_the_reserve),
	{}
};

static struct kunit_suite reserve_suite = {
	.name = "kcopyd_reserve",
	.init = reserve_case_init,
	.exit = reserve_case_exit,
	.test_cases = reserve_cases,
};

kunit_test_suite(reserve_suite);

MODULE_DESCRIPTION("Tests of kcopyd: the shared reserve");
MODULE_LICENSE("GPL");
