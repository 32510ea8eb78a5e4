// SPDX-License-Identifier: GPL-2.0
/*
 * A neighbour: something that goes on beside a load, and must not slow it down
 *
 * It keeps jobs under way until it is told to stop. What makes it a bad one is
 * its devices, which may hang or take one request at a time, or its callbacks.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "bench.h"

#define JOBS  32
#define BYTES SZ_64K

/* How long a callback sleeps that does. */
#define SLEEP_MS 10

struct bench_neighbour {
	const struct bench_work *work;
	void *client;
	atomic_t running;
	struct completion gone;
	bool stop;
	struct bench_job jobs[JOBS];
};

static void job_ended(struct bench_neighbour *neighbour)
{
	if (atomic_dec_and_test(&neighbour->running))
		complete(&neighbour->gone);
}

static void go_on(struct bench_neighbour *neighbour, struct bench_job *job)
{
	const struct bench_engine *engine = neighbour->work->engine;

	if (READ_ONCE(neighbour->stop))
		job_ended(neighbour);
	else if (neighbour->work->neighbour == NEIGHBOUR_CHAINS)
		engine->trigger(neighbour->client, job);
	else if (engine->start(neighbour->client, job))
		job_ended(neighbour);
}

static void job_done(struct bench_job *job, bool failed)
{
	struct bench_neighbour *neighbour = job->owner;

	if (neighbour->work->neighbour == NEIGHBOUR_SLEEPS)
		msleep(SLEEP_MS);
	go_on(neighbour, job);
}

static void init_job(struct bench_neighbour *neighbour, unsigned int i)
{
	const struct bench_work *work = neighbour->work;
	struct bench_job *job = &neighbour->jobs[i];
	sector_t count = BYTES >> SECTOR_SHIFT;

	job->done = job_done;
	job->owner = neighbour;
	job->from = (struct io_region){ work->neighbour_from, i * count,
					count };
	job->num_dests = 1;
	job->dests[0] = (struct io_region){ work->neighbour_to, i * count,
					    count };
}

/**
 * bench_neighbour_start - be a neighbour
 * @work: of which kind, and beside what
 * @client: the client that does @work
 *
 * Context: Process context. Sleeps.
 * Return: For bench_neighbour_stop(), or an ERR_PTR().
 */
struct bench_neighbour *bench_neighbour_start(const struct bench_work *work,
					      void *client)
{
	bool chains = work->neighbour == NEIGHBOUR_CHAINS;
	struct bench_neighbour *neighbour;
	unsigned int i;

	if (chains ? !work->engine->trigger :
		     work->engine->prepare || !work->neighbour_from ||
			     !work->neighbour_to)
		return ERR_PTR(-EINVAL);
	neighbour = kvzalloc(sizeof(*neighbour), GFP_KERNEL);
	if (!neighbour)
		return ERR_PTR(-ENOMEM);
	neighbour->work = work;
	neighbour->client = client;
	if (!work->same)
		neighbour->client = work->engine->create(BYTES,
							 work->throttled);
	if (IS_ERR(neighbour->client)) {
		client = neighbour->client;
		kvfree(neighbour);
		return client;
	}
	init_completion(&neighbour->gone);
	atomic_set(&neighbour->running, chains ? 1 : JOBS);
	for (i = 0; i < (chains ? 1 : JOBS); i++) {
		init_job(neighbour, i);
		go_on(neighbour, &neighbour->jobs[i]);
	}
	return neighbour;
}

/**
 * bench_neighbour_stop - wait for the jobs that are under way, and be none
 * @neighbour: what bench_neighbour_start() returned
 *
 * Context: Process context. Sleeps.
 */
void bench_neighbour_stop(struct bench_neighbour *neighbour)
{
	WRITE_ONCE(neighbour->stop, true);
	wait_for_completion(&neighbour->gone);
	if (!neighbour->work->same)
		neighbour->work->engine->destroy(neighbour->client);
	kvfree(neighbour);
}
