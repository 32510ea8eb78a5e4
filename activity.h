/* SPDX-License-Identifier: GPL-2.0 */
/* What others do on a device; see activity.c. */
#ifndef KCOPYD_ACTIVITY_H
#define KCOPYD_ACTIVITY_H

#include <linux/blk_types.h>

void activity_own(struct block_device *bdev, unsigned int sectors);
bool activity_of_others(struct block_device *bdev, u64 now);

#endif /* KCOPYD_ACTIVITY_H */
