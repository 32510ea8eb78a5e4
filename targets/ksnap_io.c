// SPDX-License-Identifier: GPL-2.0
/*
 * Where bios go
 *
 * A bio is looked at under the origin's lock, but for a write to what all snapshots
 * are known to have. It either is sent on its way, or fails, or is kept on a list. A
 * bio that was kept is looked at anew by the worker, in the same way, so there is one
 * place that decides for each kind.
 *
 * What is hard:
 *
 * A snapshot may be reading a chunk from the origin when it gets its exception.
 * Such reads are found in a hash, and a write to the origin waits for them, after
 * it has waited for the copy. Later reads find the exception, so it waits once.
 *
 * Copies are few. Who finds none waits in line, and the worker serves the line
 * whenever one is free; a newcomer goes to the end of the line.
 */
#include <linux/blkdev.h>

#include "ksnap.h"

enum fate {
	FATE_SEND,
	FATE_FAIL,
	FATE_KEPT,
};

struct copy *__copy_of_chunk(struct origin *o, u32 chunk)
{
	struct copy *copy;

	lockdep_assert_held(&o->lock);
	hash_for_each_possible(o->by_chunk, copy, node, chunk)
		if (copy->chunk == chunk)
			return copy;
	return NULL;
}

static bool __is_read(struct origin *o, u32 chunk)
{
	struct snap_io *io;

	lockdep_assert_held(&o->lock);
	hash_for_each_possible(o->reads, io, node, chunk)
		if (io->chunk == chunk)
			return true;
	return false;
}

/* The snapshots that would lose this chunk if the origin were written. */
static unsigned long __lacking(struct origin *o, u32 chunk)
{
	unsigned long mask = 0;
	unsigned int i;

	lockdep_assert_held(&o->lock);
	for (i = 0; i < SNAPS_MAX; i++) {
		struct snap *s = o->snaps[i];

		if (s && s->state == SNAP_ACTIVE &&
		    exceptions_find(&s->exceptions, chunk) == NO_SLOT)
			mask |= BIT(i);
	}
	return mask;
}

/* What keeps a snapshot from taking a slot, or LOSS_NONE. */
static enum snap_loss __lack_of_room(struct snap *s)
{
	if (s->nr_spare_slots)
		return LOSS_NONE;
	if (s->next_slot >= s->store.nr_slots)
		return LOSS_OVERFLOW;
	/* The worker adds memory without the lock. */
	if (s->next_slot >= smp_load_acquire(&s->exceptions.nr_slots))
		return LOSS_MEMORY;
	return LOSS_NONE;
}

/* Have all these snapshots a slot to spare? Those that have not are lost. */
static bool __have_room(struct origin *o, unsigned long snaps)
{
	bool room = true;
	unsigned int i;

	for_each_set_bit(i, &snaps, SNAPS_MAX) {
		enum snap_loss lack = __lack_of_room(o->snaps[i]);

		if (lack) {
			__snap_fail(o->snaps[i], lack);
			room = false;
		}
	}
	return room;
}

static u32 __take_slot(struct snap *s)
{
	u32 slot;

	if (s->nr_spare_slots)
		return s->spare_slots[--s->nr_spare_slots];
	slot = s->next_slot++;
	if (s->store.persistent && store_has_table(&s->store, s->next_slot))
		s->next_slot++;
	return slot;
}

/*
 * A bio must wait until these snapshots have its chunk. Sets @start if there is
 * a copy now that is to be started.
 */
static void __copy_for(struct origin *o, struct bio *bio, unsigned long snaps,
		       bool in_turn, struct copy **start)
{
	struct snap_io *io = io_of_bio(bio);
	struct copy *copy;
	unsigned int i;

	if (list_empty(&o->free) ||
	    (!in_turn && !bio_list_empty(&o->starved))) {
		bio_list_add(&o->starved, bio);
		return;
	}
	if (!__have_room(o, snaps)) {
		bio_list_add(&o->put_off, bio);
		return;
	}
	copy = list_first_entry(&o->free, struct copy, list);
	list_del(&copy->list);
	copy->chunk = io->chunk;
	copy->for_origin = !io->snap;
	copy->snaps = snaps;
	for_each_set_bit(i, &snaps, SNAPS_MAX)
		copy->slots[i] = __take_slot(o->snaps[i]);
	bio_list_add(&copy->bios, bio);
	hash_add(o->by_chunk, &copy->node, copy->chunk);
	*start = copy;
}

/* All snapshots have this chunk, and none is reading it: the next write may pass. */
static void __note_kept(struct origin *o, u32 chunk)
{
	if (__kept_add(&o->kept, chunk) || o->kept_wanted != NO_CHUNK)
		return;
	o->kept_wanted = chunk;
	queue_work(o->wq, &o->work);
}

static enum fate __decide_origin(struct origin *o, struct bio *bio,
				 bool in_turn, struct copy **start)
{
	struct snap_io *io = io_of_bio(bio);
	struct copy *copy = __copy_of_chunk(o, io->chunk);
	unsigned long lacking;

	if (copy) {
		bio_list_add(&copy->bios, bio);
		return FATE_KEPT;
	}
	if (o->nr_failing) {
		bio_list_add(&o->put_off, bio);
		return FATE_KEPT;
	}
	lacking = __lacking(o, io->chunk);
	if (lacking) {
		__copy_for(o, bio, lacking, in_turn, start);
		return FATE_KEPT;
	}
	if (__is_read(o, io->chunk)) {
		bio_list_add(&o->draining, bio);
		return FATE_KEPT;
	}
	__note_kept(o, io->chunk);
	bio_set_dev(bio, o->bdev);
	return FATE_SEND;
}

static void remap_to_slot(struct snap *s, struct bio *bio, u32 slot)
{
	unsigned int chunk_sectors = s->origin->chunk_sectors;
	sector_t offset = bio->bi_iter.bi_sector & (chunk_sectors - 1);

	bio_set_dev(bio, s->store_dev->bdev);
	bio->bi_iter.bi_sector = (sector_t)slot * chunk_sectors + offset;
}

static enum fate __decide_snap(struct snap *s, struct bio *bio, bool in_turn,
			       struct copy **start)
{
	struct snap_io *io = io_of_bio(bio);
	struct origin *o = s->origin;
	struct copy *copy;
	u32 slot;

	if (s->state != SNAP_ACTIVE || io->failed)
		return FATE_FAIL;
	slot = exceptions_find(&s->exceptions, io->chunk);
	if (slot != NO_SLOT) {
		if (exceptions_unreadable(&s->exceptions, slot))
			return FATE_FAIL;
		remap_to_slot(s, bio, slot);
		return FATE_SEND;
	}
	if (bio_data_dir(bio) == READ) {
		hash_add(o->reads, &io->node, io->chunk);
		bio_set_dev(bio, o->bdev);
		return FATE_SEND;
	}
	copy = __copy_of_chunk(o, io->chunk);
	if (copy)
		bio_list_add(&copy->bios, bio);
	else
		__copy_for(o, bio, BIT(s->number), in_turn, start);
	return FATE_KEPT;
}

/* @in_turn: no bio is ahead of this one in the line for copies. */
static enum fate __decide(struct origin *o, struct bio *bio, bool in_turn,
			  struct copy **start)
{
	struct snap_io *io = io_of_bio(bio);

	lockdep_assert_held(&o->lock);
	*start = NULL;
	if (io->snap)
		return __decide_snap(io->snap, bio, in_turn, start);
	return __decide_origin(o, bio, in_turn, start);
}

static int map_bio(struct origin *o, struct bio *bio)
{
	struct copy *start;
	enum fate fate;

	spin_lock_irq(&o->lock);
	fate = __decide(o, bio, false, &start);
	spin_unlock_irq(&o->lock);
	if (start)
		start_copy(start);
	switch (fate) {
	case FATE_SEND:
		return DM_MAPIO_REMAPPED;
	case FATE_FAIL:
		return DM_MAPIO_KILL;
	default:
		return DM_MAPIO_SUBMITTED;
	}
}

static u32 chunk_of_sector(const struct origin *o, sector_t sector)
{
	return sector >> ilog2(o->chunk_sectors);
}

static void init_io(struct origin *o, struct bio *bio, struct snap *s)
{
	struct snap_io *io = io_of_bio(bio);

	INIT_HLIST_NODE(&io->node);
	io->snap = s;
	io->failed = false;
	io->chunk = chunk_of_sector(o, bio->bi_iter.bi_sector);
}

/* Has nobody to be asked before this bio goes to the origin? */
static bool may_pass(struct origin *o, struct bio *bio)
{
	if (!bio_sectors(bio) || bio_data_dir(bio) == READ ||
	    !READ_ONCE(o->nr_live))
		return true;
	return kept_has(&o->kept, chunk_of_sector(o, bio->bi_iter.bi_sector),
			chunk_of_sector(o, bio_end_sector(bio) - 1));
}

/* A write ends at the end of a chunk; the rest comes as another bio. */
static void cut_to_chunk(struct origin *o, struct bio *bio)
{
	sector_t offset = bio->bi_iter.bi_sector & (o->chunk_sectors - 1);
	unsigned int room = o->chunk_sectors - offset;

	if (bio_sectors(bio) > room)
		dm_accept_partial_bio(bio, room);
}

int origin_map(struct origin *o, struct bio *bio)
{
	if (may_pass(o, bio)) {
		bio_set_dev(bio, o->bdev);
		return DM_MAPIO_REMAPPED;
	}
	cut_to_chunk(o, bio);
	init_io(o, bio, NULL);
	return map_bio(o, bio);
}

int snap_map(struct snap *s, struct bio *bio)
{
	init_io(s->origin, bio, s);
	if (bio_sectors(bio))
		return map_bio(s->origin, bio);
	/* What was written to the snapshot is in its store. */
	if (READ_ONCE(s->state) != SNAP_ACTIVE)
		return DM_MAPIO_KILL;
	bio_set_dev(bio, s->store_dev->bdev);
	return DM_MAPIO_REMAPPED;
}

/*
 * A read of the origin has ended. If the snapshot was lost meanwhile, the origin is
 * written without regard to such reads: what was read may be new.
 */
void snap_read_ended(struct snap *s, struct bio *bio, blk_status_t *error)
{
	struct snap_io *io = io_of_bio(bio);
	struct origin *o = s->origin;
	unsigned long flags;

	if (!hash_hashed(&io->node))
		return;
	spin_lock_irqsave(&o->lock, flags);
	hash_del(&io->node);
	if (s->state != SNAP_ACTIVE && !*error)
		*error = BLK_STS_IOERR;
	if (!bio_list_empty(&o->draining)) {
		bio_list_merge(&o->put_off, &o->draining);
		bio_list_init(&o->draining);
		queue_work(o->wq, &o->work);
	}
	spin_unlock_irqrestore(&o->lock, flags);
}

/* The next bio to be looked at: what was put off, then who is next in line. */
static struct bio *__next_bio(struct origin *o, struct bio_list *put_off)
{
	if (!bio_list_empty(put_off))
		return bio_list_pop(put_off);
	return list_empty(&o->free) ? NULL : bio_list_pop(&o->starved);
}

/* The worker looks at all bios that are not waiting for anything else. */
void resend_bios(struct origin *o)
{
	struct bio_list put_off, sent = BIO_EMPTY_LIST, failed = BIO_EMPTY_LIST;
	struct copy *copy, *next;
	struct blk_plug plug;
	LIST_HEAD(started);
	struct bio *bio;

	spin_lock_irq(&o->lock);
	put_off = o->put_off;
	bio_list_init(&o->put_off);
	while ((bio = __next_bio(o, &put_off))) {
		enum fate fate = __decide(o, bio, true, &copy);

		if (copy)
			list_add_tail(&copy->list, &started);
		if (fate == FATE_SEND)
			bio_list_add(&sent, bio);
		else if (fate == FATE_FAIL)
			bio_list_add(&failed, bio);
	}
	spin_unlock_irq(&o->lock);

	blk_start_plug(&plug);
	list_for_each_entry_safe(copy, next, &started, list)
		start_copy(copy);
	while ((bio = bio_list_pop(&sent)))
		submit_bio_noacct(bio);
	blk_finish_plug(&plug);
	while ((bio = bio_list_pop(&failed)))
		bio_io_error(bio);
}
