// SPDX-License-Identifier: GPL-2.0
/*
 * Back-pressure: whoever would exceed a client's limit of pending jobs sleeps
 *
 * A submission is admitted before it gets an object, so those who sleep hold nothing
 * that a job or a callback needs. From there until it is a job it counts as pending,
 * too. They sleep on the client's @progress, exclusively: the end of a job wakes one
 * of them.
 *
 * A callback is admitted at once. Callbacks are called one at a time, so if one slept
 * here, no other job could be called back.
 *
 * Who sleeps here waits for callbacks, so it must not hold what a callback needs.
 * Lockdep is told: a client's callbacks run in a map that is acquired and released
 * here, whether somebody has to sleep or not.
 */
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "kcopyd_trace.h"
#include "pressure.h"

static bool __is_below(struct kcopyd_client *kc, unsigned int jobs)
{
	lockdep_assert_held(&kc->lock);
	return client_pending(kc) + kc->nr_admitted < jobs;
}

static bool try_to_admit(struct kcopyd_client *kc, bool exempt)
{
	unsigned long irq;
	bool admitted;

	raw_spin_lock_irqsave(&kc->lock, irq);
	admitted = exempt || !kc->max_jobs || __is_below(kc, kc->max_jobs);
	kc->nr_admitted += admitted;
	raw_spin_unlock_irqrestore(&kc->lock, irq);
	return admitted;
}

static bool is_below(struct kcopyd_client *kc, unsigned int jobs)
{
	bool below;

	raw_spin_lock_irq(&kc->lock);
	below = __is_below(kc, jobs);
	raw_spin_unlock_irq(&kc->lock);
	return below;
}

/* Somebody who sleeps here is waited for before the client is freed. */
static void note_sleeper(struct kcopyd_client *kc)
{
	raw_spin_lock_irq(&kc->lock);
	kc->nr_sleepers++;
	raw_spin_unlock_irq(&kc->lock);
}

/* The last one may be the one that kcopyd_client_destroy() waits for. */
static void forget_sleeper(struct kcopyd_client *kc)
{
	rcu_read_lock();
	raw_spin_lock_irq(&kc->lock);
	kc->nr_sleepers--;
	raw_spin_unlock_irq(&kc->lock);
	wake_up(&kc->progress);
	rcu_read_unlock();
}

static void waits_for_callbacks(struct kcopyd_client *kc)
{
	lock_map_acquire(&kc->callbacks_map);
	lock_map_release(&kc->callbacks_map);
}

/**
 * pressure_admit - ask to submit a job
 * @kc: the client; pressure_limits() said true
 * @may_sleep: whether the caller may sleep
 *
 * Context: Any but NMI; process context if @may_sleep is true.
 * Return: 0, and then the caller decrements @nr_admitted when it makes a job, or
 * gives up, with the client's lock held. -EAGAIN if it would sleep and must not.
 */
int pressure_admit(struct kcopyd_client *kc, bool may_sleep)
{
	bool exempt = client_calls_us(kc) && may_sleep;
	u64 begun;

	if (may_sleep && !exempt)
		waits_for_callbacks(kc);
	if (try_to_admit(kc, exempt))
		return 0;
	if (!may_sleep)
		return -EAGAIN;
	begun = ktime_get_ns();
	note_sleeper(kc);
	wait_event_idle_exclusive(kc->progress, try_to_admit(kc, false));
	trace_kcopyd_wait(kc->owner.id, KCOPYD_WAIT_JOBS,
			  ktime_get_ns() - begun);
	/* What was admitted keeps the client. */
	forget_sleeper(kc);
	return 0;
}

/**
 * pressure_wait_below - wait until fewer jobs are pending
 * @kc: the client
 * @jobs: than this, 1 or more
 *
 * Context: Process context. Sleeps, but not in a callback of the client.
 */
void pressure_wait_below(struct kcopyd_client *kc, unsigned int jobs)
{
	if (client_calls_us(kc))
		return;
	waits_for_callbacks(kc);
	if (is_below(kc, jobs))
		return;
	note_sleeper(kc);
	wait_event_idle(kc->progress, is_below(kc, jobs));
	forget_sleeper(kc);
}

/**
 * pressure_set - change the limit
 * @kc: the client
 * @jobs: the limit, or 0 for none
 *
 * Context: Process context.
 */
void pressure_set(struct kcopyd_client *kc, unsigned int jobs)
{
	raw_spin_lock_irq(&kc->lock);
	WRITE_ONCE(kc->max_jobs, jobs);
	raw_spin_unlock_irq(&kc->lock);
	wake_up_all(&kc->progress);
}

/**
 * pressure_init - prepare a client for this
 * @kc: the client, zeroed
 *
 * Context: Process context.
 */
void pressure_init(struct kcopyd_client *kc)
{
	lockdep_register_key(&kc->callbacks_key);
	lockdep_init_map(&kc->callbacks_map, "kcopyd callbacks",
			 &kc->callbacks_key, 0);
}

/**
 * pressure_exit - undo pressure_init()
 * @kc: the client
 *
 * Context: Process context. May sleep.
 */
void pressure_exit(struct kcopyd_client *kc)
{
	lockdep_unregister_key(&kc->callbacks_key);
}
