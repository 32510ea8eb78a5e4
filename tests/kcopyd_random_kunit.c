// SPDX-License-Identifier: GPL-2.0
/*
 * Random jobs on several clients at once, checked against a simple model
 *
 * Some tasks submit jobs of random kind, length, flags and destinations, and
 * cancel some of them. The disks have bad sectors, refuse or offer to zero, and
 * end bios in different contexts. Each job in flight has an area of its own on
 * all destinations, so that its outcome can be told from the job alone: of each
 * sector it is known whether it must, may or must not have been written.
 *
 * The model knows no pieces. It knows only that a bad sector spoils at most the
 * sectors that one piece can have.
 *
 * The seed is printed; the module parameter of that name repeats the run as far
 * as scheduling lets it.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "compat.h"
#include "kcopyd.h"
#include "test_disk.h"

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "where to begin; 0 chooses one (default)");

static unsigned int jobs = 4000;
module_param(jobs, uint, 0444);
MODULE_PARM_DESC(jobs, "how many jobs, of all tasks together");

#define SOURCES	       2
#define DESTS	       5
#define CLIENTS	       4
#define TASKS_EACH     2 /* for a client */
#define TASKS	       (CLIENTS * TASKS_EACH)
#define SLOTS	       6   /* jobs in flight, of a task */
#define AREA	       512 /* sectors of a slot on each destination */
#define GUARD	       8   /* sectors around a region that are checked */
#define BAD	       3   /* bad ranges on a disk */
#define SOURCE_SECTORS 4096
#define DEST_SECTORS   (TASKS * SLOTS * AREA)
#define PATIENCE       (240 * HZ)

static const unsigned int client_pages[CLIENTS] = { 1, 2, 17, 300 };

struct bad_range {
	unsigned int sector;
	unsigned int count;
};

struct disk {
	struct test_disk *disk;
	struct bad_range bad[BAD];
	bool cached; /* writes are volatile until a flush */
	u8 background;
};

/* A client, and what its callbacks notice. They run one at a time. */
struct client {
	struct kcopyd_client *kc;
	unsigned int pages;
	atomic_t running;
	bool overlapped;
	u64 called;
	u64 failed;
	u64 cancelled;
};

struct slot {
	struct task *task;
	unsigned int first; /* sector where the area begins */
	bool busy;
	bool zero;
	unsigned int flags;
	unsigned int order; /* ordered: among the task's jobs */
	unsigned int num_dests;
	struct disk *source;
	struct disk *dests[DESTS];
	unsigned int from; /* sectors */
	unsigned int to;
	unsigned int count;
	int cancelled; /* what kcopyd_cancel() returned */
	unsigned int calls;
	int read_err;
	unsigned int write_err;
	struct completion done;
};

struct task {
	struct world *world;
	struct client *client;
	struct rnd_state random;
	struct slot slots[SLOTS];
	unsigned int jobs; /* to be submitted */
	unsigned int accepted;
	unsigned int ordered; /* submitted so far */
	unsigned int ordered_called;
	char complaint[160]; /* the first, or empty */
	struct completion done;
};

struct world {
	struct disk sources[SOURCES];
	struct disk dests[DESTS];
	struct client clients[CLIENTS];
	struct task tasks[TASKS];
};

static unsigned int below(struct task *task, unsigned int n)
{
	return prandom_u32_state(&task->random) % n;
}

static bool one_in(struct task *task, unsigned int n)
{
	return !below(task, n);
}

/* Note what is wrong with a job, if it is the first such thing of the task. */
static __printf(2, 3) void complain(struct slot *slot, const char *fmt, ...)
{
	char *complaint = slot->task->complaint;
	size_t size = sizeof(slot->task->complaint);
	va_list args;
	int n;

	if (complaint[0])
		return;
	n = scnprintf(complaint, size, "%s %u+%u -> %u, flags %#x: %d, %#x: ",
		      slot->zero ? "zero" : "copy", slot->from, slot->count,
		      slot->to, slot->flags, slot->read_err, slot->write_err);
	va_start(args, fmt);
	vscnprintf(complaint + n, size - n, fmt, args);
	va_end(args);
}

/* Is a sector of the disk bad that is nearer to @sector than @distance? */
static bool is_bad(const struct disk *disk, unsigned int sector,
		   unsigned int distance)
{
	unsigned int i;

	for (i = 0; i < BAD; i++)
		if (disk->bad[i].sector < sector + distance &&
		    sector < disk->bad[i].sector + disk->bad[i].count +
				     distance - 1)
			return true;
	return false;
}

static bool any_bad(const struct disk *disk, unsigned int sector,
		    unsigned int count)
{
	while (count--)
		if (is_bad(disk, sector++, 1))
			return true;
	return false;
}

/* The most sectors that a bad one can take along. */
static unsigned int piece_sectors(const struct slot *slot)
{
	unsigned int pages = max(slot->task->client->pages / 2, 1U);

	return slot->zero ? AREA : min(pages * PAGE_SECTORS, 1024U);
}

enum content { UNTOUCHED, WRITTEN, GARBAGE };

static u8 *data_of(const struct disk *disk, unsigned int sector)
{
	return test_disk_data(disk->disk) + ((size_t)sector << SECTOR_SHIFT);
}

/* What is in sector @i of the job's region on a destination? */
static enum content content(const struct slot *slot, const struct disk *dest,
			    int i)
{
	const u8 *data = data_of(dest, slot->to + i);
	bool inside = i >= 0 && i < slot->count;

	if (!memchr_inv(data, dest->background, SECTOR_SIZE))
		return UNTOUCHED;
	if (inside && slot->zero && !memchr_inv(data, 0, SECTOR_SIZE))
		return WRITTEN;
	if (inside && !slot->zero &&
	    !memcmp(data, data_of(slot->source, slot->from + i), SECTOR_SIZE))
		return WRITTEN;
	return GARBAGE;
}

/* Must this sector have been written although there were errors? */
static bool must_be_written(const struct slot *slot, const struct disk *dest,
			    unsigned int i)
{
	unsigned int distance = piece_sectors(slot);

	if (slot->cancelled || !(slot->flags & KCOPYD_IGNORE_ERROR) ||
	    slot->flags & KCOPYD_WRITE_SEQ)
		return false;
	return !is_bad(dest, slot->to + i, distance) &&
	       (slot->zero || !is_bad(slot->source, slot->from + i, distance));
}

/* Promises 12, 14, 16 and 18, of one destination */
static void check_dest(struct slot *slot, unsigned int nr)
{
	const struct disk *dest = slot->dests[nr];
	bool complete = !slot->read_err && !(slot->write_err & BIT(nr));
	bool ended = false;
	int i;

	for (i = -GUARD; i < (int)slot->count + GUARD; i++) {
		enum content c = content(slot, dest, i);

		if (c == GARBAGE)
			complain(slot, "dest %u has garbage at %d", nr, i);
		if (i < 0 || i >= (int)slot->count)
			continue;
		if (c == UNTOUCHED && complete)
			complain(slot, "dest %u lacks %d", nr, i);
		if (c == UNTOUCHED && must_be_written(slot, dest, i))
			complain(slot, "dest %u misses %d", nr, i);
		if (c == WRITTEN && !slot->zero &&
		    is_bad(slot->source, slot->from + i, 1))
			complain(slot, "dest %u has unread data at %d", nr, i);
		if (c == WRITTEN && ended && slot->flags & KCOPYD_WRITE_SEQ)
			complain(slot, "dest %u has a gap before %d", nr, i);
		ended |= c == UNTOUCHED;
	}
	if (slot->write_err & BIT(nr) && !any_bad(dest, slot->to, slot->count))
		complain(slot, "dest %u is not bad", nr);
	if (complete && slot->flags & KCOPYD_DURABLE && dest->cached &&
	    !test_disk_durable(dest->disk, slot->to, slot->count))
		complain(slot, "dest %u is not durable", nr);
}

/* Promises 1, 7 and 13 */
static void check_result(struct slot *slot)
{
	unsigned int all = BIT(slot->num_dests) - 1;
	bool bad = !slot->zero &&
		   any_bad(slot->source, slot->from, slot->count);

	if (slot->calls != 1)
		complain(slot, "%u callbacks", slot->calls);
	if (slot->cancelled != (slot->read_err == -ECANCELED))
		complain(slot, "cancelled %d times", slot->cancelled);
	if (slot->write_err & ~all)
		complain(slot, "there are %u dests", slot->num_dests);
	if (slot->cancelled)
		return;
	if (slot->read_err && (slot->read_err != -EIO || !bad))
		complain(slot, "nothing to read is bad");
	if (!slot->read_err && bad && slot->write_err != all)
		complain(slot, "a read must have failed");
}

static void job_called(int read_err, unsigned int write_err, void *context)
{
	struct slot *slot = context;
	struct client *client = slot->task->client;

	if (atomic_inc_return(&client->running) != 1)
		client->overlapped = true;
	might_sleep();
	slot->calls++;
	slot->read_err = read_err;
	slot->write_err = write_err;
	client->called++;
	if (read_err == -ECANCELED)
		client->cancelled++;
	else if (read_err || write_err)
		client->failed++;
	if (slot->flags & KCOPYD_ORDERED) {
		if (slot->order < slot->task->ordered_called)
			complain(slot, "called back out of order");
		slot->task->ordered_called = slot->order;
	}
	atomic_dec(&client->running);
	complete(&slot->done);
}

/* Wait for a job, check what it did, and undo that. */
static bool settle(struct slot *slot)
{
	unsigned int i;

	if (!slot->busy)
		return true;
	if (!wait_for_completion_timeout(&slot->done, PATIENCE)) {
		complain(slot, "not called back");
		return false;
	}
	slot->busy = false;
	check_result(slot);
	for (i = 0; i < slot->num_dests; i++) {
		check_dest(slot, i);
		memset(data_of(slot->dests[i], slot->to - GUARD),
		       slot->dests[i]->background,
		       (size_t)(slot->count + 2 * GUARD) << SECTOR_SHIFT);
	}
	return true;
}

static unsigned int random_count(struct task *task)
{
	switch (below(task, 16)) {
	case 0:
		return 0;
	case 1 ... 7:
		return 1 + below(task, 16);
	case 8 ... 13:
		return 1 + below(task, 128);
	default:
		return 1 + below(task, AREA - 2 * GUARD);
	}
}

static unsigned int random_flags(struct task *task)
{
	unsigned int flags = 0;

	if (one_in(task, 3))
		flags |= KCOPYD_IGNORE_ERROR;
	if (one_in(task, 5))
		flags |= KCOPYD_WRITE_SEQ;
	if (one_in(task, 5))
		flags |= KCOPYD_NOWAIT;
	if (one_in(task, 5))
		flags |= KCOPYD_DURABLE;
	if (one_in(task, 3))
		flags |= KCOPYD_ORDERED;
	return flags;
}

/* Different destinations, in random order. */
static void choose_dests(struct slot *slot)
{
	struct task *task = slot->task;
	unsigned int i, j;

	for (i = 0; i < DESTS; i++)
		slot->dests[i] = &task->world->dests[i];
	for (i = 0; i < DESTS - 1; i++) {
		j = i + below(task, DESTS - i);
		swap(slot->dests[i], slot->dests[j]);
	}
	slot->num_dests = 1 + below(task, DESTS);
}

static void choose_job(struct slot *slot)
{
	struct task *task = slot->task;

	slot->zero = one_in(task, 4);
	slot->flags = random_flags(task);
	slot->count = random_count(task);
	slot->source = &task->world->sources[below(task, SOURCES)];
	slot->from = below(task, SOURCE_SECTORS - slot->count + 1);
	slot->to = slot->first + GUARD +
		   below(task, AREA - 2 * GUARD - slot->count + 1);
	slot->cancelled = 0;
	slot->calls = 0;
	choose_dests(slot);
}

static int submit(struct slot *slot)
{
	struct kcopyd_client *kc = slot->task->client->kc;
	struct io_region to[DESTS], from = {
		.bdev = test_disk_bdev(slot->source->disk),
		.sector = slot->from,
		.count = slot->count,
	};
	unsigned int i;

	for (i = 0; i < slot->num_dests; i++)
		to[i] = (struct io_region){
			.bdev = test_disk_bdev(slot->dests[i]->disk),
			.sector = slot->to,
			.count = slot->count,
		};
	if (slot->zero)
		return kcopyd_zero(kc, slot->num_dests, to, slot->flags,
				   job_called, slot);
	return kcopyd_copy(kc, &from, slot->num_dests, to, slot->flags,
			   job_called, slot);
}

static void submit_random(struct slot *slot)
{
	struct task *task = slot->task;
	int err;

	choose_job(slot);
	slot->order = ++task->ordered;
	err = submit(slot);
	if (!err) {
		slot->busy = true;
		task->accepted++;
	} else if (err != -EAGAIN || !(slot->flags & KCOPYD_NOWAIT)) {
		complain(slot, "refused: %d", err);
	}
}

static int run_task(void *data)
{
	struct task *task = data;
	unsigned int i;

	while (task->accepted < task->jobs && !task->complaint[0]) {
		struct slot *slot = &task->slots[below(task, SLOTS)];

		if (slot->busy && one_in(task, 4))
			slot->cancelled += kcopyd_cancel(task->client->kc,
							 slot);
		if (!settle(slot))
			break;
		submit_random(slot);
	}
	for (i = 0; i < SLOTS; i++)
		settle(&task->slots[i]);
	complete(&task->done);
	return 0;
}

/* Promises 8 and 10, and the statistics */
static void check_client(struct kunit *test, struct world *world,
			 struct client *client)
{
	struct kcopyd_stats stats;
	u64 accepted = 0;
	unsigned int i;

	for (i = 0; i < TASKS; i++)
		if (world->tasks[i].client == client)
			accepted += world->tasks[i].accepted;
	kcopyd_client_drain(client->kc);
	kcopyd_client_get_stats(client->kc, &stats);
	KUNIT_EXPECT_FALSE(test, client->overlapped);
	KUNIT_EXPECT_EQ(test, client->called, accepted);
	KUNIT_EXPECT_EQ(test, stats.jobs_submitted, accepted);
	KUNIT_EXPECT_EQ(test, stats.jobs_completed, accepted);
	KUNIT_EXPECT_EQ(test, stats.jobs_cancelled, client->cancelled);
	KUNIT_EXPECT_EQ(test, stats.jobs_failed, client->failed);
	KUNIT_EXPECT_EQ(test, stats.jobs_pending, 0);
	KUNIT_EXPECT_EQ(test, stats.pages_in_use, 0);
	KUNIT_EXPECT_LE(test, stats.pages_peak, client->pages);
}

static void make_bad(struct kunit *test, struct disk *disk, unsigned int ops,
		     unsigned int sectors, struct rnd_state *random)
{
	unsigned int i;

	for (i = 0; i < BAD; i++) {
		struct test_disk_fault fault = {
			.ops = ops,
			.sector = prandom_u32_state(random) % sectors,
			.count = 1 + prandom_u32_state(random) % 16,
			.status = BLK_STS_IOERR,
		};

		disk->bad[i].sector = fault.sector;
		disk->bad[i].count = fault.count;
		KUNIT_ASSERT_EQ(test, test_disk_fail(disk->disk, &fault), 0);
	}
}

static void make_sources(struct kunit *test, struct world *world,
			 struct rnd_state *random)
{
	const struct test_disk_params params = {
		.sectors = SOURCE_SECTORS,
		.log_size = 1,
	};
	unsigned int i;

	for (i = 0; i < SOURCES; i++) {
		struct disk *disk = &world->sources[i];

		disk->disk = test_disk_create(&params);
		KUNIT_ASSERT_NOT_NULL(test, disk->disk);
		test_disk_fill(disk->disk, i + 1);
		test_disk_end_in(disk->disk, i % 4);
	}
	/* The other source is good. */
	make_bad(test, &world->sources[0], TEST_DISK_READ, SOURCE_SECTORS,
		 random);
}

/* All ways to end, with and without a cache, that zero, or say they do. */
static void make_dests(struct kunit *test, struct world *world,
		       struct rnd_state *random)
{
	const struct test_disk_fault refuse = {
		.ops = TEST_DISK_ZERO,
		.status = BLK_STS_NOTSUPP,
	};
	unsigned int i;

	for (i = 0; i < DESTS; i++) {
		const struct test_disk_params params = {
			.sectors = DEST_SECTORS,
			.log_size = 1,
			.flags = (i & 1 ? TEST_DISK_HAS_ZERO : 0) |
				 (i & 2 ? TEST_DISK_HAS_CACHE : 0),
		};
		struct disk *disk = &world->dests[i];

		disk->disk = test_disk_create(&params);
		KUNIT_ASSERT_NOT_NULL(test, disk->disk);
		disk->cached = params.flags & TEST_DISK_HAS_CACHE;
		disk->background = 0x40 + i;
		test_disk_fill_byte(disk->disk, disk->background);
		test_disk_end_in(disk->disk, i % 4);
		/* The first is good, the last but one refuses to zero. */
		if (i == 3)
			test_disk_fail(disk->disk, &refuse);
		if (i)
			make_bad(test, disk, TEST_DISK_WRITE | TEST_DISK_ZERO,
				 DEST_SECTORS, random);
	}
}

static void make_clients(struct kunit *test, struct world *world)
{
	unsigned int i;

	for (i = 0; i < CLIENTS; i++) {
		struct client *client = &world->clients[i];

		int err;

		client->pages = client_pages[i];
		err = kcopyd_client_create(client->pages, &client->kc);
		KUNIT_ASSERT_EQ(test, err, 0);
	}
}

static void make_task(struct world *world, unsigned int nr)
{
	struct task *task = &world->tasks[nr];
	unsigned int i;

	task->world = world;
	task->client = &world->clients[nr / TASKS_EACH];
	task->jobs = jobs / TASKS;
	prandom_seed_state(&task->random, seed + nr);
	init_completion(&task->done);
	for (i = 0; i < SLOTS; i++) {
		task->slots[i].task = task;
		task->slots[i].first = (nr * SLOTS + i) * AREA;
		init_completion(&task->slots[i].done);
	}
}

static void free_world(struct world *world)
{
	unsigned int i;

	for (i = 0; i < CLIENTS; i++)
		kcopyd_client_destroy(world->clients[i].kc);
	for (i = 0; i < SOURCES; i++)
		test_disk_destroy(world->sources[i].disk);
	for (i = 0; i < DESTS; i++)
		test_disk_destroy(world->dests[i].disk);
	kvfree(world);
}

static bool run_tasks(struct kunit *test, struct world *world)
{
	bool ended = true;
	unsigned int i;

	for (i = 0; i < TASKS; i++) {
		struct task *task = &world->tasks[i];
		struct task_struct *thread;

		thread = kthread_run(run_task, task, "random/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	}
	for (i = 0; i < TASKS; i++) {
		struct task *task = &world->tasks[i];

		ended &= !!wait_for_completion_timeout(&task->done,
						       10 * PATIENCE);
		KUNIT_EXPECT_STREQ(test, task->complaint, "");
	}
	return ended;
}

static void random_jobs_do_what_the_model_says(struct kunit *test)
{
	struct world *world = kvzalloc(sizeof(*world), GFP_KERNEL);
	struct rnd_state random;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, world);
	if (!seed)
		seed = get_random_u32();
	kunit_info(test, "seed=%u jobs=%u", seed, jobs);
	prandom_seed_state(&random, seed);
	make_sources(test, world, &random);
	make_dests(test, world, &random);
	make_clients(test, world);
	for (i = 0; i < TASKS; i++)
		make_task(world, i);

	/* What hangs is left behind with all that it uses. */
	if (!run_tasks(test, world))
		return;
	for (i = 0; i < CLIENTS; i++)
		check_client(test, world, &world->clients[i]);
	free_world(world);
}

static int random_suite_init(struct kunit_suite *suite)
{
	compat_parse_params(THIS_MODULE);
	return 0;
}

static struct kunit_case random_cases[] = {
	KUNIT_CASE(random_jobs_do_what_the_model_says), {}
};

static struct kunit_suite random_suite = {
	.name = "kcopyd_random",
	.suite_init = random_suite_init,
	.test_cases = random_cases,
};

kunit_test_suite(random_suite);

MODULE_DESCRIPTION("Random jobs on several clients, checked against a model");
MODULE_AUTHOR("The kcopyd authors");
MODULE_LICENSE("GPL");
