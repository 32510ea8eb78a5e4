// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting: how long a small copy takes beside a large one
 *
 * One large job runs at a time, over and over. Beside it a copy of 4 KiB is
 * started each millisecond, whether the one before has ended or not: who waits
 * for an answer before he asks again does not see the worst answers.
 */
#include <linux/blkdev.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "bench.h"

#define SMALL_BYTES SZ_4K
#define PERIOD_NS NSEC_PER_MSEC

struct latency;

/* A small copy; its job is the first member. */
struct sample {
	struct bench_job job;
	ktime_t start;
	s64 ns;
};

struct latency {
	const struct bench_work *work;
	void *large_client;
	void *small_client;
	struct bench_job large;
	struct sample *samples;
	wait_queue_head_t wait;
	atomic_t running;		/* jobs of either kind */
	atomic_t large_done;
	atomic_t errors;
	bool stop;
};

static void job_ended(struct latency *latency)
{
	if (atomic_dec_and_test(&latency->running))
		wake_up(&latency->wait);
}

static void start_large(struct latency *latency)
{
	if (latency->work->engine->start(latency->large_client,
					 &latency->large)) {
		atomic_inc(&latency->errors);
		job_ended(latency);
	}
}

static void job_done(struct bench_job *job, bool failed)
{
	struct latency *latency = job->owner;

	if (failed)
		atomic_inc(&latency->errors);
	if (job == &latency->large) {
		atomic_inc(&latency->large_done);
		if (!READ_ONCE(latency->stop)) {
			start_large(latency);
			return;
		}
	} else {
		struct sample *sample = container_of(job, struct sample, job);

		sample->ns = ktime_to_ns(ktime_sub(ktime_get(), sample->start));
	}
	job_ended(latency);
}

static void sleep_until(ktime_t when)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_hrtimeout(&when, HRTIMER_MODE_ABS);
}

static void run_samples(struct latency *latency)
{
	ktime_t begin;
	unsigned int i;

	atomic_set(&latency->running, 1 + latency->work->jobs);
	begin = ktime_get();
	start_large(latency);
	for (i = 0; i < latency->work->jobs; i++) {
		struct sample *sample = &latency->samples[i];

		sleep_until(ktime_add_ns(begin, (i + 1) * PERIOD_NS));
		sample->start = ktime_get();
		if (latency->work->engine->start(latency->small_client,
						 &sample->job)) {
			atomic_inc(&latency->errors);
			job_ended(latency);
		}
	}
	WRITE_ONCE(latency->stop, true);
	wait_event(latency->wait, !atomic_read(&latency->running));
}

static void init_job(struct latency *latency, struct bench_job *job,
		     sector_t sector, size_t bytes)
{
	const struct bench_work *work = latency->work;
	unsigned int i;

	job->done = job_done;
	job->owner = latency;
	job->from = (struct io_region){ work->from, sector,
					bytes >> SECTOR_SHIFT };
	job->num_dests = work->num_dests;
	for (i = 0; i < work->num_dests; i++)
		job->dests[i] = (struct io_region){ work->dests[i], sector,
						    bytes >> SECTOR_SHIFT };
}

static void init_jobs(struct latency *latency)
{
	const struct bench_work *work = latency->work;
	unsigned int i;

	init_job(latency, &latency->large, 0, work->bytes);
	for (i = 0; i < work->jobs; i++)
		init_job(latency, &latency->samples[i].job,
			 i * SMALL_BYTES >> SECTOR_SHIFT, SMALL_BYTES);
}

static int create_clients(struct latency *latency)
{
	const struct bench_work *work = latency->work;

	latency->large_client = work->engine->create(work->bytes, false);
	if (IS_ERR(latency->large_client))
		return PTR_ERR(latency->large_client);
	latency->small_client = latency->large_client;
	if (work->same)
		return 0;
	latency->small_client = work->engine->create(SMALL_BYTES, false);
	if (!IS_ERR(latency->small_client))
		return 0;
	work->engine->destroy(latency->large_client);
	return PTR_ERR(latency->small_client);
}

static void destroy_clients(struct latency *latency)
{
	latency->work->engine->destroy(latency->large_client);
	if (!latency->work->same)
		latency->work->engine->destroy(latency->small_client);
}

static void show(const struct latency *latency, struct seq_file *out)
{
	unsigned int i;

	for (i = 0; i < latency->work->jobs; i++)
		seq_printf(out, "sample %lld\n", latency->samples[i].ns);
	seq_printf(out, "large %d\nerrors %d\n",
		   atomic_read(&latency->large_done),
		   atomic_read(&latency->errors));
}

/**
 * bench_latency - take samples, and print how long each took, in ns
 * @work: @jobs samples beside jobs of @bytes; by an engine that needs no memory
 *	of its own for a job
 * @out: gets lines "NAME VALUE"
 *
 * Context: Process context. Sleeps.
 * Return: 0, or a negative errno when nothing was measured.
 */
int bench_latency(const struct bench_work *work, struct seq_file *out)
{
	struct latency latency = { .work = work };
	int err;

	if (work->engine->prepare)
		return -EINVAL;
	init_waitqueue_head(&latency.wait);
	latency.samples = kvcalloc(work->jobs, sizeof(*latency.samples),
				   GFP_KERNEL);
	if (!latency.samples)
		return -ENOMEM;
	err = create_clients(&latency);
	if (!err) {
		init_jobs(&latency);
		run_samples(&latency);
		show(&latency, out);
		destroy_clients(&latency);
	}
	kvfree(latency.samples);
	return err;
}
