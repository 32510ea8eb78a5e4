// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a bio through a test disk; see test_disk.h
 *
 * A bio takes three steps. It arrives: its fate is decided and logged. It may
 * be held: then it stands in a list until a test releases it. It ends: data is
 * moved and bio_endio() called, at once or by way of a second list from a work
 * item or a hard interrupt. The disk's lock is never held while data is moved
 * or bio_endio() runs.
 *
 * The fate of a bio is kept in its bi_status, and the write clock's reading at
 * the arrival of a flush in its bi_sector, which an empty bio has no use for;
 * so no memory is needed for a bio on its way.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/module.h>

#include "test_disk_internal.h"

struct workqueue_struct *test_disk_wq;
static atomic64_t disk_clock;

static unsigned int kind(const struct bio *bio)
{
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		return TEST_DISK_READ;
	case REQ_OP_WRITE_ZEROES:
		return TEST_DISK_ZERO;
	case REQ_OP_WRITE:
		return bio_sectors(bio) ? TEST_DISK_WRITE : TEST_DISK_FLUSH;
	default:
		return 0;
	}
}

static bool matches(const struct test_disk_fault *fault, const struct bio *bio)
{
	sector_t sector = bio->bi_iter.bi_sector;

	if (!(fault->ops & kind(bio)))
		return false;
	return !fault->count || !bio_sectors(bio) ||
	       (sector < fault->sector + fault->count &&
		fault->sector < sector + bio_sectors(bio));
}

/* Arrival */

static blk_status_t __fault_status(struct test_disk *disk, struct bio *bio)
{
	unsigned int i;

	lockdep_assert_held(&disk->lock);
	for (i = 0; i < disk->nr_faults; i++) {
		struct test_disk_fault *fault = &disk->faults[i];

		if (!matches(fault, bio))
			continue;
		if (fault->skip) {
			fault->skip--;
			continue;
		}
		if (fault->times && !--fault->times)
			fault->ops = 0;
		return fault->status;
	}
	return BLK_STS_OK;
}

/* A write begins at the write pointer and may run on into empty zones. */
static blk_status_t __zone_status(struct test_disk *disk, struct bio *bio)
{
	unsigned int sector = bio->bi_iter.bi_sector;
	unsigned int end = sector + bio_sectors(bio);
	unsigned int size = disk->params.zone_sectors;

	lockdep_assert_held(&disk->lock);
	while (sector < end) {
		unsigned int *next = &disk->zone_next[sector / size];

		if (sector != *next)
			return BLK_STS_IOERR;
		*next = min(end, round_down(sector, size) + size);
		sector = *next;
	}
	return BLK_STS_OK;
}

static blk_status_t __decide(struct test_disk *disk, struct bio *bio)
{
	blk_status_t status;

	lockdep_assert_held(&disk->lock);
	if (disk->gone)
		return BLK_STS_IOERR;
	if (!kind(bio))
		return BLK_STS_NOTSUPP;
	if (disk->params.flags & TEST_DISK_READ_ONLY &&
	    op_is_write(bio_op(bio)))
		return BLK_STS_IOERR;
	status = __fault_status(disk, bio);
	if (!status && disk->zone_next && kind(bio) & CHANGES_DATA)
		status = __zone_status(disk, bio);
	return status;
}

static void __log_arrival(struct test_disk *disk, struct bio *bio)
{
	lockdep_assert_held(&disk->lock);
	disk->in_flight++;
	if (kind(bio) & CHANGES_DATA)
		disk->writes_in_flight++;
	if (kind(bio))
		disk->counts[ilog2(kind(bio))]++;
	if (disk->log_length >= disk->params.log_size)
		return;
	disk->log[disk->log_length++] = (struct test_disk_io){
		.op = kind(bio),
		.opf = bio->bi_opf,
		.sector = bio->bi_iter.bi_sector,
		.sectors = bio_sectors(bio),
		.status = bio->bi_status,
		.writes = disk->writes_in_flight,
		.begun = atomic64_inc_return(&disk_clock),
		.bio = bio,
	};
}

/* The end */

static void __log_end(struct test_disk *disk, struct bio *bio, unsigned int op)
{
	unsigned int i = disk->log_length;

	lockdep_assert_held(&disk->lock);
	disk->in_flight--;
	if (op & CHANGES_DATA)
		disk->writes_in_flight--;
	while (i--)
		if (disk->log[i].bio == bio) {
			disk->log[i].ended = atomic64_inc_return(&disk_clock);
			disk->log[i].bio = NULL;
			break;
		}
}

static void __store_time(struct test_disk *disk, sector_t sector,
			 unsigned int sectors)
{
	lockdep_assert_held(&disk->lock);
	disk->clock++;
	while (sectors--)
		disk->stored[sector++] = disk->clock;
}

static void move_data(struct test_disk *disk, struct bio *bio)
{
	u8 *data = disk->data + (bio->bi_iter.bi_sector << SECTOR_SHIFT);
	struct bvec_iter iter;
	struct bio_vec bv;

	if (kind(bio) == TEST_DISK_ZERO) {
		memset(data, 0, bio->bi_iter.bi_size);
		return;
	}
	bio_for_each_segment(bv, bio, iter) {
		if (kind(bio) == TEST_DISK_READ)
			memcpy_to_bvec(&bv, data);
		else
			memcpy_from_bvec(data, &bv);
		data += bv.bv_len;
	}
}

static void poison(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		void *to = bvec_kmap_local(&bv);

		memset(to, TEST_DISK_POISON, bv.bv_len);
		kunmap_local(to);
	}
}

static void end_bio(struct test_disk *disk, struct bio *bio)
{
	sector_t sector = bio->bi_iter.bi_sector;
	unsigned int op = kind(bio);
	unsigned long flags;

	if (!bio->bi_status)
		move_data(disk, bio);
	else if (op == TEST_DISK_READ)
		poison(bio);

	spin_lock_irqsave(&disk->lock, flags);
	if (!bio->bi_status && op & CHANGES_DATA)
		__store_time(disk, sector, bio_sectors(bio));
	if (!bio->bi_status && op == TEST_DISK_FLUSH)
		disk->flushed = max_t(u32, disk->flushed, sector);
	__log_end(disk, bio, op);
	spin_unlock_irqrestore(&disk->lock, flags);

	bio_endio(bio);
}

static void end_listed_bios(struct test_disk *disk)
{
	struct bio_list bios;
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&disk->lock, flags);
	bios = disk->ending_bios;
	bio_list_init(&disk->ending_bios);
	spin_unlock_irqrestore(&disk->lock, flags);

	while ((bio = bio_list_pop(&bios)))
		end_bio(disk, bio);
}

void test_disk_end_in_work(struct work_struct *work)
{
	end_listed_bios(container_of(work, struct test_disk, work));
}

enum hrtimer_restart test_disk_end_in_irq(struct hrtimer *timer)
{
	end_listed_bios(container_of(timer, struct test_disk, timer));
	return HRTIMER_NORESTART;
}

/* End a bio from where the test wants it to end. */
void test_disk_begin_end(struct test_disk *disk, struct bio *bio)
{
	enum test_disk_ending ending;
	unsigned long flags;

	spin_lock_irqsave(&disk->lock, flags);
	ending = disk->ending;
	if (ending == TEST_DISK_WORK_LIFO)
		bio_list_add_head(&disk->ending_bios, bio);
	else if (ending != TEST_DISK_INLINE)
		bio_list_add(&disk->ending_bios, bio);
	spin_unlock_irqrestore(&disk->lock, flags);

	if (ending == TEST_DISK_INLINE)
		end_bio(disk, bio);
	else if (ending == TEST_DISK_IRQ)
		hrtimer_start(&disk->timer, 0, HRTIMER_MODE_REL);
	else
		queue_work(test_disk_wq, &disk->work);
}

static void submit(struct bio *bio)
{
	struct test_disk *disk = bio->bi_bdev->bd_disk->private_data;
	test_disk_watch_fn watch = READ_ONCE(disk->watch);
	unsigned long flags;
	bool held;

	if (watch)
		watch(bio, disk->watch_data);
	spin_lock_irqsave(&disk->lock, flags);
	bio->bi_status = __decide(disk, bio);
	__log_arrival(disk, bio);
	if (kind(bio) == TEST_DISK_FLUSH)
		bio->bi_iter.bi_sector = disk->clock;
	held = !disk->gone && matches(&disk->hold, bio);
	if (held)
		bio_list_add(&disk->held, bio);
	spin_unlock_irqrestore(&disk->lock, flags);

	if (held)
		wake_up(&disk->wait);
	else
		test_disk_begin_end(disk, bio);
}

const struct block_device_operations test_disk_ops = {
	.owner = THIS_MODULE,
	.submit_bio = submit,
};
