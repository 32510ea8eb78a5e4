// SPDX-License-Identifier: GPL-2.0
/*
 * Throughput: keep a number of jobs queued until all are done
 *
 * Each client has a thread that starts its jobs, as a target's user would. Jobs
 * that are done are handed back to it, and it is woken when half of them are:
 * were it woken for each, most of what is counted would be the scheduler's, and
 * how often it runs first would decide between engines. The clock runs from the
 * first start to the last end. A tenth of the work is done before that, to fill
 * caches and lists.
 */
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "bench.h"

/* What one client does. */
struct lane {
	const struct bench_work *work;
	void *client;
	struct bench_job *jobs;
	struct llist_head idle;		/* jobs that are done */
	atomic_t nr_idle;		/* how many they are */
	int refill;			/* wake the thread at so many */
	wait_queue_head_t wait;
	sector_t sector;		/* where the next job is */
	sector_t end;			/* of the shortest device */
	unsigned int todo;
	atomic_t errors;
	struct completion *go;
	struct completion gone;
};

static void job_done(struct bench_job *job, bool failed)
{
	struct lane *lane = job->owner;

	if (failed)
		atomic_inc(&lane->errors);
	llist_add(&job->node, &lane->idle);
	if (atomic_inc_return(&lane->nr_idle) == READ_ONCE(lane->refill))
		wake_up(&lane->wait);
}

static void place(struct bench_job *job, struct lane *lane)
{
	sector_t count = lane->work->bytes >> SECTOR_SHIFT;
	unsigned int i;

	if (lane->sector + count > lane->end)
		lane->sector = 0;
	job->from.sector = lane->sector;
	for (i = 0; i < job->num_dests; i++)
		job->dests[i].sector = lane->sector;
	lane->sector += lane->work->apart ? 2 * count : count;
}

static void start_job(struct lane *lane, struct bench_job *job)
{
	int err;

	place(job, lane);
	bench_memory_enter();
	err = lane->work->engine->start(lane->client, job);
	bench_memory_leave();
	if (err)
		job_done(job, true);
}

/* Take the jobs that are done, when they are half or all that is under way. */
static struct llist_node *next_batch(struct lane *lane, unsigned int running)
{
	unsigned int half = DIV_ROUND_UP(lane->work->depth, 2);

	WRITE_ONCE(lane->refill, min(half, running));
	wait_event(lane->wait, atomic_read(&lane->nr_idle) >= lane->refill);
	return llist_del_all(&lane->idle);
}

/* Start @jobs jobs as others end, and wait for the last. */
static void run_jobs(struct lane *lane, unsigned int jobs)
{
	unsigned int running = lane->work->depth;

	while (running) {
		struct llist_node *batch = next_batch(lane, running);
		struct bench_job *job, *next;
		struct blk_plug plug;
		int nr = 0;

		if (lane->work->plugged)
			blk_start_plug(&plug);
		llist_for_each_entry_safe(job, next, batch, node) {
			nr++;
			if (jobs) {
				jobs--;
				start_job(lane, job);
			} else {
				running--;
			}
		}
		if (lane->work->plugged)
			blk_finish_plug(&plug);
		atomic_sub(nr, &lane->nr_idle);
	}
}

static void all_idle(struct lane *lane)
{
	unsigned int i;

	init_llist_head(&lane->idle);
	for (i = 0; i < lane->work->depth; i++)
		llist_add(&lane->jobs[i].node, &lane->idle);
	atomic_set(&lane->nr_idle, lane->work->depth);
}

static int lane_thread(void *data)
{
	struct lane *lane = data;

	wait_for_completion(lane->go);
	run_jobs(lane, lane->todo);
	complete(&lane->gone);
	return 0;
}

/* All lanes do @jobs jobs each; returns the time it took, or an error. */
static s64 run_lanes(struct lane *lanes, unsigned int nr, unsigned int jobs,
		     bool memory)
{
	DECLARE_COMPLETION_ONSTACK(go);
	ktime_t begin, end;
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr; i++) {
		all_idle(&lanes[i]);
		lanes[i].todo = jobs;
		lanes[i].go = &go;
		init_completion(&lanes[i].gone);
		/* it can't fail for want of memory: GFP_KERNEL, small */
		if (IS_ERR(kthread_run(lane_thread, &lanes[i],
				       "kcopyd-bench/%u", i))) {
			atomic_inc(&lanes[i].errors);
			complete(&lanes[i].gone);
		}
	}
	if (memory)
		err = bench_memory_start();
	begin = ktime_get();
	complete_all(&go);
	for (i = 0; i < nr; i++)
		wait_for_completion(&lanes[i].gone);
	end = ktime_get();
	if (memory && !err)
		bench_memory_stop();
	return err ?: ktime_to_ns(ktime_sub(end, begin));
}

static sector_t shortest(const struct bench_work *work)
{
	sector_t end = bdev_nr_sectors(work->dests[0]);
	unsigned int i;

	if (work->from)
		end = min(end, bdev_nr_sectors(work->from));
	for (i = 1; i < work->num_dests; i++)
		end = min(end, bdev_nr_sectors(work->dests[i]));
	return end;
}

static void init_job(struct bench_job *job, struct lane *lane)
{
	const struct bench_work *work = lane->work;
	sector_t count = work->bytes >> SECTOR_SHIFT;
	unsigned int i;

	job->done = job_done;
	job->owner = lane;
	job->from.bdev = work->from;
	job->from.count = count;
	job->num_dests = work->num_dests;
	for (i = 0; i < work->num_dests; i++) {
		job->dests[i].bdev = work->dests[i];
		job->dests[i].count = count;
	}
}

static int lane_init(struct lane *lane, const struct bench_work *work)
{
	unsigned int i;
	int err;

	lane->work = work;
	lane->end = shortest(work);
	init_waitqueue_head(&lane->wait);
	lane->jobs = kvcalloc(work->depth, sizeof(*lane->jobs), GFP_KERNEL);
	if (!lane->jobs)
		return -ENOMEM;
	lane->client = work->engine->create(work->bytes, work->throttled);
	if (IS_ERR(lane->client))
		return PTR_ERR(lane->client);
	for (i = 0; i < work->depth; i++) {
		init_job(&lane->jobs[i], lane);
		if (!work->engine->prepare)
			continue;
		err = work->engine->prepare(lane->client, &lane->jobs[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Also where lane_init() has failed, or was not called. */
static void lane_exit(struct lane *lane)
{
	unsigned int i;

	for (i = 0; lane->jobs && i < lane->work->depth; i++)
		if (lane->jobs[i].engine_data)
			lane->work->engine->release(&lane->jobs[i]);
	if (!IS_ERR_OR_NULL(lane->client))
		lane->work->engine->destroy(lane->client);
	kvfree(lane->jobs);
}

static int measure(struct lane *lanes, const struct bench_work *work,
		   struct seq_file *out)
{
	struct bench_neighbour *neighbour = NULL;
	unsigned int i, errors = 0;
	s64 ns;

	run_lanes(lanes, work->clients, work->jobs / 10 + 1, false);
	if (work->neighbour) {
		neighbour = bench_neighbour_start(work, lanes[0].client);
		if (IS_ERR(neighbour))
			return PTR_ERR(neighbour);
	}
	ns = run_lanes(lanes, work->clients, work->jobs, work->memory);
	if (neighbour)
		bench_neighbour_stop(neighbour);
	if (ns < 0)
		return ns;
	for (i = 0; i < work->clients; i++)
		errors += atomic_read(&lanes[i].errors);
	seq_printf(out, "ns %lld\nerrors %u\n", ns, errors);
	if (work->memory)
		bench_memory_show(out, work->jobs);
	return 0;
}

/**
 * bench_load - do the work, and print how long it took and how it went
 * @work: what to do
 * @out: gets lines "NAME VALUE"
 *
 * Context: Process context. Sleeps.
 * Return: 0, or a negative errno when nothing was measured.
 */
int bench_load(const struct bench_work *work, struct seq_file *out)
{
	struct lane *lanes = kcalloc(work->clients, sizeof(*lanes), GFP_KERNEL);
	unsigned int i;
	int err = 0;

	if (!lanes)
		return -ENOMEM;
	for (i = 0; i < work->clients && !err; i++)
		err = lane_init(&lanes[i], work);
	if (!err)
		err = measure(lanes, work, out);
	for (i = 0; i < work->clients; i++)
		lane_exit(&lanes[i]);
	kfree(lanes);
	return err;
}
