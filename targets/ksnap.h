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
 * ksnap_header.c	what a store says of itself
 * ksnap_exceptions.c	exceptions in memory
 * ksnap_kept.c		chunks that every snapshot has already
 * ksnap_pages.c	memory of these two
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
 * that chunk from the origin. If the chunk can't be read, that is what the exception
 * says. A write to a snapshot may go on when that snapshot
 * has an exception. Whoever must wait is on one of four lists: that of the copy
 * for its chunk, @starved where all copies are in use, @draining for reads of the
 * chunk to end, @put_off for the worker to look at it. All who have waited are
 * looked at anew, and nothing is remembered of what they waited for.
 *
 * Nothing is allocated on the way of a bio: copies are set aside with the origin,
 * kcopyd has its own reserves, and the worker sees to it that there is memory for
 * the exceptions that come next.
 */
#ifndef KSNAP_H
#define KSNAP_H

#include <linux/bio.h>
#include <linux/bitops.h>
#include <linux/device-mapper.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "compat.h"
#include "kcopyd.h"

#define DM_MSG_PREFIX "ksnap"

/* What one job can write to. */
#define SNAPS_MAX KCOPYD_MAX_REGIONS

/*
 * Chunks of an origin that are copied at once. Small ones are written in order, mostly,
 * and as many as are under way can become one request.
 */
#define COPIES 512

/* Devices have fewer chunks than this. */
#define NO_CHUNK U32_MAX

/* Stands for "no exception", so stores have fewer slots. */
#define NO_SLOT ((u32)S32_MAX)

/* For so many slots after the last one there is memory: two batches of copies. */
#define SLOTS_AHEAD (2 * COPIES)

int pages_add(struct xarray *pages, unsigned long index, u32 fill, gfp_t gfp);
void pages_free(struct xarray *pages);

/* The chunks of an origin that every snapshot has already. */
struct kept {
	struct xarray pages;
	unsigned long epoch; /* ends when there is a new snapshot */
};

void kept_init(struct kept *k);
void kept_exit(struct kept *k);
int kept_reserve(struct kept *k, u32 chunk, gfp_t gfp);
bool __kept_add(struct kept *k, u32 chunk);
void __kept_forget(struct kept *k);
bool kept_has(struct kept *k, u32 first, u32 last);

struct exception {
	u32 chunk;
	u32 next : 31; /* slot of the next one in the same bucket */
	u32 unreadable : 1;
};

/* The exceptions of a snapshot, hashed by chunk. The owner serialises. */
struct exceptions {
	struct xarray slots; /* pages of struct exception, by slot */
	struct xarray heads; /* pages of slots: the first ones of buckets */
	u32 nr;
	u32 nr_unreadable;
	u32 nr_buckets;
	u32 nr_slots; /* there is memory for those before */
};

int exceptions_init(struct exceptions *e);
void exceptions_exit(struct exceptions *e);
int exceptions_reserve(struct exceptions *e, u32 nr_slots, gfp_t gfp);
u32 exceptions_find(struct exceptions *e, u32 chunk);
bool exceptions_unreadable(struct exceptions *e, u32 slot);
int exceptions_add(struct exceptions *e, u32 chunk, u32 slot, bool unreadable);

/* Tables that are being written, and who waits for that. */
struct commit {
	atomic_t pending;
	struct completion done;
};

#define KSNAP_ID_BYTES 16

/* Blocks of a store are read and written so many at a time. */
#define GROUP_BYTES  SZ_4K
#define GROUP_BLOCKS (GROUP_BYTES / SECTOR_SIZE)

/*
 * The header of a store and its table of exceptions, a group of blocks of which is
 * in memory: the one that the next entry belongs to. Used by one task at a time.
 */
struct store {
	struct block_device *bdev;
	struct block_device *origin;
	struct kcopyd_client *kc;
	bool persistent; /* else it has a header only */
	unsigned int chunk_sectors;
	sector_t origin_sectors;
	u32 nr_slots;
	u32 nr_entries;
	unsigned int nr_new;	/* entries not written yet */
	u64 sequence;		/* of the next write */
	struct mutex header_lock;
	struct disk_header *header;
	struct disk_block *group;
	void *scratch;
	struct lost_store *lost;
	struct commit *commit;	/* of the write in flight */
	struct bio bio;
	struct bio_vec vec;
	int err;		/* the table could not be written */
};

enum header_state { HEADER_NEW, HEADER_VALID, HEADER_INVALID, HEADER_MEMORY };

int header_init(struct store *store);
void header_exit(struct store *store);
int header_read(struct store *store);
int header_write(struct store *store, enum header_state state);
void header_make(struct store *store);
enum header_state header_state(const struct store *store);
u32 header_slots(const struct store *store);
void header_grow(struct store *store);
bool header_is_ours(const struct store *store);
char *header_check(const struct store *store);
char *header_check_match(const struct store *store);
bool header_is_lost(const struct store *store);
bool header_samples_match(struct store *store, struct exceptions *e);

/*
 * How a store's own blocks are written. Others wait for them: without REQ_IDLE,
 * writeback throttling would hold them up.
 */
#define STORE_WRITE                                                    \
	(REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA | REQ_SYNC | REQ_IDLE | \
	 REQ_META | REQ_PRIO)

int store_transfer(struct block_device *bdev, void *data, sector_t sector,
		   blk_opf_t opf);
int store_is_empty(struct store *store);
int store_init(struct store *store);
void store_exit(struct store *store);
int store_load(struct store *store, struct exceptions *e, u32 *next_slot,
	       bool told, char **why);
int store_begin(struct store *store,
		bool (*is_original)(struct store *store, u32 chunk));
const u8 *store_id(const struct store *store);
bool store_has_table(const struct store *store, u32 slot);
sector_t store_table_sectors(const struct store *store);
int store_invalidate(struct store *store);
void store_forget_lost(void);
void store_add(struct store *store, u32 chunk, u32 slot, bool unreadable);
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

/* Why a snapshot is lost. */
enum snap_loss {
	LOSS_NONE,	/* or before the device was created */
	LOSS_OVERFLOW,
	LOSS_MEMORY,
	LOSS_COPY,	/* a chunk could not be written to the store */
	LOSS_TABLE,
	LOSS_HEADER,	/* the store could not be told that it is in use */
};

struct snap {
	struct dm_target *ti;
	struct origin *origin;
	struct dm_dev *origin_dev;
	struct dm_dev *store_dev;
	unsigned int number;	/* its place in the origin's @snaps */
	struct work_struct event; /* tells user space that it was lost */

	/* guarded by the origin's lock */
	enum snap_state state;
	enum snap_loss loss;
	sector_t lost_at;	/* of the store, for LOSS_COPY */
	int header_err;		/* for LOSS_HEADER */
	u32 next_slot;		/* all before are in use, but for these: */
	u32 spare_slots[COPIES];
	unsigned int nr_spare_slots;
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
	sector_t sectors;	    /* likewise */
	struct kcopyd_client *kc;
	struct workqueue_struct *wq;
	struct work_struct work;
	wait_queue_head_t settled; /* copies have ended, snapshots failed */
	struct kept kept;	   /* may be asked without the lock */

	spinlock_t lock;	/* guards all below */
	struct snap *snaps[SNAPS_MAX];
	unsigned int nr_live;	/* active or failing: origin writes look */
	unsigned int nr_failing;
	u32 kept_wanted;	/* a chunk for which @kept wants memory */
	struct bio_list put_off;
	struct bio_list starved;
	struct bio_list draining;
	struct list_head free;
	struct list_head copied;
	DECLARE_HASHTABLE(by_chunk, 9);	/* copies under way */
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

struct copy *__copy_of_chunk(struct origin *o, u32 chunk);
bool devices_overlap(struct block_device *a, struct block_device *b);
bool store_id_in_use(const struct store *store);
int join_origin(struct dm_target *ti, struct snap *s,
		unsigned int chunk_sectors);
void leave_origin(struct snap *s);

void origin_init(struct origin *o);
void __snap_fail(struct snap *s, enum snap_loss loss);
bool snap_is_settled(struct snap *s);
void start_copy(struct copy *copy);

int origin_map(struct origin *o, struct bio *bio);
int snap_map(struct snap *s, struct bio *bio);
void snap_read_ended(struct snap *s, struct bio *bio, blk_status_t *error);
void resend_bios(struct origin *o);

#endif /* KSNAP_H */
