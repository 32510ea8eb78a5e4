// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: back-pressure, promise 22
 */
#include <linux/lockdep.h>
#include <linux/module.h>

#include "client.h"
#include "kcopyd_test.h"

/* A client whose reads are held, with so many jobs, which are as many as it may have. */
static void fill(struct kunit *test, unsigned int jobs)
{
	struct kt_fixture *f = test->priv;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kcopyd_client_set_max_jobs(f->kc, jobs);
	kt_set_regions(f, 0, 0, 8);
	while (jobs--)
		kt_copy(test, kt_job(f), 0);
}

static void submit(void *job)
{
	kt_try_copy(job, 0);
}

/* Have a task submit a job; it sleeps. */
static struct kt_task *submit_beyond(struct kunit *test, struct kt_job **job)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *task;

	*job = kt_job(f);
	task = kt_start(test, submit, *job);
	KUNIT_ASSERT_TRUE(test, kt_wait_asleep(task));
	return task;
}

/* Promise 22. */
static void submission_beyond_the_limit_sleeps(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *tasks[2];
	struct kt_job *jobs[2];
	unsigned int i;

	fill(test, 2);
	for (i = 0; i < 2; i++)
		tasks[i] = submit_beyond(test, &jobs[i]);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_pending, 2);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	test_disk_release(f->source, 0);
	/* A job for a job. */
	kt_wait(test, &f->jobs[0]);
	kt_settle(f);
	KUNIT_EXPECT_EQ(test, kt_is_done(tasks[0]) + kt_is_done(tasks[1]), 1);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_pending, 2);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	for (i = 0; i < 2; i++)
		kt_join(test, tasks[i]);
	kt_wait_all(test);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_completed, 4);
}

/* Promise 22. */
static void nowait_beyond_the_limit_is_refused(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job;

	fill(test, 2);
	job = kt_job(f);
	KUNIT_EXPECT_EQ(test, kt_try_copy(job, KCOPYD_NOWAIT), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kt_try_zero(job, KCOPYD_NOWAIT), -EAGAIN);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, &f->jobs[0]);
	kt_wait(test, &f->jobs[1]);
	KUNIT_EXPECT_EQ(test, kt_try_copy(job, KCOPYD_NOWAIT), 0);
}

/* Promise 22: no limit is the default, and a limit may be changed at any time. */
static void changed_limit_takes_effect_at_once(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *tasks[2];
	struct kt_job *jobs[2];
	unsigned int i;

	fill(test, 1);
	for (i = 0; i < 2; i++)
		tasks[i] = submit_beyond(test, &jobs[i]);
	kcopyd_client_set_max_jobs(f->kc, 0);
	for (i = 0; i < 2; i++)
		kt_join(test, tasks[i]);
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_pending, 3);
	kcopyd_client_set_max_jobs(f->kc, 4);
	kt_copy(test, kt_job(f), KCOPYD_NOWAIT);
	KUNIT_EXPECT_EQ(test, kt_try_copy(kt_job(f), KCOPYD_NOWAIT), -EAGAIN);
}

/* Submits more than the limit allows, and would wait for itself. */
static void submit_three(struct kt_job *job)
{
	unsigned int i;

	for (i = 1; i <= 3; i++)
		kt_try_copy(&job[i], 0);
}

/* Promises 2 and 22. */
static void callback_never_sleeps_for_the_limit(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	fill(test, 1);
	f->jobs[0].then = submit_three;
	for (i = 0; i < 3; i++)
		kt_job(f);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	for (i = 1; i <= 3; i++)
		KUNIT_EXPECT_TRUE(test, f->jobs[i].accepted);
}

static void wait_below_two(void *data)
{
	struct kt_fixture *f = data;

	kcopyd_client_wait_below(f->kc, 2);
}

/* Promise 22. */
static void who_waits_for_fewer_jobs_sleeps(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *task;

	fill(test, 3);
	kcopyd_client_set_max_jobs(f->kc, 0);
	task = kt_start(test, wait_below_two, f);
	KUNIT_ASSERT_TRUE(test, kt_wait_asleep(task));
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_join(test, task);
	KUNIT_EXPECT_LT(test, kt_stats(f).jobs_pending, 2);
	/* There are few enough now. */
	kcopyd_client_wait_below(f->kc, 1);
	kcopyd_client_wait_below(f->kc, 0);
}

static void wait_for_no_job(struct kt_job *job)
{
	kcopyd_client_wait_below(job->f->kc, 1);
}

/* Promises 2 and 22: another job is pending, and waits for this callback. */
static void callback_never_waits_for_fewer_jobs(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	fill(test, 2);
	f->jobs[0].then = wait_for_no_job;
	f->jobs[1].then = wait_for_no_job;
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
}

/* Promises 7 and 22. */
static void cancellation_lets_sleepers_go(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *task;
	struct kt_job *job;

	/* One has a piece, the other none. */
	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kcopyd_client_set_max_jobs(f->kc, 2);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, kt_job(f), 0);
	kt_copy(test, kt_job(f), 0);
	task = submit_beyond(test, &job);
	KUNIT_EXPECT_EQ(test, kcopyd_cancel(f->kc, &f->jobs[1]), 1);
	kt_join(test, task);
	KUNIT_EXPECT_TRUE(test, job->accepted);
	kt_expect_result(test, &f->jobs[1], -ECANCELED, 0);
}

static void destroy(void *kc)
{
	kcopyd_client_destroy(kc);
}

/* Promises 1, 8 and 22. */
static void destruction_waits_for_sleepers(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *submitter, *waiter, *destroyer;
	struct kt_job *job;

	fill(test, 3);
	submitter = submit_beyond(test, &job);
	waiter = kt_start(test, wait_below_two, f);
	KUNIT_ASSERT_TRUE(test, kt_wait_asleep(waiter));
	destroyer = kt_start(test, destroy, f->kc);
	KUNIT_ASSERT_TRUE(test, kt_wait_asleep(destroyer));
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_join(test, submitter);
	kt_join(test, waiter);
	kt_join(test, destroyer);
	f->kc = NULL;
	KUNIT_EXPECT_TRUE(test, job->accepted);
	KUNIT_EXPECT_EQ(test, atomic_read(&job->calls), 1);
}

#define CROWD_LIMIT 3
#define CROWD	    6
#define EACH	    15

static atomic_t most_pending;

static void note_pending(struct bio *bio, void *f)
{
	int pending = kt_stats(f).jobs_pending;

	if (pending > atomic_read(&most_pending))
		atomic_set(&most_pending, pending);
}

static void submit_many(void *data)
{
	struct kt_job *job = data;
	unsigned int i;

	for (i = 0; i < EACH; i++)
		kt_try_copy(&job[i], 0);
}

/* Promise 22: also where many submit at once. */
static void limit_holds_for_a_crowd(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	fill(test, 0);
	atomic_set(&most_pending, 0);
	test_disk_end_in(f->source, TEST_DISK_IRQ);
	test_disk_watch(f->source, note_pending, f);
	kcopyd_client_set_max_jobs(f->kc, CROWD_LIMIT);
	for (i = 0; i < CROWD * EACH; i++)
		kt_job(f);
	for (i = 0; i < CROWD; i++)
		KUNIT_ASSERT_TRUE(test,
				  kt_wait_asleep(kt_start(test, submit_many,
							  &f->jobs[i * EACH])));
	KUNIT_EXPECT_EQ(test, kt_stats(f).jobs_pending, CROWD_LIMIT);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&most_pending), CROWD_LIMIT);
}

static bool map_was_held;

static void look_at_map(struct kt_job *job)
{
	map_was_held = lock_is_held(&job->f->kc->callbacks_map);
}

/*
 * Promise 22: whoever submits with a lock held that a callback needs is told by
 * lockdep, before it deadlocks, because callbacks run in the map that a submission
 * acquires.
 */
static void lockdep_knows_callbacks(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	if (!IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "this kernel has no lockdep");
	map_was_held = false;
	fill(test, 1);
	f->jobs[0].then = look_at_map;
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	KUNIT_EXPECT_TRUE(test, map_was_held);
	KUNIT_EXPECT_FALSE(test, lock_is_held(&f->kc->callbacks_map));
}

static struct kunit_case pressure_cases[] = {
	KUNIT_CASE(submission_beyond_the_limit_sleeps),
	KUNIT_CASE(nowait_beyond_the_limit_is_refused),
	KUNIT_CASE(changed_limit_takes_effect_at_once),
	KUNIT_CASE(callback_never_sleeps_for_the_limit),
	KUNIT_CASE(who_waits_for_fewer_jobs_sleeps),
	KUNIT_CASE(callback_never_waits_for_fewer_jobs),
	KUNIT_CASE(cancellation_lets_sleepers_go),
	KUNIT_CASE(destruction_waits_for_sleepers),
	KUNIT_CASE(limit_holds_for_a_crowd),
	KUNIT_CASE(lockdep_knows_callbacks),
	{}
};

static struct kunit_suite pressure_suite = {
	.name = "kcopyd_pressure",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = pressure_cases,
};

kunit_test_suite(pressure_suite);

MODULE_DESCRIPTION("Tests of kcopyd: back-pressure");
MODULE_LICENSE("GPL");
