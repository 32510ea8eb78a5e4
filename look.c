// SPDX-License-Identifier: GPL-2.0
/*
 * The jobs of a client, and what they wait for
 *
 * For those who watch, so it may disturb nobody: with the client's lock held only a few
 * jobs are looked at, and nothing has to be kept up to date for this.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>

#include "job_cgroup.h"
#include "look.h"
#include "walk.h"

/* So many jobs before the lock is released for a moment. */
#define LOOKS 32

/* A worker that does one thing for longer than this sleeps in submit_bio(). */
#define BATCH_LONG (HZ / 10)

static bool worker_is_stuck(struct kcopyd_client *kc)
{
	unsigned long state = READ_ONCE(kc->worker);

	return state & BIT(WORKER_BUSY) && !(state & BIT(WORKER_CALLING)) &&
	       time_after(jiffies, READ_ONCE(kc->batch) + BATCH_LONG);
}

/**
 * __look_job - what does a job wait for?
 * @job: the job; its client's lock is held
 *
 * Context: Any.
 * Return: The reason.
 */
enum kcopyd_wait __look_job(const struct job *job)
{
	struct kcopyd_client *kc = job->kc;

	lockdep_assert_held(&kc->lock);
	if (job->finished)
		return KCOPYD_WAIT_CALLBACK;
	if (worker_is_stuck(kc) ||
	    (job->cgroup && job_cgroup_is_stuck(job->cgroup)))
		return KCOPYD_WAIT_SUBMIT;
	if (job->inflight)
		return KCOPYD_WAIT_DEVICE;
	if (job->cgroup && !__job_cgroup_may_start(job->cgroup))
		return KCOPYD_WAIT_CGROUP;
	return kc->waits_for ?: KCOPYD_WAIT_QUEUE;
}

/**
 * __look_client - what does a client wait for?
 * @kc: the client; its lock is held
 *
 * Context: Any.
 * Return: What keeps it from starting more, else what its oldest job waits for.
 */
enum kcopyd_wait __look_client(struct kcopyd_client *kc)
{
	struct job *oldest;

	lockdep_assert_held(&kc->lock);
	if (kc->waits_for && !list_empty(&kc->turns))
		return kc->waits_for;
	list_for_each_entry(oldest, &kc->jobs, all)
		if (!job_is_place(oldest))
			return __look_job(oldest);
	return KCOPYD_WAIT_NONE;
}

/**
 * look_at_jobs - visit the jobs of a client, the oldest first
 * @kc: the client
 * @visit: called for each, with the client's lock held; false is enough
 * @data: for @visit
 *
 * Jobs that come meanwhile are left out.
 *
 * Context: Process context. May sleep.
 */
void look_at_jobs(struct kcopyd_client *kc,
		  bool (*visit)(struct job *job, void *data), void *data)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&kc->lock, irq);
	__walk_jobs(kc, &irq, LOOKS, true, visit, data);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
}
