// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the page pool: what is set aside is handed out, once, in runs
 *
 * The pool is compiled into this file, with stand-ins for the functions that
 * get memory from the system. They count what is out, and can be told to refuse
 * large blocks, as a fragmented system does, or to run dry.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#define UNLIMITED UINT_MAX
#define MAX_PAGES 4096

/* How the system behaves, and what it has given. */
static struct {
	unsigned int max_order; /* of a block that it still gives */
	unsigned int pages_left;
	unsigned int objects_left;
	unsigned int largest_order; /* that it was asked for */
	int pages_out;
	int objects_out;
	struct page *pages[MAX_PAGES]; /* by slot: in the order they were given */
	unsigned int nr_slots;
} memory;

static struct page *give_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;
	unsigned int i;

	memory.largest_order = max(memory.largest_order, order);
	if (order > memory.max_order || memory.pages_left < 1U << order)
		return NULL;
	page = alloc_pages(gfp, order);
	if (!page)
		return NULL;
	memory.pages_left -= 1U << order;
	memory.pages_out += 1 << order;
	for (i = 0; i < 1U << order && memory.nr_slots < MAX_PAGES; i++)
		memory.pages[memory.nr_slots++] = page + i;
	return page;
}

static void take_pages(struct page *page, unsigned int order)
{
	memory.pages_out -= 1 << order;
	__free_pages(page, order);
}

static void *give_object(size_t size, gfp_t gfp)
{
	if (!memory.objects_left)
		return NULL;
	memory.objects_left--;
	memory.objects_out++;
	return kzalloc(size, gfp);
}

static void take_object(const void *object)
{
	if (object)
		memory.objects_out--;
	kfree(object);
}

/* How often the pool has searched a bitmap. */
static unsigned int searches;

static unsigned long search(const unsigned long *bits, unsigned long size,
			    unsigned long from)
{
	searches++;
	return find_next_bit(bits, size, from);
}

#undef alloc_pages
#define alloc_pages give_pages
#undef __free_pages
#define __free_pages take_pages
#undef kzalloc
#define kzalloc give_object
#undef kfree
#define kfree take_object

#undef find_next_bit
#define find_next_bit search

#include "../page_pool.c"

#define MAX_RUNS 16

struct fixture {
	struct copy_pool pool;
	struct page_run runs[MAX_PAGES];
	bool taken[MAX_PAGES]; /* what the test holds, by slot */
};

static struct copy_pool *make_pool(struct kunit *test, unsigned int nr_pages)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, copy_pool_init(&f->pool, nr_pages), 0);
	return &f->pool;
}

static unsigned int total_pages(const struct page_run *runs, unsigned int n)
{
	unsigned int pages = 0;

	while (n--)
		pages += runs[n].nr_pages;
	return pages;
}

/* The number of a page, in the order in which the system gave them. */
static unsigned int slot_of(struct page *page)
{
	unsigned int slot = 0;

	while (slot < memory.nr_slots && memory.pages[slot] != page)
		slot++;
	return slot;
}

static bool is_free(struct pool_block *block, struct page *page)
{
	return test_bit(page - block->page, block->free);
}

/* Take all pages, one by one; f->runs[slot] is then the page of that slot. */
static void take_all_singly(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i, slot;
	struct page_run run;

	for (i = 0; i < f->pool.nr_pages; i++) {
		KUNIT_ASSERT_EQ(test, copy_pool_get(&f->pool, 1, &run, 1), 1);
		KUNIT_ASSERT_EQ(test, run.nr_pages, 1);
		slot = slot_of(run.page);
		KUNIT_ASSERT_LT(test, slot, f->pool.nr_pages);
		KUNIT_ASSERT_PTR_EQ(test, f->runs[slot].page, NULL);
		f->runs[slot] = run;
	}
}

/* Check a run against what the pool promises, and enter it in the books. */
static void expect_good_run(struct kunit *test, const struct page_run *run)
{
	struct fixture *f = test->priv;
	unsigned int first = slot_of(run->page), i;

	KUNIT_ASSERT_GT(test, run->nr_pages, 0);
	KUNIT_ASSERT_LE(test, first + run->nr_pages, f->pool.nr_pages);
	KUNIT_EXPECT_LE(test, run->page - run->block->page + run->nr_pages,
			1U << run->block->order);
	for (i = 0; i < run->nr_pages; i++) {
		KUNIT_EXPECT_FALSE(test, f->taken[first + i]);
		KUNIT_EXPECT_FALSE(test, is_free(run->block, run->page + i));
		f->taken[first + i] = true;
	}
}

static void every_page_is_handed_out_once(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 300);
	struct fixture *f = test->priv;
	struct page_run run;

	take_all_singly(test);
	KUNIT_EXPECT_EQ(test, pool->nr_free, 0);
	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 1, &run, 1), 0);
	copy_pool_put(pool, f->runs, 300);
	KUNIT_EXPECT_EQ(test, pool->nr_free, 300);
}

static void pool_of_one_page_works(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 1);
	struct page_run run, other;

	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 2, &run, 1), 0);
	KUNIT_ASSERT_EQ(test, copy_pool_get(pool, 1, &run, 1), 1);
	KUNIT_EXPECT_EQ(test, run.nr_pages, 1);
	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 1, &other, 1), 0);
	copy_pool_put(pool, &run, 1);
	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 1, &run, 1), 1);
	copy_pool_put(pool, &run, 1);
}

static void large_blocks_are_asked_for_first(struct kunit *test)
{
	make_pool(test, 256);
	KUNIT_EXPECT_EQ(test, memory.largest_order, get_order(SZ_512K));
}

static void no_more_than_asked_is_set_aside(struct kunit *test)
{
	unsigned int nr_pages;

	for (nr_pages = 1; nr_pages < 40; nr_pages++) {
		struct copy_pool *pool = make_pool(test, nr_pages);

		KUNIT_EXPECT_EQ(test, memory.pages_out, nr_pages);
		KUNIT_EXPECT_EQ(test, pool->nr_pages, nr_pages);
		KUNIT_EXPECT_EQ(test, pool->nr_free, nr_pages);
		copy_pool_exit(pool);
		KUNIT_EXPECT_EQ(test, memory.pages_out, 0);
	}
}

static void runs_never_cross_blocks(struct kunit *test)
{
	struct copy_pool *pool;
	struct fixture *f = test->priv;
	unsigned int n, i;

	memory.max_order = 2;
	pool = make_pool(test, 42);
	n = copy_pool_get(pool, 42, f->runs, MAX_RUNS);
	KUNIT_ASSERT_EQ(test, n, 11);
	for (i = 0; i < n; i++)
		expect_good_run(test, &f->runs[i]);
	KUNIT_EXPECT_EQ(test, total_pages(f->runs, n), 42);
	copy_pool_put(pool, f->runs, n);
}

static void fragmented_system_gives_single_pages(struct kunit *test)
{
	struct copy_pool *pool;
	struct fixture *f = test->priv;
	unsigned int n;

	memory.max_order = 0;
	pool = make_pool(test, 40);
	n = copy_pool_get(pool, 10, f->runs, MAX_RUNS);
	KUNIT_EXPECT_EQ(test, n, 10);
	KUNIT_EXPECT_EQ(test, total_pages(f->runs, n), 10);
	copy_pool_put(pool, f->runs, n);

	n = copy_pool_get(pool, 30, f->runs, MAX_RUNS);
	KUNIT_EXPECT_EQ(test, n, MAX_RUNS);
	KUNIT_EXPECT_EQ(test, total_pages(f->runs, n), MAX_RUNS);
	copy_pool_put(pool, f->runs, n);
}

static void large_request_is_one_run(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 128);
	struct page_run run;

	if (pool->in_use != BIT(7))
		kunit_skip(test, "the system has no block of 128 pages now");
	KUNIT_ASSERT_EQ(test, copy_pool_get(pool, 128, &run, 1), 1);
	KUNIT_EXPECT_EQ(test, run.nr_pages, 128);
	expect_good_run(test, &run);
	copy_pool_put(pool, &run, 1);
}

static void too_large_a_request_changes_nothing(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 16);
	struct fixture *f = test->priv;
	struct page_run untouched = { .nr_pages = 77 };
	struct pool_block before;
	unsigned int n;

	n = copy_pool_get(pool, 6, f->runs, MAX_RUNS);
	before = *f->runs[0].block;
	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 11, &untouched, 1), 0);
	KUNIT_EXPECT_EQ(test, untouched.nr_pages, 77);
	KUNIT_EXPECT_EQ(test, memcmp(&before, f->runs[0].block, sizeof(before)),
			0);
	KUNIT_EXPECT_EQ(test, pool->nr_free, 10);
	copy_pool_put(pool, f->runs, n);
}

static void scattered_pages_give_a_partial_result(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 20);
	struct fixture *f = test->priv;
	struct page_run got[3];
	unsigned int i;

	take_all_singly(test);
	for (i = 0; i < 20; i += 2)
		copy_pool_put(pool, &f->runs[i], 1);
	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 8, got, 3), 3);
	KUNIT_EXPECT_EQ(test, total_pages(got, 3), 3);
	KUNIT_EXPECT_EQ(test, pool->nr_free, 7);
	copy_pool_put(pool, got, 3);
	for (i = 1; i < 20; i += 2)
		copy_pool_put(pool, &f->runs[i], 1);
}

static void large_request_passes_over_scraps(struct kunit *test)
{
	struct copy_pool *pool;
	struct fixture *f = test->priv;
	struct page_run got[2];
	unsigned int n;

	memory.max_order = 3;
	pool = make_pool(test, 32);
	take_all_singly(test);
	copy_pool_put(pool, &f->runs[1], 1);
	copy_pool_put(pool, &f->runs[3], 1);
	copy_pool_put(pool, &f->runs[8], 8);
	copy_pool_put(pool, &f->runs[24], 8);

	n = copy_pool_get(pool, 16, got, 2);
	KUNIT_EXPECT_EQ(test, n, 2);
	KUNIT_EXPECT_EQ(test, total_pages(got, n), 16);
	KUNIT_EXPECT_TRUE(test, is_free(f->runs[1].block, f->runs[1].page));
	KUNIT_EXPECT_TRUE(test, is_free(f->runs[3].block, f->runs[3].page));
	copy_pool_put(pool, got, n);
}

static void scraps_are_taken_when_nothing_else_is_left(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 16);
	struct fixture *f = test->priv;
	struct page_run got[4];
	unsigned int n;

	take_all_singly(test);
	copy_pool_put(pool, &f->runs[1], 1);
	copy_pool_put(pool, &f->runs[3], 1);
	copy_pool_put(pool, &f->runs[5], 3);

	n = copy_pool_get(pool, 5, got, 4);
	KUNIT_EXPECT_EQ(test, total_pages(got, n), 5);
	KUNIT_EXPECT_EQ(test, pool->nr_free, 0);
}

static void small_requests_are_packed(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct copy_pool *pool;
	struct page_run run;

	memory.max_order = 3;
	pool = make_pool(test, 32);
	take_all_singly(test);
	copy_pool_put(pool, &f->runs[9], 1);
	copy_pool_put(pool, &f->runs[16], 8);
	put_recent_runs(pool);
	KUNIT_ASSERT_EQ(test, copy_pool_get(pool, 1, &run, 1), 1);
	KUNIT_EXPECT_EQ(test, slot_of(run.page), 9);
	KUNIT_ASSERT_EQ(test, copy_pool_get(pool, 1, &run, 1), 1);
	KUNIT_EXPECT_EQ(test, slot_of(run.page), 16);
	/* There is a block of four that is just right. */
	copy_pool_put(pool, &f->runs[4], 4);
	KUNIT_ASSERT_EQ(test, copy_pool_get(pool, 4, &run, 1), 1);
	KUNIT_EXPECT_EQ(test, slot_of(run.page), 4);
}

/* The most that a search for the pages of one piece may cost. */
static void expect_short_search(struct kunit *test, unsigned int per_block)
{
	struct fixture *f = test->priv;
	struct page_run got[MAX_RUNS];
	unsigned int n;

	searches = 0;
	n = copy_pool_get(&f->pool, 128, got, MAX_RUNS);
	KUNIT_EXPECT_EQ(test, n, MAX_RUNS);
	/* For each run 17 blocks are looked at. */
	KUNIT_EXPECT_LE(test, searches, MAX_RUNS * 17 * per_block);
	copy_pool_put(&f->pool, got, n);
}

/* Memory in single pages is not walked page by page. */
static void search_is_short_in_single_pages(struct kunit *test)
{
	memory.max_order = 0;
	make_pool(test, MAX_PAGES);
	expect_short_search(test, 1);
}

/* Nor is one where each second page of all larger blocks is in use. */
static void search_is_short_in_scattered_pages(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	memory.max_order = 3;
	make_pool(test, MAX_PAGES);
	take_all_singly(test);
	for (i = 0; i < MAX_PAGES; i += 2)
		copy_pool_put(&f->pool, &f->runs[i], 1);
	expect_short_search(test, 5);
	for (i = 1; i < MAX_PAGES; i += 2)
		copy_pool_put(&f->pool, &f->runs[i], 1);
}

static void run_is_taken_again_as_it_came_back(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 64);
	struct page_run runs[4], other;
	unsigned int i;

	if (pool->in_use != BIT(6))
		kunit_skip(test, "the system has no block of 64 pages now");
	for (i = 0; i < 4; i++)
		copy_pool_get(pool, 16, &runs[i], 1);
	copy_pool_put(pool, runs, 4);
	searches = 0;
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 16, &runs[i], 1), 1);
	KUNIT_EXPECT_EQ(test, searches, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_free, 0);
	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 16, &other, 1), 0);
	copy_pool_put(pool, runs, 4);
	/* For another length, they are one again. */
	KUNIT_EXPECT_EQ(test, copy_pool_get(pool, 64, &other, 1), 1);
	copy_pool_put(pool, &other, 1);
}

static void neighbours_merge_when_they_come_back(struct kunit *test)
{
	struct copy_pool *pool = make_pool(test, 8);
	struct fixture *f = test->priv;
	unsigned int order[] = { 3, 0, 7, 1, 6, 2, 5, 4 }, i;
	struct page_run run;

	if (pool->in_use != BIT(3))
		kunit_skip(test, "the system has no block of 8 pages now");
	take_all_singly(test);
	for (i = 0; i < 8; i++)
		copy_pool_put(pool, &f->runs[order[i]], 1);
	KUNIT_ASSERT_EQ(test, copy_pool_get(pool, 8, &run, 1), 1);
	KUNIT_EXPECT_EQ(test, run.nr_pages, 8);
}

static void expect_failed_creation(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, copy_pool_init(&f->pool, 50), -ENOMEM);
	KUNIT_EXPECT_EQ(test, memory.pages_out, 0);
	KUNIT_EXPECT_EQ(test, memory.objects_out, 0);
	KUNIT_EXPECT_EQ(test, f->pool.nr_pages, 0);
	KUNIT_EXPECT_EQ(test, f->pool.nr_free, 0);
}

static void creation_without_memory_leaves_nothing_behind(struct kunit *test)
{
	unsigned int objects, pages;

	memory.max_order = 2;
	for (objects = 0; objects < 13; objects++) {
		memory.objects_left = objects;
		expect_failed_creation(test);
	}
	for (pages = 0; pages < 50; pages++) {
		memory.objects_left = UNLIMITED;
		memory.pages_left = pages;
		expect_failed_creation(test);
	}
}

/* What the pool says of a block is what the test knows. */
static unsigned int check_block(struct kunit *test, struct pool_block *block)
{
	struct fixture *f = test->priv;
	unsigned int first = slot_of(block->page), nr_free = 0, longest = 0;
	unsigned int size = 1U << block->order, run = 0, i;

	for (i = 0; i < size; i++) {
		KUNIT_EXPECT_EQ(test, is_free(block, block->page + i),
				!f->taken[first + i]);
		run = f->taken[first + i] ? 0 : run + 1;
		longest = max(longest, run);
		nr_free += !f->taken[first + i];
	}
	KUNIT_EXPECT_GT(test, nr_free, 0);
	KUNIT_EXPECT_EQ(test, block->nr_free, nr_free);
	KUNIT_EXPECT_LT(test, longest, 1U << (block->rank + 1));
	return nr_free;
}

static void expect_true_books(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int rank, slot, nr_free = 0;
	struct pool_block *block;

	put_recent_runs(&f->pool);
	for (rank = 0; rank < POOL_RANKS; rank++) {
		struct list_head *blocks = &f->pool.ranks[rank];

		KUNIT_EXPECT_EQ(test, !!(f->pool.in_use & BIT(rank)),
				!list_empty(blocks));
		list_for_each_entry(block, blocks, list) {
			KUNIT_EXPECT_EQ(test, block->rank, rank);
			nr_free += check_block(test, block);
		}
	}
	KUNIT_EXPECT_EQ(test, f->pool.nr_free, nr_free);
	for (slot = 0; slot < f->pool.nr_pages; slot++)
		nr_free -= !f->taken[slot];
	KUNIT_EXPECT_EQ(test, nr_free, 0);
}

struct holding {
	struct page_run runs[MAX_RUNS];
	unsigned int nr_runs;
};

/* Half of the requests are of one length. */
static unsigned int length_at_random(struct rnd_state *rnd)
{
	return prandom_u32_state(rnd) % 2 ? 8 :
					    1 + prandom_u32_state(rnd) % 130;
}

static void get_at_random(struct kunit *test, struct holding *h,
			  struct rnd_state *rnd)
{
	struct fixture *f = test->priv;
	unsigned int wanted = length_at_random(rnd);
	unsigned int max_runs = 1 + prandom_u32_state(rnd) % MAX_RUNS;
	unsigned int nr_free = f->pool.nr_free, got, i;

	h->nr_runs = copy_pool_get(&f->pool, wanted, h->runs, max_runs);
	KUNIT_EXPECT_EQ(test, !h->nr_runs, nr_free < wanted);
	KUNIT_ASSERT_LE(test, h->nr_runs, max_runs);
	got = total_pages(h->runs, h->nr_runs);
	KUNIT_EXPECT_LE(test, got, wanted);
	if (h->nr_runs && got < wanted)
		KUNIT_EXPECT_EQ(test, h->nr_runs, max_runs);
	for (i = 0; i < h->nr_runs; i++)
		expect_good_run(test, &h->runs[i]);
}

static void put_all(struct fixture *f, struct holding *h)
{
	unsigned int i;

	copy_pool_put(&f->pool, h->runs, h->nr_runs);
	for (i = 0; i < h->nr_runs; i++)
		memset(&f->taken[slot_of(h->runs[i].page)], 0,
		       h->runs[i].nr_pages);
	h->nr_runs = 0;
}

static void random_traffic_agrees_with_a_model(struct kunit *test)
{
	static struct holding holdings[24];
	struct fixture *f = test->priv;
	struct rnd_state rnd;
	unsigned int step;

	prandom_seed_state(&rnd, 1);
	memory.max_order = 5;
	make_pool(test, 597);
	memset(holdings, 0, sizeof(holdings));
	for (step = 0; step < 2000; step++) {
		struct holding *h = &holdings[prandom_u32_state(&rnd) %
					      ARRAY_SIZE(holdings)];

		if (h->nr_runs)
			put_all(f, h);
		else
			get_at_random(test, h, &rnd);
		if (step % 50 == 0)
			expect_true_books(test);
	}
	for (step = 0; step < ARRAY_SIZE(holdings); step++)
		put_all(f, &holdings[step]);
	KUNIT_EXPECT_EQ(test, f->pool.nr_free, f->pool.nr_pages);
}

static int page_pool_test_init(struct kunit *test)
{
	struct fixture *f;

	/* Too large for one piece of memory where that is fragmented. */
	f = vzalloc(sizeof(*f));
	test->priv = f;
	memset(&memory, 0, sizeof(memory));
	memory.max_order = UNLIMITED;
	memory.pages_left = UNLIMITED;
	memory.objects_left = UNLIMITED;
	return f ? 0 : -ENOMEM;
}

/* What take_all_singly() took, and is not free again. */
static void put_the_rest(struct fixture *f)
{
	unsigned int slot;

	put_recent_runs(&f->pool);
	for (slot = 0; slot < f->pool.nr_pages; slot++) {
		struct page_run *run = &f->runs[slot];

		if (run->page && !is_free(run->block, run->page))
			copy_pool_put(&f->pool, run, 1);
	}
}

static void page_pool_test_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (!f)
		return;
	put_the_rest(f);
	copy_pool_exit(&f->pool);
	KUNIT_EXPECT_EQ(test, memory.pages_out, 0);
	KUNIT_EXPECT_EQ(test, memory.objects_out, 0);
	vfree(f);
}

static struct kunit_case page_pool_cases[] = {
	KUNIT_CASE(every_page_is_handed_out_once),
	KUNIT_CASE(pool_of_one_page_works),
	KUNIT_CASE(large_blocks_are_asked_for_first),
	KUNIT_CASE(no_more_than_asked_is_set_aside),
	KUNIT_CASE(runs_never_cross_blocks),
	KUNIT_CASE(fragmented_system_gives_single_pages),
	KUNIT_CASE(large_request_is_one_run),
	KUNIT_CASE(too_large_a_request_changes_nothing),
	KUNIT_CASE(scattered_pages_give_a_partial_result),
	KUNIT_CASE(large_request_passes_over_scraps),
	KUNIT_CASE(scraps_are_taken_when_nothing_else_is_left),
	KUNIT_CASE(small_requests_are_packed),
	KUNIT_CASE(search_is_short_in_single_pages),
	KUNIT_CASE(search_is_short_in_scattered_pages),
	KUNIT_CASE(run_is_taken_again_as_it_came_back),
	KUNIT_CASE(neighbours_merge_when_they_come_back),
	KUNIT_CASE(creation_without_memory_leaves_nothing_behind),
	KUNIT_CASE(random_traffic_agrees_with_a_model),
	{}
};

static struct kunit_suite page_pool_suite = {
	.name = "kcopyd_page_pool",
	.init = page_pool_test_init,
	.exit = page_pool_test_exit,
	.test_cases = page_pool_cases,
};

kunit_test_suite(page_pool_suite);

MODULE_DESCRIPTION("Tests of kcopyd's page pool");
MODULE_LICENSE("GPL");
