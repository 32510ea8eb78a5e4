/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every bio of kcopyd: reads, writes fanned out, zeroing, flushes; and the
 * checks of a region against its device
 *
 * A struct region_io carries one step at a time: one read, or one write of the
 * same buffer to several places, or one flush of several devices. All that the
 * step needs is embedded, so starting one cannot fail. All bios of a step point
 * at the same bio_vec table, which the block layer never changes: a destination
 * costs one bio_init(), whatever the length.
 *
 * When the last bio of a step has ended, @done is called, in any context; the
 * outcome can then be asked for, and the next step started, by its owner. From
 * the moment a step is started until then the region_io is not to be touched.
 */
#ifndef IO_REGION_H
#define IO_REGION_H

#include <linux/bio.h>
#include <linux/blkdev.h>

#include "kcopyd.h"

/* How many bio_vecs a buffer can have. */
#define REGION_IO_VECS 16

/* The most sectors that one write of zeroes from memory can have: 512 KiB. */
#define REGION_ZERO_SECTORS 1024

/**
 * struct io_place - a place on a device where a region begins
 * @bdev: the device
 * @sector: in units of 512 bytes
 */
struct io_place {
	struct block_device *bdev;
	sector_t sector;
};

/**
 * struct io_owner - whose I/O it is
 * @id: a number, for tracepoints
 * @ioprio: the priority of its bios
 * @label: a name, for faults
 */
struct io_owner {
	u32 id;
	u16 ioprio;
	char label[KCOPYD_LABEL_SIZE];
};

/**
 * struct region_io - one step of I/O on one or several regions
 * @done: called once for each step, when all its bios have ended; in any
 *	context, hard interrupts too
 * @bio_ended: called for each bio that has ended, before that; or NULL
 * @stop: once this is true, no more bios are submitted; a step ends with those
 *	that were, and @places is what they are for
 * @write_read_only: write devices that are set read-only, too; else that fails
 * @remaining: bios of the current step that have not ended
 * @places: bit i is set if bio i is part of the current step
 * @failed: bit i is set if bio i of it ended with an error
 * @css: the cgroup of its bios; NULL: that of who submits them, which is the root
 * @owner: whose it is
 * @sectors: of the current step, of each place; for tracepoints
 * @begun: when the step began, in ns; 0 if nobody wanted to know
 * @ended: when its latest bio ended, likewise
 * @nr_vecs: entries of @vecs in use
 * @vecs: the buffer
 * @bios: bio i is for place i; a read uses the first
 */
struct region_io {
	void (*done)(struct region_io *io);
	void (*bio_ended)(struct region_io *io, struct bio *bio);
	const bool *stop;
	bool write_read_only;
	atomic_t remaining;
	unsigned long places;
	unsigned long failed;
	struct cgroup_subsys_state *css;
	const struct io_owner *owner;
	unsigned int sectors;
	u64 begun;
	u64 ended;
	unsigned short nr_vecs;
	struct bio_vec vecs[REGION_IO_VECS];
	struct bio bios[KCOPYD_MAX_REGIONS];
};

/**
 * io_region_check - check that a region makes sense, whatever its device holds now
 * @region: the region
 *
 * Context: Any.
 * Return: 0, or -EINVAL if @region is NULL or has no device, if the number of
 * its last sector overflows, or if it is not aligned to the device's logical
 * block size.
 */
static inline int io_region_check(const struct io_region *region)
{
	sector_t block;

	if (!region || !region->bdev ||
	    region->sector + region->count < region->sector)
		return -EINVAL;
	block = bdev_logical_block_size(region->bdev) >> SECTOR_SHIFT;
	if ((region->sector | region->count) & (block - 1))
		return -EINVAL;
	return 0;
}

/**
 * io_region_fits - tell whether a region ends before the end of its device
 * @region: a region that io_region_check() accepted
 *
 * A device that is gone has no sectors. A partition keeps its size when its disk
 * shrinks or is gone, so both are asked.
 *
 * Context: Any.
 * Return: true if it does.
 */
static inline bool io_region_fits(const struct io_region *region)
{
	sector_t end = region->sector + region->count;
	struct block_device *bdev = region->bdev;

	return end <= bdev_nr_sectors(bdev) &&
	       bdev->bd_start_sect + end <= get_capacity(bdev->bd_disk);
}

/**
 * io_regions_overlap - tell whether two regions have a sector in common
 * @a: a region that io_region_check() accepted
 * @b: another
 *
 * Partitions of one disk are compared by where they lie on the disk.
 *
 * Context: Any.
 * Return: true if they have.
 */
static inline bool io_regions_overlap(const struct io_region *a,
				      const struct io_region *b)
{
	sector_t a_start, b_start;

	if (a->bdev->bd_disk != b->bdev->bd_disk)
		return false;
	a_start = a->bdev->bd_start_sect + a->sector;
	b_start = b->bdev->bd_start_sect + b->sector;
	return a->count && b->count && a_start < b_start + b->count &&
	       b_start < a_start + a->count;
}

void region_read(struct region_io *io, const struct io_place *from,
		 sector_t offset, unsigned int sectors);
void region_write(struct region_io *io, const struct io_place *to,
		  unsigned long places, sector_t offset, unsigned int sectors);
void region_write_zeroes(struct region_io *io, const struct io_place *to,
			 unsigned long places, sector_t offset,
			 unsigned int sectors);
void region_write_zero_pages(struct region_io *io, const struct io_place *to,
			     unsigned long places, sector_t offset,
			     unsigned int sectors);
void region_flush(struct region_io *io, const struct io_place *to,
		  unsigned long places);
void region_skip(struct region_io *io);

/**
 * region_failed - where a step failed
 * @io: the step, after its end
 *
 * Context: Any.
 * Return: A mask of the places whose bio ended with an error.
 */
static inline unsigned long region_failed(const struct region_io *io)
{
	return io->failed;
}

/**
 * region_read_error - how a read ended
 * @io: the step, after its end
 *
 * Context: Any.
 * Return: 0 or a negative errno. 0, too, if it was stopped.
 */
static inline int region_read_error(const struct region_io *io)
{
	return io->failed ? blk_status_to_errno(io->bios[0].bi_status) : 0;
}

unsigned long region_refused(const struct region_io *io,
			     const struct io_place *to);

int region_io_setup(void);
void region_io_cleanup(void);

#endif /* IO_REGION_H */
