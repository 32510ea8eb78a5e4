// SPDX-License-Identifier: GPL-2.0
/*
 * A client's memory: pages set aside once and handed out as runs
 *
 * The pages come from the system in blocks, the largest first. They are
 * numbered by slots, a block's pages in a row, so a run is a range of slots
 * that lies within a block, and a bitmap of free slots is all the bookkeeping:
 * neighbours that were returned merge by themselves.
 *
 * What is hard is to keep runs long when large and small requests meet. Small
 * ones are served first fit from the lowest slot, which packs them together. A
 * large one passes over free runs that are too short to complete it within its
 * number of runs, and takes such scraps only where nothing else is left.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "page_pool.h"

/* More than this in a row gains nothing: no piece of a job is larger. */
#define BLOCK_ORDER_MAX get_order(SZ_512K)

static struct page *alloc_block(unsigned int *order)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_COMP | __GFP_NOWARN;
	struct page *page;

	for (; *order; --*order) {
		page = alloc_pages(gfp | __GFP_NORETRY, *order);
		if (page)
			return page;
	}
	return alloc_page(gfp | __GFP_RETRY_MAYFAIL);
}

static int add_blocks(struct copy_pool *pool, unsigned int nr_pages)
{
	unsigned int order = BLOCK_ORDER_MAX;

	while (pool->nr_pages < nr_pages) {
		unsigned int slot = pool->nr_pages, i;
		struct page *page;

		order = min_t(unsigned int, order, ilog2(nr_pages - slot));
		page = alloc_block(&order);
		if (!page)
			return -ENOMEM;
		for (i = 0; i < 1U << order; i++)
			pool->pages[slot + i] = page + i;
		__set_bit(slot, pool->heads);
		pool->nr_pages += 1U << order;
	}
	return 0;
}

/**
 * copy_pool_init - set pages aside
 * @pool: the pool; on failure it is left empty
 * @nr_pages: how many, 1 or more
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int copy_pool_init(struct copy_pool *pool, unsigned int nr_pages)
{
	int err = -ENOMEM;

	*pool = (struct copy_pool){
		.free = kvcalloc(BITS_TO_LONGS(nr_pages), sizeof(long),
				 GFP_KERNEL),
		.heads = kvcalloc(BITS_TO_LONGS(nr_pages), sizeof(long),
				  GFP_KERNEL),
		.pages = kvcalloc(nr_pages, sizeof(struct page *), GFP_KERNEL),
	};
	if (pool->free && pool->heads && pool->pages)
		err = add_blocks(pool, nr_pages);
	if (err) {
		copy_pool_exit(pool);
		return err;
	}
	bitmap_set(pool->free, 0, nr_pages);
	pool->nr_free = nr_pages;
	return 0;
}

/**
 * copy_pool_exit - return the pages to the system
 * @pool: a pool whose runs have all come back
 *
 * Context: Process context. May sleep.
 */
void copy_pool_exit(struct copy_pool *pool)
{
	unsigned int slot = 0;

	while (slot < pool->nr_pages) {
		unsigned int order = compound_order(pool->pages[slot]);

		__free_pages(pool->pages[slot], order);
		slot += 1U << order;
	}
	kvfree(pool->pages);
	kvfree(pool->heads);
	kvfree(pool->free);
	*pool = (struct copy_pool){};
}

/* The end of the run of free slots that begins at @slot, at most @max long. */
static unsigned int run_end(struct copy_pool *pool, unsigned int slot,
			    unsigned int max)
{
	unsigned int end = min(slot + max, pool->nr_pages);

	if (max == 1)
		return end;
	end = find_next_zero_bit(pool->free, end, slot + 1);
	return find_next_bit(pool->heads, end, slot + 1);
}

static struct page_run take(struct copy_pool *pool, unsigned int slot,
			    unsigned int len)
{
	if (len == 1)
		__clear_bit(slot, pool->free);
	else
		bitmap_clear(pool->free, slot, len);
	pool->nr_free -= len;
	return (struct page_run){
		.page = pool->pages[slot],
		.slot = slot,
		.nr_pages = len,
	};
}

/* Take up to *@wanted pages, in at most @max_runs runs of @min_run or more. */
static unsigned int take_runs(struct copy_pool *pool, unsigned int *wanted,
			      unsigned int min_run, struct page_run *runs,
			      unsigned int max_runs)
{
	unsigned int slot = pool->first_free, nr_runs = 0;

	while (*wanted && nr_runs < max_runs) {
		unsigned int len;

		slot = find_next_bit(pool->free, pool->nr_pages, slot);
		if (slot >= pool->nr_pages)
			break;
		len = run_end(pool, slot, *wanted) - slot;
		if (len >= min(min_run, *wanted)) {
			runs[nr_runs++] = take(pool, slot, len);
			*wanted -= len;
		}
		slot += len;
	}
	return nr_runs;
}

/* Where the first free run is too short: take several. */
static unsigned int get_scattered(struct copy_pool *pool, unsigned int nr_pages,
				  struct page_run *runs, unsigned int max_runs)
{
	unsigned int min_run = DIV_ROUND_UP(nr_pages, max_runs), nr_runs;

	nr_runs = take_runs(pool, &nr_pages, min_run, runs, max_runs);
	nr_runs += take_runs(pool, &nr_pages, 1, runs + nr_runs,
			     max_runs - nr_runs);
	return nr_runs;
}

/**
 * copy_pool_get - take pages
 * @pool: the pool
 * @nr_pages: how many are wanted, 1 or more
 * @runs: filled in with the runs that were taken
 * @max_runs: room in @runs
 *
 * Where the free pages are too scattered for @max_runs runs to hold @nr_pages,
 * fewer are taken, but at least @max_runs.
 *
 * Context: Any. The caller serialises.
 * Return: How many runs were taken; 0 when fewer than @nr_pages pages are free.
 */
unsigned int copy_pool_get(struct copy_pool *pool, unsigned int nr_pages,
			   struct page_run *runs, unsigned int max_runs)
{
	unsigned int nr_runs = 1, slot, len;

	if (pool->nr_free < nr_pages)
		return 0;
	slot = find_next_bit(pool->free, pool->nr_pages, pool->first_free);
	len = run_end(pool, slot, nr_pages) - slot;
	pool->first_free = slot;
	if (len == nr_pages) {
		runs[0] = take(pool, slot, len);
		pool->first_free += len;
	} else {
		nr_runs = get_scattered(pool, nr_pages, runs, max_runs);
	}
	return nr_runs;
}

/**
 * copy_pool_put - give pages back
 * @pool: the pool
 * @runs: runs as copy_pool_get() filled them in
 * @nr_runs: how many there are
 *
 * Context: Any. The caller serialises.
 */
void copy_pool_put(struct copy_pool *pool, const struct page_run *runs,
		   unsigned int nr_runs)
{
	unsigned int i;

	for (i = 0; i < nr_runs; i++) {
		if (runs[i].nr_pages == 1)
			__set_bit(runs[i].slot, pool->free);
		else
			bitmap_set(pool->free, runs[i].slot, runs[i].nr_pages);
		pool->nr_free += runs[i].nr_pages;
		pool->first_free = min(pool->first_free, runs[i].slot);
	}
}
