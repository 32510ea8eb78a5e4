// SPDX-License-Identifier: GPL-2.0
/*
 * kimage - a sample of a device-mapper target that uses kcopyd
 *
 * A linear device on ORIGIN, which meanwhile copies all of ORIGIN, as it was when
 * the device was activated, to IMAGE:
 *
 *	0 LENGTH kimage ORIGIN IMAGE REGION
 *
 * REGION is a power of two, in sectors of 512 bytes. The regions are copied in the
 * background, and one that is about to be written is copied before. If a copy fails
 * the image is of no use; the device goes on without it and says so.
 *
 * Documentation/tutorial.rst builds this target step by step.
 */
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <kcopyd.h>

#define DM_MSG_PREFIX "kimage"

/* A copy of a region: the one of the background, or part of the bio that needs it. */
struct copy {
	struct image *image;
	unsigned long region;
};

struct image {
	struct dm_target *ti;
	struct dm_dev *origin, *copy;
	struct kcopyd_client *kc;
	unsigned int shift; /* a region has 1 << shift sectors */
	unsigned long nr_regions;
	struct copy background;

	spinlock_t lock;	/* guards what follows */
	unsigned long *begun;	/* regions whose copy has begun */
	unsigned long *ended;	/* those of them whose copy has ended */
	struct bio_list writes; /* to regions whose copy has not ended */
	unsigned long nr_ended;
	bool failed, suspended;
};

static unsigned long region_of(const struct image *im, const struct bio *bio)
{
	return bio->bi_iter.bi_sector >> im->shift;
}

static void region_copied(int read_err, unsigned int write_err, void *context);

/* The region is marked as begun. A copy that is refused has no callback. */
static void copy_region(struct copy *c)
{
	struct image *im = c->image;
	sector_t begin = (sector_t)c->region << im->shift;
	struct io_region from = {
		.bdev = im->origin->bdev,
		.sector = begin,
		.count = min_t(sector_t, 1 << im->shift, im->ti->len - begin),
	};
	struct io_region to = from;
	int err;

	to.bdev = im->copy->bdev;
	err = kcopyd_copy(im->kc, &from, 1, &to, KCOPYD_DURABLE, region_copied,
			  c);
	if (err)
		region_copied(err, 0, c);
}

static void copy_next(struct image *im)
{
	struct copy *c = &im->background;
	bool found;

	spin_lock_irq(&im->lock);
	c->region = find_first_zero_bit(im->begun, im->nr_regions);
	found = c->region < im->nr_regions && !im->failed && !im->suspended;
	if (found)
		__set_bit(c->region, im->begun);
	spin_unlock_irq(&im->lock);
	if (found)
		copy_region(c);
}

/* Take the writes out that need not wait any more. */
static void __take_writes(struct image *im, struct bio_list *ready)
{
	struct bio_list all = im->writes;
	struct bio *bio;

	bio_list_init(&im->writes);
	while ((bio = bio_list_pop(&all)))
		if (test_bit(region_of(im, bio), im->ended))
			bio_list_add(ready, bio);
		else
			bio_list_add(&im->writes, bio);
}

static void region_copied(int read_err, unsigned int write_err, void *context)
{
	struct copy *c = context;
	struct image *im = c->image;
	bool background = c == &im->background, over;
	struct bio_list ready = BIO_EMPTY_LIST;
	struct bio *bio;

	if (read_err || write_err)
		DMERR("the image of %s on %s is of no use: region %lu could not be %s",
		      im->origin->name, im->copy->name, c->region,
		      read_err ? "read" : "written");
	spin_lock_irq(&im->lock);
	if (read_err || write_err)
		im->failed = true;
	__set_bit(c->region, im->ended);
	over = ++im->nr_ended == im->nr_regions || im->failed;
	__take_writes(im, &ready);
	spin_unlock_irq(&im->lock);

	/* The bio that needed the copy, and the copy in it, may be gone after this. */
	while ((bio = bio_list_pop(&ready)))
		submit_bio_noacct(bio);
	if (over)
		dm_table_event(im->ti->table);
	if (background)
		copy_next(im);
}

/* May a write go on, must it wait, must its region be copied for it? */
static int map_write(struct image *im, struct bio *bio)
{
	struct copy *c = dm_per_bio_data(bio, sizeof(*c));
	unsigned long region = region_of(im, bio);
	bool begin = false, wait = false;

	*c = (struct copy){ .image = im, .region = region };
	spin_lock_irq(&im->lock);
	if (!test_bit(region, im->begun) && !im->failed) {
		__set_bit(region, im->begun);
		begin = true;
	}
	if (test_bit(region, im->begun) && !test_bit(region, im->ended)) {
		bio_list_add(&im->writes, bio);
		wait = true;
	}
	spin_unlock_irq(&im->lock);
	if (begin)
		copy_region(c);
	return wait ? DM_MAPIO_SUBMITTED : DM_MAPIO_REMAPPED;
}

static int image_map(struct dm_target *ti, struct bio *bio)
{
	struct image *im = ti->private;

	bio_set_dev(bio, im->origin->bdev);
	bio->bi_iter.bi_sector = dm_target_offset(ti, bio->bi_iter.bi_sector);
	if (bio_data_dir(bio) == READ || !bio_sectors(bio))
		return DM_MAPIO_REMAPPED;
	return map_write(im, bio);
}

static void image_resume(struct dm_target *ti)
{
	struct image *im = ti->private;

	im->suspended = false;
	copy_next(im);
}

static void image_postsuspend(struct dm_target *ti)
{
	struct image *im = ti->private;

	spin_lock_irq(&im->lock);
	im->suspended = true;
	spin_unlock_irq(&im->lock);
	kcopyd_client_drain(im->kc);
	/* Again, for what a callback was just about to submit. */
	kcopyd_client_drain(im->kc);
}

static void image_status(struct dm_target *ti, status_type_t type,
			 unsigned int status_flags, char *result,
			 unsigned int maxlen)
{
	struct image *im = ti->private;
	unsigned int sz = 0;

	if (type == STATUSTYPE_INFO)
		DMEMIT("%lu/%lu %s", READ_ONCE(im->nr_ended), im->nr_regions,
		       READ_ONCE(im->failed) ? "failed" : "good");
	else if (type == STATUSTYPE_TABLE)
		DMEMIT("%s %s %u", im->origin->name, im->copy->name,
		       1U << im->shift);
}

static int image_iterate_devices(struct dm_target *ti,
				 iterate_devices_callout_fn fn, void *data)
{
	struct image *im = ti->private;
	int ret = fn(ti, im->origin, 0, ti->len, data);

	return ret ?: fn(ti, im->copy, 0, ti->len, data);
}

static void image_dtr(struct dm_target *ti)
{
	struct image *im = ti->private;

	if (im->kc)
		kcopyd_client_destroy(im->kc);
	if (im->copy)
		dm_put_device(ti, im->copy);
	if (im->origin)
		dm_put_device(ti, im->origin);
	kvfree(im->ended);
	kvfree(im->begun);
	kfree(im);
}

/* What a failure leaves behind is the destructor's business. */
static int image_set_up(struct image *im, char **argv)
{
	struct dm_target *ti = im->ti;
	unsigned long longs = BITS_TO_LONGS(im->nr_regions);

	spin_lock_init(&im->lock);
	bio_list_init(&im->writes);
	im->background.image = im;
	im->begun = kvcalloc(longs, sizeof(long), GFP_KERNEL);
	im->ended = kvcalloc(longs, sizeof(long), GFP_KERNEL);
	ti->error = "Not enough memory";
	if (!im->begun || !im->ended || kcopyd_client_create(1024, &im->kc))
		return -ENOMEM;
	ti->error = "Cannot open the origin";
	if (dm_get_device(ti, argv[0], dm_table_get_mode(ti->table),
			  &im->origin))
		return -ENODEV;
	ti->error = "Cannot open the device for the image";
	if (dm_get_device(ti, argv[1], dm_table_get_mode(ti->table), &im->copy))
		return -ENODEV;
	ti->error = "The image can't be on the origin";
	return im->origin == im->copy ? -EINVAL : 0;
}

static int image_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	unsigned int sectors;
	struct image *im;
	int err;

	ti->error = "Usage: ORIGIN IMAGE REGION (8, 16, ... 65536 sectors)";
	if (argc != 3 || kstrtouint(argv[2], 10, &sectors) || sectors < 8 ||
	    sectors > 65536 || !is_power_of_2(sectors))
		return -EINVAL;
	ti->error = "Not enough memory";
	im = kzalloc(sizeof(*im), GFP_KERNEL);
	if (!im)
		return -ENOMEM;
	im->ti = ti;
	im->shift = ilog2(sectors);
	im->nr_regions = (ti->len + sectors - 1) >> im->shift;
	ti->private = im;
	/* No bio is then in two regions. */
	err = image_set_up(im, argv) ?: dm_set_target_max_io_len(ti, sectors);
	if (err) {
		image_dtr(ti);
		return err;
	}
	ti->num_flush_bios = 1;
	ti->per_io_data_size = sizeof(struct copy);
	return 0;
}

static struct target_type image_target = {
	.name = "kimage",
	.version = { 1, 0, 0 },
	.module = THIS_MODULE,
	.ctr = image_ctr,
	.dtr = image_dtr,
	.map = image_map,
	.resume = image_resume,
	.postsuspend = image_postsuspend,
	.status = image_status,
	.iterate_devices = image_iterate_devices,
};

static int __init image_init(void)
{
	return dm_register_target(&image_target);
}

static void __exit image_exit(void)
{
	dm_unregister_target(&image_target);
}

module_init(image_init);
module_exit(image_exit);

MODULE_DESCRIPTION("Sample of a device-mapper target on kcopyd");
MODULE_AUTHOR("The kcopyd authors");
MODULE_LICENSE("GPL");
