// SPDX-License-Identifier: GPL-2.0
/*
 * Every bio of kcopyd
 *
 * What is hard here is the end of a step. Its bios are all submitted before
 * anyone looks at their outcome, but they end in any order and in any context,
 * some before the next one is submitted. So the count of those that remain is
 * set before the first is submitted, and the one that brings it to zero hands
 * the whole step back. From then on its owner may start the next step or free
 * the memory, possibly while the submitting loop is still on its way out: the
 * loop therefore keeps what it needs on its own stack.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "fault.h"
#include "io_region.h"
#include "kcopyd_trace.h"
#include "times.h"

/*
 * Zeroes to write, where a device has no command for them. Each entry of the
 * table is the same zeroed memory; like every bio_vec table it can be shared by
 * any number of bios.
 */
#define ZERO_VEC_BYTES (REGION_ZERO_SECTORS * SECTOR_SIZE / REGION_IO_VECS)

static struct page *zero_pages;
static struct bio_vec zero_vecs[REGION_IO_VECS];

/**
 * region_io_setup - set aside the zeroes that all clients share
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int region_io_setup(void)
{
	unsigned int i;

	zero_pages = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP,
				 get_order(ZERO_VEC_BYTES));
	if (!zero_pages)
		return -ENOMEM;
	for (i = 0; i < REGION_IO_VECS; i++)
		zero_vecs[i] = (struct bio_vec){
			.bv_page = zero_pages,
			.bv_len = ZERO_VEC_BYTES,
		};
	return 0;
}

/**
 * region_io_cleanup - free what region_io_setup() set aside
 *
 * Context: Process context, when no I/O is in flight.
 */
void region_io_cleanup(void)
{
	__free_pages(zero_pages, get_order(ZERO_VEC_BYTES));
}

static enum kcopyd_io_op io_op(const struct bio *bio)
{
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		return KCOPYD_IO_READ;
	case REQ_OP_WRITE_ZEROES:
		return KCOPYD_IO_ZERO;
	default:
		return KCOPYD_IO_WRITE;
	}
}

/* Apart from region_endio(), for which it would be in the way. */
static noinline void note_end(struct region_io *io, struct bio *bio)
{
	u64 now = ktime_get_ns();

	trace_kcopyd_io(io->owner->id, bio->bi_bdev->bd_dev, io_op(bio),
			bio - io->bios, (u64)io->sectors << SECTOR_SHIFT,
			times_since(io->begun, now),
			blk_status_to_errno(bio->bi_status));
	WRITE_ONCE(io->ended, now);
}

static void region_endio(struct bio *bio)
{
	struct region_io *io = bio->bi_private;

	if (times_wanted())
		note_end(io, bio);
	if (unlikely(io->bio_ended))
		io->bio_ended(io, bio);

	if (unlikely(bio->bi_status))
		set_bit(bio - io->bios, &io->failed);
	bio_uninit(bio);
	if (atomic_dec_and_test(&io->remaining))
		io->done(io);
}

/*
 * Somebody waits for a copy. Writeback throttling takes writes without these two flags
 * for buffered writeback, which nobody waits for, and makes their submitter sleep.
 */
#define OP_WRITE (REQ_OP_WRITE | REQ_SYNC | REQ_IDLE)

/* What all bios of a step have in common. */
struct step {
	blk_opf_t opf;
	struct bio_vec *vecs;
	unsigned short nr_vecs;
	sector_t offset;
	unsigned int sectors;
};

/* The bio, and what it belongs to, may be gone as soon as it is submitted. */
static noinline void submit_and_watch(struct bio *bio, u32 client)
{
	unsigned long switches = current->nvcsw;
	u64 begun = ktime_get_ns();

	submit_bio(bio);
	if (current->nvcsw != switches)
		trace_kcopyd_wait(client, KCOPYD_WAIT_SUBMIT,
				  ktime_get_ns() - begun);
}

static __always_inline void submit(struct region_io *io, struct bio *bio,
				   const struct io_place *place,
				   const struct step *step)
{
	bio_init(bio, place->bdev, step->vecs, step->nr_vecs, step->opf);
	bio->bi_vcnt = step->nr_vecs;
	bio->bi_iter.bi_sector = place->sector + step->offset;
	bio->bi_iter.bi_size = step->sectors << SECTOR_SHIFT;
	bio->bi_end_io = region_endio;
	bio->bi_private = io;
	bio->bi_ioprio = READ_ONCE(io->owner->ioprio);
	if (unlikely(io->css))
		bio_associate_blkg_from_css(bio, io->css);
	if (times_wanted())
		submit_and_watch(bio, io->owner->id);
	else
		submit_bio(bio);
}

/* Do without the bios for all places from @first on. */
static void give_up(struct region_io *io, unsigned long places,
		    unsigned int first)
{
	unsigned long rest = places & ~(BIT(first) - 1);

	io->places = places & ~rest;
	if (atomic_sub_and_test(hweight_long(rest), &io->remaining))
		io->done(io);
}

/* Do without one bio, as if it had failed. */
static void fail_one(struct region_io *io, unsigned int i)
{
	set_bit(i, &io->failed);
	io->bios[i].bi_status = BLK_STS_IOERR;
	if (atomic_dec_and_test(&io->remaining))
		io->done(io);
}

/* Is the step to fail at this place before it gets to the device? */
static bool must_fail(const struct region_io *io, const struct step *step)
{
	return fault_injected(op_is_write(step->opf) ? FAULT_WRITE : FAULT_READ,
			      io->owner->label, step->sectors << SECTOR_SHIFT);
}

/* Inlined, so that what a kind of step does not have costs it nothing. */
static __always_inline void submit_all(struct region_io *io,
				       const struct io_place *to,
				       unsigned long places,
				       const struct step *step)
{
	/* A flush changes nothing. */
	const bool obey = op_is_write(step->opf) && step->sectors &&
			  !io->write_read_only;
	const bool *stop = io->stop;
	unsigned long rest;
	unsigned int i;

	io->places = places;
	io->failed = 0;
	io->sectors = step->sectors;
	io->begun = times_now();
	io->ended = 0;
	atomic_set(&io->remaining, hweight_long(places));
	for (rest = places; rest; rest &= rest - 1) {
		i = __ffs(rest);
		if (unlikely(READ_ONCE(*stop))) {
			give_up(io, places, i);
			return;
		}
		if (unlikely((obey && bdev_read_only(to[i].bdev)) ||
			     must_fail(io, step)))
			fail_one(io, i);
		else
			submit(io, &io->bios[i], &to[i], step);
	}
}

/**
 * region_read - read a region into the buffer
 * @io: the step; its buffer has room for @sectors
 * @from: where the region begins
 * @offset: sectors from there to the first one to be read
 * @sectors: how many to read, 1 or more
 *
 * Context: Process context. May sleep.
 */
void region_read(struct region_io *io, const struct io_place *from,
		 sector_t offset, unsigned int sectors)
{
	const struct step step = {
		.opf = REQ_OP_READ,
		.vecs = io->vecs,
		.nr_vecs = io->nr_vecs,
		.offset = offset,
		.sectors = sectors,
	};

	submit_all(io, from, BIT(0), &step);
}

/**
 * region_write - write the buffer to several places
 * @io: the step; its buffer holds @sectors
 * @to: places, KCOPYD_MAX_REGIONS of them or fewer
 * @places: which of them to write, a mask; not 0
 * @offset: sectors from the beginning of each to the first one to be written
 * @sectors: how many to write, 1 or more
 *
 * Context: Process context. May sleep.
 */
void region_write(struct region_io *io, const struct io_place *to,
		  unsigned long places, sector_t offset, unsigned int sectors)
{
	const struct step step = {
		.opf = OP_WRITE,
		.vecs = io->vecs,
		.nr_vecs = io->nr_vecs,
		.offset = offset,
		.sectors = sectors,
	};

	submit_all(io, to, places, &step);
}

/**
 * region_write_zeroes - zero by the devices' own command
 * @io: the step; its buffer is not used
 * @to: places, KCOPYD_MAX_REGIONS of them or fewer
 * @places: which of them to zero, a mask; not 0
 * @offset: sectors from the beginning of each to the first one to be zeroed
 * @sectors: how many to zero, 1 or more
 *
 * A device may refuse; see region_refused().
 *
 * Context: Process context. May sleep.
 */
void region_write_zeroes(struct region_io *io, const struct io_place *to,
			 unsigned long places, sector_t offset,
			 unsigned int sectors)
{
	const struct step step = {
		.opf = REQ_OP_WRITE_ZEROES,
		.offset = offset,
		.sectors = sectors,
	};

	submit_all(io, to, places, &step);
}

/**
 * region_write_zero_pages - zero by writing zeroes from memory
 * @io: the step; its buffer is not used
 * @to: places, KCOPYD_MAX_REGIONS of them or fewer
 * @places: which of them to zero, a mask; not 0
 * @offset: sectors from the beginning of each to the first one to be zeroed
 * @sectors: how many to zero, 1 to REGION_ZERO_SECTORS
 *
 * Context: Process context. May sleep.
 */
void region_write_zero_pages(struct region_io *io, const struct io_place *to,
			     unsigned long places, sector_t offset,
			     unsigned int sectors)
{
	const struct step step = {
		.opf = OP_WRITE,
		.vecs = zero_vecs,
		.nr_vecs = DIV_ROUND_UP(sectors << SECTOR_SHIFT,
					ZERO_VEC_BYTES),
		.offset = offset,
		.sectors = sectors,
	};

	submit_all(io, to, places, &step);
}

/**
 * region_flush - bring to stable media what was written to several devices
 * @io: the step; its buffer is not used
 * @to: places, KCOPYD_MAX_REGIONS of them or fewer
 * @places: which of them to flush, a mask; not 0
 *
 * Context: Process context. May sleep.
 */
void region_flush(struct region_io *io, const struct io_place *to,
		  unsigned long places)
{
	const struct step step = { .opf = OP_WRITE | REQ_PREFLUSH };
	struct io_place device[KCOPYD_MAX_REGIONS];
	unsigned int i;

	for_each_set_bit(i, &places, KCOPYD_MAX_REGIONS)
		device[i] = (struct io_place){ .bdev = to[i].bdev };
	submit_all(io, device, places, &step);
}

/**
 * region_skip - end a step that has nothing to do
 * @io: the step
 *
 * Context: Process context.
 */
void region_skip(struct region_io *io)
{
	io->places = 0;
	io->failed = 0;
	io->begun = 0;
	io->done(io);
}

/* Drivers say no in two ways, or withdraw the offer when the command fails. */
static bool refused(const struct bio *bio, const struct io_place *place)
{
	return bio->bi_status == BLK_STS_NOTSUPP ||
	       (bio->bi_status && !bdev_write_zeroes_sectors(place->bdev));
}

/**
 * region_refused - which devices turned down region_write_zeroes()
 * @io: the step, after its end
 * @to: the places it was for
 *
 * Some drivers find out that a device lacks the command only when they try. The
 * region can still be zeroed by writing.
 *
 * Context: Any.
 * Return: A mask of the places; a part of region_failed().
 */
unsigned long region_refused(const struct region_io *io,
			     const struct io_place *to)
{
	unsigned long mask = 0;
	unsigned int i;

	for_each_set_bit(i, &io->places, KCOPYD_MAX_REGIONS)
		if (refused(&io->bios[i], &to[i]))
			mask |= BIT(i);
	return mask;
}
