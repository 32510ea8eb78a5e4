// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: what is allocated when a job is started, and what after that
 *
 * The kernel's own tracepoints tell. What the thread that starts a job gets
 * between bench_memory_enter() and bench_memory_leave() is the job's; all else
 * that happens meanwhile, in the engine's worker above all, is "later".
 * Nothing else should run on the machine.
 */
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bench.h"

static bool counting;
static struct task_struct *starting;
static atomic64_t job_bytes, job_allocs, later_allocs, later_page_allocs;
static atomic64_t pages, pages_peak;

static void count(size_t bytes)
{
	if (READ_ONCE(starting) == current) {
		atomic64_inc(&job_allocs);
		atomic64_add(bytes, &job_bytes);
	} else {
		atomic64_inc(&later_allocs);
	}
}

static void on_kmalloc(void *unused, unsigned long call_site, const void *ptr,
		       size_t requested, size_t allocated, gfp_t gfp, int node)
{
	count(allocated);
}

static void on_cache_alloc(void *unused, unsigned long call_site,
			   const void *ptr, struct kmem_cache *cache, gfp_t gfp,
			   int node)
{
	count(kmem_cache_size(cache));
}

static void on_page_alloc(void *unused, struct page *page, unsigned int order,
			  gfp_t gfp, int migratetype)
{
	s64 now;

	/* The slab allocator's, counted already. */
	if (READ_ONCE(starting) == current)
		return;
	atomic64_inc(&later_page_allocs);
	now = atomic64_add_return(1 << order, &pages);
	if (now > atomic64_read(&pages_peak))
		atomic64_set(&pages_peak, now);
}

static void on_page_free(void *unused, struct page *page, unsigned int order)
{
	atomic64_sub(1 << order, &pages);
}

static struct bench_probe probes[] = {
	{ "kmalloc", on_kmalloc },
	{ "kmem_cache_alloc", on_cache_alloc },
	{ "mm_page_alloc", on_page_alloc },
	{ "mm_page_free", on_page_free },
};

/**
 * bench_memory_start - begin to count
 *
 * Context: Process context. Sleeps.
 * Return: 0, or a negative errno.
 */
int bench_memory_start(void)
{
	int err = bench_probes_set(probes, ARRAY_SIZE(probes));

	if (err)
		return err;
	atomic64_set(&job_bytes, 0);
	atomic64_set(&job_allocs, 0);
	atomic64_set(&later_allocs, 0);
	atomic64_set(&later_page_allocs, 0);
	atomic64_set(&pages, 0);
	atomic64_set(&pages_peak, 0);
	counting = true;
	return 0;
}

/* A job is about to be started by this thread; one thread at a time counts. */
void bench_memory_enter(void)
{
	if (counting)
		WRITE_ONCE(starting, current);
}

void bench_memory_leave(void)
{
	if (counting)
		WRITE_ONCE(starting, NULL);
}

/**
 * bench_memory_stop - end what bench_memory_start() began
 *
 * Context: Process context. Sleeps.
 */
void bench_memory_stop(void)
{
	counting = false;
	bench_probes_clear(probes, ARRAY_SIZE(probes));
}

/**
 * bench_memory_show - print what was counted
 * @out: gets lines "NAME VALUE"
 * @jobs: how many jobs were started meanwhile
 *
 * Context: Process context.
 */
void bench_memory_show(struct seq_file *out, unsigned int jobs)
{
	seq_printf(out, "job_bytes %lld\n", atomic64_read(&job_bytes) / jobs);
	seq_printf(out, "job_allocs %lld\n", atomic64_read(&job_allocs));
	seq_printf(out, "later_allocs %lld\n", atomic64_read(&later_allocs));
	seq_printf(out, "later_page_allocs %lld\n",
		   atomic64_read(&later_page_allocs));
	seq_printf(out, "later_pages_peak %lld\n", atomic64_read(&pages_peak));
}
