/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that knows kernel versions
 *
 * All other code is written for the newest kernel in the range; what an older
 * one lacks is made up for here.
 */
#ifndef KCOPYD_COMPAT_H
#define KCOPYD_COMPAT_H

#include <linux/version.h>

/*
 * The kernels that this is for. The scripts in tests/vm read here which of them
 * are tested. Those between them are in the range, and that is all.
 */
#define KCOPYD_LINUX_OLDEST KERNEL_VERSION(6, 1, 0)  /* tested: Debian 12 */
#define KCOPYD_LINUX_STABLE KERNEL_VERSION(6, 12, 0) /* tested: Debian 13 */
#define KCOPYD_LINUX_BEFORE KERNEL_VERSION(7, 2, 0)  /* built */
#define KCOPYD_LINUX_NEWEST KERNEL_VERSION(7, 3, 0)  /* tested */

#if LINUX_VERSION_CODE < KCOPYD_LINUX_OLDEST
#error "kcopyd does not build on this kernel: it is too old"
#elif LINUX_VERSION_CODE >= KCOPYD_LINUX_NEWEST + KERNEL_VERSION(0, 1, 0)
#ifdef KCOPYD_UNTESTED
#warning "kcopyd was never tested on this kernel: it is too new"
#else
#error "kcopyd was never tested on this kernel: it is too new. KCOPYD_UNTESTED=1 builds it"
#endif
#endif

#include <linux/workqueue.h>

/* Before 6.17 a workqueue was per-CPU unless it said otherwise. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define WQ_PERCPU 0
#endif

/*
 * Does a device count the sectors of its I/O when that ends? Before 6.4, one without a
 * queue did so when it begins.
 */
#include <linux/blkdev.h>

static inline bool compat_counts_at_end(struct block_device *bdev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return true;
#else
	return queue_is_mq(bdev_get_queue(bdev));
#endif
}

/*
 * For the targets
 */
#include <linux/blk_types.h>
#include <linux/overflow.h>

/* Before 6.11 a bio that makes no sense was one that is not supported. */
#ifndef BLK_STS_INVAL
#define BLK_STS_INVAL BLK_STS_NOTSUPP
#endif

/* Before 6.5 a device was opened like a file. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define blk_mode_t fmode_t
#define BLK_OPEN_WRITE FMODE_WRITE
#endif

/* Came with 6.5, and to 6.1 with one of its later updates. */
#ifndef struct_size_t
#define struct_size_t(type, member, count) \
	struct_size((type *)NULL, member, count)
#endif

/*
 * For the tests and the benchmark
 */
#include <linux/blkdev.h>
#include <linux/file.h>

/* Until 6.11 the limits of a disk were set one by one after its allocation. */
static inline struct gendisk *compat_alloc_disk(unsigned int block_size,
						unsigned int zero_sectors,
						unsigned int zone_sectors,
						bool write_cache)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	struct queue_limits limits = {
		.logical_block_size = block_size,
		.max_write_zeroes_sectors = zero_sectors,
		.chunk_sectors = zone_sectors,
		.features = (zone_sectors ? BLK_FEAT_ZONED : 0) |
			    (write_cache ? BLK_FEAT_WRITE_CACHE : 0),
	};

	return blk_alloc_disk(&limits, NUMA_NO_NODE);
#else
	struct gendisk *disk = blk_alloc_disk(NUMA_NO_NODE);

	if (!disk)
		return ERR_PTR(-ENOMEM);
	blk_queue_logical_block_size(disk->queue, block_size);
	blk_queue_max_write_zeroes_sectors(disk->queue, zero_sectors);
	blk_queue_write_cache(disk->queue, write_cache, false);
	if (zone_sectors) {
		disk_set_zoned(disk, BLK_ZONED_HM);
		blk_queue_chunk_sectors(disk->queue, zone_sectors);
	}
	return disk;
#endif
}

/* A device, held open for reading and writing. */
struct compat_bdev {
	struct block_device *bdev;
	struct file *file;
};

/* From 6.9 an open device is a file. */
static inline int compat_open_bdev(const char *path, struct compat_bdev *opened)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	const blk_mode_t mode = BLK_OPEN_READ | BLK_OPEN_WRITE;

	opened->file = bdev_file_open_by_path(path, mode, NULL, NULL);
	if (IS_ERR(opened->file))
		return PTR_ERR(opened->file);
	opened->bdev = file_bdev(opened->file);
#else
	opened->bdev = blkdev_get_by_path(path, FMODE_READ | FMODE_WRITE, NULL);
	if (IS_ERR(opened->bdev))
		return PTR_ERR(opened->bdev);
#endif
	return 0;
}

static inline void compat_close_bdev(struct compat_bdev *opened)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	fput(opened->file);
#else
	blkdev_put(opened->bdev, FMODE_READ | FMODE_WRITE);
#endif
}

#include <linux/hrtimer.h>

/*
 * For a timer that expires in hard interrupts, but on PREEMPT_RT in a thread. Before
 * 6.13 it had two steps.
 */
static inline void
compat_hrtimer_setup(struct hrtimer *timer,
		     enum hrtimer_restart (*fn)(struct hrtimer *timer))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer->function = fn;
#endif
}

/*
 * Until 6.7 the suites of a module ran before its parameters were parsed; here
 * they are, by hand. To parse them again later does no harm.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

static inline void compat_set_param(struct module *mod, const char *name,
				    const char *value)
{
	unsigned int i;

	for (i = 0; i < mod->num_kp; i++)
		if (!strcmp(mod->kp[i].name, name))
			mod->kp[i].ops->set(value, &mod->kp[i]);
}

static inline void compat_parse_params(struct module *mod)
{
	char *args = kstrdup(mod->args, GFP_KERNEL), *rest = args, *arg;

	while ((arg = strsep(&rest, " "))) {
		char *name = strsep(&arg, "=");

		if (arg)
			compat_set_param(mod, name, arg);
	}
	kfree(args);
}
#else
static inline void compat_parse_params(struct module *mod)
{
}
#endif

#endif /* KCOPYD_COMPAT_H */
