// SPDX-License-Identifier: GPL-2.0
/*
 * kimage, step 2: copies ORIGIN to IMAGE in the background, a region at a time
 *
 * What is written meanwhile may or may not be in the image.
 */
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <kcopyd.h>

#define DM_MSG_PREFIX "kimage"

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

	spinlock_t lock;      /* guards what follows */
	unsigned long *begun; /* regions whose copy has begun */
	unsigned long nr_ended;
	bool failed, suspended;
};

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

static void region_copied(int read_err, unsigned int write_err, void *context)
{
	struct copy *c = context;
	struct image *im = c->image;
	bool over;

	if (read_err || write_err)
		DMERR("the image of %s on %s is of no use: region %lu could not be %s",
		      im->origin->name, im->copy->name, c->region,
		      read_err ? "read" : "written");
	spin_lock_irq(&im->lock);
	if (read_err || write_err)
		im->failed = true;
	over = ++im->nr_ended == im->nr_regions || im->failed;
	spin_unlock_irq(&im->lock);
	if (over)
		dm_table_event(im->ti->table);
	copy_next(im);
}

static int image_map(struct dm_target *ti, struct bio *bio)
{
	struct image *im = ti->private;

	bio_set_dev(bio, im->origin->bdev);
	bio->bi_iter.bi_sector = dm_target_offset(ti, bio->bi_iter.bi_sector);
	return DM_MAPIO_REMAPPED;
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
	kvfree(im->begun);
	kfree(im);
}

/* What a failure leaves behind is the destructor's business. */
static int image_set_up(struct image *im, char **argv)
{
	struct dm_target *ti = im->ti;
	unsigned long longs = BITS_TO_LONGS(im->nr_regions);

	spin_lock_init(&im->lock);
	im->background.image = im;
	im->begun = kvcalloc(longs, sizeof(long), GFP_KERNEL);
	ti->error = "Not enough memory";
	if (!im->begun || kcopyd_client_create(1024, &im->kc))
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
	err = image_set_up(im, argv);
	if (err) {
		image_dtr(ti);
		return err;
	}
	ti->num_flush_bios = 1;
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
