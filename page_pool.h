/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client's memory: pages set aside once and handed out as runs
 *
 * A pool takes its pages from the system when it is created, in blocks as large
 * as the system gives, and returns them when it is destroyed. In between it
 * hands out runs: pages that follow each other in memory, so that one bio_vec
 * describes a run of any length. Nothing here allocates after creation.
 *
 * The pool has no lock; its owner calls one function at a time.
 */
#ifndef PAGE_POOL_H
#define PAGE_POOL_H

#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm_types.h>
#include <linux/sizes.h>

/* More than this in a row gains nothing: no piece of a job is larger. */
#define POOL_BLOCK_PAGES (SZ_512K / PAGE_SIZE)
#define POOL_RANKS	 (const_ilog2(POOL_BLOCK_PAGES) + 1)

/* So many runs that came back are kept as they are. */
#define POOL_RECENT_RUNS 32

/**
 * struct pool_block - pages that the system gave at once, contiguous
 * @list: on the pool's list of @rank, while one of them is free
 * @page: the first of them
 * @free: a bit for each, set while it is free
 * @nr_free: how many of them are free
 * @order: they are 2^@order
 * @rank: no more than 2^(@rank + 1) - 1 of them are free in a row
 */
struct pool_block {
	struct list_head list;
	struct page *page;
	unsigned long free[BITS_TO_LONGS(POOL_BLOCK_PAGES)];
	u16 nr_free;
	u8 order;
	u8 rank;
};

/**
 * struct page_run - pages that are contiguous in memory
 * @page: the first of them
 * @block: where they belong
 * @nr_pages: how many they are
 */
struct page_run {
	struct page *page;
	struct pool_block *block;
	unsigned int nr_pages;
};

/**
 * struct copy_pool - pages set aside
 * @nr_pages: how many there are
 * @nr_free: how many of them are free
 * @nr_recent: entries of @recent in use
 * @recent: free runs that are not marked as free in their blocks yet
 * @in_use: a bit for each rank, set while there is a block on its list
 * @ranks: the blocks with free pages, by rank
 */
struct copy_pool {
	unsigned int nr_pages;
	unsigned int nr_free;
	unsigned int nr_recent;
	struct page_run recent[POOL_RECENT_RUNS];
	unsigned long in_use;
	struct list_head ranks[POOL_RANKS];
};

int copy_pool_init(struct copy_pool *pool, unsigned int nr_pages);
void copy_pool_exit(struct copy_pool *pool);

unsigned int copy_pool_get(struct copy_pool *pool, unsigned int nr_pages,
			   struct page_run *runs, unsigned int max_runs);
void copy_pool_put(struct copy_pool *pool, const struct page_run *runs,
		   unsigned int nr_runs);

#endif /* PAGE_POOL_H */
