/* SPDX-License-Identifier: GPL-2.0 */
/* What jobs do, for those who want to know; see observe.c. */
#ifndef KCOPYD_OBSERVE_H
#define KCOPYD_OBSERVE_H

#include "client.h"

void __observe_queued(struct job *job);
void __observe_started(struct job *job);
void __observe_finished(const struct job *job);
void __observe_step(const struct piece *piece);
void __observe_wait(struct kcopyd_client *kc, enum kcopyd_wait before);

/* A job was accepted; its client's lock is held. */
static inline void observe_queued(struct job *job)
{
	if (times_wanted())
		__observe_queued(job);
}

/* A piece of a job is about to begin, maybe the first; the lock is held. */
static inline void observe_started(struct job *job)
{
	if (times_wanted())
		__observe_started(job);
}

/* A job is about to be called back; the lock is held. */
static inline void observe_finished(const struct job *job)
{
	if (times_wanted())
		__observe_finished(job);
}

/* A step of a piece has ended. The worker. */
static inline void observe_step(const struct piece *piece)
{
	if (times_wanted())
		__observe_step(piece);
}

/* What a client waits for was @before, and may have changed; the lock is held. */
static inline void observe_wait(struct kcopyd_client *kc,
				enum kcopyd_wait before)
{
	if (times_wanted())
		__observe_wait(kc, before);
	else
		kc->waits_since = 0;
}

#endif /* KCOPYD_OBSERVE_H */
