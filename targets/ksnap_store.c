// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions on disk, for snapshots that survive
 *
 * Slot 0 has the header. Slot 1 has the first part of the table; it is followed by
 * as many slots for data as that part has entries, then comes the next part, and so
 * on. Documentation/ksnap.rst has the format to the byte.
 *
 * What is hard is a crash at any moment. A chunk's copy must be on stable media
 * before the entry that tells of it, so the table is written with a flush before
 * it; and the entry before the chunk of the origin is overwritten, so it is
 * written with FUA, and the origin waits. Nobody waits for an entry that did not
 * get to the disk.
 *
 * A table is made of blocks of 512 bytes, which a disk writes as a whole or not at
 * all. They are written eight at a time, for the sake of disks with larger sectors,
 * and these eight only after all that come before are full and on disk. So whatever
 * subset of a write got there, each block is zero, or as it was, or as it was to
 * become: its checksum is right, or it is damaged. A block counts if the one before
 * it is full and is not younger. So what a crash left behind is not believed, though
 * its checksum is right: who goes on after it has higher sequence numbers.
 *
 * A part of the table is zeroed before the last entry of the one before it is
 * written, so it always ends; and checksums begin with the snapshot's id, so that
 * nothing that was there before is taken for its own.
 */
#include <linux/blkdev.h>
#include <linux/crc32.h>
#include <linux/gfp.h>

#include "ksnap.h"

struct disk_exception {
	__le32 chunk;
	__le32 slot; /* its highest bit: the chunk could not be read */
};

#define UNREADABLE BIT(31)

struct disk_block {
	__le32 crc; /* of the snapshot's id, and all that follows */
	__le32 count;
	__le64 sequence; /* of the write that filled it in */
	__le64 number;	 /* from 0 */
	__le64 zero;
	struct disk_exception entries[60];
};

static_assert(sizeof(struct disk_block) == SECTOR_SIZE);

#define BLOCK_ENTRIES ARRAY_SIZE(((struct disk_block *)0)->entries)

#define GROUP_ENTRIES (GROUP_BLOCKS * BLOCK_ENTRIES)

/* The entries of one part of the table. */
static u32 part_entries(const struct store *store)
{
	return store->chunk_sectors * BLOCK_ENTRIES;
}

/* The slot of the part of the table that has an entry. */
static u64 part_slot(const struct store *store, u32 entry)
{
	u32 per_part = part_entries(store);

	return 1 + (u64)(entry / per_part) * (per_part + 1);
}

/* Is the slot for the header or the table? */
bool store_has_table(const struct store *store, u32 slot)
{
	return slot % (part_entries(store) + 1) == 1 || !slot;
}

/* What is in use for the header and the table. */
sector_t store_table_sectors(const struct store *store)
{
	u32 parts = READ_ONCE(store->nr_entries) / part_entries(store) + 1;

	return (sector_t)(1 + parts) * store->chunk_sectors;
}

static sector_t group_sector(const struct store *store, u32 entry)
{
	u32 group = entry % part_entries(store) / GROUP_ENTRIES;

	return part_slot(store, entry) * store->chunk_sectors +
	       group * GROUP_BLOCKS;
}

static int read_group(struct store *store, u32 entry)
{
	return store_transfer(store->bdev, store->group,
			      group_sector(store, entry),
			      REQ_OP_READ | REQ_META);
}

struct zeroing {
	struct completion done;
	unsigned int err;
};

static void zeroed(int read_err, unsigned int write_err, void *context)
{
	struct zeroing *z = context;

	z->err = write_err;
	complete(&z->done);
}

/* Zero the part of the table that begins with an entry, if it fits. */
static int zero_part(struct store *store, u32 entry)
{
	struct zeroing z = { .done = COMPLETION_INITIALIZER_ONSTACK(z.done) };
	u64 slot = part_slot(store, entry);
	struct io_region region = {
		.bdev = store->bdev,
		.sector = slot * store->chunk_sectors,
		.count = store->chunk_sectors,
	};
	int err;

	if (slot >= store->nr_slots)
		return 0;
	err = kcopyd_zero(store->kc, 1, &region, 0, zeroed, &z);
	if (err)
		return err;
	wait_for_completion(&z.done);
	return z.err ? -EIO : 0;
}

static u32 block_crc(const struct store *store, const struct disk_block *b)
{
	return crc32_le(crc32_le(~0, store_id(store), KSNAP_ID_BYTES),
			(void *)&b->count,
			sizeof(*b) - offsetof(struct disk_block, count));
}

static bool is_block(const struct store *store, const struct disk_block *b,
		     u64 number)
{
	return le64_to_cpu(b->number) == number &&
	       le32_to_cpu(b->count) <= BLOCK_ENTRIES &&
	       le32_to_cpu(b->crc) == block_crc(store, b);
}

/* Returns 0, or -EUCLEAN. */
static int read_entries(struct store *store, const struct disk_block *b,
			struct exceptions *e, u32 *next_slot)
{
	unsigned int i;

	for (i = 0; i < le32_to_cpu(b->count); i++) {
		u32 slot = le32_to_cpu(b->entries[i].slot);
		u32 chunk = le32_to_cpu(b->entries[i].chunk);
		bool unreadable = slot & UNREADABLE;
		int err;

		slot &= ~UNREADABLE;
		if (chunk == NO_CHUNK || slot >= store->nr_slots ||
		    store_has_table(store, slot))
			return -EUCLEAN;
		err = exceptions_reserve(e, slot + 1, GFP_KERNEL);
		if (err)
			return err;
		if (exceptions_add(e, chunk, slot, unreadable))
			return -EUCLEAN;
		*next_slot = max(*next_slot, slot + 1);
	}
	return 0;
}

/*
 * Take note of the entries of the group in memory. What follows the end is
 * forgotten. Returns 1 if the group is full, 0 if not, or an error.
 */
static int read_blocks(struct store *store, struct exceptions *e,
		       u32 *next_slot)
{
	u64 number = store->nr_entries / BLOCK_ENTRIES,
	    latest = store->sequence;
	bool ended = false;
	unsigned int i;

	for (i = 0; i < GROUP_BLOCKS; i++, number++) {
		struct disk_block *b = &store->group[i];
		u64 sequence = le64_to_cpu(b->sequence);
		int err;

		if (!memchr_inv(b, 0, sizeof(*b))) {
			ended = true;
			continue;
		}
		if (!is_block(store, b, number))
			return -EUCLEAN;
		latest = max(latest, sequence);
		if (ended || sequence < store->sequence) {
			ended = true;
			memset(b, 0, sizeof(*b));
			continue;
		}
		err = read_entries(store, b, e, next_slot);
		if (err)
			return err;
		store->sequence = sequence;
		store->nr_entries += le32_to_cpu(b->count);
		ended = le32_to_cpu(b->count) < BLOCK_ENTRIES;
	}
	store->sequence = latest;
	return !ended;
}

/*
 * Has the group after that of the next entry been begun? Then that one was full, and
 * is lost.
 */
static bool is_cut_off(struct store *store)
{
	u32 next = (store->nr_entries / GROUP_ENTRIES + 1) * GROUP_ENTRIES;

	return part_slot(store, next) < store->nr_slots &&
	       !store_transfer(store->bdev, store->scratch,
			       group_sector(store, next),
			       REQ_OP_READ | REQ_META) &&
	       is_block(store, store->scratch, next / BLOCK_ENTRIES);
}

/* The group in memory becomes that of the next entry. */
static int read_table(struct store *store, struct exceptions *e, u32 *next_slot)
{
	int full = 1;

	store->nr_entries = 0;
	store->sequence = 0;
	while (full && part_slot(store, store->nr_entries) < store->nr_slots) {
		int err = read_group(store, store->nr_entries);

		if (err)
			return err;
		full = read_blocks(store, e, next_slot);
		if (full < 0)
			return full;
	}
	store->sequence++;
	if (full)
		memset(store->group, 0, GROUP_BYTES);
	return is_cut_off(store) ? -EUCLEAN : 0;
}

/* The store has become larger: what is there now was never zeroed. */
static int grow(struct store *store, u32 nr_slots)
{
	u32 entry = 0;
	int err;

	while (part_slot(store, entry) < store->nr_slots)
		entry += part_entries(store);
	store->nr_slots = nr_slots;
	err = zero_part(store, entry);
	if (err)
		return err;
	header_grow(store);
	return header_write(store, HEADER_VALID);
}

/*
 * The header first: were the table zeroed under that of another snapshot, it would
 * be taken for a good one after a crash.
 */
static int format(struct store *store)
{
	int err;

	header_make(store);
	err = header_write(store,
			   store->persistent ? HEADER_NEW : HEADER_MEMORY);
	memset(store->group, 0, GROUP_BYTES);
	store->nr_entries = 0;
	store->sequence = 1;
	if (!err && store->persistent)
		err = zero_part(store, 0);
	return err;
}

/* Is what is there to be overwritten? 1 or 0; or an error, and why. */
static int may_format(struct store *store, bool told, char **why)
{
	enum header_state state;
	int empty = 0;

	if (told)
		return 1;
	if (!memchr_inv(store->header, 0, GROUP_BYTES))
		empty = store_is_empty(store);
	if (empty)
		return empty;
	*why = header_check(store);
	if (*why)
		return -EINVAL;
	state = header_state(store);
	if (state == HEADER_NEW || state == HEADER_MEMORY)
		return 1;
	if (!store->persistent) {
		*why = "The store has a persistent snapshot; \"format\" overwrites it";
		return -EINVAL;
	}
	return 0;
}

/* Returns 1 if the snapshot is good, 0 if it is invalid, or an error, and why. */
static int read_store(struct store *store, struct exceptions *e, u32 *next_slot,
		      char **why)
{
	u32 nr_slots = store->nr_slots;
	int err;

	*why = header_check_match(store);
	if (*why)
		return -EINVAL;
	if (header_is_lost(store) && store_invalidate(store))
		return -EIO;
	if (header_state(store) == HEADER_INVALID)
		return 0;
	/* As large as it was, until it is known whose it is. */
	store->nr_slots = header_slots(store);
	err = read_table(store, e, next_slot);
	if (err == -EUCLEAN)
		*why = "The table of the store is damaged";
	if (err)
		return err;
	if (!header_samples_match(store, e)) {
		*why = "This is another origin, or it was written without its snapshot";
		return -ESTALE;
	}
	if (store->nr_slots < nr_slots)
		err = grow(store, nr_slots);
	return err ?: 1;
}

/**
 * store_load - read the table of a store, or make one
 * @store: the store
 * @e: filled in; empty before
 * @next_slot: set to the first slot behind all that are in use
 * @told: a store is to be made, whatever is there
 * @why: set to what is wrong, if that is known
 *
 * Context: Process context. Sleeps.
 * Return: 1 if the snapshot is good, 0 if it is invalid, or an error.
 */
int store_load(struct store *store, struct exceptions *e, u32 *next_slot,
	       bool told, char **why)
{
	int err;

	*next_slot = 2;
	err = header_read(store);
	if (err)
		return err;
	if (header_is_ours(store) && store_id_in_use(store)) {
		*why = "The store is in use by another snapshot";
		return -EBUSY;
	}
	err = may_format(store, told, why);
	if (err < 0)
		return err;
	if (err)
		return format(store) ?: 1;
	err = read_store(store, e, next_slot, why);
	if (store_has_table(store, *next_slot))
		++*next_slot;
	return err;
}

/* Is there no room in the group in memory before it was written? */
bool store_is_full(const struct store *store)
{
	return store->nr_new && store->nr_entries % GROUP_ENTRIES == 0;
}

/* The block in memory that has an entry. */
static struct disk_block *block_of(struct store *store, u32 entry)
{
	return &store->group[entry % GROUP_ENTRIES / BLOCK_ENTRIES];
}

/* Add an entry to the group in memory. */
void store_add(struct store *store, u32 chunk, u32 slot, bool unreadable)
{
	u32 entry = store->nr_entries;

	block_of(store, entry)->entries[entry % BLOCK_ENTRIES] =
		(struct disk_exception){
			.chunk = cpu_to_le32(chunk),
			.slot = cpu_to_le32(slot |
					    (unreadable ? UNREADABLE : 0)),
		};
	WRITE_ONCE(store->nr_entries, entry + 1);
	store->nr_new++;
}

/* Fill in the blocks that have new entries. */
static void seal_blocks(struct store *store)
{
	u32 first = (store->nr_entries - store->nr_new) / BLOCK_ENTRIES;
	u32 last = (store->nr_entries - 1) / BLOCK_ENTRIES, number;

	for (number = first; number <= last; number++) {
		struct disk_block *b = block_of(store, number * BLOCK_ENTRIES);
		u32 count = store->nr_entries - number * BLOCK_ENTRIES;

		count = min_t(u32, count, BLOCK_ENTRIES);
		b->count = cpu_to_le32(count);
		b->sequence = cpu_to_le64(store->sequence);
		b->number = cpu_to_le64(number);
		b->crc = cpu_to_le32(block_crc(store, b));
	}
	store->sequence++;
}

static void group_written(struct bio *bio)
{
	struct store *store = container_of(bio, struct store, bio);
	struct commit *commit = store->commit;

	if (bio->bi_status)
		store->err = blk_status_to_errno(bio->bi_status);
	bio_uninit(bio);
	if (atomic_dec_and_test(&commit->pending))
		complete(&commit->done);
}

/**
 * store_submit - begin to write the entries that were added
 * @store: the store
 * @commit: who waits
 *
 * Context: Process context. May sleep, to zero the next part of the table.
 * Return: false if there was nothing to write.
 */
bool store_submit(struct store *store, struct commit *commit)
{
	if (!store->nr_new)
		return false;
	if (store->nr_entries % part_entries(store) == 0 && !store->err)
		store->err = zero_part(store, store->nr_entries);
	if (store->err)
		return false;
	seal_blocks(store);
	bio_init(&store->bio, store->bdev, &store->vec, 1, STORE_WRITE);
	store->bio.bi_iter.bi_sector = group_sector(store,
						    store->nr_entries - 1);
	__bio_add_page(&store->bio, virt_to_page(store->group), GROUP_BYTES,
		       offset_in_page(store->group));
	store->bio.bi_end_io = group_written;
	store->commit = commit;
	atomic_inc(&commit->pending);
	submit_bio(&store->bio);
	return true;
}

/* The write has ended: go on to the next group if this one is full. */
void store_written(struct store *store)
{
	if (store_is_full(store))
		memset(store->group, 0, GROUP_BYTES);
	store->nr_new = 0;
}

int store_init(struct store *store)
{
	int err = header_init(store);

	if (err)
		return err;
	store->group = (void *)get_zeroed_page(GFP_KERNEL);
	if (store->group)
		return 0;
	header_exit(store);
	return -ENOMEM;
}

void store_exit(struct store *store)
{
	free_page((unsigned long)store->group);
	header_exit(store);
}
