// SPDX-License-Identifier: GPL-2.0
/*
 * What others do on a device
 *
 * A device counts the sectors of all I/O when it ends. So do we, for the I/O of copies
 * that yield, in the same context and just after the device. What the device has counted
 * more than we have is what others did. A difference that has grown since the last look
 * means that the device is busy, and for a while after that. For a moment we may lag by
 * one bio; that makes a device look busy for once, and hides as much of others later. So
 * would a bio that is split, whose parts the device counts one by one; see yield.c.
 *
 * A disk counts as one device with its partitions. Devices that count nothing look idle,
 * as do those that count I/O when it begins.
 */
#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/minmax.h>
#include <linux/part_stat.h>
#include <linux/spinlock.h>
#include <linux/time64.h>

#include "activity.h"
#include "compat.h"

/* So many devices are known at once; others look idle. */
#define DEVICES_MAX 128

/* One that was not looked at for so long gives its place to another. */
#define FORGET_NS (10ULL * NSEC_PER_SEC)

/* What was found longer ago tells nothing of what others do now. */
#define STALE_NS NSEC_PER_SEC

struct activity {
	dev_t dev;    /* of the whole disk; 0: not in use */
	atomic_t own; /* sectors that copies have moved; wraps */
	u32 others;   /* that the device counted beside these, at most */
	u64 looked_at;
	u64 busy_until;
};

/* For all but @dev and @own, which are read without it. */
static DEFINE_RAW_SPINLOCK(lock);
static struct activity devices[DEVICES_MAX];
static unsigned int nr_devices; /* used so far */

static struct activity *find(dev_t dev)
{
	unsigned int i, nr = READ_ONCE(nr_devices);

	for (i = 0; i < nr; i++)
		if (READ_ONCE(devices[i].dev) == dev)
			return &devices[i];
	return NULL;
}

static struct activity *__find_place(u64 now)
{
	unsigned int i;

	if (nr_devices < DEVICES_MAX)
		return &devices[nr_devices];
	for (i = 0; i < DEVICES_MAX; i++)
		if (now - devices[i].looked_at > FORGET_NS)
			return &devices[i];
	return NULL;
}

static struct activity *__find_or_add(dev_t dev, u64 now)
{
	struct activity *device = find(dev);

	lockdep_assert_held(&lock);
	if (device)
		return device;
	device = __find_place(now);
	if (!device)
		return NULL;
	device->looked_at = 0;
	device->busy_until = 0;
	WRITE_ONCE(device->dev, dev);
	if (device == &devices[nr_devices])
		WRITE_ONCE(nr_devices, nr_devices + 1);
	return device;
}

static void __look(struct activity *device, struct block_device *disk, u64 now)
{
	u32 own = atomic_read(&device->own);
	u32 others = (u32)part_stat_read_accum(disk, sectors) - own;
	bool regularly = now - device->looked_at < STALE_NS;

	if ((s32)(others - device->others) > 0 && regularly)
		device->busy_until = now + ACTIVITY_BUSY_NS;
	if ((s32)(others - device->others) > 0 || !regularly)
		device->others = others;
	device->looked_at = now;
}

/**
 * activity_of_others - does somebody else use a device?
 * @bdev: the device
 * @now: the time, in ns
 *
 * Context: Any.
 * Return: true if so, or if that is not long ago.
 */
bool activity_of_others(struct block_device *bdev, u64 now)
{
	struct block_device *disk = bdev_whole(bdev);
	struct activity *device;
	unsigned long irq;
	bool busy = false;

	if (!compat_counts_at_end(disk))
		return false;
	raw_spin_lock_irqsave(&lock, irq);
	device = __find_or_add(disk->bd_dev, now);
	if (device) {
		if (now - device->looked_at >= ACTIVITY_LOOK_NS)
			__look(device, disk, now);
		busy = now < device->busy_until;
	}
	raw_spin_unlock_irqrestore(&lock, irq);
	return busy;
}

/**
 * activity_own - a bio of a copy that yields has ended
 * @bdev: its device
 * @sectors: its length
 *
 * Context: Any; just after the device has counted it.
 */
void activity_own(struct block_device *bdev, unsigned int sectors)
{
	struct activity *device = find(bdev_whole(bdev)->bd_dev);

	if (device)
		atomic_add(sectors, &device->own);
}
