// SPDX-License-Identifier: GPL-2.0
/*
 * No copies, but reads or writes of the first destination, of a page: what a
 * device costs that others stand on. Jobs are over where their bio ends.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "bench.h"

struct one_bio {
	struct bio bio;
	struct bio_vec vec;
	struct page *page;
};

static void endio(struct bio *bio)
{
	struct bench_job *job = bio->bi_private;
	bool failed = bio->bi_status;

	bio_uninit(bio);
	job->done(job, failed);
}

static int start(struct bench_job *job, blk_opf_t opf)
{
	struct one_bio *one = job->engine_data;
	struct bio *bio = &one->bio;

	bio_init(bio, job->dests[0].bdev, &one->vec, 1, opf);
	bio->bi_iter.bi_sector = job->dests[0].sector;
	__bio_add_page(bio, one->page, job->dests[0].count << SECTOR_SHIFT, 0);
	bio->bi_end_io = endio;
	bio->bi_private = job;
	submit_bio(bio);
	return 0;
}

static int start_read(void *client, struct bench_job *job)
{
	return start(job, REQ_OP_READ);
}

static int start_write(void *client, struct bench_job *job)
{
	return start(job, REQ_OP_WRITE | REQ_SYNC | REQ_IDLE);
}

static void release(struct bench_job *job)
{
	struct one_bio *one = job->engine_data;

	__free_page(one->page);
	kfree(one);
}

static int prepare(void *client, struct bench_job *job)
{
	struct one_bio *one = kzalloc(sizeof(*one), GFP_KERNEL);

	if (!one)
		return -ENOMEM;
	one->page = alloc_page(GFP_KERNEL);
	if (!one->page) {
		kfree(one);
		return -ENOMEM;
	}
	job->engine_data = one;
	return 0;
}

static void *create(size_t bytes, bool throttled)
{
	if (bytes > PAGE_SIZE || throttled)
		return ERR_PTR(-EOPNOTSUPP);
	return NULL;
}

static void destroy(void *client)
{
}

const struct bench_engine bench_bio_read = {
	.name = "read",
	.create = create,
	.destroy = destroy,
	.prepare = prepare,
	.release = release,
	.start = start_read,
};

const struct bench_engine bench_bio_write = {
	.name = "write",
	.create = create,
	.destroy = destroy,
	.prepare = prepare,
	.release = release,
	.start = start_write,
};
