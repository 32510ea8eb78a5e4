// SPDX-License-Identifier: GPL-2.0
/*
 * The floor: the least that a read followed by writes can cost
 *
 * No queue, no memory to manage, no check, no error to tell apart. Each job
 * object has its buffer, in parts as long as memory gives, its bios, and one
 * bio_vec table that they share. What remains is what nobody can leave out who
 * copies asynchronously: the bios, and one hop to a worker after each of the
 * two steps, since a bio may end where none can be submitted. I/O that ended
 * meanwhile is one batch.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "bench.h"

#define PART_ORDER get_order(SZ_64K)

struct client {
	struct llist_head done;
	bool working;
	struct work_struct work;
	struct workqueue_struct *wq;
	unsigned int parts;		/* of each job's buffer */
};

struct floor {
	struct llist_node done;
	struct bench_job *job;
	struct client *client;
	atomic_t remaining;
	bool reading;
	bool failed;
	struct bio bios[KCOPYD_MAX_REGIONS];
	struct bio_vec vecs[];
};

static void endio(struct bio *bio)
{
	struct floor *floor = bio->bi_private;
	struct client *client = floor->client;

	if (bio->bi_status)
		floor->failed = true;
	bio_uninit(bio);
	if (atomic_dec_and_test(&floor->remaining) &&
	    llist_add(&floor->done, &client->done) &&
	    !READ_ONCE(client->working))
		queue_work(client->wq, &client->work);
}

static void submit(struct floor *floor, unsigned int i, blk_opf_t opf,
		   const struct io_region *region)
{
	struct bio *bio = &floor->bios[i];

	bio_init(bio, region->bdev, floor->vecs, floor->client->parts, opf);
	bio->bi_vcnt = floor->client->parts;
	bio->bi_iter.bi_sector = region->sector;
	bio->bi_iter.bi_size = region->count << SECTOR_SHIFT;
	bio->bi_end_io = endio;
	bio->bi_private = floor;
	submit_bio(bio);
}

static void write_all(struct floor *floor)
{
	struct bench_job *job = floor->job;
	unsigned int i, n = job->num_dests;

	floor->reading = false;
	atomic_set(&floor->remaining, n);
	for (i = 0; i < n; i++)
		submit(floor, i, REQ_OP_WRITE, &job->dests[i]);
}

static void run_batch(struct client *client)
{
	struct llist_node *batch = llist_del_all(&client->done);
	struct floor *floor, *next;
	struct blk_plug plug;

	blk_start_plug(&plug);
	batch = llist_reverse_order(batch);
	llist_for_each_entry_safe(floor, next, batch, done)
		if (floor->reading && !floor->failed)
			write_all(floor);
		else
			floor->job->done(floor->job, floor->failed);
	blk_finish_plug(&plug);
}

static void work(struct work_struct *work)
{
	struct client *client = container_of(work, struct client, work);

	do {
		WRITE_ONCE(client->working, true);
		while (!llist_empty(&client->done))
			run_batch(client);
		/* Pairs with llist_add(): one of us sees the other. */
		smp_store_mb(client->working, false);
	} while (!llist_empty(&client->done));
}

static int start(void *client, struct bench_job *job)
{
	struct floor *floor = job->engine_data;

	floor->failed = false;
	if (!job->from.bdev) {
		write_all(floor);
		return 0;
	}
	floor->reading = true;
	atomic_set(&floor->remaining, 1);
	submit(floor, 0, REQ_OP_READ, &job->from);
	return 0;
}

static void release(struct bench_job *job)
{
	struct floor *floor = job->engine_data;
	unsigned int i;

	for (i = 0; i < floor->client->parts; i++)
		if (floor->vecs[i].bv_page)
			__free_pages(floor->vecs[i].bv_page,
				     compound_order(floor->vecs[i].bv_page));
	kfree(floor);
}

static int prepare(void *data, struct bench_job *job)
{
	sector_t sectors = job->dests[0].count;
	struct client *client = data;
	struct floor *floor;
	unsigned int i;

	floor = kzalloc(struct_size(floor, vecs, client->parts), GFP_KERNEL);
	if (!floor)
		return -ENOMEM;
	job->engine_data = floor;
	floor->job = job;
	floor->client = client;
	for (i = 0; i < client->parts; i++) {
		size_t len = min_t(size_t, sectors << SECTOR_SHIFT, SZ_64K);
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP,
						get_order(len));

		if (!page) {
			release(job);
			return -ENOMEM;
		}
		bvec_set_page(&floor->vecs[i], page, len, 0);
		sectors -= len >> SECTOR_SHIFT;
	}
	return 0;
}

static void *create(size_t bytes, bool throttled)
{
	struct client *client;

	if (throttled)
		return ERR_PTR(-EOPNOTSUPP);
	client = kzalloc(sizeof(*client), GFP_KERNEL);
	if (!client)
		return ERR_PTR(-ENOMEM);
	init_llist_head(&client->done);
	INIT_WORK(&client->work, work);
	client->parts = DIV_ROUND_UP(bytes, SZ_64K);
	client->wq = alloc_workqueue("kcopyd-floor", WQ_MEM_RECLAIM | WQ_PERCPU,
				     1);
	if (!client->wq) {
		kfree(client);
		return ERR_PTR(-ENOMEM);
	}
	return client;
}

static void destroy(void *data)
{
	struct client *client = data;

	destroy_workqueue(client->wq);
	kfree(client);
}

const struct bench_engine bench_floor = {
	.name = "floor",
	.create = create,
	.destroy = destroy,
	.prepare = prepare,
	.release = release,
	.start = start,
};
