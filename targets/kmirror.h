/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmirror - a device-mapper target that keeps identical copies of its data
 *
 * A mirror has two to eight legs and is divided into regions. Leg 0 is the
 * source: as long as it is good it holds all data. A region is synchronised
 * once all good legs hold the same data there; a bit for each region says so,
 * and is never taken back. What the user sees is described in
 * Documentation/kmirror.rst.
 *
 * kmirror.c		the target: table, status, messages, suspending
 * kmirror_io.c		where bios go, and what becomes of a leg that fails
 * kmirror_sync.c	synchronisation, by kcopyd
 *
 * Writes and copies exclude each other
 * ------------------------------------
 * A write to a region that is not synchronised goes to leg 0 only, and is found
 * in a hash of such writes while it is in flight. To copy a region, it is
 * claimed first: from then on writes to it are held back on the claim's list,
 * and when the last of those in flight has ended, the copy starts. When it has
 * ended, the writes that were held back are looked at anew. Only claims, and
 * writes in flight, have any state but the region's bit, and all of that was
 * set aside in advance: a mirror of any size has COPIES claims.
 *
 * A write to a synchronised region goes to all good legs, takes no lock and is
 * not counted: nothing can happen to its region any more.
 */
#ifndef KMIRROR_H
#define KMIRROR_H

#include <linux/bio.h>
#include <linux/bitops.h>
#include <linux/device-mapper.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "kcopyd.h"

#define DM_MSG_PREFIX "kmirror"

#define LEGS_MAX KCOPYD_MAX_REGIONS
#define SOURCE 0		/* the leg that the others are copied from */

/* Regions that are copied at once. */
#define COPIES 4

/* Reasons for not synchronising, a mask. */
#define STOP_SUSPENDED	BIT(0)
#define STOP_PAUSED	BIT(1)

struct leg {
	struct dm_dev *dev;
	sector_t offset;
};

/*
 * A copy goes round these states:
 *
 * idle		has no region
 * claimed	waits until no write to its region is in flight
 * running	is a job of kcopyd
 */
enum copy_state { COPY_IDLE, COPY_CLAIMED, COPY_RUNNING };

/* The synchronisation of one region. */
struct copy {
	struct mirror *mirror;
	enum copy_state state;
	unsigned long region;
	unsigned long legs;		/* running: mask of destinations */
	struct bio_list writes;		/* held back until it is idle again */
};

struct mirror {
	struct dm_target *ti;
	struct kcopyd_client *kc;
	struct workqueue_struct *wq;
	struct work_struct work;	/* sends what was put off, copies */
	struct work_struct event;	/* tells user space */
	struct mutex control;		/* one start or stop at a time */
	unsigned int region_sectors;
	unsigned long nr_regions;
	bool nosync;			/* the table has this feature */

	unsigned long *synced;		/* bit i: region i; never cleared */
	unsigned long good;		/* bit i: leg i; never set again */

	spinlock_t lock;		/* guards all below, up to @nr_legs */
	unsigned long nr_synced;
	unsigned long next;		/* no region below is to be copied */
	unsigned int stop;		/* mask of STOP_... */
	bool syncing;			/* the end is to be announced */
	struct copy copies[COPIES];
	struct bio_list put_off;	/* for the worker to send */
	DECLARE_HASHTABLE(writes, 6);	/* in flight, region not synchronised */

	unsigned int nr_legs;
	struct leg legs[];
};

/* What comes with each bio. */
struct mirror_io {
	struct mirror *mirror;
	struct bio *bio;
	struct hlist_node node;		/* in the mirror's writes */
	unsigned long region;
	unsigned long legs;		/* mask: where it was sent */
	unsigned long tried;		/* mask: legs that failed to read it */
	atomic_t pending;		/* clones that have not ended */
	struct bio clones[];		/* clone i is for leg i */
};

static inline unsigned long good_legs(const struct mirror *m)
{
	return READ_ONCE(m->good);
}

static inline bool region_synced(const struct mirror *m, unsigned long region)
{
	return test_bit(region, m->synced);
}

static inline bool all_synced(const struct mirror *m)
{
	return READ_ONCE(m->nr_synced) == m->nr_regions;
}

void drop_leg(struct mirror *m, unsigned int leg);

int mirror_map(struct dm_target *ti, struct bio *bio);
void send_put_off(struct mirror *m);

struct copy *__copy_of_region(struct mirror *m, unsigned long region);
void sync_init(struct mirror *m);
void sync_start(struct mirror *m, unsigned int reason);
void sync_stop(struct mirror *m, unsigned int reason);

#endif /* KMIRROR_H */
