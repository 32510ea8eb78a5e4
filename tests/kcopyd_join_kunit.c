// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: adjacent copies that become one, promise 29
 *
 * A large job holds all of the client's pages while the others queue. When it ends,
 * they find room for one piece, of PIECE sectors.
 */
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "kcopyd_test.h"

#define PAGES 16
#define PIECE 64 /* sectors in half of the pages */
#define COUNT 8	 /* sectors of a job */
#define JOBS  (PIECE / COUNT)

/* Where the large job copies from and to; its destination is of no interest. */
#define LARGE 8192

/* Where the jobs copy from and to. */
#define FROM 1000
#define TO   2000

static const struct test_disk_params cached_disk = {
	.sectors = 16384,
	.flags = TEST_DISK_HAS_CACHE,
};

/* Callbacks of durable jobs that said more than was true. */
static atomic_t nr_lies;

static void look_if_durable(struct kt_job *job)
{
	unsigned int i;

	for (i = 0; i < job->num_dests && !job->read_err; i++)
		if (!(job->write_err & BIT(i)) &&
		    !test_disk_durable(job->f->dests[i], job->to[i].sector,
				       job->to[i].count))
			atomic_inc(&nr_lies);
}

/* Hold all pages: the reads of a job of two pieces. More reads are held, too. */
static void hold_all(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	atomic_set(&nr_lies, 0);
	kt_make_client(test, PAGES);
	kt_make_disks(test, 2, &cached_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, LARGE, LARGE, 2 * PIECE);
	f->num_dests = 1;
	kt_copy(test, kt_job(f), 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	test_disk_clear_log(f->source);
}

/* A job of so many sectors at so many sectors from FROM and TO. */
static struct kt_job *queue_some(struct kunit *test, sector_t offset,
				 sector_t count, unsigned int flags)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	if (flags & KCOPYD_DURABLE)
		job->then = look_if_durable;
	kt_set_regions(f, FROM + offset, TO + offset, count);
	kt_copy(test, job, flags);
	return job;
}

static struct kt_job *queue(struct kunit *test, sector_t offset,
			    unsigned int flags)
{
	return queue_some(test, offset, COUNT, flags);
}

/* Let the large job go on, and wait for all. */
static void let_go(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	kt_expect_result(test, f->jobs, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&nr_lies), 0);
}

/* The jobs have been read by so many reads. */
static unsigned int reads(struct kt_fixture *f)
{
	unsigned int nr = 0, i;

	for (i = 0; i < test_disk_log_length(f->source); i++)
		if (test_disk_log(f->source, i)->sector < LARGE)
			nr++;
	return nr;
}

static unsigned int writes(struct kt_fixture *f, unsigned int i)
{
	return test_disk_count(f->dests[i], TEST_DISK_WRITE);
}

static bool is_copied(struct kt_job *job, unsigned int i)
{
	struct kt_fixture *f = job->f;

	return test_disk_equal(f->source, job->from.sector, f->dests[i],
			       job->to[i].sector, job->from.count);
}

static void expect_copied(struct kunit *test, struct kt_job *job)
{
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test, is_copied(job, 0));
	KUNIT_EXPECT_TRUE(test, is_copied(job, 1));
}

/* All jobs but the large one, and but @except, and in the order of submission. */
static void expect_all_copied(struct kunit *test, struct kt_job *except)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	for (i = 1; i < f->nr_jobs; i++)
		if (&f->jobs[i] != except)
			expect_copied(test, &f->jobs[i]);
}

static void expect_order(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	for (i = 2; i < f->nr_jobs; i++)
		KUNIT_EXPECT_EQ(test, f->jobs[i].place,
				f->jobs[i - 1].place + 1);
}

static void expect_one_io(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kcopyd_stats stats = kt_stats(f);

	expect_all_copied(test, NULL);
	expect_order(test);
	KUNIT_EXPECT_EQ(test, reads(f), 1);
	/* the large job has two pieces */
	KUNIT_EXPECT_EQ(test, writes(f, 0), 2 + 1);
	KUNIT_EXPECT_EQ(test, writes(f, 1), 1);
	KUNIT_EXPECT_EQ(test, stats.sectors_read, 3 * PIECE);
	KUNIT_EXPECT_EQ(test, stats.sectors_written, 4 * PIECE);
	KUNIT_EXPECT_EQ(test, stats.jobs_completed, JOBS + 1);
}

static void ascending_copies_are_one(struct kunit *test)
{
	unsigned int i;

	hold_all(test);
	for (i = 0; i < JOBS; i++)
		queue(test, i * COUNT, 0);
	let_go(test);
	expect_one_io(test);
}

static void descending_copies_are_one(struct kunit *test)
{
	unsigned int i;

	hold_all(test);
	for (i = JOBS; i-- > 0;)
		queue(test, i * COUNT, 0);
	let_go(test);
	expect_one_io(test);
}

static void no_more_than_a_piece_is_joined(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	hold_all(test);
	for (i = 0; i < 2 * JOBS; i++)
		queue(test, i * COUNT, 0);
	let_go(test);
	expect_all_copied(test, NULL);
	KUNIT_EXPECT_EQ(test, reads(f), 2);
}

static void streams_are_joined_each(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	hold_all(test);
	for (i = 0; i < JOBS; i++)
		queue(test, i % 4 * 1000 + i / 4 * COUNT, 0);
	let_go(test);
	expect_all_copied(test, NULL);
	KUNIT_EXPECT_EQ(test, reads(f), 4);
	KUNIT_EXPECT_EQ(test, writes(f, 1), 4);
}

static unsigned int flushes(struct kt_fixture *f, unsigned int i)
{
	return test_disk_count(f->dests[i], TEST_DISK_FLUSH);
}

static void durable_copies_share_a_flush(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	hold_all(test);
	for (i = 0; i < JOBS; i++)
		queue(test, i * COUNT, KCOPYD_DURABLE);
	let_go(test);
	expect_one_io(test);
	KUNIT_EXPECT_EQ(test, flushes(f, 0), 1);
	KUNIT_EXPECT_EQ(test, flushes(f, 1), 1);
}

/* The flush of all has failed, and then each one's own does. */
static void failed_flush_is_of_each_job(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	hold_all(test);
	kt_fail(f->dests[1], TEST_DISK_FLUSH, 0, 0, BLK_STS_IOERR);
	for (i = 0; i < JOBS; i++)
		queue(test, i * COUNT, KCOPYD_DURABLE);
	let_go(test);
	for (i = 1; i < f->nr_jobs; i++)
		kt_expect_result(test, &f->jobs[i], 0, BIT(1));
	KUNIT_EXPECT_EQ(test, flushes(f, 0), 1 + JOBS);
	KUNIT_EXPECT_EQ(test, reads(f), 1 + JOBS);
}

/* Where there is no room for all of them yet, they are not taken apart. */
static void copies_wait_for_room_together(struct kunit *test)
{
	static const unsigned int sectors[] = { PIECE / 2, PIECE, PIECE / 2 };
	struct kt_fixture *f = test->priv;
	struct kt_job *jobs[3];
	unsigned int i;

	kt_make_client(test, PAGES);
	kt_make_disks(test, 2, &cached_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < 3; i++) {
		jobs[i] = kt_job(f);
		kt_set_regions(f, LARGE + i * 2 * PIECE, LARGE + i * 2 * PIECE,
			       sectors[i]);
		kt_copy(test, jobs[i], 0);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 3));
	test_disk_clear_log(f->source);
	for (i = 0; i < JOBS; i++)
		queue(test, i * COUNT, 0);
	test_disk_release(f->source, 0);
	kt_expect_result(test, jobs[0], 0, 0);
	KUNIT_EXPECT_EQ(test, reads(f), 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	KUNIT_EXPECT_EQ(test, reads(f), 1);
}

/* Neighbours in all but one thing. */
static void others_are_left_alone(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job;

	hold_all(test);
	queue(test, 0, 0);
	queue(test, COUNT, KCOPYD_IGNORE_ERROR);
	queue(test, 2 * COUNT, KCOPYD_WRITE_SEQ);
	queue(test, 3 * COUNT, KCOPYD_WRITE_SEQ);
	queue(test, 4 * COUNT, KCOPYD_DURABLE);
	queue(test, 5 * COUNT, KCOPYD_DURABLE | KCOPYD_ORDERED);
	queue(test, 6 * COUNT, 0);
	/* a hole in one of the destinations */
	job = kt_job(f);
	kt_set_regions(f, FROM + 7 * COUNT, TO + 7 * COUNT, COUNT);
	f->to[1].sector += COUNT;
	kt_copy(test, job, 0);
	/* one destination less */
	kt_set_regions(f, FROM + 8 * COUNT, TO + 9 * COUNT, COUNT);
	f->num_dests = 1;
	kt_copy(test, kt_job(f), 0);
	let_go(test);
	f->nr_jobs--;
	expect_all_copied(test, NULL);
	f->nr_jobs++;
	kt_expect_result(test, &f->jobs[f->nr_jobs - 1], 0, 0);
	KUNIT_EXPECT_EQ(test, reads(f), 9);
}

/* Each has its own result, and its neighbours lose nothing. */
static void failed_read_is_of_one_job(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *jobs[JOBS];
	unsigned int i;

	hold_all(test);
	kt_fail(f->source, TEST_DISK_READ, FROM + 3 * COUNT + 2, 1,
		BLK_STS_MEDIUM);
	for (i = 0; i < JOBS; i++)
		jobs[i] = queue(test, i * COUNT, 0);
	let_go(test);
	kt_expect_result(test, jobs[3], -ENODATA, 0);
	KUNIT_EXPECT_FALSE(test, is_copied(jobs[3], 0));
	expect_all_copied(test, jobs[3]);
	KUNIT_EXPECT_EQ(test, reads(f), 1 + JOBS);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_failed, 1);
	KUNIT_EXPECT_EQ(test, kt_stats(f).sectors_read,
			2 * PIECE + (JOBS - 1) * COUNT);
}

static void failed_write_is_of_one_job(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *jobs[JOBS];
	unsigned int i;

	hold_all(test);
	kt_fail(f->dests[1], TEST_DISK_WRITE, TO + 8 + 5 * COUNT, 1,
		BLK_STS_IOERR);
	for (i = 0; i < JOBS; i++)
		jobs[i] = queue(test, i * COUNT, 0);
	let_go(test);
	kt_expect_result(test, jobs[5], 0, BIT(1));
	KUNIT_EXPECT_TRUE(test, is_copied(jobs[5], 0));
	expect_all_copied(test, jobs[5]);
	KUNIT_EXPECT_EQ(test, reads(f), 1 + JOBS);
}

/* Queue all, cancel one when I/O for all is held by this disk, and let it go on. */
static void cancel_one(struct kunit *test, struct test_disk *disk)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *jobs[JOBS];
	unsigned int i;

	for (i = 0; i < JOBS; i++)
		jobs[i] = queue(test, i * COUNT, 0);
	for (i = 0; i < 2; i++)
		test_disk_release(f->source, 0);
	if (disk != f->source) {
		KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
		test_disk_release_all(f->source, TEST_DISK_FIFO);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(disk, 1));
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, jobs[2]), 1);
	test_disk_release_all(disk, TEST_DISK_FIFO);
	kt_wait_all(test);
	kt_expect_result(test, jobs[2], -ECANCELED, 0);
	expect_all_copied(test, jobs[2]);
}

/* What was read for all is written for none. */
static void job_is_cancelled_while_all_are_read(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	hold_all(test);
	cancel_one(test, f->source);
	KUNIT_EXPECT_FALSE(test, is_copied(&f->jobs[3], 0));
	KUNIT_EXPECT_EQ(test, reads(f), 1 + JOBS - 1);
	KUNIT_EXPECT_EQ(test, writes(f, 1), JOBS - 1);
}

/* All writes are in flight: there is nothing to repeat. */
static void job_is_cancelled_while_all_are_written(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	hold_all(test);
	test_disk_hold(f->dests[1], TEST_DISK_WRITE);
	cancel_one(test, f->dests[1]);
	KUNIT_EXPECT_EQ(test, reads(f), 1);
	KUNIT_EXPECT_EQ(test, writes(f, 1), 1);
}

#define STREAMS 3
#define BAD	4

/* Sectors that can't be read, and those that can't be written of each destination. */
static sector_t bad[3][BAD];

static bool has_bad(const struct io_region *region, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < BAD; i++)
		if (bad[nr][i] >= region->sector &&
		    bad[nr][i] < region->sector + region->count)
			return true;
	return false;
}

static sector_t any_sector(const struct io_region *region,
			   struct rnd_state *random)
{
	return region->sector + prandom_u32_state(random) % region->count;
}

/* Of any of the jobs. */
static void make_bad(struct kunit *test, struct rnd_state *random)
{
	struct kt_fixture *f = test->priv;
	unsigned int i, nr;

	for (i = 0; i < BAD; i++) {
		const struct kt_job *jobs[3];

		for (nr = 0; nr < 3; nr++)
			jobs[nr] = &f->jobs[1 + prandom_u32_state(random) %
							(f->nr_jobs - 1)];
		bad[0][i] = any_sector(&jobs[0]->from, random);
		bad[1][i] = any_sector(&jobs[1]->to[0], random);
		bad[2][i] = any_sector(&jobs[2]->to[1], random);
		kt_fail(f->source, TEST_DISK_READ, bad[0][i], 1, BLK_STS_IOERR);
		kt_fail(f->dests[0], TEST_DISK_WRITE, bad[1][i], 1,
			BLK_STS_IOERR);
		kt_fail(f->dests[1], TEST_DISK_WRITE, bad[2][i], 1,
			BLK_STS_IOERR);
	}
}

/* Some go up, one goes down; some have holes. */
static void queue_random(struct kunit *test, struct rnd_state *random)
{
	static const unsigned int flags[] = {
		0,
		0,
		0,
		0,
		KCOPYD_IGNORE_ERROR,
		KCOPYD_ORDERED,
		KCOPYD_DURABLE,
		KCOPYD_DURABLE,
	};
	sector_t next[STREAMS] = { 0, 700, 2000 };
	struct kt_fixture *f = test->priv;

	while (f->nr_jobs < KT_MAX_JOBS) {
		u32 r = prandom_u32_state(random);
		unsigned int stream = r % STREAMS, count = 1 + (r >> 8) % 12;
		sector_t gap = (r >> 16) % 4 ? 0 : 1 + (r >> 20) % 4;

		if (stream == STREAMS - 1)
			next[stream] -= count + gap;
		queue_some(test, next[stream], count,
			   flags[(r >> 24) % ARRAY_SIZE(flags)]);
		if (stream != STREAMS - 1)
			next[stream] += count + gap;
	}
}

/* Each is told what it would have been told alone. */
static void no_job_can_tell(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	u32 seed = get_random_u32();
	struct rnd_state random;
	unsigned int i, nr;

	kunit_info(test, "seed %u", seed);
	prandom_seed_state(&random, seed);
	hold_all(test);
	queue_random(test, &random);
	make_bad(test, &random);
	let_go(test);
	for (i = 1; i < f->nr_jobs; i++) {
		struct kt_job *job = &f->jobs[i];
		unsigned int write_err = 0;

		if (has_bad(&job->from, 0)) {
			kt_expect_result(test, job, -EIO, 0);
			continue;
		}
		for (nr = 0; nr < 2; nr++) {
			if (has_bad(&job->to[nr], 1 + nr))
				write_err |= BIT(nr);
			else
				KUNIT_EXPECT_TRUE(test, is_copied(job, nr));
		}
		kt_expect_result(test, job, 0, write_err);
	}
	KUNIT_EXPECT_LT(test, reads(f), f->nr_jobs);
}

static struct kunit_case join_cases[] = {
	KUNIT_CASE(ascending_copies_are_one),
	KUNIT_CASE(descending_copies_are_one),
	KUNIT_CASE(no_more_than_a_piece_is_joined),
	KUNIT_CASE(streams_are_joined_each),
	KUNIT_CASE(copies_wait_for_room_together),
	KUNIT_CASE(durable_copies_share_a_flush),
	KUNIT_CASE(failed_flush_is_of_each_job),
	KUNIT_CASE(others_are_left_alone),
	KUNIT_CASE(failed_read_is_of_one_job),
	KUNIT_CASE(failed_write_is_of_one_job),
	KUNIT_CASE(job_is_cancelled_while_all_are_read),
	KUNIT_CASE(job_is_cancelled_while_all_are_written),
	KUNIT_CASE(no_job_can_tell),
	{}
};

static struct kunit_suite join_suite = {
	.name = "kcopyd_join",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = join_cases,
};

kunit_test_suite(join_suite);

MODULE_DESCRIPTION("Tests of joined copies");
MODULE_LICENSE("GPL");
