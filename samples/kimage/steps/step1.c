// SPDX-License-Identifier: GPL-2.0
/*
 * kimage, step 1: a linear device on ORIGIN, which knows the device for the image
 */
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/module.h>
#include <linux/slab.h>

#define DM_MSG_PREFIX "kimage"

struct image {
	struct dm_target *ti;
	struct dm_dev *origin, *copy;
};

static int image_map(struct dm_target *ti, struct bio *bio)
{
	struct image *im = ti->private;

	bio_set_dev(bio, im->origin->bdev);
	bio->bi_iter.bi_sector = dm_target_offset(ti, bio->bi_iter.bi_sector);
	return DM_MAPIO_REMAPPED;
}

static void image_status(struct dm_target *ti, status_type_t type,
			 unsigned int status_flags, char *result,
			 unsigned int maxlen)
{
	struct image *im = ti->private;
	unsigned int sz = 0;

	if (type == STATUSTYPE_TABLE)
		DMEMIT("%s %s", im->origin->name, im->copy->name);
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

	if (im->copy)
		dm_put_device(ti, im->copy);
	if (im->origin)
		dm_put_device(ti, im->origin);
	kfree(im);
}

/* What a failure leaves behind is the destructor's business. */
static int image_set_up(struct image *im, char **argv)
{
	struct dm_target *ti = im->ti;

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
	struct image *im;
	int err;

	ti->error = "Usage: ORIGIN IMAGE";
	if (argc != 2)
		return -EINVAL;
	ti->error = "Not enough memory";
	im = kzalloc(sizeof(*im), GFP_KERNEL);
	if (!im)
		return -ENOMEM;
	im->ti = ti;
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
