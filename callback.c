// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs that are over: in which order they are called back, and the callbacks
 *
 * Errors and cancellation only say that no more is to be started. Whether a job is
 * over is told in one of two places: at the end of its last piece in flight, or,
 * where none is, by the cancellation itself; both hold the client's lock.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "callback.h"
#include "job_cgroup.h"
#include "observe.h"
#include "walk.h"

/* So many callbacks at a time, before the next I/O is looked at. */
#define CALLBACKS_MAX 128

/* Who cancels looks at so many jobs before the lock is released for a moment. */
#define CANCEL_LOOKS 256

static void poison_job(struct job *job)
{
	if (POISON_REUSED)
		memset(job, POISON_BYTE, sizeof(*job));
}

static void __queue_callback(struct job *job)
{
	list_add_tail(&job->turn, &job->kc->callbacks);
	job->kc->nr_queued++;
}

/* Queue the callback of the oldest of the ordered jobs, if that has ended. */
static void __queue_ordered(struct kcopyd_client *kc)
{
	struct job *oldest = list_first_entry_or_null(&kc->ordered, struct job,
						      ordered);

	if (oldest && oldest->finished && list_empty(&oldest->turn))
		__queue_callback(oldest);
}

/**
 * __finish_job - a job is over: call back, in the order of submission if ordered
 * @job: the job; its client's lock is held
 *
 * The worker has to be woken, unless it is who calls this.
 *
 * Context: Any.
 */
void __finish_job(struct job *job)
{
	lockdep_assert_held(&job->kc->lock);
	job->finished = true;
	if (job->flags & KCOPYD_ORDERED)
		__queue_ordered(job->kc);
	else
		__queue_callback(job);
}

/**
 * __finish_jobs - likewise, for several jobs of one client
 * @kc: the client; its lock is held
 * @over: the jobs; empty after this
 *
 * Context: Any.
 */
void __finish_jobs(struct kcopyd_client *kc, struct list_head *over)
{
	struct job *job, *next;

	list_for_each_entry_safe(job, next, over, turn) {
		if (unlikely(job->flags & KCOPYD_ORDERED)) {
			list_del_init(&job->turn);
			__finish_job(job);
		} else {
			job->finished = true;
			kc->nr_queued++;
		}
	}
	list_splice_tail_init(over, &kc->callbacks);
}

static void __account_job(struct kcopyd_client *kc, const struct job *job)
{
	kc->stats.jobs_completed++;
	if (job->cancelled)
		kc->stats.jobs_cancelled++;
	else if (job->read_err || job->write_err)
		kc->stats.jobs_failed++;
}

/*
 * Keep the object of a job for the next, unless somebody waits for one. Else it
 * is to be freed: false.
 */
static bool __keep_job(struct kcopyd_client *kc, struct job *job)
{
	if (kc->nr_kept == CLIENT_JOBS_KEPT ||
	    READ_ONCE(kc->mempool.curr_nr) < kc->mempool.min_nr)
		return false;
	kc->kept[kc->nr_kept++] = job;
	return true;
}

/*
 * Call one job back. Its object is free from here on. It is set aside for the
 * first job that the callback submits; but who was written for dm-kcopyd may
 * wait, in a callback, for somebody else who needs it for his submission.
 */
static void __call_back(struct kcopyd_client *kc, struct job *job)
	__releases(&kc->lock) __acquires(&kc->lock)
{
	int read_err = job->cancelled ? -ECANCELED : job->read_err;
	unsigned long write_err = job->write_err;
	bool dropin = job->flags & JOB_DROPIN;
	void *context = job->context;
	union job_fn fn = job->fn;
	struct job_cgroup *cgroup = job->cgroup;

	observe_finished(job);
	list_del(&job->turn);
	list_del(&job->all);
	if (job->flags & KCOPYD_ORDERED) {
		list_del(&job->ordered);
		__queue_ordered(kc);
	}
	if (!job->callback_only) {
		__account_job(kc, job);
		if (dropin)
			read_err = !!read_err;
	}
	kc->calling = job->seq;
	WRITE_ONCE(kc->caller, current);
	poison_job(job);
	if (!dropin)
		kc->spare = job;
	else if (__keep_job(kc, job))
		job = NULL;
	raw_spin_unlock_irq(&kc->lock);

	if (unlikely(cgroup))
		job_cgroup_put(cgroup);
	if (dropin && job)
		mempool_free(job, &kc->mempool);
	lock_map_acquire(&kc->callbacks_map);
	if (dropin)
		fn.dropin(read_err, write_err, context);
	else
		fn.native(read_err, write_err, context);
	lock_map_release(&kc->callbacks_map);
	cond_resched();

	raw_spin_lock_irq(&kc->lock);
	WRITE_ONCE(kc->caller, NULL);
	kc->calling = 0;
	kc->nr_returned++;
	job = kc->spare;
	kc->spare = NULL;
	if (job && __keep_job(kc, job))
		job = NULL;
	/* See callbacks_wake_waiters(). */
	if (unlikely(job || waitqueue_active(&kc->progress))) {
		raw_spin_unlock_irq(&kc->lock);
		if (job)
			mempool_free(job, &kc->mempool);
		callbacks_wake_waiters(kc);
		raw_spin_lock_irq(&kc->lock);
	}
}

/**
 * callbacks_call - call back those who wait for it, but not too many
 * @kc: the client, claimed
 * @more: set to whether some are left
 *
 * Context: The worker. May sleep.
 * Return: How many were called.
 */
unsigned int callbacks_call(struct kcopyd_client *kc, bool *more)
{
	unsigned int calls = 0;
	struct job *job;

	raw_spin_lock_irq(&kc->lock);
	while (calls < CALLBACKS_MAX &&
	       (job = list_first_entry_or_null(&kc->callbacks, struct job,
					       turn))) {
		__call_back(kc, job);
		calls++;
	}
	atomic_set(&kc->calling_back, false);
	*more = !list_empty(&kc->callbacks);
	raw_spin_unlock_irq(&kc->lock);
	return calls;
}

static void __cancel(struct job *job)
{
	job->cancelled = true;
	job_stop(job);
	if (job->joined_in)
		WRITE_ONCE(job->joined_in->stop, true);
	if (!job->inflight) {
		list_del_init(&job->turn);
		__finish_job(job);
	}
}

/* The jobs that are to be cancelled. */
struct cancelling {
	void *context;
	int nr;
};

static bool cancel_if_meant(struct job *job, void *data)
{
	struct cancelling *c = data;

	if (job->context == c->context && !job->finished && !job->cancelled) {
		__cancel(job);
		c->nr++;
	}
	return true;
}

/**
 * __cancel_jobs - stop the unfinished jobs that were submitted with a context
 * @kc: the client; its lock is held, and released for moments
 * @context: the context
 * @irq: as saved when the lock was taken
 *
 * If there are any, the worker has to be woken.
 *
 * Context: Any but NMI.
 * Return: The number of jobs stopped.
 */
int __cancel_jobs(struct kcopyd_client *kc, void *context, unsigned long *irq)
	__must_hold(&kc->lock)
{
	struct cancelling c = { .context = context };

	__walk_jobs(kc, irq, CANCEL_LOOKS, false, cancel_if_meant, &c);
	return c.nr;
}
