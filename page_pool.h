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

#include <linux/mm_types.h>

/**
 * struct page_run - pages that are contiguous in memory
 * @page: the first of them
 * @slot: the pool's number for @page
 * @nr_pages: how many they are
 */
struct page_run {
	struct page *page;
	unsigned int slot;
	unsigned int nr_pages;
};

/**
 * struct copy_pool - pages set aside
 * @nr_pages: how many there are; slots are numbered from 0 to @nr_pages - 1
 * @nr_free: how many of them are free
 * @first_free: no slot below this one is free
 * @free: a bit for each slot, set while it is free
 * @heads: a bit for each slot, set where a block of contiguous pages begins
 * @pages: the page of each slot
 */
struct copy_pool {
	unsigned int nr_pages;
	unsigned int nr_free;
	unsigned int first_free;
	unsigned long *free;
	unsigned long *heads;
	struct page **pages;
};

int copy_pool_init(struct copy_pool *pool, unsigned int nr_pages);
void copy_pool_exit(struct copy_pool *pool);

unsigned int copy_pool_get(struct copy_pool *pool, unsigned int nr_pages,
			   struct page_run *runs, unsigned int max_runs);
void copy_pool_put(struct copy_pool *pool, const struct page_run *runs,
		   unsigned int nr_runs);

#endif /* PAGE_POOL_H */
