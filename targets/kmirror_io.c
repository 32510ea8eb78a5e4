// SPDX-License-Identifier: GPL-2.0
/*
 * Where bios go, and what becomes of a leg that fails
 *
 * Nothing is allocated on the way of a bio
 * ----------------------------------------
 * A write to N legs needs N clones. Had they to be allocated, they could not
 * simply be taken one after the other from one bio_set: inside submit_bio() a
 * clone that was submitted waits in current->bio_list until we return, so if we
 * slept for the next one, it could never end and give its memory back. Instead
 * the clones are embedded in the data that device-mapper sets aside with each
 * bio (per_io_data_size): they come with the bio, from its reserve. So any
 * number of bios can be fanned out in any context, and nobody waits.
 *
 * A bio that can't be sent at once is linked by its bi_next and left to the
 * worker. That runs on a workqueue with a rescuer, and the only thing it may
 * wait for is a job object of our own kcopyd client, which has more of them in
 * reserve than there are copies.
 *
 * When a leg fails
 * ----------------
 * A leg that fails a write or a flush does not hold what it should, so it is
 * dropped: it gets no more I/O. That is done before the write is reported, and
 * a write has succeeded if there is a good leg then that took it. A good leg has
 * thus taken every write that was sent to it, which is what makes it fit to be
 * read.
 *
 * A flush vouches for all regions. So it has succeeded if there is a good leg that
 * took it, and was in sync when the flush began: what was copied to another leg
 * meanwhile came from one that may just be failing.
 *
 * A read is sent to a leg as it is. A leg that fails it is kept, and the read is
 * retried elsewhere, by a clone. If another leg has the data, it is written to the leg
 * that failed; see kmirror_sync.c.
 *
 * If no leg in sync is left before all is synchronised, the rest has no other copy:
 * I/O to those regions fails, and so do flushes.
 *
 * Ending a bio
 * ------------
 * As soon as device-mapper has the last bio back, the target may go. So ending
 * a bio is the last thing done with it, and so is unlocking after it was handed
 * to the worker.
 */
#include <linux/blkdev.h>
#include <linux/math64.h>

#include "kmirror.h"

#define NO_LEG LEGS_MAX

/* A leg with so many reads in flight more than another has clearly more to do. */
#define READS_AHEAD 16

static struct mirror_io *io_of_bio(struct mirror *m, struct bio *bio)
{
	return dm_per_bio_data(bio, m->ti->per_io_data_size);
}

static bool is_write(const struct mirror_io *io)
{
	return op_is_write(bio_op(io->bio));
}

/* Device-mapper sends flushes as bios of their own, without data. */
static bool is_flush(const struct mirror_io *io)
{
	return io->bio->bi_opf & REQ_PREFLUSH;
}

static void end_bio(struct bio *bio, blk_status_t status)
{
	bio->bi_status = status;
	bio_endio(bio);
}

/* Copies yield to what is sent to legs. While there are none, nobody needs to know. */
static void tell_begin(struct mirror *m, struct mirror_io *io)
{
	io->told = READ_ONCE(m->filling);
	if (unlikely(io->told))
		kcopyd_client_busy_begin(m->kc);
}

static void tell_end(struct mirror *m, const struct mirror_io *io)
{
	if (unlikely(io->told))
		kcopyd_client_busy_end(m->kc);
}

static void put_off(struct mirror *m, struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	bio_list_add(&m->put_off, bio);
	queue_work(m->wq, &m->work);
	spin_unlock_irqrestore(&m->lock, flags);
}

/*
 * A write to a synchronised region goes to all good legs: count it, which needs no
 * lock. Returns false if it has to be in the hash.
 */
static bool write_enters_fast(struct mirror *m, struct mirror_io *io)
{
	if (!percpu_ref_tryget_live(&m->fast))
		return false;
	/* Who stops the fast way waits until we have looked. */
	io->fast = test_bit_acquire(io->region, m->synced);
	if (!io->fast)
		percpu_ref_put(&m->fast);
	return io->fast;
}

/*
 * Note in the hash that a write is in flight. Returns false if its region is
 * claimed; then the write waits on the claim's list.
 */
static bool write_enters(struct mirror *m, struct mirror_io *io)
{
	struct copy *copy;

	spin_lock_irq(&m->lock);
	copy = __copy_of_region(m, io->region);
	if (copy) {
		bio_list_add(&copy->writes, io->bio);
		__write_is_held(m);
	} else {
		hash_add(m->writes, &io->node, io->region);
	}
	spin_unlock_irq(&m->lock);
	return !copy;
}

static void write_leaves(struct mirror *m, struct mirror_io *io)
{
	unsigned long flags;

	if (io->fast) {
		percpu_ref_put(&m->fast);
		return;
	}
	if (!hash_hashed(&io->node))
		return;
	spin_lock_irqsave(&m->lock, flags);
	hash_del(&io->node);
	if (__copy_of_region(m, io->region))
		queue_work(m->wq, &m->work);
	spin_unlock_irqrestore(&m->lock, flags);
}

/* If all legs alike find fault with a write, the fault is not with them. */
static bool is_malformed(const struct mirror_io *io)
{
	unsigned int leg;

	for_each_set_bit(leg, &io->legs, LEGS_MAX)
		if (io->clones[leg].bi_status != BLK_STS_INVAL)
			return false;
	return io->legs;
}

static sector_t io_sector(const struct mirror_io *io)
{
	return dm_target_offset(io->mirror->ti, io->bio->bi_iter.bi_sector);
}

static blk_status_t write_status(struct mirror *m, const struct mirror_io *io)
{
	unsigned long holds = io->legs;
	unsigned int leg;

	if (is_malformed(io))
		return BLK_STS_INVAL;
	for_each_set_bit(leg, &io->legs, LEGS_MAX) {
		blk_status_t status = io->clones[leg].bi_status;

		if (status)
			drop_leg(m, leg, is_flush(io) ? "a flush" : "a write",
				 io_sector(io), blk_status_to_errno(status));
	}
	if (is_flush(io))
		holds &= io->in_sync;
	return holds & good_legs(m) ? BLK_STS_OK : BLK_STS_IOERR;
}

static void finish_write(struct mirror *m, struct mirror_io *io)
{
	blk_status_t status = write_status(m, io);

	write_leaves(m, io);
	end_bio(io->bio, status);
}

/* Is a read that failed to be tried on another leg? The worker does that. */
static bool retry_read(struct mirror *m, struct mirror_io *io,
		       blk_status_t status)
{
	/* That is not for the leg to answer for. */
	if (status == BLK_STS_INVAL)
		return false;
	note_read_error(m, __ffs(io->legs), io_sector(io), bio_sectors(io->bio),
			blk_status_to_errno(status));
	io->tried |= io->legs;
	put_off(m, io->bio);
	return true;
}

static void finish_read(struct mirror *m, struct mirror_io *io)
{
	unsigned int leg = __ffs(io->legs);
	blk_status_t status = io->clones[leg].bi_status;

	atomic_dec(&m->legs[leg].reads);
	if (!status) {
		if (io->tried)
			want_repair(m, io);
		end_bio(io->bio, BLK_STS_OK);
	} else if (!retry_read(m, io, status)) {
		end_bio(io->bio, status);
	}
}

/* A clone has ended, or all have been sent: the last one finishes the bio. */
static void put_io(struct mirror_io *io)
{
	if (!atomic_dec_and_test(&io->pending))
		return;
	tell_end(io->mirror, io);
	if (is_write(io))
		finish_write(io->mirror, io);
	else
		finish_read(io->mirror, io);
}

static void clone_ended(struct bio *clone)
{
	struct mirror_io *io = clone->bi_private;

	bio_uninit(clone);
	put_io(io);
}

static sector_t leg_sector(struct mirror *m, unsigned int leg, struct bio *bio)
{
	if (!bio_sectors(bio))
		return 0;
	return m->legs[leg].offset +
	       dm_target_offset(m->ti, bio->bi_iter.bi_sector);
}

/* Does not reach the device; as if it had failed. */
static void fail_clone(struct mirror_io *io, struct bio *clone,
		       blk_status_t status)
{
	clone->bi_status = status;
	put_io(io);
}

/* FUA and the like go with the flags of the bio. */
static void send_to_leg(struct mirror_io *io, unsigned int leg)
{
	struct block_device *bdev = io->mirror->legs[leg].dev->bdev;
	struct bio *clone = &io->clones[leg];

	/* Who set it read-only does not want it written. */
	if (is_write(io) && !is_flush(io) && bdev_read_only(bdev)) {
		fail_clone(io, clone, BLK_STS_IOERR);
		return;
	}
	/* It would allocate for encryption or integrity, which we don't offer. */
	if (WARN_ON_ONCE(bio_init_clone(bdev, clone, io->bio, GFP_NOIO))) {
		fail_clone(io, clone, BLK_STS_RESOURCE);
		return;
	}
	/* Whoever polls knows of the bio only, not of its clones. */
	bio_clear_polled(clone);
	clone->bi_iter.bi_sector = leg_sector(io->mirror, leg, io->bio);
	clone->bi_end_io = clone_ended;
	clone->bi_private = io;
	dm_submit_bio_remap(io->bio, clone);
}

static void send(struct mirror_io *io, unsigned long legs)
{
	unsigned int leg;

	io->legs = legs;
	tell_begin(io->mirror, io);
	/* One more for us, so that it does not end before all are sent. */
	atomic_set(&io->pending, hweight_long(legs) + 1);
	for_each_set_bit(leg, &legs, LEGS_MAX)
		send_to_leg(io, leg);
	put_io(io);
}

/*
 * Which of the legs that have a region is to be read, if any? Each region has a leg
 * of its own, so that reads in order stay on one; unless that has clearly more to do
 * than another.
 */
static unsigned int leg_to_read(struct mirror *m, unsigned long region,
				unsigned long tried)
{
	unsigned long legs = legs_with_region(m, region) & ~tried;
	unsigned int leg, best = region % m->nr_legs;

	if (unlikely(!(legs & BIT(best)))) {
		if (!legs)
			return NO_LEG;
		best = find_next_bit_wrap(&legs, m->nr_legs, best);
	}
	if (likely(atomic_read(&m->legs[best].reads) <= READS_AHEAD))
		return best;
	for_each_set_bit(leg, &legs, LEGS_MAX)
		if (atomic_read(&m->legs[leg].reads) + READS_AHEAD <
		    atomic_read(&m->legs[best].reads))
			best = leg;
	return best;
}

/* What another leg has failed to read. */
static void send_read(struct mirror *m, struct mirror_io *io)
{
	unsigned int leg = leg_to_read(m, io->region, io->tried);

	if (leg == NO_LEG) {
		end_bio(io->bio, BLK_STS_IOERR);
		return;
	}
	atomic_inc(&m->legs[leg].reads);
	send(io, BIT(leg));
}

static void send_flush(struct mirror *m, struct mirror_io *io)
{
	io->in_sync = legs_in_sync(m);
	send(io, good_legs(m));
}

static void send_write(struct mirror *m, struct mirror_io *io)
{
	if (is_flush(io))
		send_flush(m, io);
	else if (write_enters_fast(m, io))
		send(io, good_legs(m));
	else if (write_enters(m, io))
		send(io, legs_with_region(m, io->region));
}

static void send_bio(struct mirror *m, struct mirror_io *io)
{
	if (is_write(io))
		send_write(m, io);
	else
		send_read(m, io);
}

/* The worker sends what was put off. */
void send_put_off(struct mirror *m)
{
	struct bio_list bios;
	struct blk_plug plug;
	struct bio *bio;

	spin_lock_irq(&m->lock);
	bios = m->put_off;
	bio_list_init(&m->put_off);
	spin_unlock_irq(&m->lock);

	blk_start_plug(&plug);
	while ((bio = bio_list_pop(&bios)))
		send_bio(m, io_of_bio(m, bio));
	blk_finish_plug(&plug);
}

/* The target's max_io_len keeps each bio within one region. */
static unsigned long region_of_bio(struct mirror *m, struct bio *bio)
{
	if (!bio_sectors(bio))
		return 0;
	return div_u64(dm_target_offset(m->ti, bio->bi_iter.bi_sector),
		       m->region_sectors);
}

static void init_io(struct mirror *m, struct mirror_io *io, struct bio *bio)
{
	io->mirror = m;
	io->bio = bio;
	io->tried = 0;
	io->fast = false;
	io->direct = false;
	INIT_HLIST_NODE(&io->node);
}

/* Mostly a leg can read it. So device-mapper's bio is sent there, and no clone. */
static int map_read(struct mirror *m, struct mirror_io *io, struct bio *bio)
{
	unsigned int leg = leg_to_read(m, io->region, 0);

	io->direct = leg != NO_LEG;
	if (!io->direct)
		return DM_MAPIO_KILL;
	atomic_inc(&m->legs[leg].reads);
	tell_begin(m, io);
	io->legs = BIT(leg);
	io->iter = bio->bi_iter;
	bio_set_dev(bio, m->legs[leg].dev->bdev);
	bio->bi_iter.bi_sector = leg_sector(m, leg, bio);
	return DM_MAPIO_REMAPPED;
}

int mirror_map(struct dm_target *ti, struct bio *bio)
{
	struct mirror *m = ti->private;
	struct mirror_io *io = io_of_bio(m, bio);

	io->region = region_of_bio(m, bio);
	if (!op_is_write(bio_op(bio)))
		return map_read(m, io, bio);
	init_io(m, io, bio);
	send_write(m, io);
	return DM_MAPIO_SUBMITTED;
}

/* A bio of ours has ended: one that was sent to a leg itself, or by end_bio(). */
int mirror_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error)
{
	struct mirror *m = ti->private;
	struct mirror_io *io = io_of_bio(m, bio);

	if (!io->direct)
		return DM_ENDIO_DONE;
	atomic_dec(&m->legs[__ffs(io->legs)].reads);
	tell_end(m, io);
	if (likely(!*error))
		return DM_ENDIO_DONE;
	init_io(m, io, bio);
	bio->bi_iter = io->iter;
	return retry_read(m, io, *error) ? DM_ENDIO_INCOMPLETE : DM_ENDIO_DONE;
}
