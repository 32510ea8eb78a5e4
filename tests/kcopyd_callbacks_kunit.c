// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: callbacks that sleep, or follow each other without end, and
 * what they may call; promises 2, 3 and 9
 */
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/module.h>

#include "kcopyd_test.h"

/* Callbacks that follow each other until they are told to stop. */
static struct chain {
	struct kcopyd_client *kc;
	struct io_region to;
	bool prepared; /* by kcopyd_do_callback(), or by jobs of length zero */
	bool stop;
	unsigned long calls;
	struct completion ended;
} chain;

static int next_link(void);

static void link_called(int read_err, unsigned int write_err, void *context)
{
	WRITE_ONCE(chain.calls, chain.calls + 1);
	if (READ_ONCE(chain.stop) || next_link())
		complete(&chain.ended);
}

static int next_link(void)
{
	void *callback;

	if (!chain.prepared)
		return kcopyd_zero(chain.kc, 1, &chain.to, 0, link_called,
				   NULL);
	callback = kcopyd_prepare_callback(chain.kc, link_called, NULL);
	kcopyd_do_callback(callback, 0, 0);
	return 0;
}

static void start_chain(struct kt_fixture *f, bool prepared)
{
	chain.kc = f->kc;
	chain.to = (struct io_region){ .bdev = test_disk_bdev(f->dests[0]) };
	chain.prepared = prepared;
	chain.stop = false;
	chain.calls = 0;
	init_completion(&chain.ended);
	next_link();
}

static void stop_chain(struct kunit *test)
{
	unsigned long left;

	WRITE_ONCE(chain.stop, true);
	left = wait_for_completion_timeout(&chain.ended, KT_PATIENCE);
	KUNIT_ASSERT_NE(test, left, 0);
}

/* Work of others, on the processor where the chain is. */
static void run_bystander(struct work_struct *work)
{
	WRITE_ONCE(chain.stop, true);
}

static DECLARE_WORK(bystander, run_bystander);

static void expect_io_beside_a_chain(struct kunit *test, bool prepared)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK);
	test_disk_end_in(f->dests[0], TEST_DISK_WORK);
	start_chain(f, prepared);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, job, 0);
	kt_wait(test, job);
	KUNIT_EXPECT_FALSE(test, completion_done(&chain.ended));
	stop_chain(test);
	kt_expect_result(test, job, 0, 0);
	kt_expect_copied(test, job, 0);
}

static void io_goes_on_beside_a_chain_of_jobs(struct kunit *test)
{
	expect_io_beside_a_chain(test, false);
}

static void io_goes_on_beside_a_chain_of_prepared_callbacks(struct kunit *test)
{
	expect_io_beside_a_chain(test, true);
}

/* Once the chain runs, on each processor. */
static void other_work_starts_beside_a_chain(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int cpu, i;

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	for (i = 0; i < 2; i++) {
		start_chain(f, i);
		while (!READ_ONCE(chain.calls))
			cond_resched();
		for_each_online_cpu(cpu) {
			schedule_work_on(cpu, &bystander);
			flush_work(&bystander);
		}
		stop_chain(test);
	}
}

/* A callback that sleeps until it is told to return. */
static struct completion sleeping, may_return;

static void sleep_in_callback(struct kt_job *job)
{
	complete(&sleeping);
	wait_for_completion(&may_return);
}

static void start_sleeper(struct kunit *test, struct kt_job *job)
{
	init_completion(&sleeping);
	init_completion(&may_return);
	job->then = sleep_in_callback;
	kt_set_regions(test->priv, 0, 0, 0);
	kt_copy(test, job, 0);
	wait_for_completion(&sleeping);
}

/* Wait until all of a job has been written, and its memory is back. */
static bool moves(struct kt_fixture *f, u64 sectors)
{
	unsigned long end = jiffies + KT_PATIENCE;
	struct kcopyd_stats stats;

	do {
		stats = kt_stats(f);
		if (stats.sectors_written + stats.sectors_zeroed == sectors &&
		    !stats.pages_in_use)
			return true;
		usleep_range(100, 200);
	} while (time_before(jiffies, end));
	return false;
}

static void sleeping_callback_delays_no_io(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *sleeper = kt_job(f), *copy = kt_job(f);
	struct kt_job *zero = kt_job(f);

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK);
	test_disk_end_in(f->dests[0], TEST_DISK_IRQ);
	start_sleeper(test, sleeper);
	kt_set_regions(f, 0, 0, 8000);
	kt_copy(test, copy, KCOPYD_DURABLE);
	kt_set_regions(f, 0, 8000, 4000);
	kt_zero(test, zero, KCOPYD_WRITE_SEQ);
	KUNIT_EXPECT_TRUE(test, moves(f, 12000));
	KUNIT_EXPECT_EQ(test, atomic_read(&copy->calls), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&zero->calls), 0);
	complete(&may_return);
	kt_wait_all(test);
	KUNIT_EXPECT_EQ(test, sleeper->place, 1);
}

/* It may wait for what it has submitted itself; a job's I/O, that is. */
static void submit_and_wait(struct kt_job *job)
{
	struct kt_fixture *f = job->f;

	kt_set_regions(f, 0, 0, 8000);
	kt_try_copy(job + 1, KCOPYD_NOWAIT);
	job->write_err = moves(f, 8000 + 8) ? 0 : BIT(31);
}

static void callback_waits_for_io_that_it_submitted(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *first = kt_job(f), *second = kt_job(f);

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	first->then = submit_and_wait;
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, first, 0);
	kt_expect_result(test, first, 0, 0);
	kt_expect_result(test, second, 0, 0);
	kt_expect_copied(test, second, 0);
}

static void note_memory(struct kt_job *job)
{
	job->write_err = moves(job->f, 2 * 64) ? 0 : BIT(31);
}

/* Two writes end at once; the first callback finds the memory of both back. */
static void memory_is_back_before_any_callback(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 64);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->dests[0], TEST_DISK_WRITE);
	for (i = 0; i < 2; i++) {
		struct kt_job *job = kt_job(f);

		job->then = note_memory;
		kt_set_regions(f, 0, 100 * i, 64);
		kt_copy(test, job, 0);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->dests[0], 2));
	test_disk_end_in(f->dests[0], TEST_DISK_WORK);
	test_disk_release_all(f->dests[0], TEST_DISK_FIFO);
	for (i = 0; i < 2; i++)
		kt_expect_result(test, &f->jobs[i], 0, 0);
}

/* What callbacks submit reaches the disk as one batch. */
static void note_plug(struct kt_job *job)
{
	job->write_err = current->plug ? 0 : BIT(31);
}

static void callbacks_run_under_a_plug(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	job->then = note_plug;
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
}

/* Each callback prepares the next, which a work triggers, while somebody destroys. */
#define LINKS 20

static struct {
	struct kcopyd_client *kc;
	struct work_struct work;
	void *next;
	unsigned int calls;
} prepared;

static void trigger_next(struct work_struct *work)
{
	kcopyd_do_callback(prepared.next, 0, 0);
}

static void prepare_next(int read_err, unsigned int write_err, void *context)
{
	if (++prepared.calls == LINKS)
		return;
	prepared.next = kcopyd_prepare_callback(prepared.kc, prepare_next,
						NULL);
	schedule_work(&prepared.work);
}

static void client_outlives_callbacks_that_prepare_callbacks(struct kunit *test)
{
	unsigned int round;
	void *callback;

	INIT_WORK(&prepared.work, trigger_next);
	for (round = 0; round < 500; round++) {
		prepared.calls = 0;
		KUNIT_ASSERT_EQ(test, kcopyd_client_create(1, &prepared.kc), 0);
		callback = kcopyd_prepare_callback(prepared.kc, prepare_next,
						   NULL);
		kcopyd_do_callback(callback, 0, 0);
		kcopyd_client_destroy(prepared.kc);
		KUNIT_ASSERT_EQ(test, prepared.calls, LINKS);
	}
}

/* There is no memory, and still a callback gets its first object. */
static void prepare_in_famine(struct kt_job *job)
{
	struct kt_fixture *f = job->f;
	void *callback;

	kt_starve(true);
	callback = kcopyd_prepare_callback(f->kc, kt_called, job + 1);
	kt_starve(false);
	(job + 1)->accepted = true;
	kcopyd_do_callback(callback, 0, 0);
}

static void callback_prepares_without_memory(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_need_famine(test);
	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	/* More than the client keeps in reserve. */
	for (i = 0; i < 100; i++)
		kt_job(f)->then = i < 99 ? prepare_in_famine : NULL;
	kt_copy(test, f->jobs, 0);
	kt_wait_all(test);
}

/* Hard interrupts, where even PREEMPT_RT has no sleeping locks. */
static struct {
	struct irq_work work;
	struct kt_job *job;
	void *callback;
	bool in_irq;
	int err;
} interrupt;

static void call_in_interrupt(struct irq_work *work)
{
	interrupt.in_irq = in_hardirq();
	kcopyd_do_callback(interrupt.callback, 0, 1);
	interrupt.err = kt_try_copy(interrupt.job, KCOPYD_NOWAIT);
	kcopyd_cancel(interrupt.job->f->kc, &interrupt);
	kt_stats(interrupt.job->f);
}

static void client_is_used_in_hard_interrupts(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 4);
	kt_make_disks(test, 1, &kt_disk);
	for (i = 0; i < 50; i++) {
		struct kt_job *prepared = kt_job(f);

		interrupt.job = kt_job(f);
		interrupt.work = IRQ_WORK_INIT_HARD(call_in_interrupt);
		interrupt.callback = kcopyd_prepare_callback(f->kc, kt_called,
							     prepared);
		prepared->accepted = true;
		kt_set_regions(f, 0, 0, 64);
		irq_work_queue(&interrupt.work);
		irq_work_sync(&interrupt.work);
		KUNIT_EXPECT_TRUE(test, interrupt.in_irq);
		kt_expect_result(test, prepared, 0, 1);
		/* Without memory, or where getting some would sleep. */
		if (interrupt.err == -EAGAIN)
			continue;
		KUNIT_EXPECT_EQ(test, interrupt.err, 0);
		kt_expect_result(test, interrupt.job, 0, 0);
	}
}

static struct kunit_case callbacks_cases[] = {
	KUNIT_CASE(io_goes_on_beside_a_chain_of_jobs),
	KUNIT_CASE(io_goes_on_beside_a_chain_of_prepared_callbacks),
	KUNIT_CASE(other_work_starts_beside_a_chain),
	KUNIT_CASE(sleeping_callback_delays_no_io),
	KUNIT_CASE(callback_waits_for_io_that_it_submitted),
	KUNIT_CASE(memory_is_back_before_any_callback),
	KUNIT_CASE(callbacks_run_under_a_plug),
	KUNIT_CASE(client_outlives_callbacks_that_prepare_callbacks),
	KUNIT_CASE(callback_prepares_without_memory),
	KUNIT_CASE(client_is_used_in_hard_interrupts),
	{}
};

static struct kunit_suite callbacks_suite = {
	.name = "kcopyd_callbacks",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = callbacks_cases,
};

kunit_test_suite(callbacks_suite);

MODULE_DESCRIPTION("Tests of kcopyd: callbacks that sleep, chain and submit");
MODULE_LICENSE("GPL");
