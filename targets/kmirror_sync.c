// SPDX-License-Identifier: GPL-2.0
/*
 * Synchronisation: kcopyd copies region after region from leg 0 to the others
 *
 * The worker does all of it but the end of a job, which is a callback of
 * kcopyd. It gives each idle copy the next region, starts what is claimed and
 * has no write in flight any more, and notices when nothing is left. It is
 * woken when one of these may have changed.
 *
 * Each region is a job with all other good legs as destinations, and its copy
 * the job's context, so that the callback knows what it is about and the job
 * can be cancelled. The job is durable: otherwise data that had been flushed to
 * leg 0 would be in another leg's volatile cache only, if leg 0 were dropped
 * the moment that the region counts as synchronised.
 *
 * A region that could not be read is left behind; synchronisation goes on, ends
 * with fewer regions than there are, and tries again when it is started anew.
 *
 * Stopping forbids new copies, has the worker give its claims back, cancels the
 * jobs that run and waits for them. The writes that were held back are free
 * then. A suspend depends on that: it waits for all bios next.
 */
#include <linux/bitmap.h>

#include "kmirror.h"

struct copy *__copy_of_region(struct mirror *m, unsigned long region)
{
	unsigned int i;

	lockdep_assert_held(&m->lock);
	for (i = 0; i < COPIES; i++)
		if (m->copies[i].state != COPY_IDLE &&
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

/* Is there a good source, a good destination and no reason not to copy? */
static bool __may_copy(struct mirror *m)
{
	unsigned long good = good_legs(m);

	lockdep_assert_held(&m->lock);
	return !m->stop && good & BIT(SOURCE) && good & ~BIT(SOURCE);
}

/* The next region to be copied, or nr_regions if there is none. */
static unsigned long __next_region(struct mirror *m)
{
	if (!__may_copy(m))
		return m->nr_regions;
	return find_next_zero_bit(m->synced, m->nr_regions, m->next);
}

static void __claim_region(struct mirror *m, struct copy *copy)
{
	unsigned long region = __next_region(m);

	if (region == m->nr_regions)
		return;
	m->next = region + 1;
	copy->region = region;
	copy->state = COPY_CLAIMED;
}

static void __give_back(struct mirror *m, struct copy *copy)
{
	lockdep_assert_held(&m->lock);
	copy->state = COPY_IDLE;
	bio_list_merge(&m->put_off, &copy->writes);
	bio_list_init(&copy->writes);
	queue_work(m->wq, &m->work);
}

static void drop_failed_legs(struct mirror *m, struct copy *copy,
			     unsigned int write_err)
{
	unsigned int leg, dest = 0;

	for_each_set_bit(leg, &copy->legs, LEGS_MAX)
		if (write_err & BIT(dest++))
			drop_leg(m, leg);
}

/* Callback of kcopyd. */
static void copied(int read_err, unsigned int write_err, void *context)
{
	struct copy *copy = context;
	struct mirror *m = copy->mirror;

	drop_failed_legs(m, copy, write_err);
	if (read_err && read_err != -ECANCELED)
		DMERR_LIMIT("%s: cannot copy region %lu from leg 0: %d",
			    dm_table_device_name(m->ti->table), copy->region,
			    read_err);

	spin_lock_irq(&m->lock);
	if (!read_err && copy->legs & good_legs(m)) {
		set_bit(copy->region, m->synced);
		WRITE_ONCE(m->nr_synced, m->nr_synced + 1);
	}
	__give_back(m, copy);
	spin_unlock_irq(&m->lock);
}

static struct io_region region_on_leg(struct mirror *m, unsigned long region,
				      unsigned int leg)
{
	sector_t start = (sector_t)region * m->region_sectors;

	return (struct io_region){
		.bdev = m->legs[leg].dev->bdev,
		.sector = m->legs[leg].offset + start,
		/* the last one may be short */
		.count = min_t(sector_t, m->region_sectors, m->ti->len - start),
	};
}

static void start_copy(struct mirror *m, struct copy *copy)
{
	struct io_region from = region_on_leg(m, copy->region, SOURCE);
	struct io_region to[LEGS_MAX];
	unsigned int leg, n = 0;
	int err;

	copy->legs = good_legs(m) & ~BIT(SOURCE);
	for_each_set_bit(leg, &copy->legs, LEGS_MAX)
		to[n++] = region_on_leg(m, copy->region, leg);
	err = kcopyd_copy(m->kc, &from, n, to, KCOPYD_DURABLE, copied, copy);
	/* Refused, because a leg has become read-only, say. */
	if (err)
		copied(err, 0, copy);
}

/* Take a copy one step further. Returns true if it is to be started now. */
static bool __advance(struct mirror *m, struct copy *copy)
{
	if (copy->state == COPY_IDLE)
		__claim_region(m, copy);
	if (copy->state != COPY_CLAIMED)
		return false;
	if (!__may_copy(m)) {
		__give_back(m, copy);
		return false;
	}
	if (__write_in_flight(m, copy->region))
		return false;
	copy->state = COPY_RUNNING;
	return true;
}

static bool __sync_ended(struct mirror *m)
{
	unsigned int i;

	for (i = 0; i < COPIES; i++)
		if (m->copies[i].state != COPY_IDLE)
			return false;
	return m->syncing && !m->stop && __next_region(m) == m->nr_regions;
}

static void announce_end(struct mirror *m)
{
	unsigned long nr_synced;
	bool ended;

	spin_lock_irq(&m->lock);
	nr_synced = m->nr_synced;
	ended = __sync_ended(m);
	if (ended)
		m->syncing = false;
	spin_unlock_irq(&m->lock);
	if (!ended)
		return;
	DMINFO("%s: synchronised %lu of %lu regions",
	       dm_table_device_name(m->ti->table), nr_synced, m->nr_regions);
	schedule_work(&m->event);
}

static void mirror_work(struct work_struct *work)
{
	struct mirror *m = container_of(work, struct mirror, work);
	unsigned int i;

	send_put_off(m);
	for (i = 0; i < COPIES; i++) {
		bool start;

		spin_lock_irq(&m->lock);
		start = __advance(m, &m->copies[i]);
		spin_unlock_irq(&m->lock);
		if (start)
			start_copy(m, &m->copies[i]);
	}
	announce_end(m);
}

void sync_init(struct mirror *m)
{
	unsigned int i;

	m->stop = STOP_SUSPENDED;
	INIT_WORK(&m->work, mirror_work);
	mutex_init(&m->control);
	for (i = 0; i < COPIES; i++)
		m->copies[i].mirror = m;
}

/* Take a reason for not synchronising away; without any, begin anew. */
void sync_start(struct mirror *m, unsigned int reason)
{
	mutex_lock(&m->control);
	spin_lock_irq(&m->lock);
	if (m->stop & reason) {
		m->stop &= ~reason;
		m->next = 0;
		m->syncing = __next_region(m) < m->nr_regions;
		queue_work(m->wq, &m->work);
	}
	spin_unlock_irq(&m->lock);
	mutex_unlock(&m->control);
}

/* Give a reason for not synchronising. When this returns nothing is copied. */
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
