/* SPDX-License-Identifier: GPL-2.0 */
/* What others do on a device; see activity.c. */
#ifndef KCOPYD_ACTIVITY_H
#define KCOPYD_ACTIVITY_H

#include <linux/blk_types.h>
#include <linux/time64.h>

/* So long somebody is busy after he was seen to be; and between two looks. */
#define ACTIVITY_BUSY_NS (50ULL * NSEC_PER_MSEC)
#define ACTIVITY_LOOK_NS (2ULL * NSEC_PER_MSEC)

void activity_own(struct block_device *bdev, unsigned int sectors);
bool activity_of_others(struct block_device *bdev, u64 now);

#endif /* KCOPYD_ACTIVITY_H */
