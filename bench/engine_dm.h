/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An engine with the interface of dm-kcopyd: for a source that has included a
 * linux/dm-kcopyd.h, and defined ENGINE and NAME
 */
#include "bench.h"

static struct dm_kcopyd_throttle half = { .throttle = 50 };

static void *create(size_t bytes, bool throttled)
{
	return dm_kcopyd_client_create(throttled ? &half : NULL);
}

static void destroy(void *client)
{
	dm_kcopyd_client_destroy(client);
}

static void copied(int read_err, unsigned long write_err, void *context)
{
	struct bench_job *job = context;

	job->done(job, read_err || write_err);
}

static struct dm_io_region dm_region(const struct io_region *region)
{
	return (struct dm_io_region){
		.bdev = region->bdev,
		.sector = region->sector,
		.count = region->count,
	};
}

static int start(void *client, struct bench_job *job)
{
	struct dm_io_region dests[KCOPYD_MAX_REGIONS];
	unsigned int i;

	for (i = 0; i < job->num_dests; i++)
		dests[i] = dm_region(&job->dests[i]);
	if (job->from.bdev) {
		struct dm_io_region from = dm_region(&job->from);

		dm_kcopyd_copy(client, &from, job->num_dests, dests, 0, copied,
			       job);
	} else {
		dm_kcopyd_zero(client, job->num_dests, dests, 0, copied, job);
	}
	return 0;
}

static void trigger(void *client, struct bench_job *job)
{
	dm_kcopyd_do_callback(dm_kcopyd_prepare_callback(client, copied, job),
			      0, 0);
}

const struct bench_engine ENGINE = {
	.name = NAME,
	.create = create,
	.destroy = destroy,
	.start = start,
	.trigger = trigger,
};
