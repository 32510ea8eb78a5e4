/* SPDX-License-Identifier: GPL-2.0 */
/* Back-pressure: no more than so many jobs are pending; see pressure.c. */
#ifndef KCOPYD_PRESSURE_H
#define KCOPYD_PRESSURE_H

#include "client.h"

/* Has a submission to ask pressure_admit() first? */
static inline bool pressure_limits(const struct kcopyd_client *kc)
{
	return unlikely(READ_ONCE(kc->max_jobs));
}

int pressure_admit(struct kcopyd_client *kc, bool may_sleep);
void pressure_wait_below(struct kcopyd_client *kc, unsigned int jobs);
void pressure_set(struct kcopyd_client *kc, unsigned int jobs);
void pressure_init(struct kcopyd_client *kc);
void pressure_exit(struct kcopyd_client *kc);

#endif /* KCOPYD_PRESSURE_H */
