// SPDX-License-Identifier: GPL-2.0
/*
 * The target ksnap: its table and status
 *
 * A snapshot keeps what the origin holds when it is first resumed. Whoever wants
 * a file system's snapshot suspends the origin's device meanwhile, which also
 * sees to it that no write is under way that had no regard to the new one.
 */
#include <linux/blkdev.h>
#include <linux/kstrtox.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ksnap.h"
#include "version.h"

#define CHUNK_SECTORS_MIN (SZ_4K / SECTOR_SIZE)
#define CHUNK_SECTORS_MAX (SZ_1M / SECTOR_SIZE)

/* The table is written in blocks of this size. */
#define BLOCK_SIZE_MAX SZ_4K

/*
 * Raising an event allocates memory, and to get it the system may first have to
 * write to us. So this is not for the worker, which helps with that.
 */
static void raise_event(struct work_struct *work)
{
	struct snap *s = container_of(work, struct snap, event);

	dm_table_event(s->ti->table);
}

/*
 * The store first, which is opened for more: if both are the same device,
 * opening it for more the second time would leave the first pointer stale.
 */
static int open_devices(struct dm_target *ti, struct snap *s, char **argv)
{
	blk_mode_t mode = dm_table_get_mode(ti->table);
	int err;

	err = dm_get_device(ti, argv[1], mode | BLK_OPEN_WRITE, &s->store_dev);
	if (err) {
		ti->error = "Cannot open the device of the store";
		return err;
	}
	err = dm_get_device(ti, argv[0], mode & ~BLK_OPEN_WRITE,
			    &s->origin_dev);
	if (err) {
		ti->error = "Cannot open the device of the origin";
		dm_put_device(ti, s->store_dev);
	}
	return err;
}

static void close_devices(struct dm_target *ti, struct snap *s)
{
	dm_put_device(ti, s->origin_dev);
	dm_put_device(ti, s->store_dev);
}

/* Whole chunks. */
static sector_t nr_chunks(struct block_device *bdev, unsigned int chunk_sectors)
{
	return bdev_nr_sectors(bdev) >> ilog2(chunk_sectors);
}

/* Returns what is wrong with the arguments and the devices, or NULL. */
static char *check(struct dm_target *ti, struct snap *s,
		   unsigned int chunk_sectors)
{
	struct block_device *origin = s->origin_dev->bdev;
	struct block_device *store = s->store_dev->bdev;

	if (ti->begin)
		return "The snapshot must begin at sector 0";
	if (ti->len > bdev_nr_sectors(origin))
		return "The snapshot is larger than the origin";
	if (bdev_nr_sectors(origin) < CHUNK_SECTORS_MIN)
		return "The origin is smaller than 4 KiB";
	if (bdev_read_only(store))
		return "The store is read-only";
	if (devices_overlap(origin, store))
		return "The origin and the store overlap";
	if (bdev_logical_block_size(origin) > BLOCK_SIZE_MAX ||
	    bdev_logical_block_size(store) > BLOCK_SIZE_MAX)
		return "Logical blocks of more than 4 KiB are not supported";
	if (!IS_ALIGNED(bdev_nr_sectors(origin),
			to_sector(bdev_logical_block_size(store))))
		return "The origin ends within a logical block of the store";
	if (bdev_nr_sectors(store) < 3 * chunk_sectors)
		return "The store is smaller than three chunks";
	if (nr_chunks(origin, chunk_sectors) >= NO_CHUNK ||
	    nr_chunks(store, chunk_sectors) >= NO_SLOT)
		return "Too many chunks; make them larger";
	return NULL;
}

/* Arguments: <origin device> <store device> P|N <chunk sectors> [format] */
static int read_arguments(struct dm_target *ti, struct snap *s,
			  unsigned int argc, char **argv,
			  unsigned int *chunk_sectors)
{
	if (argc < 4 || argc > 5) {
		ti->error = "Arguments are: origin, store, P or N, chunk size";
		return -EINVAL;
	}
	if (strcmp(argv[2], "P") && strcmp(argv[2], "N")) {
		ti->error = "A snapshot is persistent, P, or not, N";
		return -EINVAL;
	}
	s->store.persistent = argv[2][0] == 'P';
	if (kstrtouint(argv[3], 10, chunk_sectors) ||
	    *chunk_sectors < CHUNK_SECTORS_MIN ||
	    *chunk_sectors > CHUNK_SECTORS_MAX ||
	    !is_power_of_2(*chunk_sectors)) {
		ti->error =
			"The chunk size must be a power of 2 from 8 to 2048 sectors";
		return -EINVAL;
	}
	if (argc == 5 && strcmp(argv[4], "format")) {
		ti->error = "The one word that may follow is \"format\"";
		return -EINVAL;
	}
	return 0;
}

/* Stores are looked at one at a time, so that none is found by two. */
static DEFINE_MUTEX(load_lock);

/* Find the exceptions of a persistent snapshot; or make a store. */
static int load(struct snap *s, bool format, char **why)
{
	struct store *store = &s->store;
	int err;

	store->bdev = s->store_dev->bdev;
	store->origin = s->origin_dev->bdev;
	store->kc = s->origin->kc;
	store->chunk_sectors = s->origin->chunk_sectors;
	store->origin_sectors = s->origin->sectors;
	store->nr_slots = nr_chunks(store->bdev, store->chunk_sectors);
	mutex_lock(&load_lock);
	err = store_load(store, &s->exceptions, &s->next_slot, format, why);
	mutex_unlock(&load_lock);
	if (err < 0)
		return err;
	if (!err)
		s->state = SNAP_INVALID;
	return exceptions_reserve(&s->exceptions, s->next_slot + SLOTS_AHEAD,
				  GFP_KERNEL);
}

static char *load_error(int err)
{
	return err == -ENOMEM ? "Out of memory" :
				"Cannot read or write the store";
}

static void set_up_target(struct dm_target *ti, struct snap *s)
{
	ti->private = s;
	ti->max_io_len = s->origin->chunk_sectors;
	ti->num_flush_bios = 1;
	ti->per_io_data_size = sizeof(struct snap_io);
}

static int snap_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	unsigned int chunk_sectors;
	struct snap *s;
	int err;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s) {
		ti->error = "Out of memory";
		return -ENOMEM;
	}
	s->ti = ti;
	INIT_WORK(&s->event, raise_event);
	err = read_arguments(ti, s, argc, argv, &chunk_sectors);
	if (err)
		goto err_arguments;
	err = open_devices(ti, s, argv);
	if (err)
		goto err_arguments;
	ti->error = check(ti, s, chunk_sectors);
	err = -EINVAL;
	if (ti->error)
		goto err_check;
	ti->error = "Out of memory";
	err = store_init(&s->store);
	if (err)
		goto err_check;
	err = exceptions_init(&s->exceptions);
	if (err)
		goto err_exceptions;
	ti->error = NULL;
	err = join_origin(ti, s, chunk_sectors);
	if (err)
		goto err_join;
	err = load(s, argc == 5, &ti->error);
	if (err) {
		ti->error = ti->error ?: load_error(err);
		goto err_load;
	}
	set_up_target(ti, s);
	return 0;

err_load:
	leave_origin(s);
err_join:
	exceptions_exit(&s->exceptions);
err_exceptions:
	store_exit(&s->store);
err_check:
	close_devices(ti, s);
err_arguments:
	kfree(s);
	return err;
}

static void snap_dtr(struct dm_target *ti)
{
	struct snap *s = ti->private;

	leave_origin(s);
	flush_work(&s->event);
	exceptions_exit(&s->exceptions);
	store_exit(&s->store);
	close_devices(ti, s);
	kfree(s);
}

static int snap_target_map(struct dm_target *ti, struct bio *bio)
{
	return snap_map(ti->private, bio);
}

static int snap_end_io(struct dm_target *ti, struct bio *bio,
		       blk_status_t *error)
{
	snap_read_ended(ti->private, bio, error);
	return DM_ENDIO_DONE;
}

/* Has the origin still got what a chunk held at the moment of the snapshot? */
static bool is_original(struct store *store, u32 chunk)
{
	struct snap *s = container_of(store, struct snap, store);
	struct origin *o = s->origin;
	bool original;

	spin_lock_irq(&o->lock);
	original = !__copy_of_chunk(o, chunk) &&
		   exceptions_find(&s->exceptions, chunk) == NO_SLOT;
	spin_unlock_irq(&o->lock);
	return original;
}

/* From the first resume on, it has its moment. */
static int snap_preresume(struct dm_target *ti)
{
	struct snap *s = ti->private;
	struct origin *o = s->origin;
	bool first;
	int err;

	spin_lock_irq(&o->lock);
	first = s->state == SNAP_NEW;
	if (first) {
		s->state = SNAP_ACTIVE;
		o->nr_live++;
		__kept_forget(&o->kept);
	}
	spin_unlock_irq(&o->lock);
	if (!first)
		return 0;
	err = store_begin(&s->store, is_original);
	if (err) {
		spin_lock_irq(&o->lock);
		s->header_err = err;
		__snap_fail(s, LOSS_HEADER);
		spin_unlock_irq(&o->lock);
	}
	return err;
}

/* As dm-snapshot has it; and how many chunks are unreadable. */
static void show_use(struct snap *s, char *result, unsigned int maxlen)
{
	sector_t chunk_sectors = s->origin->chunk_sectors, tables;
	unsigned int sz = 0;

	tables = s->store.persistent ? store_table_sectors(&s->store) :
				       chunk_sectors;
	DMEMIT("%llu/%llu %llu %u",
	       (u64)READ_ONCE(s->next_slot) * chunk_sectors,
	       (u64)bdev_nr_sectors(s->store_dev->bdev), (u64)tables,
	       READ_ONCE(s->exceptions.nr_unreadable));
}

static void snap_status(struct dm_target *ti, status_type_t type,
			unsigned int status_flags, char *result,
			unsigned int maxlen)
{
	struct snap *s = ti->private;
	enum snap_state state = READ_ONCE(s->state);
	bool lost = state == SNAP_FAILING || state == SNAP_INVALID;
	unsigned int sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		if (lost)
			DMEMIT("%s", s->loss == LOSS_OVERFLOW ? "Overflow" :
								"Invalid");
		else
			show_use(s, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %s %c %u", s->origin_dev->name, s->store_dev->name,
		       s->store.persistent ? 'P' : 'N',
		       s->origin->chunk_sectors);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",origin=%s,store=%s,persistent=%c,chunk_sectors=%u,invalid=%c;",
		       s->origin_dev->name, s->store_dev->name,
		       s->store.persistent ? 'y' : 'n',
		       s->origin->chunk_sectors, lost ? 'y' : 'n');
		break;
	}
}

static int snap_iterate_devices(struct dm_target *ti,
				iterate_devices_callout_fn fn, void *data)
{
	struct snap *s = ti->private;
	int ret = fn(ti, s->origin_dev, 0, ti->len, data);

	if (!ret)
		ret = fn(ti, s->store_dev, 0,
			 bdev_nr_sectors(s->store_dev->bdev), data);
	return ret;
}

static struct target_type snap_target = {
	.name = "ksnap",
	.version = { 2, 0, 0 },
	.module = THIS_MODULE,
	.ctr = snap_ctr,
	.dtr = snap_dtr,
	.map = snap_target_map,
	.end_io = snap_end_io,
	.preresume = snap_preresume,
	.status = snap_status,
	.iterate_devices = snap_iterate_devices,
};

static int __init ksnap_init(void)
{
	int err = dm_register_target(&origin_target);

	if (err)
		return err;
	err = dm_register_target(&snap_target);
	if (err)
		dm_unregister_target(&origin_target);
	return err;
}

static void __exit ksnap_exit(void)
{
	dm_unregister_target(&snap_target);
	dm_unregister_target(&origin_target);
	/* Who ended the last bio may be preempted on the way out of our code. */
	synchronize_rcu_tasks();
	store_forget_lost();
}

module_init(ksnap_init);
module_exit(ksnap_exit);

MODULE_DESCRIPTION("Device-mapper targets for snapshots, by kcopyd");
MODULE_AUTHOR("The kcopyd authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(KCOPYD_VERSION);
MODULE_ALIAS("ksnap");
MODULE_ALIAS("dm-ksnap-origin");
