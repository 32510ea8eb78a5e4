/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ksnap - device-mapper targets that keep what a device held at a moment
 *
 * The target ksnap-origin is a device that can be written while it has
 * snapshots; each snapshot is a device of the target ksnap. What the user sees
 * is described in Documentation/ksnap.rst.
 *
 * Devices are divided into chunks. Before a chunk of the origin is written for
 * the first time, what it held is copied to the store of every snapshot that
 * has not got it yet. From then on that snapshot has an exception for it: the
 * chunk is in this slot of the store. All else a snapshot reads from the
 * origin. Writing to a snapshot makes an exception in the same way.
 *
 * ksnap.c		the target ksnap
 * ksnap_origin.c	the target ksnap-origin; origins and their snapshots
 * ksnap_io.c		where bios go
 * ksnap_copy.c		copies of chunks, and the worker
 * ksnap_store.c	exceptions on disk, for snapshots that survive
 * ksnap_exceptions.c	exceptions in memory
 *
 * One read for all
 * ----------------
 * The snapshots of an origin have one chunk size, and what a chunk held goes to
 * all of them by one job of kcopyd: it is read once, however many they are.
 *
 * Who waits for what
 * ------------------
 * A write to the origin may go on when every snapshot has an exception for its
 * chunk, on disk if the snapshot is persistent, and when no snapshot is reading
 * that chunk from the origin. A write to a snapshot may go on when that snapshot
 * has an exception. Whoever must wait is on one of four lists: that of the copy
 * for its chunk, @starved where all copies are in use, @draining for reads of the
 * chunk to end, @put_off for the worker to look at it. All who have waited are
 * looked at anew, and nothing is remembered of what they waited for.
 *
 * Nothing is allocated on the way of a bio: copies are set aside with the
 * origin, exceptions with their snapshot, and kcopyd has its own reserves.
 */
#ifndef KSNAP_H
#define KSNAP_H

#include <linux/bio.h>
#include <linux/bitops.h>
#include <linux/device-mapper.h>
#include <linux/hashtable.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "kcopyd.h"

#define DM_MSG_PREFIX "ksnap"

/* What one job can write to. */
#define SNAPS_MAX KCOPYD_MAX_REGIONS

/* Chunks of an origin that are copied at once. */
#define COPIES 64

/* Stands for "no exception", so no device may have so many chunks. */
#define NO_SLOT U32_MAX

struct exception {
	u32 chunk;
	u32 next;	/* slot of the next one with the same hash */
};

/*
 * The exceptions of a snapshot, one for each slot of its store, hashed by chunk.
 * The owner serialises.
 */
struct exceptions {
	struct exception *slots;
	u32 *heads;
	u32 nr_slots;
	unsigned int hash_bits;
};

int exceptions_init(struct exceptions *e, u32 nr_slots);
void exceptions_exit(struct exceptions *e);
u32 exceptions_find(const struct exceptions *e, u32 chunk);
int exceptions_add(struct exceptions *e, u32 chunk, u32 slot);

/* Tables that are being written, and who waits for that. */
struct commit {
	atomic_t pending;
	struct completion done;
};

/*
 * The table of exceptions on disk, a block of which is in memory: the one that
 * the next entry belongs to. Used by one task at a time.
 */
struct store {
	struct block_device *bdev;
	struct kcopyd_client *kc;
	unsigned int chunk_sectors;
	u32 nr_slots;
	u32 nr_entries;
	unsigned int nr_new;	/* entries not written yet */
	struct disk_exception *block;
	struct commit *commit;	/* of the write in flight */
	struct bio bio;
	struct bio_vec vec;
	int err;		/* the table could not be written */
};

int store_init(struct store *store);
void store_exit(struct store *store);
int store_load(struct store *store, struct exceptions *e, u32 *next_slot);
bool store_has_table(const struct store *store, u32 slot);
sector_t store_table_sectors(const struct store *store);
int store_invalidate(struct store *store);
void store_add(struct store *store, u32 chunk, u32 slot);
bool store_is_full(const struct store *store);
bool store_submit(struct store *store, struct commit *commit);
void store_written(struct store *store);

/*
 * new		not resumed yet: the origin is written without regard to it
 * active	in use
 * failing	lost; but writes to the origin wait until its store says so, too,
 *		or it would be taken for good after a crash
 * invalid	lost: all its I/O fails
 */
enum snap_state { SNAP_NEW, SNAP_ACTIVE, SNAP_FAILING, SNAP_INVALID };

struct snap {
	struct dm_target *ti;
	struct origin *origin;
	struct dm_dev *origin_dev;
	struct dm_dev *store_dev;
	unsigned int number;	/* its place in the origin's @snaps */
	bool persistent;
	struct work_struct event; /* tells user space that it was lost */

	/* guarded by the origin's lock */
	enum snap_state state;
	bool overflowed;	/* lost because the store was full */
	u32 next_slot;		/* all before are in use */
	struct exceptions exceptions;

	/* the worker's */
	struct store store;
	struct list_head *cursor; /* next copy to be committed */
};

/* A chunk that is being copied to the stores of some snapshots. */
struct copy {
	struct list_head list;	/* free, to be started, or on @copied */
	struct hlist_node node;
	struct origin *origin;
	u32 chunk;
	bool for_origin;	/* the origin is to be written */
	int read_err;
	unsigned long snaps;	/* mask */
	unsigned long failed;	/* mask: stores that could not be written */
	u32 slots[SNAPS_MAX];
	struct bio_list bios;	/* that wait for it */
};

/* A device that has, or may get, snapshots. */
struct origin {
	struct list_head list;	/* of all origins */
	unsigned int nr_users;	/* targets of either kind */
	unsigned int nr_snaps;
	struct block_device *bdev;
	unsigned int chunk_sectors; /* if it has snapshots */
	struct kcopyd_client *kc;
	struct workqueue_struct *wq;
	struct work_struct work;
	wait_queue_head_t settled; /* copies have ended, snapshots failed */

	spinlock_t lock;	/* guards all below */
	struct snap *snaps[SNAPS_MAX];
	unsigned int nr_live;	/* active or failing: origin writes look */
	unsigned int nr_failing;
	struct bio_list put_off;
	struct bio_list starved;
	struct bio_list draining;
	struct list_head free;
	struct list_head copied;
	DECLARE_HASHTABLE(by_chunk, 6);	/* copies under way */
	DECLARE_HASHTABLE(reads, 6);	/* of snapshots, from the origin */
	struct copy copies[COPIES];
};

/* What comes with each bio. */
struct snap_io {
	struct hlist_node node;	/* in @reads */
	struct snap *snap;	/* NULL for a bio of the origin */
	u32 chunk;
	bool failed;		/* its chunk could not be read */
};

static inline struct snap_io *io_of_bio(struct bio *bio)
{
	return dm_per_bio_data(bio, sizeof(struct snap_io));
}

extern struct target_type origin_target;

bool devices_overlap(struct block_device *a, struct block_device *b);
int join_origin(struct dm_target *ti, struct snap *s,
		unsigned int chunk_sectors);
void leave_origin(struct snap *s);

void origin_init(struct origin *o);
void __snap_fail(struct snap *s);
bool snap_is_settled(struct snap *s);
void start_copy(struct copy *copy);

int origin_map(struct origin *o, struct bio *bio);
int snap_map(struct snap *s, struct bio *bio);
void snap_read_ended(struct snap *s, struct bio *bio);
void resend_bios(struct origin *o);

#endif /* KSNAP_H */
