// SPDX-License-Identifier: GPL-2.0
/*
 * A client's memory: pages set aside once and handed out as runs
 *
 * The pages come from the system in blocks, the largest first. A run lies within
 * a block, and a bitmap of the block's free pages is all the bookkeeping:
 * neighbours that were returned merge by themselves.
 *
 * What is hard is to keep runs long when large and small requests meet, and to
 * take no more time where memory is in pieces. So blocks are ranked by the
 * longest run that may be free in them. A small request is served from the
 * lowest rank that has it, which packs the small ones together, a large one from
 * a higher rank, or, where there is none, in parts from the highest.
 *
 * A rank is an upper bound: a block that gets pages back is ranked by the number
 * of its free pages, and moves down only once somebody looks for a run that it
 * does not have. Each search moves but a few, so its time depends neither on the size
 * of the pool nor on how scattered its pages are.
 *
 * Most requests are as long as those before. So the runs that came back last are
 * kept as they are, and go to the bitmaps once a request of another length comes.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "page_pool.h"

/* So many blocks are moved down in a search for one run. */
#define DEMOTIONS_MAX 16

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

static void add_to_rank(struct copy_pool *pool, struct pool_block *block,
			unsigned int rank)
{
	block->rank = rank;
	list_add(&block->list, &pool->ranks[rank]);
	pool->in_use |= BIT(rank);
}

static void remove_from_rank(struct copy_pool *pool, struct pool_block *block)
{
	list_del(&block->list);
	if (list_empty(&pool->ranks[block->rank]))
		pool->in_use &= ~BIT(block->rank);
}

static void move_to_rank(struct copy_pool *pool, struct pool_block *block,
			 unsigned int rank)
{
	remove_from_rank(pool, block);
	add_to_rank(pool, block, rank);
}

static int add_block(struct copy_pool *pool, unsigned int *order)
{
	struct pool_block *block = kzalloc(sizeof(*block), GFP_KERNEL);

	if (!block)
		return -ENOMEM;
	block->page = alloc_block(order);
	if (!block->page) {
		kfree(block);
		return -ENOMEM;
	}
	block->order = *order;
	block->nr_free = 1U << *order;
	bitmap_set(block->free, 0, block->nr_free);
	add_to_rank(pool, block, *order);
	pool->nr_pages += block->nr_free;
	pool->nr_free += block->nr_free;
	return 0;
}

static void put_run(struct copy_pool *pool, const struct page_run *run)
{
	struct pool_block *block = run->block;
	unsigned int start = run->page - block->page;

	if (run->nr_pages == 1)
		__set_bit(start, block->free);
	else
		bitmap_set(block->free, start, run->nr_pages);
	block->nr_free += run->nr_pages;
	if (block->nr_free == run->nr_pages)
		add_to_rank(pool, block, ilog2(block->nr_free));
	else if (ilog2(block->nr_free) > block->rank)
		move_to_rank(pool, block, ilog2(block->nr_free));
}

static void put_recent_runs(struct copy_pool *pool)
{
	while (pool->nr_recent)
		put_run(pool, &pool->recent[--pool->nr_recent]);
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
	unsigned int order = POOL_RANKS - 1, rank;
	int err = 0;

	*pool = (struct copy_pool){};
	for (rank = 0; rank < POOL_RANKS; rank++)
		INIT_LIST_HEAD(&pool->ranks[rank]);
	while (!err && pool->nr_pages < nr_pages) {
		order = min_t(unsigned int, order,
			      ilog2(nr_pages - pool->nr_pages));
		err = add_block(pool, &order);
	}
	if (err)
		copy_pool_exit(pool);
	return err;
}

/**
 * copy_pool_exit - return the pages to the system
 * @pool: a pool whose runs have all come back
 *
 * Context: Process context. May sleep.
 */
void copy_pool_exit(struct copy_pool *pool)
{
	struct pool_block *block, *next;
	unsigned int rank;

	put_recent_runs(pool);
	for (rank = 0; rank < POOL_RANKS; rank++) {
		list_for_each_entry_safe(block, next, &pool->ranks[rank],
					 list) {
			list_del(&block->list);
			__free_pages(block->page, block->order);
			kfree(block);
		}
	}
	pool->in_use = 0;
	pool->nr_pages = 0;
	pool->nr_free = 0;
}

static unsigned int first_free(const struct pool_block *block)
{
	unsigned int i = 0;

	while (!block->free[i])
		i++;
	return i * BITS_PER_LONG + __ffs(block->free[i]);
}

/*
 * Find the first run of @wanted free pages in a block, or else the longest.
 * Returns its length.
 */
static unsigned int find_run(const struct pool_block *block,
			     unsigned int wanted, unsigned int *start)
{
	unsigned int size = 1U << block->order, longest = 0, from = 0, to;

	if (block->nr_free == size) {
		*start = 0;
		return min(wanted, size);
	}
	while (longest < wanted) {
		from = find_next_bit(block->free, size, from);
		if (from == size)
			break;
		to = find_next_zero_bit(block->free, min(from + wanted, size),
					from + 1);
		if (to - from > longest) {
			longest = to - from;
			*start = from;
		}
		from = to;
	}
	return longest;
}

/*
 * The block to look in for @wanted pages: of the lowest rank that has them, or
 * else of the highest.
 */
static struct pool_block *first_block(struct copy_pool *pool,
				      unsigned int wanted)
{
	unsigned int rank = min_t(unsigned int, order_base_2(wanted),
				  POOL_RANKS - 1);
	unsigned long ranks = pool->in_use >> rank;

	rank = ranks ? rank + __ffs(ranks) : __fls(pool->in_use);
	return list_first_entry(&pool->ranks[rank], struct pool_block, list);
}

/* Take one page; there is a free one. */
static void take_page(struct copy_pool *pool, struct page_run *run)
{
	struct list_head *blocks = &pool->ranks[__ffs(pool->in_use)];
	struct pool_block *block;
	unsigned int start;

	block = list_first_entry(blocks, struct pool_block, list);
	start = first_free(block);
	__clear_bit(start, block->free);
	if (!--block->nr_free)
		remove_from_rank(pool, block);
	run->page = block->page + start;
	run->block = block;
	run->nr_pages = 1;
}

/* Take a run of up to @wanted pages; there is a free one. */
static void take_run(struct copy_pool *pool, unsigned int wanted,
		     struct page_run *run)
{
	unsigned int demotions = DEMOTIONS_MAX, len, start;
	struct pool_block *block;

	for (;;) {
		block = first_block(pool, wanted);
		len = find_run(block, wanted, &start);
		if (len == wanted || ilog2(len) == block->rank || !demotions--)
			break;
		move_to_rank(pool, block, ilog2(len));
	}
	bitmap_clear(block->free, start, len);
	block->nr_free -= len;
	if (!block->nr_free)
		remove_from_rank(pool, block);
	run->page = block->page + start;
	run->block = block;
	run->nr_pages = len;
}

static bool has_recent_run(const struct copy_pool *pool, unsigned int nr_pages)
{
	return pool->nr_recent &&
	       pool->recent[pool->nr_recent - 1].nr_pages == nr_pages;
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
	unsigned int nr_runs = 0, left = nr_pages;

	if (pool->nr_free < nr_pages)
		return 0;
	if (has_recent_run(pool, nr_pages)) {
		*runs = pool->recent[--pool->nr_recent];
		pool->nr_free -= nr_pages;
		return 1;
	}
	put_recent_runs(pool);
	if (nr_pages == 1) {
		take_page(pool, runs);
		pool->nr_free--;
		return 1;
	}
	while (left && nr_runs < max_runs) {
		take_run(pool, left, &runs[nr_runs]);
		left -= runs[nr_runs++].nr_pages;
	}
	pool->nr_free -= nr_pages - left;
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
		if (pool->nr_recent == POOL_RECENT_RUNS)
			put_recent_runs(pool);
		pool->recent[pool->nr_recent++] = runs[i];
		pool->nr_free += runs[i].nr_pages;
	}
}
