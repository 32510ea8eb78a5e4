// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: the end of clients, and prepared callbacks, promises 8 and 9
 */
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/module.h>

#include "compat.h"
#include "kcopyd_test.h"

/* Promise 8: drain and destroy */

static void drain(void *data)
{
	struct kt_fixture *f = data;

	kcopyd_client_drain(f->kc);
}

static void take_a_nap(struct kt_job *job)
{
	msleep(20);
	/* So that its absence can be told from its presence. */
	job->write_err |= BIT(31);
}

static void drain_waits_until_callbacks_have_returned(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	struct kt_task *task;

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	job->then = take_a_nap;
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 100);
	kt_copy(test, job, 0);
	task = kt_start(test, drain, f);
	msleep(30);
	KUNIT_EXPECT_FALSE(test, kt_is_done(task));
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_join(test, task);
	KUNIT_EXPECT_EQ(test, job->write_err, BIT(31));
	kcopyd_client_drain(f->kc);
}

static struct completion callback_runs, callback_may_return;

static void wait_in_callback(struct kt_job *job)
{
	complete(&callback_runs);
	wait_for_completion(&callback_may_return);
	job->write_err |= BIT(31);
}

static void destroy(void *data)
{
	kcopyd_client_destroy(data);
}

/* The job is over already when the call is made; only its callback is not. */
static void drain_and_destroy_wait_for_a_callback_that_runs(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	for (i = 0; i < 2; i++) {
		struct kt_job *job = kt_job(f);
		struct kt_task *task;

		init_completion(&callback_runs);
		init_completion(&callback_may_return);
		job->then = wait_in_callback;
		kt_copy(test, job, 0);
		wait_for_completion(&callback_runs);
		task = i ? kt_start(test, destroy, f->kc) :
			   kt_start(test, drain, f);
		if (i)
			f->kc = NULL;
		KUNIT_EXPECT_TRUE(test, kt_wait_asleep(task));
		complete(&callback_may_return);
		kt_join(test, task);
		KUNIT_EXPECT_EQ(test, job->write_err, BIT(31));
	}
}

static void drain_does_not_wait_for_later_jobs(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *before = kt_job(f), *after = kt_job(f);
	struct kt_task *task;

	kt_make_client(test, 16);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	kt_set_regions(f, 0, 0, 8);
	kt_copy(test, before, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	task = kt_start(test, drain, f);
	KUNIT_ASSERT_TRUE(test, kt_wait_asleep(task));
	kt_set_regions(f, 100, 100, 8);
	kt_copy(test, after, 0);
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 2));
	KUNIT_EXPECT_FALSE(test, kt_is_done(task));
	test_disk_release(f->source, 0);
	kt_join(test, task);
	KUNIT_EXPECT_EQ(test, atomic_read(&before->calls), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&after->calls), 0);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait(test, after);
}

static void destroy_waits_for_all_jobs(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_task *task;
	unsigned int i;

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < 4; i++) {
		struct kt_job *job = kt_job(f);

		job->then = take_a_nap;
		kt_set_regions(f, 100 * i, 100 * i, 16);
		kt_copy(test, job, 0);
	}
	task = kt_start(test, destroy, f->kc);
	f->kc = NULL;
	msleep(30);
	KUNIT_EXPECT_FALSE(test, kt_is_done(task));
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_join(test, task);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, f->jobs[i].write_err, BIT(31));
}

static void idle_client_is_drained_and_destroyed_at_once(struct kunit *test)
{
	kt_make_client(test, 1);
	drain(test->priv);
	kt_destroy_client(test);
	kcopyd_client_destroy(NULL);
}

/* A reader of RCU that ends when it is told to, or after a long time. */
static struct {
	bool reads, stop, was_told;
	unsigned long patience;
} reader;

static void read_under_rcu(void *data)
{
	unsigned long end = jiffies + reader.patience;

	rcu_read_lock();
	WRITE_ONCE(reader.reads, true);
	while (!READ_ONCE(reader.stop) && time_before(jiffies, end))
		cpu_relax();
	reader.was_told = READ_ONCE(reader.stop);
	rcu_read_unlock();
}

/* Does a function return though there is a reader all the time? */
static bool returns_beside_reader(struct kunit *test, void (*fn)(void *data),
				  void *data, unsigned long patience)
{
	struct kt_task *task;

	reader.reads = false;
	reader.stop = false;
	reader.patience = patience;
	task = kt_start(test, read_under_rcu, NULL);
	while (!READ_ONCE(reader.reads))
		usleep_range(500, 1000);
	fn(data);
	WRITE_ONCE(reader.stop, true);
	kt_join(test, task);
	return reader.was_told;
}

static void destroy_wq(void *data)
{
	destroy_workqueue(data);
}

/* A target with hundreds of clients destroys them one after the other. */
static void destroy_waits_for_no_grace_period(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct workqueue_struct *wq;

	wq = alloc_workqueue("kcopyd_test_rcu", WQ_MEM_RECLAIM | WQ_PERCPU, 1);
	KUNIT_ASSERT_NOT_NULL(test, wq);
	/* In older kernels that is so with lockdep. */
	if (!returns_beside_reader(test, destroy_wq, wq, HZ))
		kunit_skip(test, "a workqueue waits for a grace period here");
	kt_make_client(test, 4);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 64);
	kt_copy(test, kt_job(f), 0);
	kt_wait_all(test);
	KUNIT_EXPECT_TRUE(test,
			  returns_beside_reader(test, destroy, f->kc, 15 * HZ));
	f->kc = NULL;
}

/* The loader refuses to unload a module that somebody holds. */
static void client_keeps_the_module_loaded(struct kunit *test)
{
	struct kcopyd_client *clients[3];
	int before = kt_module_refcount();
	unsigned int i;

	KUNIT_ASSERT_GE(test, before, 0);
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		KUNIT_ASSERT_EQ(test, kcopyd_client_create(1, &clients[i]), 0);
		KUNIT_EXPECT_EQ(test, kt_module_refcount(), before + i + 1);
	}
	while (i--) {
		kcopyd_client_destroy(clients[i]);
		KUNIT_EXPECT_EQ(test, kt_module_refcount(), before + i);
	}
}

/* Promise 9: prepared callbacks */

static void *prepare(struct kunit *test, struct kt_job *job)
{
	void *callback;

	callback = kcopyd_prepare_callback(job->f->kc, kt_called, job);
	KUNIT_ASSERT_NOT_NULL(test, callback);
	return callback;
}

static void prepared_callback_runs_when_triggered(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 1);
	for (i = 0; i < 100; i++) {
		struct kt_job *job = kt_job(f);
		void *callback = prepare(test, job);

		KUNIT_EXPECT_EQ(test, atomic_read(&job->calls), 0);
		job->accepted = true;
		kcopyd_do_callback(callback, -EIO - i, i);
	}
	for (i = 0; i < 100; i++) {
		kt_expect_result(test, &f->jobs[i], -EIO - i, i);
		KUNIT_EXPECT_EQ(test, f->jobs[i].place, i + 1);
	}
}

struct trigger {
	struct irq_work irq_work;
	void *callback;
	bool in_irq;
};

static void trigger_in_irq(struct irq_work *work)
{
	struct trigger *trigger = container_of(work, struct trigger, irq_work);

	trigger->in_irq = in_hardirq();
	kcopyd_do_callback(trigger->callback, 0, 1);
}

static void prepared_callback_is_triggered_in_interrupts(struct kunit *test)
{
	static struct trigger trigger;
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 1);
	for (i = 0; i < 20; i++) {
		struct kt_job *job = kt_job(f);

		job->then = take_a_nap;
		trigger.irq_work = IRQ_WORK_INIT_HARD(trigger_in_irq);
		trigger.callback = prepare(test, job);
		job->accepted = true;
		irq_work_queue(&trigger.irq_work);
		irq_work_sync(&trigger.irq_work);
		KUNIT_EXPECT_TRUE(test, trigger.in_irq);
	}
	kt_wait_all(test);
}

static void prepared_callback_is_triggered_under_a_spinlock(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	void *callback;

	kt_make_client(test, 1);
	callback = prepare(test, job);
	job->accepted = true;
	spin_lock_irq(&lock);
	kcopyd_do_callback(callback, 0, 0);
	spin_unlock_irq(&lock);
	kt_expect_result(test, job, 0, 0);
}

static void drain_waits_for_triggered_callbacks(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *idle = kt_job(f), *job = kt_job(f);
	void *untriggered;

	kt_make_client(test, 1);
	untriggered = prepare(test, idle);
	job->then = take_a_nap;
	job->accepted = true;
	kcopyd_do_callback(prepare(test, job), 0, 0);
	kt_join(test, kt_start(test, drain, f));
	KUNIT_EXPECT_EQ(test, job->write_err, BIT(31));
	idle->accepted = true;
	kcopyd_do_callback(untriggered, 0, 0);
	kt_destroy_client(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&idle->calls), 1);
}

static void destroy_waits_for_prepared_callbacks(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);
	struct kt_task *task;
	void *callback;

	kt_make_client(test, 1);
	callback = prepare(test, job);
	task = kt_start(test, destroy, f->kc);
	f->kc = NULL;
	msleep(50);
	KUNIT_ASSERT_FALSE(test, kt_is_done(task));
	job->accepted = true;
	kcopyd_do_callback(callback, 0, 0);
	kt_join(test, task);
	KUNIT_EXPECT_EQ(test, atomic_read(&job->calls), 1);
}

static struct kunit_case lifetime_cases[] = {
	KUNIT_CASE(drain_waits_until_callbacks_have_returned),
	KUNIT_CASE(drain_and_destroy_wait_for_a_callback_that_runs),
	KUNIT_CASE(drain_does_not_wait_for_later_jobs),
	KUNIT_CASE(destroy_waits_for_all_jobs),
	KUNIT_CASE(idle_client_is_drained_and_destroyed_at_once),
	KUNIT_CASE(destroy_waits_for_no_grace_period),
	KUNIT_CASE(client_keeps_the_module_loaded),
	KUNIT_CASE(prepared_callback_runs_when_triggered),
	KUNIT_CASE(prepared_callback_is_triggered_in_interrupts),
	KUNIT_CASE(prepared_callback_is_triggered_under_a_spinlock),
	KUNIT_CASE(drain_waits_for_triggered_callbacks),
	KUNIT_CASE(destroy_waits_for_prepared_callbacks),
	{}
};

static struct kunit_suite lifetime_suite = {
	.name = "kcopyd_lifetime",
	.init = kt_init,
	.exit = kt_exit,
	.test_cases = lifetime_cases,
};

kunit_test_suite(lifetime_suite);

MODULE_DESCRIPTION("Tests of kcopyd: end of clients, prepared callbacks");
MODULE_LICENSE("GPL");
