// SPDX-License-Identifier: GPL-2.0
/*
 * The header of a store: whose it is, and whether the snapshot is good
 *
 * A header is 512 bytes, so a crash leaves the old one or the new one. It is written
 * when the store is made; when the snapshot's moment has come; when the store has
 * grown; and when the snapshot is lost.
 *
 * What the origin held in some places at that moment is in the header, as checksums.
 * Where the snapshot has no exception the origin still holds it, or it is another
 * origin, or was written without regard to the snapshot.
 */
#include <linux/blkdev.h>
#include <linux/crc32.h>
#include <linux/gfp.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "ksnap.h"

#define MAGIC	"kcopyd snapshot"
#define VERSION 2

/* Of the kernel's dm-snapshot, and of version 1. */
#define OLD_MAGIC 0x70416e53

/* What has to be zero in a store that is a new one. */
#define HEAD_BYTES SZ_128K

/* Blocks of the origin that tell whether it is the same one. */
#define NR_SAMPLES 16

struct disk_header {
	u8 magic[16];
	__le32 crc; /* of all that follows */
	__le32 version;
	__le64 features;
	u8 id[KSNAP_ID_BYTES];
	__le64 origin_sectors;
	__le32 chunk_sectors;
	__le32 store_chunks;
	__le32 state;
	__le32 sampled; /* mask: samples that are known */
	__le32 samples[NR_SAMPLES];
	u8 zero[SECTOR_SIZE - 136];
};

static_assert(sizeof(struct disk_header) == SECTOR_SIZE);

/* Read or write a group of blocks, and wait. */
int store_transfer(struct block_device *bdev, void *data, sector_t sector,
		   blk_opf_t opf)
{
	struct bio_vec vec;
	struct bio bio;
	int err;

	bio_init(&bio, bdev, &vec, 1, opf);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, virt_to_page(data), GROUP_BYTES,
		       offset_in_page(data));
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static u32 header_crc(const struct disk_header *h)
{
	return crc32_le(~0, (void *)&h->version,
			sizeof(*h) - offsetof(struct disk_header, version));
}

/* Ends when it is on stable media, with all that was written before. */
static int __write_header(struct store *store, enum header_state state)
{
	struct disk_header *h = store->header;

	lockdep_assert_held(&store->header_lock);
	h->state = cpu_to_le32(state);
	h->crc = cpu_to_le32(header_crc(h));
	return store_transfer(store->bdev, h, 0, STORE_WRITE);
}

int header_write(struct store *store, enum header_state state)
{
	int err;

	mutex_lock(&store->header_lock);
	err = __write_header(store, state);
	mutex_unlock(&store->header_lock);
	return err;
}

int header_read(struct store *store)
{
	return store_transfer(store->bdev, store->header, 0,
			      REQ_OP_READ | REQ_META);
}

/* In memory; it goes to the disk with header_write(). */
void header_make(struct store *store)
{
	struct disk_header *h = store->header;

	memset(h, 0, GROUP_BYTES);
	memcpy(h->magic, MAGIC, sizeof(h->magic));
	h->version = cpu_to_le32(VERSION);
	get_random_bytes(h->id, sizeof(h->id));
	h->origin_sectors = cpu_to_le64(store->origin_sectors);
	h->chunk_sectors = cpu_to_le32(store->chunk_sectors);
	h->store_chunks = cpu_to_le32(store->nr_slots);
}

enum header_state header_state(const struct store *store)
{
	return le32_to_cpu(store->header->state);
}

/* How large the store was, and that it is larger now. */
u32 header_slots(const struct store *store)
{
	return le32_to_cpu(store->header->store_chunks);
}

void header_grow(struct store *store)
{
	store->header->store_chunks = cpu_to_le32(store->nr_slots);
}

/*
 * Stores that are lost, and could not be marked. Should such a device come back, it
 * is not taken for good.
 */
struct lost_store {
	struct list_head list;
	u8 id[KSNAP_ID_BYTES];
};

static DEFINE_SPINLOCK(lost_lock);
static LIST_HEAD(lost_stores);

/**
 * store_invalidate - have the store say that the snapshot is lost
 * @store: the store
 *
 * If that fails, it is remembered here.
 *
 * Context: Process context. Sleeps.
 * Return: 0, or an error.
 */
int store_invalidate(struct store *store)
{
	int err = header_write(store, HEADER_INVALID);

	if (err && store->lost) {
		memcpy(store->lost->id, store->header->id, KSNAP_ID_BYTES);
		spin_lock(&lost_lock);
		list_add(&store->lost->list, &lost_stores);
		spin_unlock(&lost_lock);
		store->lost = NULL;
	}
	return err;
}

bool header_is_lost(const struct store *store)
{
	struct lost_store *lost;
	bool found = false;

	spin_lock(&lost_lock);
	list_for_each_entry(lost, &lost_stores, list)
		found |= !memcmp(lost->id, store->header->id, KSNAP_ID_BYTES);
	spin_unlock(&lost_lock);
	return found;
}

void store_forget_lost(void)
{
	struct lost_store *lost, *next;

	list_for_each_entry_safe(lost, next, &lost_stores, list)
		kfree(lost);
}

/* Is this the header of a store, whatever else is wrong with it? */
bool header_is_ours(const struct store *store)
{
	const struct disk_header *h = store->header;

	return !memcmp(h->magic, MAGIC, sizeof(h->magic));
}

/* Returns what is wrong with a header, or NULL. */
char *header_check(const struct store *store)
{
	const struct disk_header *h = store->header;

	if (*(__le32 *)h == cpu_to_le32(OLD_MAGIC))
		return "The store is of dm-snapshot, or of ksnap 1";
	if (!header_is_ours(store))
		return "The store holds something else; \"format\" overwrites it";
	if (le32_to_cpu(h->version) != VERSION)
		return "The store is of a newer ksnap";
	if (le32_to_cpu(h->crc) != header_crc(h))
		return "The header of the store is damaged";
	if (h->features)
		return "The store has features that are not known here";
	if (le32_to_cpu(h->state) > HEADER_MEMORY)
		return "The header of the store is damaged";
	return NULL;
}

/* Returns why a store is not that of this snapshot, or NULL. */
char *header_check_match(const struct store *store)
{
	const struct disk_header *h = store->header;

	if (le32_to_cpu(h->chunk_sectors) != store->chunk_sectors)
		return "The store has another chunk size";
	if (le64_to_cpu(h->origin_sectors) != store->origin_sectors)
		return "The store is of an origin of another size";
	if (le32_to_cpu(h->store_chunks) > store->nr_slots)
		return "The store has become smaller";
	return NULL;
}

const u8 *store_id(const struct store *store)
{
	return store->header->id;
}

/* Is the head of the store zero? 1 or 0, or an error. */
int store_is_empty(struct store *store)
{
	sector_t sectors = min_t(sector_t, HEAD_BYTES / SECTOR_SIZE,
				 bdev_nr_sectors(store->bdev));
	sector_t sector;

	for (sector = 0; sector + GROUP_BLOCKS <= sectors;
	     sector += GROUP_BLOCKS) {
		int err = store_transfer(store->bdev, store->scratch, sector,
					 REQ_OP_READ);

		if (err)
			return err;
		if (memchr_inv(store->scratch, 0, GROUP_BYTES))
			return 0;
	}
	return 1;
}

/*
 * Samples of the origin
 */

static sector_t sample_sector(const struct store *store, unsigned int i)
{
	u64 last = store->origin_sectors / GROUP_BLOCKS - 1;

	return div_u64(last * i, NR_SAMPLES - 1) * GROUP_BLOCKS;
}

static u32 sample_chunk(const struct store *store, unsigned int i)
{
	return div_u64(sample_sector(store, i), store->chunk_sectors);
}

static int read_sample(struct store *store, unsigned int i, __le32 *crc)
{
	int err = store_transfer(store->origin, store->scratch,
				 sample_sector(store, i), REQ_OP_READ);

	if (!err)
		*crc = cpu_to_le32(crc32_le(~0, store->scratch, GROUP_BYTES));
	return err;
}

/**
 * store_begin - the snapshot's moment has come
 * @store: the store
 * @is_original: tells of a chunk whether the origin still has it
 *
 * Takes samples of the origin, by which it is known again, and has the store say
 * that it is in use. While this waits, the worker may write the table.
 *
 * Context: Process context. Sleeps.
 * Return: 0, or an error.
 */
int store_begin(struct store *store,
		bool (*is_original)(struct store *store, u32 chunk))
{
	struct disk_header *h = store->header;
	unsigned int i;
	u32 known = 0;
	int err;

	if (le32_to_cpu(h->state) != HEADER_NEW)
		return 0;
	for (i = 0; i < NR_SAMPLES; i++)
		if (!read_sample(store, i, &h->samples[i]) &&
		    is_original(store, sample_chunk(store, i)))
			known |= BIT(i);

	mutex_lock(&store->header_lock);
	h->sampled = cpu_to_le32(known);
	err = -EIO;
	if (le32_to_cpu(h->state) == HEADER_NEW)
		err = __write_header(store, HEADER_VALID);
	mutex_unlock(&store->header_lock);
	return err;
}

/*
 * Is this the origin, and has nobody written it meanwhile? What has no exception
 * is as it was.
 */
bool header_samples_match(struct store *store, struct exceptions *e)
{
	const struct disk_header *h = store->header;
	unsigned long known = le32_to_cpu(h->sampled);
	unsigned int i;
	__le32 crc;

	for_each_set_bit(i, &known, NR_SAMPLES)
		if (exceptions_find(e, sample_chunk(store, i)) == NO_SLOT &&
		    !read_sample(store, i, &crc) && crc != h->samples[i])
			return false;
	return true;
}

int header_init(struct store *store)
{
	mutex_init(&store->header_lock);
	store->header = (void *)get_zeroed_page(GFP_KERNEL);
	store->scratch = (void *)get_zeroed_page(GFP_KERNEL);
	store->lost = kmalloc(sizeof(*store->lost), GFP_KERNEL);
	if (store->header && store->scratch && store->lost)
		return 0;
	header_exit(store);
	return -ENOMEM;
}

void header_exit(struct store *store)
{
	free_page((unsigned long)store->header);
	free_page((unsigned long)store->scratch);
	kfree(store->lost);
}
