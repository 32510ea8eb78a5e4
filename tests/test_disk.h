/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block device that a test programs
 *
 * A test disk lives in memory. A test fills and compares that memory directly,
 * and tells the disk which bios to fail, which to hold back until it releases
 * them, in what order and from what context to end them. The disk writes down
 * everything that it is asked for.
 *
 * What may surprise:
 *
 * - Whether a bio fails is decided when it arrives. What it moves is moved when
 *   it ends, so a held write has not changed the disk yet.
 * - A read that fails leaves TEST_DISK_POISON in the reader's memory, as a real
 *   one may leave anything there.
 * - A disk with a volatile cache counts a write as durable when it ended before
 *   the arrival of a flush that succeeded.
 * - Nothing is allocated while the disk serves bios.
 */
#ifndef TEST_DISK_H
#define TEST_DISK_H

#include <linux/bits.h>
#include <linux/blk_types.h>
#include <linux/types.h>

#define TEST_DISK_POISON 0xdb

struct test_disk;

/* Kinds of bios; a mask where a function takes several. */
#define TEST_DISK_READ	BIT(0)
#define TEST_DISK_WRITE BIT(1)
#define TEST_DISK_ZERO	BIT(2) /* REQ_OP_WRITE_ZEROES */
#define TEST_DISK_FLUSH BIT(3) /* an empty write with REQ_PREFLUSH */
#define TEST_DISK_ALL	GENMASK(3, 0)

/* What a disk is. */
#define TEST_DISK_READ_ONLY BIT(0)
#define TEST_DISK_HAS_ZERO  BIT(1) /* offers REQ_OP_WRITE_ZEROES */
#define TEST_DISK_HAS_CACHE BIT(2) /* has a volatile write cache */

/**
 * struct test_disk_params - what a disk is like
 * @sectors: its size in units of 512 bytes
 * @flags: TEST_DISK_READ_ONLY, TEST_DISK_HAS_ZERO, TEST_DISK_HAS_CACHE
 * @block_size: the logical block size in bytes; 0 stands for 512
 * @zone_sectors: the size of a zone, a power of two; 0 for a disk without zones
 * @part_start: where the one partition begins, which extends to the end of the
 *	disk; 0 for a disk without partitions
 * @log_size: how many bios it can log; 0 stands for 4096
 */
struct test_disk_params {
	unsigned int sectors;
	unsigned int flags;
	unsigned int block_size;
	unsigned int zone_sectors;
	unsigned int part_start;
	unsigned int log_size;
};

/**
 * struct test_disk_fault - bios that shall fail
 * @ops: which kinds
 * @sector: first sector of the bad range; a flush has no range and matches any
 * @count: length of the bad range; 0 stands for the whole disk
 * @status: what to fail with
 * @skip: let that many of them pass first
 * @times: fail only so many; 0 stands for all
 */
struct test_disk_fault {
	unsigned int ops;
	sector_t sector;
	sector_t count;
	blk_status_t status;
	unsigned int skip;
	unsigned int times;
};

/**
 * struct test_disk_io - what a disk writes down about a bio
 * @op: its kind
 * @opf: its bi_opf
 * @sector: where on the whole disk
 * @sectors: how many
 * @status: how it was decided to end
 * @writes: how many bios that change data were in flight on this disk when this
 *	one arrived, itself included
 * @begun: when it arrived, by a clock that all disks share
 * @ended: when it ended; 0 while it is in flight
 * @bio: the bio while it is in flight, to recognise it
 */
struct test_disk_io {
	unsigned int op;
	blk_opf_t opf;
	sector_t sector;
	unsigned int sectors;
	blk_status_t status;
	unsigned int writes;
	u64 begun;
	u64 ended;
	struct bio *bio;
};

/* Where bios end. */
enum test_disk_ending {
	TEST_DISK_INLINE,    /* inside submit_bio(); the default */
	TEST_DISK_WORK,	     /* in a work item, in the order of arrival */
	TEST_DISK_WORK_LIFO, /* in a work item, the newest first */
	TEST_DISK_IRQ,	     /* in a hard interrupt */
};

enum test_disk_order {
	TEST_DISK_FIFO,
	TEST_DISK_LIFO,
};

struct test_disk *test_disk_create(const struct test_disk_params *params);
void test_disk_destroy(struct test_disk *disk);
void test_disk_vanish(struct test_disk *disk);
void test_disk_set_read_only(struct test_disk *disk, bool read_only);
void test_disk_shrink(struct test_disk *disk, sector_t sectors);

struct block_device *test_disk_bdev(struct test_disk *disk);
struct block_device *test_disk_partition(struct test_disk *disk);
sector_t test_disk_sectors(struct test_disk *disk);
u8 *test_disk_data(struct test_disk *disk);
void test_disk_fill(struct test_disk *disk, u32 seed);
void test_disk_fill_byte(struct test_disk *disk, u8 byte);
bool test_disk_equal(struct test_disk *a, sector_t a_sector,
		     struct test_disk *b, sector_t b_sector, sector_t count);
bool test_disk_is_filled(struct test_disk *disk, sector_t sector,
			 sector_t count, u8 byte);
bool test_disk_durable(struct test_disk *disk, sector_t sector, sector_t count);
void test_disk_reset_zones(struct test_disk *disk);

int test_disk_fail(struct test_disk *disk, const struct test_disk_fault *fault);
void test_disk_heal(struct test_disk *disk);
void test_disk_end_in(struct test_disk *disk, enum test_disk_ending ending);

typedef void (*test_disk_watch_fn)(struct bio *bio, void *data);
void test_disk_watch(struct test_disk *disk, test_disk_watch_fn fn, void *data);

void test_disk_hold(struct test_disk *disk, unsigned int ops);
void test_disk_hold_range(struct test_disk *disk, unsigned int ops,
			  sector_t sector, sector_t count);
bool test_disk_wait_held(struct test_disk *disk, unsigned int count);
unsigned int test_disk_held(struct test_disk *disk);
void test_disk_release(struct test_disk *disk, unsigned int index);
void test_disk_release_all(struct test_disk *disk, enum test_disk_order order);

unsigned int test_disk_count(struct test_disk *disk, unsigned int ops);
unsigned int test_disk_in_flight(struct test_disk *disk);
unsigned int test_disk_log_length(struct test_disk *disk);
const struct test_disk_io *test_disk_log(struct test_disk *disk,
					 unsigned int index);
void test_disk_clear_log(struct test_disk *disk);

#endif /* TEST_DISK_H */
