/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kmirror - a device-mapper target that keeps identical copies of its data
 *
 * A mirror has two to eight legs and is divided into regions. A leg is in one of
 * three states. In sync: it holds all data. Being filled: it holds the regions that
 * have been synchronised, and gets the others from a leg in sync. Failed: it has
 * missed a write and gets no more I/O. A bit for each region says whether it is
 * synchronised, so that all good legs hold the same there; it is never taken back.
 * What the user sees is described in Documentation/kmirror.rst.
 *
 * kmirror.c		the target: status, messages, suspending
 * kmirror_table.c	the table, and what the one before it knows
 * kmirror_io.c		where bios go, and what becomes of a leg that fails
 * kmirror_sync.c	copies by kcopyd: legs are filled, and bad sectors repaired
 * kmirror_control.c	how fast
 *
 * Writes and copies exclude each other
 * ------------------------------------
 * To copy a part of a region, the region is claimed first: from then on writes to it
 * are held back on the claim's list, and when the last of those in flight has
 * ended, the copy starts. When it has ended, the writes that were held back are
 * looked at anew. Writes that may meet a claim are found in a hash while they are
 * in flight. Only claims, and writes in flight, have any state but the region's
 * bit, and all of that was set aside in advance: a mirror of any size has COPIES
 * claims.
 *
 * A write to a synchronised region goes to all good legs, takes no lock and is only
 * counted, by the processor that it runs on. Such a region is not copied any more,
 * but for the repair of a sector; before that, all writes are sent the other way,
 * until the repair has ended. See enum fast_state.
 */
#ifndef KMIRROR_H
#define KMIRROR_H

#include <linux/bio.h>
#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/device-mapper.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "kcopyd.h"

#define DM_MSG_PREFIX "kmirror"

#define LEGS_MAX KCOPYD_MAX_REGIONS

/* Regions that are filled at once, and sectors that are repaired. */
#define FILLS	4
#define REPAIRS 4
#define COPIES	(FILLS + REPAIRS)

/* Reasons for not copying, a mask. */
#define STOP_SUSPENDED	BIT(0)
#define STOP_PAUSED	BIT(1)

struct leg {
	struct dm_dev *dev;		/* NULL: failed when the table was loaded */
	dev_t number;
	sector_t offset;
	atomic_t read_errors;
	atomic_t reads;			/* in flight */
};

/*
 * A copy goes round these states:
 *
 * idle		has nothing to do
 * wanted	a repair that waits until all writes are in the hash
 * claimed	waits until no write to its region is in flight
 * running	is a job of kcopyd
 */
enum copy_state { COPY_IDLE, COPY_WANTED, COPY_CLAIMED, COPY_RUNNING };

/* To fill legs with one region, or to repair sectors of it on a leg. */
struct copy {
	struct mirror *mirror;
	enum copy_state state;
	bool is_repair;
	unsigned long region;
	sector_t start;			/* of the sectors, within the mirror */
	sector_t count;
	unsigned int from;		/* running: the leg that is read */
	unsigned long tried;		/* mask: legs that could not be read */
	unsigned long legs;		/* mask: destinations */
	struct bio_list writes;		/* held back until it is idle again */
};

/*
 * Whether writes to synchronised regions may go without the lock. The worker alone
 * changes this.
 *
 * on		they may, and @fast counts them
 * stopping	a repair is wanted: no more begin, some are in flight
 * off		none is in flight
 */
enum fast_state { FAST_ON, FAST_STOPPING, FAST_OFF };

/* How legs are filled; see kmirror_control.c. */
struct speed {
	u64 rate;			/* bytes a second; 0: no limit */
	u64 floor;
	bool background;
	unsigned int jobs;		/* regions at once */
};

struct mirror {
	struct dm_target *ti;
	struct kcopyd_client *kc;
	struct workqueue_struct *wq;
	struct work_struct work;	/* sends what was put off, copies */
	struct work_struct event;	/* tells user space */
	struct ratelimit_state log_limit;
	struct mutex control;		/* one start or stop at a time */
	struct list_head list;		/* of all mirrors */
	bool was_resumed;		/* guarded by the lock of that list */
	unsigned int region_sectors;
	unsigned long nr_regions;

	unsigned long *synced;		/* bit i: region i; never cleared */
	unsigned long good;		/* bit i: leg i; never set again */
	unsigned long full;		/* bit i: leg i was or is in sync */
	struct percpu_ref fast;		/* writes that are in flight unlocked */
	enum fast_state fast_state;
	struct completion fast_stopped;

	spinlock_t lock;		/* guards all below, up to @nr_legs */
	unsigned long nr_synced;
	unsigned long next;		/* no region below is to be filled */
	unsigned long nr_unreadable;	/* regions since the last start */
	sector_t unreadable;		/* where the first of them begins */
	unsigned int stop;		/* mask of STOP_... */
	bool filling;			/* the end is to be announced */
	struct speed speed;
	unsigned int nr_held;		/* writes that wait for a copy */
	struct copy copies[COPIES];
	struct bio_list put_off;	/* for the worker to send */
	DECLARE_HASHTABLE(writes, 6);	/* in flight, may meet a claim */

	unsigned int nr_legs;
	struct leg legs[];
};

/* What comes with each bio. */
struct mirror_io {
	struct mirror *mirror;
	struct bio *bio;
	struct hlist_node node;		/* in the mirror's writes */
	bool fast;			/* counted by the mirror's @fast */
	bool direct;			/* the bio itself was sent to a leg */
	bool told;			/* kcopyd was told that it has begun */
	unsigned long region;
	unsigned long legs;		/* mask: where it was sent */
	unsigned long in_sync;		/* a flush: legs in sync when it began */
	unsigned long tried;		/* mask: legs that failed to read it */
	atomic_t pending;		/* clones that have not ended */
	struct bvec_iter iter;		/* direct: what was to be read */
	struct bio clones[];		/* clone i is for leg i */
};

static inline unsigned long good_legs(const struct mirror *m)
{
	return READ_ONCE(m->good);
}

static inline unsigned long legs_in_sync(const struct mirror *m)
{
	return READ_ONCE(m->good) & READ_ONCE(m->full);
}

static inline unsigned long legs_to_fill(const struct mirror *m)
{
	return READ_ONCE(m->good) & ~READ_ONCE(m->full);
}

/*
 * The legs that hold a region. A leg that failed while the region was copied to it
 * is no good leg any more when the region's bit is set. So the bit comes first.
 */
static inline unsigned long legs_with_region(const struct mirror *m,
					     unsigned long region)
{
	if (test_bit_acquire(region, m->synced))
		return good_legs(m);
	return legs_in_sync(m);
}

static inline const char *mirror_name(const struct mirror *m)
{
	return dm_table_device_name(m->ti->table);
}

void drop_leg(struct mirror *m, unsigned int leg, const char *what,
	      sector_t sector, int err);
void note_read_error(struct mirror *m, unsigned int leg, sector_t sector,
		     sector_t count, int err);

int mirror_ctr(struct dm_target *ti, unsigned int argc, char **argv);
void mirror_dtr(struct dm_target *ti);
void learn_from_predecessor(struct mirror *m);
void mirror_was_resumed(struct mirror *m);

int mirror_map(struct dm_target *ti, struct bio *bio);
int mirror_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error);
void send_put_off(struct mirror *m);

int speed_read_features(struct mirror *m, struct dm_arg_set *args);
void speed_apply(struct mirror *m);
int speed_message(struct mirror *m, const char *name, const char *value);
unsigned int speed_show(struct mirror *m, char *result, unsigned int maxlen);
unsigned int speed_show_now(struct mirror *m, char *result,
			    unsigned int maxlen);
void __write_is_held(struct mirror *m);
void __writes_are_free(struct mirror *m, unsigned int nr);

struct copy *__copy_of_region(struct mirror *m, unsigned long region);
void want_repair(struct mirror *m, struct mirror_io *io);
int sync_init(struct mirror *m);
void sync_exit(struct mirror *m);
void sync_start(struct mirror *m, unsigned int reason);
void sync_stop(struct mirror *m, unsigned int reason);

#endif /* KMIRROR_H */
