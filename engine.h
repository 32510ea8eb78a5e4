/* SPDX-License-Identifier: GPL-2.0 */
/* The worker of a client; see engine.c. */
#ifndef KCOPYD_ENGINE_H
#define KCOPYD_ENGINE_H

#include "client.h"

int engine_init(struct kcopyd_client *kc, unsigned int num_pages);
void engine_exit(struct kcopyd_client *kc);
void engine_submit(struct job *job, unsigned long irq)
	__releases(&job->kc->lock);
void engine_flush(struct kcopyd_client *kc);
void engine_call_back(struct job *job);
void engine_set_class(struct kcopyd_client *kc, bool background);
void engine_set_floor(struct kcopyd_client *kc, u64 bytes);
void engine_set_rate(struct kcopyd_client *kc, u64 bytes);
int engine_cancel(struct kcopyd_client *kc, void *context);

#endif /* KCOPYD_ENGINE_H */
