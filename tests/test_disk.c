// SPDX-License-Identifier: GPL-2.0
/*
 * Making, programming and asking a test disk; see test_disk.h
 */
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "test_disk_internal.h"

#define WAIT_SECONDS 120

static atomic_t disk_number;

/* Life */

/* A boot record whose one partition extends from @start to the end. */
static void write_partition_table(struct test_disk *disk, unsigned int start)
{
	u8 *entry = disk->data + 0x1be;
	__le32 place[2] = {
		cpu_to_le32(start),
		cpu_to_le32(disk->params.sectors - start),
	};

	entry[4] = 0x83;
	memcpy(entry + 8, place, sizeof(place));
	disk->data[510] = 0x55;
	disk->data[511] = 0xaa;
}

static void free_memory(struct test_disk *disk)
{
	vfree(disk->log);
	kvfree(disk->zone_next);
	vfree(disk->stored);
	vfree(disk->data);
	kfree(disk);
}

static struct test_disk *alloc_memory(const struct test_disk_params *params)
{
	struct test_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	unsigned int zones;

	if (!disk)
		return NULL;
	disk->params = *params;
	disk->params.log_size = params->log_size ?: 4096;
	disk->data = vzalloc((size_t)params->sectors << SECTOR_SHIFT);
	disk->stored = vcalloc(params->sectors, sizeof(u32));
	disk->log = vcalloc(disk->params.log_size, sizeof(*disk->log));
	if (!disk->data || !disk->stored || !disk->log)
		goto free;
	if (params->zone_sectors) {
		zones = DIV_ROUND_UP(params->sectors, params->zone_sectors);
		disk->zone_next = kvcalloc(zones, sizeof(int), GFP_KERNEL);
		if (!disk->zone_next)
			goto free;
		test_disk_reset_zones(disk);
	}
	return disk;

free:
	free_memory(disk);
	return NULL;
}

static int add_gendisk(struct test_disk *disk)
{
	const struct test_disk_params *p = &disk->params;
	struct gendisk *gd;
	int err;

	gd = compat_alloc_disk(p->block_size ?: SECTOR_SIZE,
			       p->flags & TEST_DISK_HAS_ZERO ? UINT_MAX >> 9 :
							       0,
			       p->zone_sectors, p->flags & TEST_DISK_HAS_CACHE);
	if (IS_ERR(gd))
		return -ENOMEM;
	snprintf(gd->disk_name, sizeof(gd->disk_name), "testdisk%d",
		 atomic_inc_return(&disk_number));
	gd->fops = &test_disk_ops;
	gd->private_data = disk;
	disk->gd = gd;
	if (p->part_start)
		write_partition_table(disk, p->part_start);
	else
		gd->flags |= GENHD_FL_NO_PART;
	set_capacity(gd, p->sectors);
	err = add_disk(gd);
	if (err) {
		put_disk(gd);
		return err;
	}
	set_disk_ro(gd, p->flags & TEST_DISK_READ_ONLY);
	return 0;
}

/**
 * test_disk_create - make a disk
 * @params: what it shall be like
 *
 * It is filled with zeroes, all of them durable.
 *
 * Return: the disk, or NULL.
 */
struct test_disk *test_disk_create(const struct test_disk_params *params)
{
	struct test_disk *disk = alloc_memory(params);

	if (!disk)
		return NULL;
	spin_lock_init(&disk->lock);
	init_waitqueue_head(&disk->wait);
	bio_list_init(&disk->held);
	bio_list_init(&disk->ending_bios);
	INIT_WORK(&disk->work, test_disk_end_in_work);
	compat_hrtimer_setup(&disk->timer, test_disk_end_in_irq);
	if (add_gendisk(disk)) {
		free_memory(disk);
		return NULL;
	}
	test_disk_clear_log(disk);
	return disk;
}
EXPORT_SYMBOL_GPL(test_disk_create);

/**
 * test_disk_destroy - remove a disk that nobody uses any more
 * @disk: the disk, or NULL
 */
void test_disk_destroy(struct test_disk *disk)
{
	if (!disk)
		return;
	test_disk_release_all(disk, TEST_DISK_FIFO);
	if (hrtimer_cancel(&disk->timer))
		test_disk_end_in_irq(&disk->timer);
	flush_work(&disk->work);
	WARN_ON(disk->in_flight);
	del_gendisk(disk->gd);
	put_disk(disk->gd);
	free_memory(disk);
}
EXPORT_SYMBOL_GPL(test_disk_destroy);

/**
 * test_disk_vanish - pull the plug
 * @disk: the disk
 *
 * Held bios and all later ones end with an error. What is left of the disk still
 * has to be destroyed.
 */
void test_disk_vanish(struct test_disk *disk)
{
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&disk->lock, flags);
	disk->gone = true;
	bio_list_for_each(bio, &disk->held)
		bio->bi_status = BLK_STS_IOERR;
	spin_unlock_irqrestore(&disk->lock, flags);
	blk_mark_disk_dead(disk->gd);
	/* 6.1 leaves that to the driver */
	set_capacity(disk->gd, 0);
	test_disk_release_all(disk, TEST_DISK_FIFO);
}
EXPORT_SYMBOL_GPL(test_disk_vanish);

/**
 * test_disk_set_read_only - protect the disk from writes, or no longer
 * @disk: the disk
 * @read_only: which of them
 *
 * Like a switch at the device: what is in flight is not stopped, and a write that
 * comes all the same is done.
 */
void test_disk_set_read_only(struct test_disk *disk, bool read_only)
{
	set_disk_ro(disk->gd, read_only);
}
EXPORT_SYMBOL_GPL(test_disk_set_read_only);

/**
 * test_disk_shrink - leave a part of the disk only
 * @disk: the disk
 * @sectors: how long it is from now on, at most as long as it was made
 */
void test_disk_shrink(struct test_disk *disk, sector_t sectors)
{
	set_capacity(disk->gd, sectors);
}
EXPORT_SYMBOL_GPL(test_disk_shrink);

/* Access */

struct block_device *test_disk_bdev(struct test_disk *disk)
{
	return disk->gd->part0;
}
EXPORT_SYMBOL_GPL(test_disk_bdev);

/* The partition that @params.part_start asked for, or NULL. */
struct block_device *test_disk_partition(struct test_disk *disk)
{
	return xa_load(&disk->gd->part_tbl, 1);
}
EXPORT_SYMBOL_GPL(test_disk_partition);

/* The size that it was made with, also when it has vanished. */
sector_t test_disk_sectors(struct test_disk *disk)
{
	return disk->params.sectors;
}
EXPORT_SYMBOL_GPL(test_disk_sectors);

u8 *test_disk_data(struct test_disk *disk)
{
	return disk->data;
}
EXPORT_SYMBOL_GPL(test_disk_data);

/* Fill the disk: no two sectors of one seed, or of two, are the same. */
void test_disk_fill(struct test_disk *disk, u32 seed)
{
	unsigned int i;

	for (i = 0; i < disk->params.sectors; i++) {
		u8 *data = disk->data + ((size_t)i << SECTOR_SHIFT);
		u64 stamp = (u64)seed << 32 | i;

		memset(data, 0x80 | hash_64(stamp, 6), SECTOR_SIZE);
		memcpy(data, &stamp, sizeof(stamp));
		memcpy(data + SECTOR_SIZE - sizeof(stamp), &stamp,
		       sizeof(stamp));
	}
}
EXPORT_SYMBOL_GPL(test_disk_fill);

void test_disk_fill_byte(struct test_disk *disk, u8 byte)
{
	memset(disk->data, byte, (size_t)disk->params.sectors << SECTOR_SHIFT);
}
EXPORT_SYMBOL_GPL(test_disk_fill_byte);

bool test_disk_equal(struct test_disk *a, sector_t a_sector,
		     struct test_disk *b, sector_t b_sector, sector_t count)
{
	return !memcmp(a->data + (a_sector << SECTOR_SHIFT),
		       b->data + (b_sector << SECTOR_SHIFT),
		       count << SECTOR_SHIFT);
}
EXPORT_SYMBOL_GPL(test_disk_equal);

bool test_disk_is_filled(struct test_disk *disk, sector_t sector,
			 sector_t count, u8 byte)
{
	return !memchr_inv(disk->data + (sector << SECTOR_SHIFT), byte,
			   count << SECTOR_SHIFT);
}
EXPORT_SYMBOL_GPL(test_disk_is_filled);

/* Whether nothing of the range would be lost if the power failed now. */
bool test_disk_durable(struct test_disk *disk, sector_t sector, sector_t count)
{
	bool durable = true;

	spin_lock_irq(&disk->lock);
	while (count--)
		durable &= disk->stored[sector++] <= disk->flushed;
	spin_unlock_irq(&disk->lock);
	return durable;
}
EXPORT_SYMBOL_GPL(test_disk_durable);

/* Make all zones empty. The data stays as it is. */
void test_disk_reset_zones(struct test_disk *disk)
{
	unsigned int i, size = disk->params.zone_sectors;

	for (i = 0; i * size < disk->params.sectors; i++)
		disk->zone_next[i] = i * size;
}
EXPORT_SYMBOL_GPL(test_disk_reset_zones);

/* Programming */

/* Return: 0, or -ENOSPC when the disk has too many faults already. */
int test_disk_fail(struct test_disk *disk, const struct test_disk_fault *fault)
{
	int err = -ENOSPC;

	spin_lock_irq(&disk->lock);
	if (disk->nr_faults < MAX_FAULTS) {
		disk->faults[disk->nr_faults++] = *fault;
		err = 0;
	}
	spin_unlock_irq(&disk->lock);
	return err;
}
EXPORT_SYMBOL_GPL(test_disk_fail);

/* Forget all faults. */
void test_disk_heal(struct test_disk *disk)
{
	spin_lock_irq(&disk->lock);
	disk->nr_faults = 0;
	spin_unlock_irq(&disk->lock);
}
EXPORT_SYMBOL_GPL(test_disk_heal);

void test_disk_end_in(struct test_disk *disk, enum test_disk_ending ending)
{
	spin_lock_irq(&disk->lock);
	disk->ending = ending;
	spin_unlock_irq(&disk->lock);
}
EXPORT_SYMBOL_GPL(test_disk_end_in);

/* Have @fn called with every bio that arrives, in the submitter's context. */
void test_disk_watch(struct test_disk *disk, test_disk_watch_fn fn, void *data)
{
	spin_lock_irq(&disk->lock);
	disk->watch = fn;
	disk->watch_data = data;
	spin_unlock_irq(&disk->lock);
}
EXPORT_SYMBOL_GPL(test_disk_watch);

/* Hold bios of these kinds from now on; 0 holds no more of them. */
void test_disk_hold(struct test_disk *disk, unsigned int ops)
{
	test_disk_hold_range(disk, ops, 0, 0);
}
EXPORT_SYMBOL_GPL(test_disk_hold);

/* The same, but only bios that touch the range. */
void test_disk_hold_range(struct test_disk *disk, unsigned int ops,
			  sector_t sector, sector_t count)
{
	unsigned long flags;

	spin_lock_irqsave(&disk->lock, flags);
	disk->hold.ops = ops;
	disk->hold.sector = sector;
	disk->hold.count = count;
	spin_unlock_irqrestore(&disk->lock, flags);
}
EXPORT_SYMBOL_GPL(test_disk_hold_range);

unsigned int test_disk_held(struct test_disk *disk)
{
	unsigned long flags;
	unsigned int count;

	spin_lock_irqsave(&disk->lock, flags);
	count = bio_list_size(&disk->held);
	spin_unlock_irqrestore(&disk->lock, flags);
	return count;
}
EXPORT_SYMBOL_GPL(test_disk_held);

/* Return: whether @count bios were held at last; false after some 30 s. */
bool test_disk_wait_held(struct test_disk *disk, unsigned int count)
{
	return wait_event_timeout(disk->wait, test_disk_held(disk) >= count,
				  WAIT_SECONDS * HZ);
}
EXPORT_SYMBOL_GPL(test_disk_wait_held);

static struct bio *take_held(struct test_disk *disk, unsigned int index)
{
	struct bio *bio, *found = NULL;
	struct bio_list rest;
	unsigned long flags;

	bio_list_init(&rest);
	spin_lock_irqsave(&disk->lock, flags);
	while ((bio = bio_list_pop(&disk->held))) {
		if (index--)
			bio_list_add(&rest, bio);
		else
			found = bio;
	}
	disk->held = rest;
	spin_unlock_irqrestore(&disk->lock, flags);
	return found;
}

/* Let one of the held bios end, counted from the oldest. */
void test_disk_release(struct test_disk *disk, unsigned int index)
{
	struct bio *bio = take_held(disk, index);

	if (!WARN_ON(!bio))
		test_disk_begin_end(disk, bio);
}
EXPORT_SYMBOL_GPL(test_disk_release);

/* Hold no more, and let all that are held end in this order. */
void test_disk_release_all(struct test_disk *disk, enum test_disk_order order)
{
	struct bio *bio;

	test_disk_hold(disk, 0);
	for (;;) {
		unsigned int held = test_disk_held(disk);

		bio = take_held(disk, order == TEST_DISK_LIFO ? held - 1 : 0);
		if (!bio)
			break;
		test_disk_begin_end(disk, bio);
	}
}
EXPORT_SYMBOL_GPL(test_disk_release_all);

/* What happened */

/* How many bios of these kinds have arrived. */
unsigned int test_disk_count(struct test_disk *disk, unsigned int ops)
{
	unsigned int i, count = 0;

	spin_lock_irq(&disk->lock);
	for (i = 0; i < ARRAY_SIZE(disk->counts); i++)
		if (ops & BIT(i))
			count += disk->counts[i];
	spin_unlock_irq(&disk->lock);
	return count;
}
EXPORT_SYMBOL_GPL(test_disk_count);

unsigned int test_disk_in_flight(struct test_disk *disk)
{
	return READ_ONCE(disk->in_flight);
}
EXPORT_SYMBOL_GPL(test_disk_in_flight);

unsigned int test_disk_log_length(struct test_disk *disk)
{
	return READ_ONCE(disk->log_length);
}
EXPORT_SYMBOL_GPL(test_disk_log_length);

/* The bio that arrived at this place in the order; valid until the next
 * test_disk_clear_log().
 */
const struct test_disk_io *test_disk_log(struct test_disk *disk,
					 unsigned int index)
{
	return &disk->log[index];
}
EXPORT_SYMBOL_GPL(test_disk_log);

/* Forget what arrived so far, the counts too. */
void test_disk_clear_log(struct test_disk *disk)
{
	spin_lock_irq(&disk->lock);
	disk->log_length = 0;
	memset(disk->counts, 0, sizeof(disk->counts));
	spin_unlock_irq(&disk->lock);
}
EXPORT_SYMBOL_GPL(test_disk_clear_log);

static int __init test_disk_init(void)
{
	test_disk_wq = alloc_workqueue("test_disk", WQ_UNBOUND | WQ_MEM_RECLAIM,
				       0);
	return test_disk_wq ? 0 : -ENOMEM;
}
module_init(test_disk_init);

static void __exit test_disk_exit(void)
{
	destroy_workqueue(test_disk_wq);
}
module_exit(test_disk_exit);

MODULE_DESCRIPTION("A block device that a test programs");
MODULE_LICENSE("GPL");
