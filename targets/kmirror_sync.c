// SPDX-License-Identifier: GPL-2.0
/*
 * Copies: kcopyd fills legs, region after region, and repairs bad sectors
 *
 * The worker does all of it but the end of a job, which is a callback of
 * kcopyd. It gives each idle copy the next region, starts what is claimed and
 * has no write in flight any more, and notices when nothing is left. It is
 * woken when one of these may have changed.
 *
 * Each region is a job with all legs that are being filled as destinations, and
 * its copy the job's context, so that the callback knows what it is about and the
 * job can be cancelled. The source is one of the legs in sync; if it can't be read,
 * or fails a write meanwhile, the next one is. The job is durable: otherwise data
 * that had been flushed to a leg in sync would be in another leg's volatile cache
 * only, if the former were dropped the moment that the region counts as
 * synchronised.
 *
 * A region that no leg could read is left behind; filling goes on, ends with fewer
 * regions than there are, and tries again when it is started anew.
 *
 * When a leg has failed a read, and another had the data, these sectors are copied
 * from the latter to the former. Disks replace a bad sector when it is written. A leg
 * that can't be written either is dropped.
 *
 * Stopping forbids new copies, has the worker give its claims back, cancels the
 * jobs that run and waits for them. The writes that were held back are free
 * then. A suspend depends on that: it waits for all bios next.
 */
#include <linux/bitmap.h>
#include <linux/blkdev.h>

#include "kmirror.h"

/* The copy that has claimed a region. */
struct copy *__copy_of_region(struct mirror *m, unsigned long region)
{
	unsigned int i;

	lockdep_assert_held(&m->lock);
	for (i = 0; i < COPIES; i++)
		if (m->copies[i].state >= COPY_CLAIMED &&
		    m->copies[i].region == region)
			return &m->copies[i];
	return NULL;
}

static bool __write_in_flight(struct mirror *m, unsigned long region)
{
	struct mirror_io *io;

	lockdep_assert_held(&m->lock);
	hash_for_each_possible(m->writes, io, node, region)
		if (io->region == region)
			return true;
	return false;
}

/* The legs that a copy can be read from. */
static unsigned long sources(const struct mirror *m, const struct copy *copy)
{
	unsigned long legs = legs_with_region(m, copy->region) & ~copy->tried;

	return copy->is_repair ? legs & ~copy->legs : legs_in_sync(m) & legs;
}

/* The legs that are to be written. */
static unsigned long targets(const struct mirror *m, const struct copy *copy)
{
	return copy->is_repair ? copy->legs & good_legs(m) : legs_to_fill(m);
}

static bool __may_copy(const struct mirror *m, const struct copy *copy)
{
	lockdep_assert_held(&m->lock);
	return !m->stop && sources(m, copy) && targets(m, copy);
}

/* The next region to be filled, or nr_regions if there is none. */
static unsigned long __next_region(struct mirror *m)
{
	if (m->stop || !legs_in_sync(m) || !legs_to_fill(m))
		return m->nr_regions;
	return find_next_zero_bit(m->synced, m->nr_regions, m->next);
}

static void __claim_region(struct mirror *m, struct copy *copy)
{
	unsigned long region = __next_region(m);

	if (copy - m->copies >= m->speed.jobs)
		return;
	/* It may be under repair: then we are woken later. */
	if (region == m->nr_regions || __copy_of_region(m, region))
		return;
	m->next = region + 1;
	copy->region = region;
	copy->start = (sector_t)region * m->region_sectors;
	/* the last one may be short */
	copy->count = min_t(sector_t, m->region_sectors,
			    m->ti->len - copy->start);
	copy->tried = 0;
	copy->state = COPY_CLAIMED;
}

static void __give_back(struct mirror *m, struct copy *copy)
{
	lockdep_assert_held(&m->lock);
	copy->state = COPY_IDLE;
	__writes_are_free(m, bio_list_size(&copy->writes));
	bio_list_merge(&m->put_off, &copy->writes);
	bio_list_init(&copy->writes);
	queue_work(m->wq, &m->work);
}

/**
 * want_repair - have sectors written to the legs that failed to read them
 * @m: the mirror
 * @io: a read that has ended well, after other legs had been tried
 *
 * If too many repairs are under way, this one is left to the next read.
 *
 * Context: Any.
 */
void want_repair(struct mirror *m, struct mirror_io *io)
{
	struct copy *copy = &m->copies[FILLS], *end = &m->copies[COPIES];
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	while (copy < end && copy->state != COPY_IDLE)
		copy++;
	if (copy < end && !m->stop) {
		copy->region = io->region;
		copy->start = dm_target_offset(m->ti,
					       io->bio->bi_iter.bi_sector);
		copy->count = bio_sectors(io->bio);
		copy->legs = io->tried;
		copy->tried = 0;
		copy->state = COPY_WANTED;
		queue_work(m->wq, &m->work);
	}
	spin_unlock_irqrestore(&m->lock, flags);
}

static struct io_region place_on_leg(const struct mirror *m,
				     const struct copy *copy, unsigned int leg)
{
	return (struct io_region){
		.bdev = m->legs[leg].dev->bdev,
		.sector = m->legs[leg].offset + copy->start,
		.count = copy->count,
	};
}

static void drop_failed_legs(struct mirror *m, struct copy *copy,
			     unsigned int write_err)
{
	const char *what = copy->is_repair ? "a repair" : "to be filled";
	unsigned int leg, dest = 0;
	struct io_region place;

	for_each_set_bit(leg, &copy->legs, LEGS_MAX) {
		if (!(write_err & BIT(dest++)))
			continue;
		place = place_on_leg(m, copy, leg);
		drop_leg(m, leg, what, copy->start, kcopyd_write_error(&place));
	}
}

/* Another leg is to be read, if there is one. Else give up. */
static void __try_next_source(struct mirror *m, struct copy *copy)
{
	copy->tried |= BIT(copy->from);
	if (sources(m, copy)) {
		copy->state = COPY_CLAIMED;
		queue_work(m->wq, &m->work);
		return;
	}
	if (!copy->is_repair && !m->nr_unreadable++)
		m->unreadable = copy->start;
	__give_back(m, copy);
}

static void __region_filled(struct mirror *m, struct copy *copy)
{
	if (!(copy->legs & good_legs(m)))
		return;
	/* Legs that failed have been dropped: legs_with_region() relies on it. */
	smp_mb__before_atomic();
	set_bit(copy->region, m->synced);
	WRITE_ONCE(m->nr_synced, m->nr_synced + 1);
	if (m->nr_synced == m->nr_regions)
		WRITE_ONCE(m->full, m->full | good_legs(m));
}

/* Callback of kcopyd. */
static void copied(int read_err, unsigned int write_err, void *context)
{
	struct copy *copy = context;
	struct mirror *m = copy->mirror;
	bool cancelled = read_err == -ECANCELED;

	drop_failed_legs(m, copy, write_err);
	if (read_err && !cancelled)
		note_read_error(m, copy->from, copy->start, copy->count,
				read_err);

	spin_lock_irq(&m->lock);
	if (!cancelled && (read_err || !(good_legs(m) & BIT(copy->from)))) {
		/* Who fails a write may not have had the latest data either. */
		__try_next_source(m, copy);
	} else {
		if (!cancelled && !copy->is_repair)
			__region_filled(m, copy);
		__give_back(m, copy);
	}
	spin_unlock_irq(&m->lock);
}

/*
 * kcopyd refuses a copy if its source is too short, as one that is gone, or else if
 * that is so, or read-only, with all destinations.
 */
static void refused(struct copy *copy, const struct io_region *from)
{
	if (from->sector + from->count > bdev_nr_sectors(from->bdev))
		copied(-ENXIO, 0, copy);
	else
		copied(0, GENMASK(LEGS_MAX - 1, 0), copy);
}

static void start_copy(struct mirror *m, struct copy *copy)
{
	unsigned long from_legs = sources(m, copy);
	struct io_region from, to[LEGS_MAX];
	unsigned int leg, n = 0;

	copy->legs = targets(m, copy);
	/* Legs may have been dropped since we looked. */
	if (!from_legs || !copy->legs) {
		copied(-ECANCELED, 0, copy);
		return;
	}
	copy->from = find_next_bit_wrap(&from_legs, m->nr_legs,
					copy->region % m->nr_legs);
	from = place_on_leg(m, copy, copy->from);
	for_each_set_bit(leg, &copy->legs, LEGS_MAX)
		to[n++] = place_on_leg(m, copy, leg);
	if (kcopyd_copy(m->kc, &from, n, to, KCOPYD_DURABLE, copied, copy))
		refused(copy, &from);
}

/* Take a copy one step further. Returns true if it is to be started now. */
static bool __advance(struct mirror *m, struct copy *copy)
{
	if (copy->state == COPY_IDLE && !copy->is_repair)
		__claim_region(m, copy);
	if (copy->state == COPY_IDLE || copy->state == COPY_RUNNING)
		return false;
	if (!__may_copy(m, copy)) {
		__give_back(m, copy);
		return false;
	}
	if (copy->state == COPY_WANTED && m->fast_state == FAST_OFF &&
	    !__copy_of_region(m, copy->region))
		copy->state = COPY_CLAIMED;
	if (copy->state != COPY_CLAIMED || __write_in_flight(m, copy->region))
		return false;
	copy->state = COPY_RUNNING;
	return true;
}

/* The last write that took the fast way has ended. Any context. */
static void fast_ended(struct percpu_ref *fast)
{
	struct mirror *m = container_of(fast, struct mirror, fast);

	queue_work(m->wq, &m->work);
	complete_all(&m->fast_stopped);
}

/* Close the fast way of writes while there is something to repair. */
static void switch_fast(struct mirror *m)
{
	bool repair = false;
	unsigned int i;

	spin_lock_irq(&m->lock);
	for (i = FILLS; i < COPIES; i++)
		repair |= m->copies[i].state != COPY_IDLE;
	spin_unlock_irq(&m->lock);

	if (m->fast_state == FAST_ON && repair) {
		reinit_completion(&m->fast_stopped);
		m->fast_state = FAST_STOPPING;
		percpu_ref_kill(&m->fast);
	} else if (m->fast_state == FAST_STOPPING &&
		   percpu_ref_is_zero(&m->fast)) {
		wait_for_completion(&m->fast_stopped);
		m->fast_state = FAST_OFF;
		queue_work(m->wq, &m->work);
	} else if (m->fast_state == FAST_OFF && !repair) {
		percpu_ref_reinit(&m->fast);
		m->fast_state = FAST_ON;
	}
}

static bool __filling_ended(struct mirror *m)
{
	unsigned int i;

	for (i = 0; i < FILLS; i++)
		if (m->copies[i].state != COPY_IDLE)
			return false;
	return m->filling && !m->stop && __next_region(m) == m->nr_regions;
}

static void announce_end(struct mirror *m)
{
	unsigned long nr_synced;
	bool ended;

	spin_lock_irq(&m->lock);
	nr_synced = m->nr_synced;
	ended = __filling_ended(m);
	if (ended)
		m->filling = false;
	spin_unlock_irq(&m->lock);
	if (!ended)
		return;
	DMINFO("%s: synchronised %lu of %lu regions", mirror_name(m), nr_synced,
	       m->nr_regions);
	schedule_work(&m->event);
}

static void mirror_work(struct work_struct *work)
{
	struct mirror *m = container_of(work, struct mirror, work);
	struct blk_plug plug;
	unsigned int i;

	send_put_off(m);
	/* Regions that follow each other are read by one request. */
	blk_start_plug(&plug);
	for (i = 0; i < COPIES; i++) {
		bool start;

		spin_lock_irq(&m->lock);
		start = __advance(m, &m->copies[i]);
		spin_unlock_irq(&m->lock);
		if (start)
			start_copy(m, &m->copies[i]);
	}
	blk_finish_plug(&plug);
	switch_fast(m);
	announce_end(m);
}

/*
 * Raising an event allocates memory, and to get it the system may first have to
 * write to us. So this is not for the worker, which helps with that.
 */
static void raise_event(struct work_struct *work)
{
	struct mirror *m = container_of(work, struct mirror, event);

	dm_table_event(m->ti->table);
}

/**
 * sync_init - prepare all that copies need, but for the client of kcopyd
 * @m: the mirror, whose table was read
 *
 * Return: 0 or -ENOMEM.
 */
int sync_init(struct mirror *m)
{
	unsigned int i;

	m->stop = STOP_SUSPENDED;
	spin_lock_init(&m->lock);
	mutex_init(&m->control);
	INIT_WORK(&m->work, mirror_work);
	INIT_WORK(&m->event, raise_event);
	ratelimit_state_init(&m->log_limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	init_completion(&m->fast_stopped);
	hash_init(m->writes);
	for (i = 0; i < COPIES; i++) {
		m->copies[i].mirror = m;
		m->copies[i].is_repair = i >= FILLS;
	}
	if (!legs_to_fill(m)) {
		bitmap_fill(m->synced, m->nr_regions);
		m->nr_synced = m->nr_regions;
	}
	return percpu_ref_init(&m->fast, fast_ended, PERCPU_REF_ALLOW_REINIT,
			       GFP_KERNEL);
}

/**
 * sync_exit - undo sync_init()
 * @m: the mirror; it is suspended, and kcopyd has no jobs of it
 */
void sync_exit(struct mirror *m)
{
	flush_work(&m->work);
	if (m->fast_state == FAST_STOPPING)
		wait_for_completion(&m->fast_stopped);
	flush_work(&m->work);
	percpu_ref_exit(&m->fast);
}

/* Take a reason for not copying away; without any, begin anew. */
void sync_start(struct mirror *m, unsigned int reason)
{
	mutex_lock(&m->control);
	spin_lock_irq(&m->lock);
	if (m->stop & reason) {
		m->stop &= ~reason;
		m->next = 0;
		m->nr_unreadable = 0;
		m->filling = __next_region(m) < m->nr_regions;
		queue_work(m->wq, &m->work);
	}
	spin_unlock_irq(&m->lock);
	mutex_unlock(&m->control);
}

/* Give a reason for not copying. When this returns nothing is copied. */
void sync_stop(struct mirror *m, unsigned int reason)
{
	unsigned int i;

	mutex_lock(&m->control);
	spin_lock_irq(&m->lock);
	m->stop |= reason;
	queue_work(m->wq, &m->work);
	spin_unlock_irq(&m->lock);
	flush_work(&m->work);

	for (i = 0; i < COPIES; i++)
		kcopyd_cancel(m->kc, &m->copies[i]);
	kcopyd_client_drain(m->kc);
	mutex_unlock(&m->control);
}
