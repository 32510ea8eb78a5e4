// SPDX-License-Identifier: GPL-2.0
/*
 * Chunks that every snapshot has already
 *
 * Writes to these pass the origin without its lock. A bit for each chunk, in pages
 * that are added where the origin is written; where there is none, a chunk is looked
 * up in the exceptions of each snapshot.
 *
 * A new snapshot has no chunk, so all bits are cleared at once then: each page bears
 * the epoch in which it was filled, and counts in that one only.
 */
#include <linux/bitmap.h>

#include "ksnap.h"

struct kept_page {
	unsigned long epoch;
	unsigned long chunks[];
};

/* Chunks of a page. */
#define KEPT_BITS \
	((PAGE_SIZE - sizeof(struct kept_page)) / sizeof(long) * BITS_PER_LONG)

void kept_init(struct kept *k)
{
	xa_init(&k->pages);
	k->epoch = 1;
}

void kept_exit(struct kept *k)
{
	pages_free(&k->pages);
}

/**
 * kept_reserve - have memory for a chunk, and for others near it
 * @k: the chunks
 * @chunk: one of them
 * @gfp: for the allocation
 *
 * Context: As @gfp says. One task at a time.
 * Return: 0, or -ENOMEM.
 */
int kept_reserve(struct kept *k, u32 chunk, gfp_t gfp)
{
	return pages_add(&k->pages, chunk / KEPT_BITS, 0, gfp);
}

/**
 * __kept_add - every snapshot has this chunk, and reads it from its own store only
 * @k: the chunks
 * @chunk: the chunk
 *
 * Context: Any; the origin's lock is held.
 * Return: false if there is no memory for it; then it is not in the set.
 */
bool __kept_add(struct kept *k, u32 chunk)
{
	struct kept_page *page = xa_load(&k->pages, chunk / KEPT_BITS);

	if (!page)
		return false;
	if (page->epoch != k->epoch) {
		bitmap_zero(page->chunks, KEPT_BITS);
		/* Pairs with kept_has(): no bit of the epoch before is left. */
		smp_store_release(&page->epoch, k->epoch);
	}
	set_bit(chunk % KEPT_BITS, page->chunks);
	return true;
}

/* There is a new snapshot, which has none. The origin's lock is held. */
void __kept_forget(struct kept *k)
{
	WRITE_ONCE(k->epoch, k->epoch + 1);
}

static bool has_range(struct kept *k, u32 index, u32 first, u32 last)
{
	struct kept_page *page = xa_load(&k->pages, index);

	if (!page)
		return false;
	/* Pairs with __kept_add(). */
	if (smp_load_acquire(&page->epoch) != READ_ONCE(k->epoch))
		return false;
	/* Bits are only set. */
	return data_race(find_next_zero_bit(page->chunks, last + 1, first)) >
	       last;
}

/**
 * kept_has - are all these chunks in the set?
 * @k: the chunks
 * @first: the first one
 * @last: the last one, which is not before @first
 *
 * The answer is that of a moment during the call.
 *
 * Context: Any. Takes no lock.
 */
bool kept_has(struct kept *k, u32 first, u32 last)
{
	u32 index = first / KEPT_BITS, end = last / KEPT_BITS;

	for (first %= KEPT_BITS; index < end; index++, first = 0)
		if (!has_range(k, index, first, KEPT_BITS - 1))
			return false;
	return has_range(k, index, first, last % KEPT_BITS);
}
