// SPDX-License-Identifier: GPL-2.0
/* The engine under test. */
#include <linux/err.h>

#include "bench.h"

/* dm-kcopyd takes what it needs from the system; this is as much as it does. */
#define POOL_PAGES 2048

static void *create(size_t bytes, bool throttled)
{
	struct kcopyd_client *kc;
	int err;

	if (throttled)
		return ERR_PTR(-EOPNOTSUPP);
	err = kcopyd_client_create(POOL_PAGES, &kc);
	return err ? ERR_PTR(err) : kc;
}

static void destroy(void *client)
{
	kcopyd_client_destroy(client);
}

static void copied(int read_err, unsigned int write_err, void *context)
{
	struct bench_job *job = context;

	job->done(job, read_err || write_err);
}

static int start(void *client, struct bench_job *job)
{
	if (!job->from.bdev)
		return kcopyd_zero(client, job->num_dests, job->dests, 0,
				   copied, job);
	return kcopyd_copy(client, &job->from, job->num_dests, job->dests, 0,
			   copied, job);
}

static void trigger(void *client, struct bench_job *job)
{
	kcopyd_do_callback(kcopyd_prepare_callback(client, copied, job), 0, 0);
}

const struct bench_engine bench_kcopyd = {
	.name = "kcopyd",
	.create = create,
	.destroy = destroy,
	.start = start,
	.trigger = trigger,
};
