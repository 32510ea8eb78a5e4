// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of chunks, and the worker
 *
 * The copy of a chunk ends with a callback of kcopyd, which leaves it to the
 * worker. That takes all copies that have ended as one batch, has their entries
 * written to all stores at the same time, and only then gives the snapshots their
 * exceptions. Copies that end meanwhile are the next batch.
 *
 * What is hard:
 *
 * A snapshot that fails must not be taken for good after a crash, though nobody
 * copies for it any more. So it is failing, and the origin is not written, until
 * the worker has marked its store.
 *
 * A copy that is under way names its snapshots, and so they can't go away: a
 * snapshot leaves when no copy names it.
 */
#include <linux/blkdev.h>

#include "ksnap.h"

/* A snapshot is lost. The worker does the rest. */
void __snap_fail(struct snap *s, enum snap_loss loss)
{
	struct origin *o = s->origin;

	lockdep_assert_held(&o->lock);
	if (s->state != SNAP_ACTIVE)
		return;
	s->state = SNAP_FAILING;
	s->loss = loss;
	o->nr_failing++;
	queue_work(o->wq, &o->work);
}

/* Callback of kcopyd: the worker takes over. */
static void copied(int read_err, unsigned int write_err, void *context)
{
	struct copy *copy = context;
	struct origin *o = copy->origin;
	unsigned int i, dest = 0;

	copy->read_err = read_err;
	copy->failed = 0;
	for_each_set_bit(i, &copy->snaps, SNAPS_MAX)
		if (write_err & BIT(dest++))
			copy->failed |= BIT(i);
	spin_lock_irq(&o->lock);
	list_add_tail(&copy->list, &o->copied);
	queue_work(o->wq, &o->work);
	spin_unlock_irq(&o->lock);
}

void start_copy(struct copy *copy)
{
	struct origin *o = copy->origin;
	struct io_region to[SNAPS_MAX], from = {
		.bdev = o->bdev,
		.sector = (sector_t)copy->chunk * o->chunk_sectors,
	};
	unsigned int i, n = 0;

	/* The last chunk may be short. */
	from.count = min_t(sector_t, o->chunk_sectors,
			   o->sectors - from.sector);
	for_each_set_bit(i, &copy->snaps, SNAPS_MAX)
		to[n++] = (struct io_region){
			.bdev = o->snaps[i]->store_dev->bdev,
			.sector = (sector_t)copy->slots[i] * o->chunk_sectors,
			.count = from.count,
		};
	if (!kcopyd_copy(o->kc, &from, n, to, 0, copied, copy))
		return;
	/* Refused: the origin has become too short, or no store is left. */
	if (bdev_nr_sectors(o->bdev) < from.sector + from.count)
		copied(-ENXIO, 0, copy);
	else
		copied(0, ~0, copy);
}

/*
 * Has a snapshot got what a copy was made for? It has where it is known that there
 * is nothing to be had, if the origin is to be written.
 */
static bool has_chunk(const struct copy *copy, unsigned int number)
{
	if (copy->read_err)
		return copy->for_origin && copy->snaps & BIT(number);
	return copy->snaps & ~copy->failed & BIT(number);
}

/* Begin to write the next block of a table. Returns false if that was all. */
static bool commit_some(struct snap *s, struct list_head *batch,
			struct commit *commit)
{
	while (s->cursor != batch && !store_is_full(&s->store)) {
		struct copy *copy = list_entry(s->cursor, struct copy, list);

		if (has_chunk(copy, s->number))
			store_add(&s->store, copy->chunk,
				  copy->slots[s->number], copy->read_err);
		s->cursor = s->cursor->next;
	}
	return store_submit(&s->store, commit);
}

/* The persistent ones of the snapshots that the copies of a batch were for. */
static unsigned int tables_of(struct origin *o, struct list_head *batch,
			      struct snap **snaps)
{
	unsigned long mask = 0;
	unsigned int i, n = 0;
	struct copy *copy;

	list_for_each_entry(copy, batch, list)
		mask |= copy->snaps;
	for_each_set_bit(i, &mask, SNAPS_MAX) {
		struct snap *s = o->snaps[i];

		if (s->store.persistent && READ_ONCE(s->state) == SNAP_ACTIVE)
			snaps[n++] = s;
	}
	return n;
}

/* Tell of a batch in the tables of the snapshots, in all of them at once. */
static void commit_batch(struct origin *o, struct list_head *batch)
{
	struct snap *snaps[SNAPS_MAX];
	unsigned int nr = tables_of(o, batch, snaps), i;
	struct commit commit;
	bool more = nr;

	for (i = 0; i < nr; i++)
		snaps[i]->cursor = batch->next;
	while (more) {
		more = false;
		atomic_set(&commit.pending, 1);
		init_completion(&commit.done);
		for (i = 0; i < nr; i++)
			more |= commit_some(snaps[i], batch, &commit);
		if (!atomic_dec_and_test(&commit.pending))
			wait_for_completion(&commit.done);
		for (i = 0; i < nr; i++)
			store_written(&snaps[i]->store);
	}
}

/* A snapshot gets an exception, or is lost, or can use the slot for another. */
static void __settle(struct snap *s, struct copy *copy)
{
	u32 slot = copy->slots[s->number];

	if (s->state != SNAP_ACTIVE)
		return;
	if (s->store.err) {
		__snap_fail(s, LOSS_TABLE);
	} else if (has_chunk(copy, s->number)) {
		WARN_ON_ONCE(exceptions_add(&s->exceptions, copy->chunk, slot,
					    copy->read_err));
	} else if (copy->read_err) {
		s->spare_slots[s->nr_spare_slots++] = slot;
	} else {
		s->lost_at = (sector_t)slot * s->origin->chunk_sectors;
		__snap_fail(s, LOSS_COPY);
	}
}

/*
 * Who waited for a copy is looked at anew. But where the origin could not be
 * read, and only a snapshot was to be written, that write fails.
 */
static void __let_go(struct origin *o, struct copy *copy)
{
	struct bio *bio;

	bio_list_for_each(bio, &copy->bios)
		io_of_bio(bio)->failed = copy->read_err && !copy->for_origin;
	bio_list_merge(&o->put_off, &copy->bios);
	bio_list_init(&copy->bios);
}

static void __finish_copy(struct origin *o, struct copy *copy)
{
	unsigned int i;

	for_each_set_bit(i, &copy->snaps, SNAPS_MAX)
		__settle(o->snaps[i], copy);
	__let_go(o, copy);
	copy->snaps = 0;
	hash_del(&copy->node);
	list_move(&copy->list, &o->free);
}

/* Once for each chunk: then it has its exceptions, or it is the write that failed. */
static void tell_of_read_error(struct origin *o, const struct copy *copy)
{
	const char *then = "";

	if (copy->for_origin)
		then = "; snapshots are without this chunk";
	DMERR_LIMIT("%pg: sector %llu: the copy of a chunk failed: error %d%s",
		    o->bdev, (u64)copy->chunk * o->chunk_sectors,
		    copy->read_err, then);
}

/*
 * Memory for the exceptions of the copies that come next. Where there is none, those
 * that there are for some time yet will do.
 */
static void reserve_exceptions(struct origin *o, struct list_head *batch)
{
	struct copy *copy;
	unsigned long mask = 0;
	unsigned int i;

	list_for_each_entry(copy, batch, list)
		mask |= copy->snaps;
	for_each_set_bit(i, &mask, SNAPS_MAX) {
		struct snap *s = o->snaps[i];

		exceptions_reserve(&s->exceptions,
				   READ_ONCE(s->next_slot) + SLOTS_AHEAD,
				   GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);
	}
}

/* Without it writes to such chunks take longer, and ask again. */
static void reserve_kept(struct origin *o)
{
	u32 chunk;

	spin_lock_irq(&o->lock);
	chunk = o->kept_wanted;
	o->kept_wanted = NO_CHUNK;
	spin_unlock_irq(&o->lock);
	if (chunk != NO_CHUNK)
		kept_reserve(&o->kept, chunk,
			     GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);
}

static void finish_copies(struct origin *o)
{
	struct copy *copy, *next;
	LIST_HEAD(batch);

	spin_lock_irq(&o->lock);
	list_splice_init(&o->copied, &batch);
	spin_unlock_irq(&o->lock);

	commit_batch(o, &batch);
	reserve_exceptions(o, &batch);
	list_for_each_entry(copy, &batch, list)
		if (copy->read_err)
			tell_of_read_error(o, copy);

	spin_lock_irq(&o->lock);
	list_for_each_entry_safe(copy, next, &batch, list)
		__finish_copy(o, copy);
	spin_unlock_irq(&o->lock);
}

static void tell_of_loss(struct snap *s)
{
	const char *name = dm_table_device_name(s->ti->table);
	struct block_device *store = s->store_dev->bdev;
	struct io_region lost = {
		.bdev = store,
		.sector = s->lost_at,
		.count = s->origin->chunk_sectors,
	};

	switch (s->loss) {
	case LOSS_OVERFLOW:
		DMERR("%s: the snapshot is lost: its store %pg is full", name,
		      store);
		break;
	case LOSS_MEMORY:
		DMERR("%s: the snapshot is lost: no memory for its exceptions",
		      name);
		break;
	case LOSS_COPY:
		DMERR("%s: the snapshot is lost: its store %pg failed at sector %llu: error %d",
		      name, store, (u64)s->lost_at, kcopyd_write_error(&lost));
		break;
	case LOSS_HEADER:
		DMERR("%s: the snapshot is lost: its store %pg failed to take its header: error %d",
		      name, store, s->header_err);
		break;
	default:
		DMERR("%s: the snapshot is lost: its store %pg failed to take its table: error %d",
		      name, store, s->store.err);
	}
	if (s->store.persistent) {
		int err = store_invalidate(&s->store);

		if (err)
			DMERR("%s: its store %pg can't be marked: error %d; do not use it again",
			      name, store, err);
	}
	schedule_work(&s->event);
}

static struct snap *__failing_snap(struct origin *o)
{
	unsigned int i;

	for (i = 0; i < SNAPS_MAX; i++)
		if (o->snaps[i] && o->snaps[i]->state == SNAP_FAILING)
			return o->snaps[i];
	return NULL;
}

/* Have the stores of failing snapshots say so. */
static void fail_snaps(struct origin *o)
{
	struct snap *s;

	spin_lock_irq(&o->lock);
	while ((s = __failing_snap(o))) {
		spin_unlock_irq(&o->lock);
		tell_of_loss(s);
		spin_lock_irq(&o->lock);
		s->state = SNAP_INVALID;
		o->nr_failing--;
		o->nr_live--;
	}
	spin_unlock_irq(&o->lock);
}

static void origin_work(struct work_struct *work)
{
	struct origin *o = container_of(work, struct origin, work);

	reserve_kept(o);
	finish_copies(o);
	fail_snaps(o);
	resend_bios(o);
	wake_up_all(&o->settled);
}

/* Is no copy made for a snapshot any more, and nothing else left to be done? */
bool snap_is_settled(struct snap *s)
{
	struct origin *o = s->origin;
	unsigned long busy = 0;
	unsigned int i;

	spin_lock_irq(&o->lock);
	for (i = 0; i < COPIES; i++)
		busy |= o->copies[i].snaps & BIT(s->number);
	if (s->state == SNAP_FAILING)
		busy = 1;
	spin_unlock_irq(&o->lock);
	return !busy;
}

void origin_init(struct origin *o)
{
	unsigned int i;

	spin_lock_init(&o->lock);
	init_waitqueue_head(&o->settled);
	INIT_WORK(&o->work, origin_work);
	INIT_LIST_HEAD(&o->free);
	INIT_LIST_HEAD(&o->copied);
	o->kept_wanted = NO_CHUNK;
	kept_init(&o->kept);
	hash_init(o->by_chunk);
	hash_init(o->reads);
	for (i = 0; i < COPIES; i++) {
		o->copies[i].origin = o;
		list_add_tail(&o->copies[i].list, &o->free);
	}
}
