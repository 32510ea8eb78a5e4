// SPDX-License-Identifier: GPL-2.0
/* The engine under test. */
#include <linux/slab.h>

#include "bench.h"

/* dm-kcopyd takes what it needs from the system; this is as much as it does. */
#define POOL_PAGES 2048

struct client {
	struct kcopyd_client *kc;
	bench_done_fn done;
};

static void *create(size_t bytes, bench_done_fn done)
{
	struct client *client = kzalloc(sizeof(*client), GFP_KERNEL);
	int err;

	if (!client)
		return ERR_PTR(-ENOMEM);
	client->done = done;
	err = kcopyd_client_create(POOL_PAGES, &client->kc);
	if (err) {
		kfree(client);
		return ERR_PTR(err);
	}
	return client;
}

static void destroy(void *data)
{
	struct client *client = data;

	kcopyd_client_destroy(client->kc);
	kfree(client);
}

static int prepare(void *client, struct bench_job *job)
{
	job->engine_data = client;
	return 0;
}

static void copied(int read_err, unsigned int write_err, void *context)
{
	struct bench_job *job = context;
	struct client *client = job->engine_data;

	client->done(job, read_err || write_err);
}

static int start(void *data, struct bench_job *job)
{
	struct client *client = data;

	if (!job->from.bdev)
		return kcopyd_zero(client->kc, job->num_dests, job->dests, 0,
				   copied, job);
	return kcopyd_copy(client->kc, &job->from, job->num_dests, job->dests,
			   0, copied, job);
}

const struct bench_engine bench_kcopyd = {
	.name = "kcopyd",
	.create = create,
	.destroy = destroy,
	.prepare = prepare,
	.start = start,
};
