// SPDX-License-Identifier: GPL-2.0
/*
 * Origins: how they and their snapshots come and go; the target ksnap-origin
 *
 * An origin is known by its block device. It is there as long as any target
 * names it: its own, ksnap-origin, or one of its snapshots'.
 */
#include <linux/blkdev.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ksnap.h"

/* What the copies of an origin have of their own; more is borrowed. */
#define CLIENT_PAGES DIV_ROUND_UP(SZ_64K, PAGE_SIZE)

/* Guards the list, and who is on it: users and snapshots of each origin. */
static DEFINE_MUTEX(origins_lock);
static LIST_HEAD(origins);

static struct origin *__find_origin(struct block_device *bdev)
{
	struct origin *o;

	list_for_each_entry(o, &origins, list)
		if (o->bdev == bdev)
			return o;
	return NULL;
}

/* Does device-mapper, say, have a disk stand on this device? */
static bool is_built_on(struct block_device *top, struct block_device *lower)
{
	struct kernfs_node *link;

	if (!top->bd_disk->slave_dir)
		return false;
	link = sysfs_get_dirent(top->bd_disk->slave_dir->sd,
				kobject_name(bdev_kobj(lower)));
	sysfs_put(link);
	return link;
}

/*
 * Have two devices sectors in common, because they are parts of one disk, or because
 * one stands on the other?
 */
bool devices_overlap(struct block_device *a, struct block_device *b)
{
	sector_t a_start = a->bd_start_sect, b_start = b->bd_start_sect;

	if (a->bd_disk != b->bd_disk)
		return is_built_on(a, b) || is_built_on(b, a);
	return a_start < b_start + bdev_nr_sectors(b) &&
	       b_start < a_start + bdev_nr_sectors(a);
}

/* Is this device, or a part of it, a snapshot's store? */
static bool __is_store(struct block_device *bdev)
{
	struct origin *o;
	unsigned int i;

	list_for_each_entry(o, &origins, list)
		for (i = 0; i < SNAPS_MAX; i++)
			if (o->snaps[i] &&
			    devices_overlap(bdev, o->snaps[i]->store_dev->bdev))
				return true;
	return false;
}

static void set_label(struct origin *o)
{
	char label[KCOPYD_LABEL_SIZE];

	snprintf(label, sizeof(label), "ksnap-%pg", o->bdev);
	kcopyd_client_set_label(o->kc, label);
}

/* Returns an ERR_PTR() on failure: as kcopyd_client_create_shared(). */
static struct origin *new_origin(struct block_device *bdev)
{
	struct origin *o = kvzalloc(sizeof(*o), GFP_KERNEL);
	int err = -ENOMEM;

	if (!o)
		return ERR_PTR(err);
	o->bdev = bdev;
	origin_init(o);
	o->wq = alloc_ordered_workqueue("ksnap", WQ_MEM_RECLAIM);
	if (!o->wq)
		goto err_wq;
	err = kcopyd_client_create_shared(CLIENT_PAGES, &o->kc);
	if (err)
		goto err_client;
	set_label(o);
	return o;

err_client:
	destroy_workqueue(o->wq);
err_wq:
	kvfree(o);
	return ERR_PTR(err);
}

static char *origin_error(int err)
{
	switch (err) {
	case -EBUSY:
		return "The origin is in use as a store";
	case -EINVAL:
		return "kcopyd-mod's reserve_pages is out of range";
	default:
		return "Out of memory";
	}
}

static struct origin *get_origin(struct dm_target *ti,
				 struct block_device *bdev)
{
	struct origin *o;

	mutex_lock(&origins_lock);
	o = __find_origin(bdev);
	if (!o) {
		o = __is_store(bdev) ? ERR_PTR(-EBUSY) : new_origin(bdev);
		if (!IS_ERR(o))
			list_add(&o->list, &origins);
	}
	if (!IS_ERR(o))
		o->nr_users++;
	else
		ti->error = origin_error(PTR_ERR(o));
	mutex_unlock(&origins_lock);
	return o;
}

static void put_origin(struct origin *o)
{
	bool last;

	mutex_lock(&origins_lock);
	last = !--o->nr_users;
	if (last)
		list_del(&o->list);
	mutex_unlock(&origins_lock);
	if (!last)
		return;
	kcopyd_client_destroy(o->kc);
	destroy_workqueue(o->wq);
	kept_exit(&o->kept);
	kvfree(o);
}

static bool __is_origin(struct block_device *bdev)
{
	struct origin *o;

	list_for_each_entry(o, &origins, list)
		if (devices_overlap(bdev, o->bdev))
			return true;
	return false;
}

/**
 * store_id_in_use - has another snapshot a store with this id?
 * @store: whose id
 *
 * Then it is the same store, by way of another device.
 *
 * Context: Process context. Sleeps. Stores are loaded one at a time.
 * Return: As asked.
 */
bool store_id_in_use(const struct store *store)
{
	bool in_use = false;
	struct origin *o;
	unsigned int i;

	mutex_lock(&origins_lock);
	list_for_each_entry(o, &origins, list)
		for (i = 0; i < SNAPS_MAX; i++)
			if (o->snaps[i] && &o->snaps[i]->store != store &&
			    !memcmp(store_id(&o->snaps[i]->store),
				    store_id(store), KSNAP_ID_BYTES))
				in_use = true;
	mutex_unlock(&origins_lock);
	return in_use;
}

/* Find a place among the snapshots of the origin. Returns what is wrong. */
static char *__join(struct snap *s, unsigned int chunk_sectors)
{
	struct origin *o = s->origin;

	if (__is_store(s->store_dev->bdev))
		return "The store is in use by a snapshot";
	if (__is_origin(s->store_dev->bdev))
		return "The store is in use as an origin";
	if (o->nr_snaps == SNAPS_MAX)
		return "The origin has eight snapshots already";
	if (o->nr_snaps && o->chunk_sectors != chunk_sectors)
		return "Other snapshots of the origin have another chunk size";
	if (!o->nr_snaps)
		o->sectors = bdev_nr_sectors(o->bdev);
	o->chunk_sectors = chunk_sectors;
	o->nr_snaps++;
	while (o->snaps[s->number])
		s->number++;
	spin_lock_irq(&o->lock);
	o->snaps[s->number] = s;
	spin_unlock_irq(&o->lock);
	return NULL;
}

int join_origin(struct dm_target *ti, struct snap *s,
		unsigned int chunk_sectors)
{
	char *error;

	s->origin = get_origin(ti, s->origin_dev->bdev);
	if (IS_ERR(s->origin))
		return PTR_ERR(s->origin);
	mutex_lock(&origins_lock);
	error = __join(s, chunk_sectors);
	mutex_unlock(&origins_lock);
	if (!error)
		return 0;
	ti->error = error;
	put_origin(s->origin);
	return -EINVAL;
}

/* Nobody has the snapshot open; but copies may still be made for it. */
void leave_origin(struct snap *s)
{
	struct origin *o = s->origin;

	spin_lock_irq(&o->lock);
	if (s->state == SNAP_ACTIVE) {
		s->state = SNAP_INVALID;
		o->nr_live--;
	}
	spin_unlock_irq(&o->lock);
	wait_event(o->settled, snap_is_settled(s));

	mutex_lock(&origins_lock);
	spin_lock_irq(&o->lock);
	o->snaps[s->number] = NULL;
	spin_unlock_irq(&o->lock);
	/* It may have been looking at us. */
	flush_work(&o->work);
	o->nr_snaps--;
	mutex_unlock(&origins_lock);
	put_origin(o);
}

struct origin_target {
	struct dm_dev *dev;
	struct origin *origin;
};

/* Arguments: <origin device> */
static int origin_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct origin_target *t;
	int err;

	if (argc != 1 || ti->begin) {
		ti->error = argc != 1 ? "The one argument is the device" :
					"The origin must begin at sector 0";
		return -EINVAL;
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t) {
		ti->error = "Out of memory";
		return -ENOMEM;
	}
	err = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table), &t->dev);
	if (err) {
		ti->error = "Cannot open the device of the origin";
		goto err_device;
	}
	t->origin = get_origin(ti, t->dev->bdev);
	if (IS_ERR(t->origin)) {
		err = PTR_ERR(t->origin);
		goto err_origin;
	}
	ti->private = t;
	ti->num_flush_bios = 1;
	ti->per_io_data_size = sizeof(struct snap_io);
	return 0;

err_origin:
	dm_put_device(ti, t->dev);
err_device:
	kfree(t);
	return err;
}

static void origin_dtr(struct dm_target *ti)
{
	struct origin_target *t = ti->private;

	put_origin(t->origin);
	dm_put_device(ti, t->dev);
	kfree(t);
}

static int origin_target_map(struct dm_target *ti, struct bio *bio)
{
	struct origin_target *t = ti->private;

	return origin_map(t->origin, bio);
}

/* How many snapshots there are, and how many of them are good. */
static void show_snaps(struct origin *o, char *result, unsigned int maxlen)
{
	unsigned int i, nr = 0, good = 0, sz = 0;

	spin_lock_irq(&o->lock);
	for (i = 0; i < SNAPS_MAX; i++) {
		struct snap *s = o->snaps[i];

		nr += !!s;
		good += s && s->state == SNAP_ACTIVE;
	}
	spin_unlock_irq(&o->lock);
	DMEMIT("%u %u", nr, good);
}

static void origin_status(struct dm_target *ti, status_type_t type,
			  unsigned int status_flags, char *result,
			  unsigned int maxlen)
{
	struct origin_target *t = ti->private;
	unsigned int sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		show_snaps(t->origin, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s", t->dev->name);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",origin=%s;", t->dev->name);
		break;
	}
}

static int origin_iterate_devices(struct dm_target *ti,
				  iterate_devices_callout_fn fn, void *data)
{
	struct origin_target *t = ti->private;

	return fn(ti, t->dev, 0, ti->len, data);
}

struct target_type origin_target = {
	.name = "ksnap-origin",
	.version = { 2, 0, 0 },
	.module = THIS_MODULE,
	.ctr = origin_ctr,
	.dtr = origin_dtr,
	.map = origin_target_map,
	.status = origin_status,
	.iterate_devices = origin_iterate_devices,
};
