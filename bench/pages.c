// SPDX-License-Identifier: GPL-2.0
/*
 * Pages: the most that the kernel has held at once
 *
 * The page allocator's own tracepoints tell. Each page that was allocated since
 * the beginning has a bit, so what was allocated before is not missed when it is
 * freed. Pages of processes are not counted: neither their data (movable) nor
 * what the kernel keeps for them (accounted), page tables above all.
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>

#include "bench.h"

static unsigned long *held; /* a bit for each page frame */
static atomic64_t nr_held, peak;

static void on_page_alloc(void *unused, struct page *page, unsigned int order,
			  gfp_t gfp, int migratetype)
{
	unsigned long i;
	s64 now;

	if (!page || gfp & (__GFP_MOVABLE | __GFP_ACCOUNT))
		return;
	for (i = 0; i < 1UL << order; i++)
		set_bit(page_to_pfn(page) + i, held);
	now = atomic64_add_return(1 << order, &nr_held);
	if (now > atomic64_read(&peak))
		atomic64_set(&peak, now);
}

/* A part of what was allocated may be freed, so each page is looked at. */
static void on_page_free(void *unused, struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++)
		if (test_and_clear_bit(page_to_pfn(page) + i, held))
			atomic64_dec(&nr_held);
}

static struct bench_probe probes[] = {
	{ "mm_page_alloc", on_page_alloc },
	{ "mm_page_free", on_page_free },
};

/**
 * bench_pages_start - begin to count
 *
 * Context: Process context. Sleeps.
 * Return: 0, or a negative errno.
 */
int bench_pages_start(void)
{
	unsigned long nr = pgdat_end_pfn(NODE_DATA(first_online_node));
	int err;

	held = kvcalloc(BITS_TO_LONGS(nr), sizeof(long), GFP_KERNEL);
	if (!held)
		return -ENOMEM;
	atomic64_set(&nr_held, 0);
	atomic64_set(&peak, 0);
	err = bench_probes_set(probes, ARRAY_SIZE(probes));
	if (err)
		kvfree(held);
	return err;
}

/**
 * bench_pages_stop - end what bench_pages_start() began
 *
 * Context: Process context. Sleeps.
 * Return: How many pages were held at most.
 */
s64 bench_pages_stop(void)
{
	bench_probes_clear(probes, ARRAY_SIZE(probes));
	kvfree(held);
	return atomic64_read(&peak);
}
