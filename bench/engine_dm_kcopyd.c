// SPDX-License-Identifier: GPL-2.0
/* The kernel's own. */
#include <linux/dm-kcopyd.h>
#include <linux/slab.h>

#ifdef dm_kcopyd_copy
#error "this linux/dm-kcopyd.h stands on kcopyd"
#endif

#include "bench.h"

struct client {
	struct dm_kcopyd_client *kc;
	bench_done_fn done;
};

static void *create(size_t bytes, bench_done_fn done)
{
	struct client *client = kzalloc(sizeof(*client), GFP_KERNEL);
	struct dm_kcopyd_client *kc;

	if (!client)
		return ERR_PTR(-ENOMEM);
	kc = dm_kcopyd_client_create(NULL);
	if (IS_ERR(kc)) {
		kfree(client);
		return kc;
	}
	client->kc = kc;
	client->done = done;
	return client;
}

static void destroy(void *data)
{
	struct client *client = data;

	dm_kcopyd_client_destroy(client->kc);
	kfree(client);
}

static int prepare(void *client, struct bench_job *job)
{
	job->engine_data = client;
	return 0;
}

static void copied(int read_err, unsigned long write_err, void *context)
{
	struct bench_job *job = context;
	struct client *client = job->engine_data;

	client->done(job, read_err || write_err);
}

static struct dm_io_region dm_region(const struct io_region *region)
{
	return (struct dm_io_region){
		.bdev = region->bdev,
		.sector = region->sector,
		.count = region->count,
	};
}

static int start(void *data, struct bench_job *job)
{
	struct dm_io_region dests[KCOPYD_MAX_REGIONS];
	struct client *client = data;
	unsigned int i;

	for (i = 0; i < job->num_dests; i++)
		dests[i] = dm_region(&job->dests[i]);
	if (job->from.bdev) {
		struct dm_io_region from = dm_region(&job->from);

		dm_kcopyd_copy(client->kc, &from, job->num_dests, dests, 0,
			       copied, job);
	} else {
		dm_kcopyd_zero(client->kc, job->num_dests, dests, 0, copied,
			       job);
	}
	return 0;
}

const struct bench_engine bench_dm_kcopyd = {
	.name = "dm-kcopyd",
	.create = create,
	.destroy = destroy,
	.prepare = prepare,
	.start = start,
};
