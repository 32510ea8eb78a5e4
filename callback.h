/* SPDX-License-Identifier: GPL-2.0 */
/* Jobs that are over, and their callbacks; see callback.c. */
#ifndef KCOPYD_CALLBACK_H
#define KCOPYD_CALLBACK_H

#include "client.h"

void __finish_job(struct job *job);
void __finish_jobs(struct kcopyd_client *kc, struct list_head *over);
int __cancel_jobs(struct kcopyd_client *kc, void *context, unsigned long *irq)
	__must_hold(&kc->lock);

bool callbacks_claim(struct kcopyd_client *kc);
unsigned int callbacks_call(struct kcopyd_client *kc, bool *more);
void callbacks_wake_waiters(struct kcopyd_client *kc);

#endif /* KCOPYD_CALLBACK_H */
