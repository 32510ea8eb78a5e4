// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcopyd: memory, promises 10 to 12
 *
 * What the worker of a client allocates is learned from the kernel's own
 * tracepoints. A debugging kernel allocates behind everybody's back, to note
 * stacks and objects; that is not counted.
 */
#include <linux/bio.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/tracepoint.h>

#include "engine.h"
#include "kcopyd_test.h"

/* Promise 10: what is set aside is what is used */

#define MAX_PAGES 64

/* The pages that bios carried. */
static struct {
	spinlock_t lock; /* guards the others */
	struct page *pages[MAX_PAGES];
	unsigned int count;
	bool too_many;
} carried;

static void note_page(struct page *page)
{
	unsigned int i;

	for (i = 0; i < carried.count; i++)
		if (carried.pages[i] == page)
			return;
	if (carried.count == MAX_PAGES)
		carried.too_many = true;
	else
		carried.pages[carried.count++] = page;
}

static void note_pages(struct bio *bio, void *data)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned long flags;

	spin_lock_irqsave(&carried.lock, flags);
	bio_for_each_segment(bv, bio, iter)
		note_page(bv.bv_page);
	spin_unlock_irqrestore(&carried.lock, flags);
}

static void watch_pages(struct kt_fixture *f)
{
	unsigned int i;

	spin_lock_init(&carried.lock);
	carried.count = 0;
	carried.too_many = false;
	test_disk_watch(f->source, note_pages, NULL);
	for (i = 0; i < f->nr_disks; i++)
		test_disk_watch(f->dests[i], note_pages, NULL);
}

static void expect_pages(struct kunit *test, unsigned int num_pages)
{
	struct kcopyd_stats stats = kt_stats(test->priv);

	KUNIT_EXPECT_FALSE(test, carried.too_many);
	KUNIT_EXPECT_LE(test, carried.count, num_pages);
	KUNIT_EXPECT_EQ(test, stats.pages_total, num_pages);
	KUNIT_EXPECT_EQ(test, stats.pages_in_use, 0);
	KUNIT_EXPECT_GE(test, stats.pages_peak, 1);
	KUNIT_EXPECT_LE(test, stats.pages_peak, num_pages);
}

static void all_data_lives_in_the_clients_pages(struct kunit *test)
{
	static const unsigned int num_pages[] = { 1, 2, 3, 17, MAX_PAGES };
	struct kt_fixture *f = test->priv;
	unsigned int n, i;

	kt_make_disks(test, 2, &kt_disk);
	for (n = 0; n < ARRAY_SIZE(num_pages); n++) {
		unsigned int first = f->nr_jobs;

		kt_make_client(test, num_pages[n]);
		watch_pages(f);
		for (i = 0; i < 3; i++) {
			kt_set_regions(f, 1000 * i, 5000 * i, 3001 + 7 * i);
			kt_copy(test, kt_job(f), i == 2 ? KCOPYD_WRITE_SEQ : 0);
		}
		for (i = first; i < first + 3; i++)
			kt_expect_result(test, &f->jobs[i], 0, 0);
		kcopyd_client_drain(f->kc);
		expect_pages(test, num_pages[n]);
		kt_destroy_client(test);
	}
}

static void any_number_of_pages_copies_any_length(struct kunit *test)
{
	static const unsigned int num_pages[] = { 1, 2, 3, 17 };
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_disks(test, 1, &kt_disk);
	for (i = 0; i < ARRAY_SIZE(num_pages); i++) {
		struct kt_job *job = kt_job(f);

		test_disk_fill_byte(f->dests[0], KT_BACKGROUND(0));
		kt_make_client(test, num_pages[i]);
		kt_set_regions(f, 1, 3, 16381);
		kt_copy(test, job, 0);
		kt_expect_result(test, job, 0, 0);
		kt_expect_copied(test, job, 0);
		kt_destroy_client(test);
	}
}

static void queued_jobs_take_no_more_pages(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_client(test, 3);
	kt_make_disks(test, 1, &kt_disk);
	watch_pages(f);
	test_disk_hold(f->source, TEST_DISK_READ);
	for (i = 0; i < 100; i++) {
		kt_set_regions(f, 100 * i, 100 * i, 99);
		kt_copy(test, kt_job(f), 0);
	}
	KUNIT_ASSERT_TRUE(test, test_disk_wait_held(f->source, 1));
	KUNIT_EXPECT_LE(test, kt_stats(f).pages_in_use, 3);
	test_disk_release_all(f->source, TEST_DISK_FIFO);
	kt_wait_all(test);
	kcopyd_client_drain(f->kc);
	expect_pages(test, 3);
}

static void zeroing_takes_no_pages(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, 3);
	kt_make_dest(test, &kt_disk);
	kt_set_regions(f, 0, 0, 5000);
	kt_zero(test, job, 0);
	kt_wait(test, job);
	KUNIT_EXPECT_EQ(test, kt_stats(f).pages_peak, 0);
}

/* Promise 11: nothing is allocated on the I/O path */

#define STACK_DEPTH 24

/* What was allocated since count_allocations(). */
static struct {
	struct kcopyd_client *kc; /* whose worker is watched */
	struct task_struct *submitter;
	atomic_t by_worker;
	atomic_t by_submitter;
	unsigned long stack[STACK_DEPTH]; /* of the first by the worker */
	unsigned int depth;
} allocated;

/* The allocation is the kernel's, which watches itself. */
static bool for_debugging(const unsigned long *stack, unsigned int depth)
{
	static const char *const names[] = {
		"stack_depot",
		"debug_object",
		"kmemleak",
		"lockdep",
	};
	char symbol[KSYM_SYMBOL_LEN];
	unsigned int i, j;

	for (i = 0; i < depth; i++) {
		snprintf(symbol, sizeof(symbol), "%ps", (void *)stack[i]);
		for (j = 0; j < ARRAY_SIZE(names); j++)
			if (strstr(symbol, names[j]))
				return true;
	}
	return false;
}

/* Is this one of the client's two works? */
static bool is_worker(struct work_struct *work)
{
	struct kcopyd_client *kc = allocated.kc;

	return kc && (work == &kc->works[0].work || work == &kc->works[1].work);
}

static void note_allocation(void)
{
	bool by_worker = in_task() && is_worker(current_work());
	unsigned long stack[STACK_DEPTH];
	unsigned int depth;

	if (!by_worker && !(in_task() && current == allocated.submitter))
		return;
	depth = stack_trace_save(stack, STACK_DEPTH, 1);
	if (for_debugging(stack, depth))
		return;
	if (!by_worker) {
		atomic_inc(&allocated.by_submitter);
	} else if (atomic_inc_return(&allocated.by_worker) == 1) {
		memcpy(allocated.stack, stack, sizeof(stack));
		allocated.depth = depth;
	}
}

static void note_kmalloc(void *data, unsigned long call_site, const void *ptr,
			 size_t bytes_req, size_t bytes_alloc, gfp_t gfp,
			 int node)
{
	note_allocation();
}

static void note_cache_alloc(void *data, unsigned long call_site,
			     const void *ptr, struct kmem_cache *cache,
			     gfp_t gfp, int node)
{
	note_allocation();
}

static void note_page_alloc(void *data, struct page *page, unsigned int order,
			    gfp_t gfp, int migratetype)
{
	note_allocation();
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} probes[] = {
	{ .name = "kmalloc", .probe = note_kmalloc },
	{ .name = "kmem_cache_alloc", .probe = note_cache_alloc },
	{ .name = "mm_page_alloc", .probe = note_page_alloc },
};

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tp->name, probes[i].name))
			probes[i].tp = tp;
}

static int start_probes(void)
{
	unsigned int i;
	int err;

	for_each_kernel_tracepoint(find_tracepoint, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (!probes[i].tp)
			return -ENOENT;
		err = tracepoint_probe_register(probes[i].tp, probes[i].probe,
						NULL);
		if (err)
			return err;
	}
	return 0;
}

static void stop_probes(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].tp)
			tracepoint_probe_unregister(probes[i].tp,
						    probes[i].probe, NULL);
	tracepoint_synchronize_unregister();
}

static void count_allocations(void)
{
	atomic_set(&allocated.by_worker, 0);
	atomic_set(&allocated.by_submitter, 0);
}

/* To see that the probes see it. */
static void allocate(struct kt_job *job)
{
	kfree(kmalloc(100, GFP_KERNEL));
}

/* From now on the worker is watched; the probes must see it allocate. */
static void watch_worker(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	job->then = allocate;
	allocated.kc = f->kc;
	count_allocations();
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_ASSERT_GE(test, atomic_read(&allocated.by_worker), 1);
	kt_wait_all(test);
	kcopyd_client_drain(f->kc);
}

static void expect_no_allocations(struct kunit *test)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, atomic_read(&allocated.by_worker), 0);
	if (!atomic_read(&allocated.by_worker))
		return;
	for (i = 0; i < allocated.depth; i++)
		kunit_info(test, "%pS", (void *)allocated.stack[i]);
}

static const struct test_disk_params zeroing_disk = {
	.sectors = 16384,
	.flags = TEST_DISK_HAS_ZERO | TEST_DISK_HAS_CACHE,
};

static void run_one_of_each_kind(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int flags;
	struct kt_job *job;

	for (flags = 0; flags < 32; flags++) {
		job = kt_job(f);
		kt_set_regions(f, 100, 50, 2001);
		kt_copy(test, job, flags);
		kt_wait(test, job);
		job = kt_job(f);
		kt_zero(test, job, flags);
		kt_wait(test, job);
	}
	job = kt_job(f);
	kt_copy(test, job, 0);
	kcopyd_cancel(f->kc, job);
	kt_wait(test, job);
}

static void run_without_allocations(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	kt_make_disks(test, 3, &zeroing_disk);
	test_disk_end_in(f->source, TEST_DISK_WORK);
	test_disk_end_in(f->dests[0], TEST_DISK_IRQ);
	kt_set_regions(f, 0, 0, 4000);
	watch_worker(test);
	kt_fail(f->dests[1], TEST_DISK_ZERO, 0, 0, BLK_STS_NOTSUPP);
	kt_fail(f->dests[2], TEST_DISK_WRITE, 1000, 8, BLK_STS_IOERR);
	count_allocations();
	run_one_of_each_kind(test);
	expect_no_allocations(test);
}

static void worker_allocates_nothing(struct kunit *test)
{
	kt_make_client(test, 16);
	run_without_allocations(test);
}

static void worker_that_borrows_allocates_nothing(struct kunit *test)
{
	struct kt_fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, kcopyd_client_create_shared(4, &f->kc), 0);
	run_without_allocations(test);
	/* It has borrowed. */
	KUNIT_EXPECT_GT(test, kt_stats(f).pages_peak, 4);
}

static void *prepared;

static void trigger_prepared(struct kt_job *job)
{
	kcopyd_do_callback(prepared, 0, 0);
}

/* Promise 9: do_callback needs nothing that prepare_callback did not reserve. */
static void prepared_callback_allocates_nothing(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f), *late = kt_job(f);

	kt_make_client(test, 1);
	kt_make_disks(test, 1, &kt_disk);
	kt_set_regions(f, 0, 0, 8);
	job->then = trigger_prepared;
	prepared = kcopyd_prepare_callback(f->kc, kt_called, late);
	KUNIT_ASSERT_NOT_NULL(test, prepared);
	late->accepted = true;
	kt_copy(test, job, 0);
	watch_worker(test);

	late = kt_job(f);
	prepared = kcopyd_prepare_callback(f->kc, kt_called, late);
	KUNIT_ASSERT_NOT_NULL(test, prepared);
	late->accepted = true;
	count_allocations();
	job = kt_job(f);
	job->then = trigger_prepared;
	kt_copy(test, job, 0);
	kt_wait(test, late);
	expect_no_allocations(test);
}

/* The slab allocator sometimes has to allocate for itself; the least counts. */
static void submission_allocates_one_object_at_most(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	int i, least = INT_MAX;

	kt_make_client(test, 64);
	kt_make_disks(test, 2, &kt_disk);
	kt_set_regions(f, 0, 0, 4000);
	watch_worker(test);
	for (i = 0; i < 10; i++) {
		struct kt_job *job = kt_job(f);
		int err;

		count_allocations();
		allocated.submitter = current;
		err = kt_try_copy(job, 0);
		allocated.submitter = NULL;
		KUNIT_ASSERT_EQ(test, err, 0);
		least = min(least, atomic_read(&allocated.by_submitter));
		kt_wait(test, job);
	}
	KUNIT_EXPECT_LE(test, least, 1);
}

/* The reserve serves who must not wait for memory. */
static void jobs_are_accepted_without_any_memory(struct kunit *test)
{
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_need_famine(test);
	kt_make_client(test, 2);
	kt_make_disks(test, 1, &kt_disk);
	for (i = 0; i < 40; i++) {
		struct kt_job *job = kt_job(f);
		int err;

		kt_set_regions(f, 300 * i, 300 * i, 300);
		kt_starve(true);
		err = kt_try_copy(job, 0);
		kt_starve(false);
		KUNIT_ASSERT_EQ(test, err, 0);
	}
	for (i = 0; i < 40; i++)
		kt_expect_result(test, &f->jobs[i], 0, 0);
	KUNIT_EXPECT_TRUE(test, test_disk_equal(f->source, 0, f->dests[0], 0,
						40 * 300));
}

/* Promise 12: no stale data */

#define SECRET 0xee
#define PUBLIC 0x21

static const struct test_disk_params small_disk = { .sectors = 4096 };

/* Pages of the pool hold a secret after this; the disks do not. */
static void plant_secret(struct kunit *test, unsigned int num_pages)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	kt_make_client(test, num_pages);
	test_disk_heal(f->source);
	test_disk_fill_byte(f->source, SECRET);
	kt_set_regions(f, 0, 0, 4096);
	kt_copy(test, job, 0);
	kt_expect_result(test, job, 0, 0);
	KUNIT_EXPECT_TRUE(test,
			  test_disk_is_filled(f->dests[0], 0, 4096, SECRET));
	test_disk_fill_byte(f->source, PUBLIC);
	test_disk_fill_byte(f->dests[0], KT_BACKGROUND(0));
}

static void copy_with_bad_sectors(struct kunit *test, sector_t bad,
				  sector_t count, unsigned int flags)
{
	struct kt_fixture *f = test->priv;
	struct kt_job *job = kt_job(f);

	plant_secret(test, 17);
	kt_fail(f->source, TEST_DISK_READ, bad, count, BLK_STS_MEDIUM);
	kt_set_regions(f, 1, 1, 4093);
	kt_copy(test, job, flags);
	kt_wait(test, job);
	KUNIT_EXPECT_EQ(test, job->read_err, -ENODATA);
	kt_expect_no_byte(test, f->dests[0], SECRET);
	kt_expect_no_byte(test, f->dests[0], TEST_DISK_POISON);
	kt_destroy_client(test);
}

static void failed_reads_are_never_written(struct kunit *test)
{
	static const unsigned int flags[] = {
		0,
		KCOPYD_IGNORE_ERROR,
		KCOPYD_WRITE_SEQ,
		KCOPYD_WRITE_SEQ | KCOPYD_IGNORE_ERROR,
	};
	unsigned int i;

	kt_make_source(test, &small_disk);
	kt_make_dest(test, &small_disk);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		copy_with_bad_sectors(test, 1, 1, flags[i]);
		copy_with_bad_sectors(test, 2000, 3, flags[i]);
		copy_with_bad_sectors(test, 4093, 1, flags[i]);
		copy_with_bad_sectors(test, 0, 0, flags[i]);
	}
}

/* Lengths that fill the last page, or a piece, in part. */
static void odd_lengths_write_nothing_old(struct kunit *test)
{
	static const unsigned int lengths[] = { 1, 3, 7, 9, 63, 65, 129, 1025 };
	struct kt_fixture *f = test->priv;
	unsigned int i;

	kt_make_source(test, &small_disk);
	kt_make_dest(test, &small_disk);
	plant_secret(test, 17);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct kt_job *copy = kt_job(f), *zero = kt_job(f);

		kt_set_regions(f, i, 10 + i, lengths[i]);
		kt_copy(test, copy, 0);
		kt_wait(test, copy);
		kt_expect_copied(test, copy, 0);
		kt_zero(test, zero, 0);
		kt_wait(test, zero);
		kt_expect_zeroed(test, zero, 0);
		kt_expect_no_byte(test, f->dests[0], SECRET);
		test_disk_fill_byte(f->dests[0], KT_BACKGROUND(0));
	}
}

static int memory_suite_init(struct kunit_suite *suite)
{
	int err = start_probes();

	if (err)
		stop_probes();
	return err;
}

static void memory_suite_exit(struct kunit_suite *suite)
{
	stop_probes();
}

static void memory_case_exit(struct kunit *test)
{
	allocated.kc = NULL;
	kt_exit(test);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(all_data_lives_in_the_clients_pages),
	KUNIT_CASE(any_number_of_pages_copies_any_length),
	KUNIT_CASE(queued_jobs_take_no_more_pages),
	KUNIT_CASE(zeroing_takes_no_pages),
	KUNIT_CASE(worker_allocates_nothing),
	KUNIT_CASE(worker_that_borrows_allocates_nothing),
	KUNIT_CASE(prepared_callback_allocates_nothing),
	KUNIT_CASE(submission_allocates_one_object_at_most),
	KUNIT_CASE(jobs_are_accepted_without_any_memory),
	KUNIT_CASE(failed_reads_are_never_written),
	KUNIT_CASE(odd_lengths_write_nothing_old),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "kcopyd_memory",
	.suite_init = memory_suite_init,
	.suite_exit = memory_suite_exit,
	.init = kt_init,
	.exit = memory_case_exit,
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);

MODULE_DESCRIPTION("Tests of kcopyd: memory");
MODULE_LICENSE("GPL");
