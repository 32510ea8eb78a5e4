/* SPDX-License-Identifier: GPL-2.0 */
/* The percent throttle of dm-kcopyd; see throttle.c. */
#ifndef KCOPYD_THROTTLE_H
#define KCOPYD_THROTTLE_H

#include "include/linux/dm-kcopyd.h"

/* Is there a limit at all? If not, nothing is counted and no lock is taken. */
static inline bool throttle_limits(const struct dm_kcopyd_throttle *t)
{
	return t && READ_ONCE(t->throttle) < 100;
}

unsigned long throttle_begin(struct dm_kcopyd_throttle *t,
			     unsigned long *since);
void throttle_end(struct dm_kcopyd_throttle *t);

#endif /* KCOPYD_THROTTLE_H */
