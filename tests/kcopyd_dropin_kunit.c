// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: the interface of dm-kcopyd
 *
 * What the targets that were written for it may rely on.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "client.h"
#include "include/linux/dm-kcopyd.h"
#include "kcopyd_test.h"

#define COUNT 4000
#define PIECE 1024

static struct dm_kcopyd_throttle throttle;

static void make_dm_client(struct kunit *test, struct dm_kcopyd_throttle *t)
{
	struct kt_fixture *f = test->priv;

	f->kc = dm_kcopyd_client_create(t);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->kc));
}

static void dm_called(int read_err, unsigned long write_err, void *context)
{
	/* No mask of destinations is wider; other values have a case. */
	kt_called(read_err, write_err, context);
}

static void to_dm(struct dm_io_region *dm, const struct io_region *region)
{
	dm->bdev = region->bdev;
	dm->sector = region->sector;
	dm->count = region->count;
}

/* Submit a job on the regions last set: a copy, or a zeroing. */
static void submit(struct kt_job *job, bool zero, unsigned int flags)
{
	struct dm_io_region from, to[DM_KCOPYD_MAX_REGIONS];
	struct kt_fixture *f = job->f;
	unsigned int i;

	job->from = f->from;
	job->num_dests = f->num_dests;
	to_dm(&from, &f->from);
	for (i = 0; i < f->num_dests; i++) {
		job->to[i] = f->to[i];
		to_dm(&to[i], &f->to[i]);
	}
	job->accepted = true;
	if (zero)
		dm_kcopyd_zero(f->kc, f->num_dests, to, flags, dm_called, job);
	else
		dm_kcopyd_copy(f->kc, &from, f->num_dests, to, flags, dm_called,
			       job);
}

static void dm_copy(struct kt_job *job, unsigned int flags)
{
	submit(job, false, flags);
}

static void make_all(struct kunit *test, unsigned int num_dests)
{
	make_dm_client(test, NULL);
	kt_make_disks(test, num_dests, &kt_disk);
	kt_set_regions(test->priv, 5, 16, COUNT);
}

static void copies_to_eight_destinations(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	make_all(test, DM_KCOPYD_MAX_REGIONS);
	dm_copy(job, 0);
	kt_expect_result(test, job, 0, 0);
	for (i = 0; i < DM_KCOPYD_MAX_REGIONS; i++)
		kt_expect_copied(test, job, i);
}

static void zeroes(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_all(test, 2);
	submit(job, true, 0);
	kt_expect_result(test, job, 0, 0);
	kt_expect_zeroed(test, job, 0);
	kt_expect_zeroed(test, job, 1);
}

static void copy_without_source_zeroes(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	struct dm_io_region to;

	make_all(test, 1);
	job->to[0] = f->to[0];
	job->accepted = true;
	to_dm(&to, &f->to[0]);
	dm_kcopyd_copy(f->kc, NULL, 1, &to, 0, dm_called, job);
	kt_expect_result(test, job, 0, 0);
	kt_expect_zeroed(test, job, 0);
}

static void empty_job_is_called_back(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_all(test, 1);
	kt_set_regions(f, 0, 0, 0);
	dm_copy(job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_EQ(test, test_disk_count(f->source, TEST_DISK_ALL), 0);
}

/* A read error is 1, whatever it was; the destinations are not blamed. */
static void read_error_is_one(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_all(test, 2);
	kt_fail(f->source, TEST_DISK_READ, 100, 1, BLK_STS_MEDIUM);
	dm_copy(job, 0);
	kt_expect_result(test, job, 1, 0);
	kt_expect_no_byte(test, f->dests[0], TEST_DISK_POISON);
}

static void write_error_is_a_mask(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_all(test, 3);
	kt_fail(f->dests[1], TEST_DISK_WRITE, 100, 1, BLK_STS_IOERR);
	dm_copy(job, 0);
	kt_expect_result(test, job, 0, BIT(1));
	kt_expect_copied(test, job, 0);
	kt_expect_copied(test, job, 2);
}

/* They are numbers of bits, not the masks of kcopyd.h: bit 0 has no meaning. */
static void unknown_flags_are_ignored(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_all(test, 1);
	kt_set_regions(f, 0, 0, 16 * PIECE);
	kt_fail(f->source, TEST_DISK_READ, 0, 1, BLK_STS_MEDIUM);
	dm_copy(job, BIT(0) | GENMASK(31, 3));
	kt_expect_result(test, job, 1, 0);
	/* Errors were not ignored: the end was not copied. */
	KUNIT_EXPECT_TRUE(test, test_disk_is_filled(f->dests[0], 15 * PIECE,
						    PIECE, KT_BACKGROUND(0)));
}

/* Promises 12 and 16: what can't be read is not written, the rest is. */
static void ignoring_errors_copies_what_can_be_read(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_all(test, 1);
	kt_set_regions(f, 0, 0, 16 * PIECE);
	kt_fail(f->source, TEST_DISK_READ, 0, 1, BLK_STS_MEDIUM);
	dm_copy(job, BIT(DM_KCOPYD_IGNORE_ERROR));
	kt_expect_result(test, job, 1, 0);
	KUNIT_EXPECT_TRUE(test, test_disk_is_filled(f->dests[0], 0, 1,
						    KT_BACKGROUND(0)));
	KUNIT_EXPECT_TRUE(test, test_disk_equal(f->source, PIECE, f->dests[0],
						PIECE, 15 * PIECE));
}

static void expect_ascending(struct kunit *test, struct kt_job *job)
{
	struct test_disk *disk = job->f->dests[0];
	sector_t next = job->to[0].sector;
	unsigned int n;

	for (n = 0; n < test_disk_log_length(disk); n++) {
		const struct test_disk_io *io = test_disk_log(disk, n);

		KUNIT_ASSERT_EQ(test, io->sector, next);
		KUNIT_ASSERT_EQ(test, io->writes, 1);
		next = io->sector + io->sectors;
	}
	KUNIT_EXPECT_EQ(test, next, job->to[0].sector + job->to[0].count);
}

static void sequential_writes_ascend(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_all(test, 1);
	test_disk_end_in(f->source, TEST_DISK_WORK_LIFO);
	dm_copy(job, BIT(DM_KCOPYD_WRITE_SEQ));
	kt_expect_result(test, job, 0, 0);
	expect_ascending(test, job);
	kt_expect_copied(test, job, 0);
}

static void zoned_destinations_are_written_in_order(struct kunit *test)
{
	const struct test_disk_params zoned = {
		.sectors = 16384,
		.zone_sectors = 8192,
	};
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_dm_client(test, NULL);
	kt_make_disks(test, 1, &zoned);
	test_disk_end_in(f->source, TEST_DISK_WORK_LIFO);
	kt_set_regions(f, 5, 8192, COUNT);
	dm_copy(job, 0);
	kt_expect_result(test, job, 0, 0);
	expect_ascending(test, job);
}

/* What the checks refuse */

static void expect_refused(struct kunit *test, int read_err,
			   unsigned int write_err)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	unsigned int i;

	dm_copy(job, 0);
	kt_expect_result(test, job, read_err, write_err);
	for (i = 0; i < f->nr_disks; i++)
		KUNIT_EXPECT_EQ(test,
				test_disk_count(f->dests[i], TEST_DISK_ALL), 0);
}

static void refusals_name_who_is_at_fault(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_dm_client(test, NULL);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 0, 16384, 8);
	expect_refused(test, 0, BIT(0) | BIT(1));
	kt_set_regions(f, 16380, 0, 8);
	expect_refused(test, 1, 0);
}

static void short_destination_fails_alone(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_dm_client(test, NULL);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 0, 0, COUNT);
	f->to[0].sector = 16384;
	dm_copy(job, 0);
	kt_expect_result(test, job, 0, BIT(0));
	kt_expect_copied(test, job, 1);
}

/* lvm2 sets devices read-only that a target below is to go on writing. */
static void read_only_destination_is_written(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	make_dm_client(test, NULL);
	kt_make_disks(test, 2, &kt_disk);
	test_disk_set_read_only(f->dests[1], true);
	kt_set_regions(f, 0, 0, COUNT);
	dm_copy(job, 0);
	kt_expect_result(test, job, 0, 0);
	kt_expect_copied(test, job, 0);
	kt_expect_copied(test, job, 1);
}

static void refusals_without_a_culprit_blame_all(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_dm_client(test, NULL);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	f->to[1] = f->to[0];
	expect_refused(test, 0, ~0U);
	kt_set_regions(f, 0, 0, 8);
	f->to[1].count = 16;
	expect_refused(test, 0, ~0U);
	f->num_dests = 0;
	expect_refused(test, 0, ~0U);
}

/* Callbacks */

static struct {
	int read_err;
	unsigned long write_err;
	struct completion called;
} told;

static void note_told(int read_err, unsigned long write_err, void *context)
{
	told.read_err = read_err;
	told.write_err = write_err;
	complete(&told.called);
}

static void prepared_callback_is_told_what_was_said(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	void *callback;

	make_dm_client(test, NULL);
	init_completion(&told.called);
	callback = dm_kcopyd_prepare_callback(f->kc, note_told, NULL);
	dm_kcopyd_do_callback(callback, -7, BIT(40));
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&told.called,
							    KT_PATIENCE));
	KUNIT_EXPECT_EQ(test, told.read_err, -7);
	KUNIT_EXPECT_EQ(test, told.write_err, BIT(40));
}

/*
 * A callback may wait for a lock whose holder waits for a job's slot: the slot
 * of the job that is called back is free by then.
 */
#define SUBMISSIONS 60

static atomic_t submitted;
static int stuck_at;
static bool slot_was_free;

static void submit_starving(void *data)
{
	struct kt_fixture *f = data;

	kt_starve(true);
	while (atomic_read(&submitted) < SUBMISSIONS) {
		dm_copy(kt_job(f), 0);
		atomic_inc(&submitted);
	}
	kt_starve(false);
}

static void wait_for_submitter(struct kt_job *job)
{
	unsigned int i;

	for (i = 0; i < 3000 && atomic_read(&submitted) == stuck_at; i++)
		msleep(20);
	slot_was_free = atomic_read(&submitted) != stuck_at;
}

/* How many jobs were submitted when the submitter got no further? */
static int wait_until_stuck(void)
{
	int before;

	do {
		before = atomic_read(&submitted);
		msleep(300);
	} while (atomic_read(&submitted) != before);
	return before;
}

static void slot_is_free_before_its_callback(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *first = kt_job(f);
	struct kt_task *submitter;

	kt_need_famine(test);
	make_all(test, 1);
	kt_set_regions(f, 0, 0, 8);
	test_disk_hold(f->source, TEST_DISK_READ);
	first->then = wait_for_submitter;
	dm_copy(first, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	atomic_set(&submitted, 0);
	submitter = kt_start(test, submit_starving, f);
	stuck_at = wait_until_stuck();
	KUNIT_EXPECT_LT(test, stuck_at, SUBMISSIONS);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, first);
	KUNIT_EXPECT_TRUE(test, slot_was_free);
	kt_join(test, submitter);
	kt_wait_all(test);
}

static struct completion callback_runs, callback_may_return;

static void wait_in_callback(struct kt_job *job)
{
	complete(&callback_runs);
	wait_for_completion(&callback_may_return);
}

static void flush(void *data)
{
	struct kt_fixture *f = data;

	dm_kcopyd_client_flush(f->kc);
}

static void flush_waits_for_callbacks_only(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *held = kt_job(f), *job = kt_job(f);
	struct kt_task *task;

	init_completion(&callback_runs);
	init_completion(&callback_may_return);
	make_all(test, 1);
	kt_set_regions(f, 100, 100, 8);
	test_disk_hold(f->source, TEST_DISK_READ);
	dm_copy(held, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	test_disk_hold(f->source, 0);
	job->then = wait_in_callback;
	kt_set_regions(f, 0, 0, 8);
	dm_copy(job, 0);
	wait_for_completion(&callback_runs);
	task = kt_start(test, flush, f);
	KUNIT_EXPECT_TRUE(test, kt_wait_asleep(task));
	complete(&callback_may_return);
	kt_join(test, task);
	KUNIT_EXPECT_TRUE(test, completion_done(&job->called));
	KUNIT_EXPECT_FALSE(test, completion_done(&held->called));
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, held);
}

/*
 * A caller may hold a lock that the device below wants, trusting that I/O is
 * started by the worker.
 */
static struct task_struct *reader;

static void note_reader(struct bio *bio, void *data)
{
	reader = current;
}

static void submitter_starts_no_io(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	make_all(test, 1);
	test_disk_watch(f->source, note_reader, NULL);
	for (i = 0; i < 10; i++) {
		struct kt_job *job = kt_job(f);

		reader = NULL;
		dm_copy(job, 0);
		kt_wait(test, job);
		KUNIT_EXPECT_NOT_NULL(test, reader);
		KUNIT_EXPECT_PTR_NE(test, reader, current);
	}
}

/* The throttle */

#define HOLD_MS 20
#define ROUNDS	10

/* What a throttle did, in jiffies. */
struct pace {
	unsigned long paused; /* in all */
	unsigned long least;  /* pause for each jiffy that a copy took */
};

/*
 * Make a few copies, each of which takes HOLD_MS or, on a busy machine, longer.
 * There some pauses are too long, too; the least is not.
 */
static struct pace copy_slowly(struct kunit *test)
{
	struct pace pace = { .least = ULONG_MAX };
	struct kt_fixture *f = test->priv;
	unsigned long took = 0;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct kt_job *job = kt_job(f);
		unsigned long start = jiffies, pause;

		test_disk_hold(f->source, TEST_DISK_READ);
		dm_copy(job, 0);
		KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
		pause = jiffies - start;
		pace.paused += pause;
		if (took)
			pace.least = min(pace.least, pause / took);
		start = jiffies;
		msleep(HOLD_MS);
		test_disk_release_all(f->source, TEST_DISK_FIFO);
		kt_wait(test, job);
		took = jiffies - start;
	}
	return pace;
}

static void throttle_leaves_the_rest_of_the_time_idle(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct pace pace;

	throttle = (struct dm_kcopyd_throttle){ 100 };
	make_dm_client(test, &throttle);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	pace = copy_slowly(test);
	KUNIT_EXPECT_LE(test, pace.least, 1);
	throttle.throttle = 10;
	pace = copy_slowly(test);
	/* All but the last are followed by nine times as long a pause. */
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(pace.paused),
			(ROUNDS - 1) * HOLD_MS * 7);
	KUNIT_EXPECT_LE(test, pace.least, 10);
}

static void throttled_client_calls_back_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *first = kt_job(f), *second = kt_job(f);
	unsigned long released;
	void *callback;
	bool too_soon;

	throttle = (struct dm_kcopyd_throttle){ 1 };
	make_dm_client(test, &throttle);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	test_disk_hold(f->source, TEST_DISK_READ);
	dm_copy(first, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	msleep(200);
	released = jiffies;
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, first);

	/* For ten seconds no copy may begin. */
	dm_copy(second, 0);
	init_completion(&told.called);
	callback = dm_kcopyd_prepare_callback(f->kc, note_told, NULL);
	dm_kcopyd_do_callback(callback, 0, 0);
	wait_for_completion(&told.called);
	too_soon = completion_done(&second->called) &&
		   time_before(jiffies, released + 10 * HZ);
	KUNIT_EXPECT_FALSE(test, too_soon);

	/* But a change is noticed soon. */
	throttle.throttle = 100;
	kt_wait(test, second);
}

/* Promise 28: who looks at the clients sees which module made this one. */
static void client_has_the_name_of_its_module(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	make_dm_client(test, NULL);
	KUNIT_EXPECT_STREQ(test, f->kc->owner.label, "kcopyd_dropin_kunit");
}

/* Promise 24: the copies of some modules yield, those of the others do not. */
static void module_decides_on_the_class(struct kunit *test)
{
	static const struct {
		const char *module;
		bool background;
	} modules[] = {
		{ "dm_mirror", true },	   { "dm_clone", true },
		{ "dm_cache", true },	   { "dm_writecache", true },
		{ "dm_zoned", true },	   { "dm_snapshot", false },
		{ "dm_thin_pool", false }, { "dm_mirro", false },
		{ "dm_mirrors", false },   { "zoned", false },
	};
	struct kcopyd_client *kc;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		kc = kcopyd_dm_client_create(NULL, modules[i].module);
		KUNIT_ASSERT_FALSE(test, IS_ERR(kc));
		KUNIT_EXPECT_EQ_MSG(test, kc->yield.background,
				    modules[i].background, "%s",
				    modules[i].module);
		KUNIT_EXPECT_EQ(test, kc->yield.floor.bytes,
				modules[i].background ? 10 * SZ_1M : 0);
		dm_kcopyd_client_destroy(kc);
	}
}

static struct kunit_case dropin_cases[] = {
	KUNIT_CASE(module_decides_on_the_class),
	KUNIT_CASE(client_has_the_name_of_its_module),
	KUNIT_CASE(copies_to_eight_destinations),
	KUNIT_CASE(zeroes),
	KUNIT_CASE(copy_without_source_zeroes),
	KUNIT_CASE(empty_job_is_called_back),
	KUNIT_CASE(read_error_is_one),
	KUNIT_CASE(write_error_is_a_mask),
	KUNIT_CASE(unknown_flags_are_ignored),
	KUNIT_CASE(ignoring_errors_copies_what_can_be_read),
	KUNIT_CASE(sequential_writes_ascend),
	KUNIT_CASE(zoned_destinations_are_written_in_order),
	KUNIT_CASE(refusals_name_who_is_at_fault),
	KUNIT_CASE(short_destination_fails_alone),
	KUNIT_CASE(read_only_destination_is_written),
	KUNIT_CASE(refusals_without_a_culprit_blame_all),
	KUNIT_CASE(prepared_callback_is_told_what_was_said),
	KUNIT_CASE(slot_is_free_before_its_callback),
	KUNIT_CASE(flush_waits_for_callbacks_only),
	KUNIT_CASE(submitter_starts_no_io),
	KUNIT_CASE(throttle_leaves_the_rest_of_the_time_idle),
	KUNIT_CASE(throttled_client_calls_back_at_once),
	{}
};

static struct kunit_suite dropin_suite = {
	.name = "kcopyd_dropin",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = dropin_cases,
};

kunit_test_suite(dropin_suite);

MODULE_DESCRIPTION("Tests of kcopyd: the interface of dm-kcopyd");
MODULE_LICENSE("GPL");
