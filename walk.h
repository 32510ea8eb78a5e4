/* SPDX-License-Identifier: GPL-2.0 */
/* A walk over the jobs of a client that holds its lock for a few of them at a time. */
#ifndef KCOPYD_WALK_H
#define KCOPYD_WALK_H

#include "client.h"

/**
 * __walk_jobs - visit the jobs of a client, the oldest first
 * @kc: the client; its lock is held, and released for moments
 * @irq: as saved when the lock was taken
 * @looks: so many jobs before the lock is released
 * @may_sleep: whether the caller may sleep then
 * @visit: called for each, with the lock held; false is enough
 * @data: for @visit
 *
 * Jobs that come meanwhile are left out.
 *
 * Context: Any but NMI; process context if @may_sleep is true.
 */
static __always_inline void
__walk_jobs(struct kcopyd_client *kc, unsigned long *irq, unsigned int looks,
	    bool may_sleep, bool (*visit)(struct job *job, void *data),
	    void *data) __must_hold(&kc->lock)
{
	struct job place = {}; /* ours in the list, where the lock is released */
	unsigned int nr = 0;
	u64 last = kc->seq;
	struct job *job;

	list_for_each_entry(job, &kc->jobs, all) {
		if (job_is_place(job))
			continue;
		if (job->seq > last || !visit(job, data))
			break;
		if (++nr % looks)
			continue;
		list_add(&place.all, &job->all);
		raw_spin_unlock_irqrestore(&kc->lock, *irq);
		if (may_sleep)
			cond_resched();
		raw_spin_lock_irqsave(&kc->lock, *irq);
		job = list_prev_entry(&place, all);
		list_del(&place.all);
	}
}

#endif /* KCOPYD_WALK_H */
