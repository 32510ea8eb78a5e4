// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions in memory: which slot of the store has a chunk
 *
 * An exception is known by its slot. Exceptions are hashed by chunk, and are never
 * removed. Memory is in pages, which exceptions_reserve() adds as slots come into
 * use: 8 bytes for each exception and 4 for its bucket.
 *
 * The hash table grows a bucket at a time (linear hashing), so that no insertion has
 * much to do: with @nr_buckets = 2^n + i, the first i buckets of 2^n are split
 * already, and bucket i is the next one.
 */
#include <linux/hash.h>
#include <linux/log2.h>

#include "ksnap.h"

#define SLOTS_PER_PAGE (PAGE_SIZE / sizeof(struct exception))
#define HEADS_PER_PAGE (PAGE_SIZE / sizeof(u32))

static struct exception *exception_of(struct exceptions *e, u32 slot)
{
	struct exception *page = xa_load(&e->slots, slot / SLOTS_PER_PAGE);

	return &page[slot % SLOTS_PER_PAGE];
}

static u32 *head_of(struct exceptions *e, u32 bucket)
{
	u32 *page = xa_load(&e->heads, bucket / HEADS_PER_PAGE);

	return &page[bucket % HEADS_PER_PAGE];
}

static u32 bucket_of(const struct exceptions *e, u32 chunk)
{
	unsigned int bits = ilog2(e->nr_buckets);
	u32 hash = hash_32(chunk, 32), bucket = hash & (BIT_ULL(bits + 1) - 1);

	return bucket < e->nr_buckets ? bucket : hash & (BIT(bits) - 1);
}

void exceptions_exit(struct exceptions *e)
{
	pages_free(&e->slots);
	pages_free(&e->heads);
}

/**
 * exceptions_reserve - have memory for exceptions
 * @e: the exceptions
 * @nr_slots: for all slots before this one
 * @gfp: for the allocation
 *
 * Context: As @gfp says. One task at a time; others may use what is there.
 * Return: 0, or -ENOMEM. What there was before is still there.
 */
int exceptions_reserve(struct exceptions *e, u32 nr_slots, gfp_t gfp)
{
	int err = 0;

	while (e->nr_slots < nr_slots) {
		/* As many buckets as exceptions, and one to begin with. */
		err = pages_add(&e->heads, e->nr_slots / HEADS_PER_PAGE,
				NO_SLOT, gfp);
		if (!err)
			err = pages_add(&e->slots, e->nr_slots / SLOTS_PER_PAGE,
					NO_CHUNK, gfp);
		if (err)
			break;
		/* Who sees the number sees the pages: ksnap_io.c reads it. */
		smp_store_release(&e->nr_slots, e->nr_slots + SLOTS_PER_PAGE);
	}
	return err;
}

/* Returns 0, or -ENOMEM. */
int exceptions_init(struct exceptions *e)
{
	int err;

	xa_init(&e->slots);
	xa_init(&e->heads);
	e->nr_buckets = 1;
	err = exceptions_reserve(e, 1, GFP_KERNEL);
	if (err)
		exceptions_exit(e);
	return err;
}

/* Returns the slot that has a chunk, or NO_SLOT. */
u32 exceptions_find(struct exceptions *e, u32 chunk)
{
	u32 slot = *head_of(e, bucket_of(e, chunk));

	while (slot != NO_SLOT) {
		struct exception *x = exception_of(e, slot);

		if (x->chunk == chunk)
			break;
		slot = x->next;
	}
	return slot;
}

/* Of a slot that exceptions_find() returned: could its chunk not be read? */
bool exceptions_unreadable(struct exceptions *e, u32 slot)
{
	return exception_of(e, slot)->unreadable;
}

static void link_exception(struct exceptions *e, u32 slot)
{
	struct exception *x = exception_of(e, slot);
	u32 *head = head_of(e, bucket_of(e, x->chunk));

	x->next = *head;
	*head = slot;
}

/* One more bucket: what belongs there comes from the one that is split. */
static void add_bucket(struct exceptions *e)
{
	u32 *head = head_of(e, e->nr_buckets - BIT(ilog2(e->nr_buckets)));
	u32 slot = *head;

	e->nr_buckets++;
	*head = NO_SLOT;
	while (slot != NO_SLOT) {
		u32 next = exception_of(e, slot)->next;

		link_exception(e, slot);
		slot = next;
	}
}

/**
 * exceptions_add - add an exception
 * @e: the exceptions
 * @chunk: which chunk of the origin
 * @slot: where it is; before @e->nr_slots
 * @unreadable: it is nowhere
 *
 * Context: Any; the caller serialises.
 * Return: 0, or -EEXIST if the slot or the chunk has an exception already.
 */
int exceptions_add(struct exceptions *e, u32 chunk, u32 slot, bool unreadable)
{
	struct exception *x = exception_of(e, slot);

	if (x->chunk != NO_CHUNK || exceptions_find(e, chunk) != NO_SLOT)
		return -EEXIST;
	x->chunk = chunk;
	x->unreadable = unreadable;
	e->nr_unreadable += unreadable;
	if (++e->nr > e->nr_buckets)
		add_bucket(e);
	link_exception(e, slot);
	return 0;
}
