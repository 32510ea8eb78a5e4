/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What test_disk.c and test_disk_bio.c share
 */
#ifndef TEST_DISK_INTERNAL_H
#define TEST_DISK_INTERNAL_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "test_disk.h"

#define MAX_FAULTS   16
#define CHANGES_DATA (TEST_DISK_WRITE | TEST_DISK_ZERO)

struct test_disk {
	struct gendisk *gd;
	struct test_disk_params params;
	u8 *data;

	spinlock_t lock;	/* all below, except @data's bytes */
	wait_queue_head_t wait; /* for @held to grow */
	bool gone;

	u32 *stored;		 /* for each sector, when it was written */
	u32 clock;		 /* counts writes that ended */
	u32 flushed;		 /* what was stored until then is durable */
	unsigned int *zone_next; /* write pointers, absolute */

	struct test_disk_fault faults[MAX_FAULTS];
	unsigned int nr_faults;
	struct test_disk_fault hold; /* its ops and range tell what to hold */
	struct bio_list held;
	enum test_disk_ending ending;
	struct bio_list ending_bios;
	struct work_struct work;
	struct hrtimer timer;

	test_disk_watch_fn watch;
	void *watch_data;

	unsigned int in_flight;
	unsigned int writes_in_flight;
	unsigned int counts[4]; /* for each kind, in the order of bits */
	struct test_disk_io *log;
	unsigned int log_length;
};

extern const struct block_device_operations test_disk_ops;
extern struct workqueue_struct *test_disk_wq;

void test_disk_begin_end(struct test_disk *disk, struct bio *bio);
void test_disk_end_in_work(struct work_struct *work);
enum hrtimer_restart test_disk_end_in_irq(struct hrtimer *timer);

#endif /* TEST_DISK_INTERNAL_H */
