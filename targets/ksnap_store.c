// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions on disk, for snapshots that survive
 *
 * The format is that of the kernel's dm-snapshot, so a store can go from one to
 * the other. Slot 0 has the header. Slot 1 has the first part of the table; it is
 * followed by as many slots for data as that part has entries, then comes the
 * next part, and so on. An entry that is zero ends the table.
 *
 * What is hard is a crash at any moment. A chunk's copy must be on stable media
 * before the entry that tells of it, so the table is written with a flush before
 * it; and the entry before the chunk of the origin is overwritten, so it is
 * written with FUA, and the origin waits. Nobody waits for an entry that did not
 * get to the disk.
 *
 * The table is written in blocks of 4 KiB, and a block only after the one before
 * it was full and on disk. If a block got there in part only, its entries end at
 * the first zero, and what is behind is forgotten when it is written next. The
 * part of the table that comes after is zeroed before the last entry of this one
 * is written: so the table always ends.
 */
#include <linux/blkdev.h>
#include <linux/gfp.h>

#include "ksnap.h"

#define MAGIC	0x70416e53 /* "SnAp" */
#define VERSION 1

struct disk_header {
	__le32 magic;
	__le32 valid;
	__le32 version;
	__le32 chunk_sectors;
};

struct disk_exception {
	__le64 chunk;
	__le64 slot;
};

#define BLOCK_SIZE_BYTES SZ_4K
#define BLOCK_ENTRIES	 (BLOCK_SIZE_BYTES / sizeof(struct disk_exception))

/* The entries of one part of the table. */
static u32 part_entries(const struct store *store)
{
	return store->chunk_sectors * SECTOR_SIZE /
	       sizeof(struct disk_exception);
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

/* What is in use for the header and the table, as dm-snapshot counts it. */
sector_t store_table_sectors(const struct store *store)
{
	u32 parts = READ_ONCE(store->nr_entries) / part_entries(store) + 1;

	return (sector_t)(1 + parts) * store->chunk_sectors;
}

static sector_t block_sector(const struct store *store, u32 entry)
{
	u32 block = entry % part_entries(store) / BLOCK_ENTRIES;

	return part_slot(store, entry) * store->chunk_sectors +
	       block * (BLOCK_SIZE_BYTES / SECTOR_SIZE);
}

static void prepare_bio(struct store *store, sector_t sector, blk_opf_t opf)
{
	bio_init(&store->bio, store->bdev, &store->vec, 1, opf);
	store->bio.bi_iter.bi_sector = sector;
	__bio_add_page(&store->bio, virt_to_page(store->block),
		       BLOCK_SIZE_BYTES, offset_in_page(store->block));
}

static int transfer(struct store *store, sector_t sector, blk_opf_t opf)
{
	int err;

	prepare_bio(store, sector, opf);
	err = submit_bio_wait(&store->bio);
	bio_uninit(&store->bio);
	return err;
}

/* Ends when it is on stable media, with all that was written before. */
static int write_header(struct store *store, bool valid)
{
	struct disk_header *header = (void *)store->block;

	memset(store->block, 0, BLOCK_SIZE_BYTES);
	*header = (struct disk_header){
		.magic = cpu_to_le32(MAGIC),
		.valid = cpu_to_le32(valid),
		.version = cpu_to_le32(VERSION),
		.chunk_sectors = cpu_to_le32(store->chunk_sectors),
	};
	return transfer(store, 0,
			REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA | REQ_META);
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

/*
 * Take note of the entries of the block in memory. Returns how many they are, or
 * an error.
 */
static int read_entries(struct store *store, struct exceptions *e,
			u32 *next_slot)
{
	unsigned int i;

	for (i = 0; i < BLOCK_ENTRIES; i++) {
		u64 chunk = le64_to_cpu(store->block[i].chunk);
		u64 slot = le64_to_cpu(store->block[i].slot);

		if (!slot)
			break;
		if (chunk >= NO_SLOT || slot >= store->nr_slots ||
		    store_has_table(store, slot) ||
		    exceptions_add(e, chunk, slot))
			return -EUCLEAN;
		*next_slot = max_t(u32, *next_slot, slot + 1);
	}
	return i;
}

/* The block in memory becomes that of the next entry. */
static int read_table(struct store *store, struct exceptions *e, u32 *next_slot)
{
	int nr = BLOCK_ENTRIES;

	while (nr == BLOCK_ENTRIES &&
	       part_slot(store, store->nr_entries) < store->nr_slots) {
		int err = transfer(store,
				   block_sector(store, store->nr_entries),
				   REQ_OP_READ | REQ_META);

		if (err)
			return err;
		nr = read_entries(store, e, next_slot);
		if (nr < 0)
			return nr;
		store->nr_entries += nr;
	}
	nr = store->nr_entries % BLOCK_ENTRIES;
	memset(store->block + nr, 0,
	       BLOCK_SIZE_BYTES - nr * sizeof(*store->block));
	return 0;
}

static int create(struct store *store)
{
	int err = zero_part(store, 0);

	if (!err)
		err = write_header(store, true);
	memset(store->block, 0, BLOCK_SIZE_BYTES);
	return err;
}

/**
 * store_load - read the table of a store, or make one
 * @store: the store
 * @e: filled in; empty before
 * @next_slot: set to the first slot behind all that are in use
 *
 * A store whose first four bytes are zero is a new one.
 *
 * Context: Process context. Sleeps.
 * Return: 1 if the snapshot is good, 0 if it is invalid, or an error: -EUCLEAN
 * if what is there is no store, or a damaged one; -EINVAL if it is one of another
 * chunk size.
 */
int store_load(struct store *store, struct exceptions *e, u32 *next_slot)
{
	struct disk_header header;
	int err;

	*next_slot = 2;
	store->nr_entries = 0;
	err = transfer(store, 0, REQ_OP_READ | REQ_META);
	if (err)
		return err;
	header = *(struct disk_header *)store->block;
	if (!header.magic) {
		err = create(store);
		return err ? err : 1;
	}
	if (le32_to_cpu(header.magic) != MAGIC ||
	    le32_to_cpu(header.version) != VERSION)
		return -EUCLEAN;
	if (le32_to_cpu(header.chunk_sectors) != store->chunk_sectors)
		return -EINVAL;
	if (!header.valid)
		return 0;
	err = read_table(store, e, next_slot);
	if (store_has_table(store, *next_slot))
		++*next_slot;
	return err ? err : 1;
}

/* Have the store say that the snapshot is lost. */
int store_invalidate(struct store *store)
{
	return write_header(store, false);
}

/* Is there no room in the block in memory before it was written? */
bool store_is_full(const struct store *store)
{
	return store->nr_new && store->nr_entries % BLOCK_ENTRIES == 0;
}

/* Add an entry to the block in memory. */
void store_add(struct store *store, u32 chunk, u32 slot)
{
	store->block[store->nr_entries % BLOCK_ENTRIES] =
		(struct disk_exception){
			.chunk = cpu_to_le64(chunk),
			.slot = cpu_to_le64(slot),
		};
	WRITE_ONCE(store->nr_entries, store->nr_entries + 1);
	store->nr_new++;
}

static void block_ended(struct bio *bio)
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
	prepare_bio(store, block_sector(store, store->nr_entries - 1),
		    REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA | REQ_SYNC |
			    REQ_META);
	store->bio.bi_end_io = block_ended;
	store->commit = commit;
	atomic_inc(&commit->pending);
	submit_bio(&store->bio);
	return true;
}

/* The write has ended: go on to the next block if this one is full. */
void store_written(struct store *store)
{
	if (store_is_full(store))
		memset(store->block, 0, BLOCK_SIZE_BYTES);
	store->nr_new = 0;
}

int store_init(struct store *store)
{
	store->block = (void *)get_zeroed_page(GFP_KERNEL);
	return store->block ? 0 : -ENOMEM;
}

void store_exit(struct store *store)
{
	free_page((unsigned long)store->block);
}
