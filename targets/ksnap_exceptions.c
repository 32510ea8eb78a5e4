// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions in memory: which slot of the store has a chunk
 *
 * An exception is known by its slot, so there is one for each slot, set aside
 * with the snapshot: 8 bytes, and 2 to 4 more for the hash. Exceptions are never
 * removed.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>

#include "ksnap.h"

int exceptions_init(struct exceptions *e, u32 nr_slots)
{
	e->nr_slots = nr_slots;
	e->hash_bits = max(ilog2(nr_slots), 1);
	e->slots = kvmalloc_array(nr_slots, sizeof(*e->slots), GFP_KERNEL);
	e->heads = kvmalloc_array(1UL << e->hash_bits, sizeof(*e->heads),
				  GFP_KERNEL);
	if (!e->slots || !e->heads) {
		exceptions_exit(e);
		return -ENOMEM;
	}
	memset32(e->heads, NO_SLOT, 1UL << e->hash_bits);
	memset(e->slots, 0xff, nr_slots * sizeof(*e->slots));
	return 0;
}

void exceptions_exit(struct exceptions *e)
{
	kvfree(e->slots);
	kvfree(e->heads);
}

/* Returns the slot that has a chunk, or NO_SLOT. */
u32 exceptions_find(const struct exceptions *e, u32 chunk)
{
	u32 slot = e->heads[hash_32(chunk, e->hash_bits)];

	while (slot != NO_SLOT && e->slots[slot].chunk != chunk)
		slot = e->slots[slot].next;
	return slot;
}

/* Returns 0, or -EEXIST if the slot or the chunk has an exception already. */
int exceptions_add(struct exceptions *e, u32 chunk, u32 slot)
{
	u32 *head = &e->heads[hash_32(chunk, e->hash_bits)];

	if (e->slots[slot].chunk != NO_SLOT ||
	    exceptions_find(e, chunk) != NO_SLOT)
		return -EEXIST;
	e->slots[slot] = (struct exception){ .chunk = chunk, .next = *head };
	*head = slot;
	return 0;
}
