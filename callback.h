/* SPDX-License-Identifier: GPL-2.0 */
/* Jobs that are over, and their callbacks; see callback.c. */
#ifndef KCOPYD_CALLBACK_H
#define KCOPYD_CALLBACK_H

#include "client.h"

void __finish_job(struct job *job);
void __finish_jobs(struct kcopyd_client *kc, struct list_head *over);
int __cancel_jobs(struct kcopyd_client *kc, void *context, unsigned long *irq)
	__must_hold(&kc->lock);

unsigned int callbacks_call(struct kcopyd_client *kc, bool *more);

/*
 * Is somebody to be called back, and nobody at it already? Then callbacks_call() is
 * due. The worker.
 */
static inline bool callbacks_claim(struct kcopyd_client *kc)
{
	/* Who adds one wakes the worker, or finds the claim under the lock. */
	return !list_empty(&kc->callbacks) && !atomic_read(&kc->calling_back) &&
	       !atomic_xchg(&kc->calling_back, true);
}

/*
 * Have those look again who sleep on @progress, and one of those who would submit a
 * job; what they wait for is visible already. Any context but NMI.
 */
static inline void callbacks_wake_waiters(struct kcopyd_client *kc)
{
	/* Who sleeps on this takes the lock after it has queued itself. */
	if (unlikely(waitqueue_active(&kc->progress)))
		wake_up(&kc->progress);
}

#endif /* KCOPYD_CALLBACK_H */
