// SPDX-License-Identifier: GPL-2.0
/*
 * The target: its table, status and messages, suspending and resuming
 *
 * Synchronisation runs between resume and presuspend. A suspend first calls the
 * latter, then may write (a file system on the device is frozen), then waits
 * for all bios; so all that presuspend has to leave behind is that no bio waits
 * for a copy. If the suspend then fails, presuspend_undo is called.
 */
#include <linux/bitmap.h>
#include <linux/blkdev.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "kmirror.h"

#define LEGS_MIN 2

/* The bitmap of so many regions takes 8 MiB. */
#define REGIONS_MAX BIT(26)

/* What a copy can make use of at once, in sectors: kcopyd's largest piece. */
#define COPY_SECTORS 1024

/*
 * Raising an event allocates memory, and to get it the system may first have to
 * write to us. So this is not for the worker, which helps with that.
 */
static void raise_event(struct work_struct *work)
{
	struct mirror *m = container_of(work, struct mirror, event);

	dm_table_event(m->ti->table);
}

/* Send a leg no more I/O. Any context. */
void drop_leg(struct mirror *m, unsigned int leg)
{
	const char *name = dm_table_device_name(m->ti->table);

	if (!test_and_clear_bit(leg, &m->good))
		return;
	DMERR("%s: leg %u (%s) failed a write and is dropped", name, leg,
	      m->legs[leg].dev->name);
	if (leg == SOURCE && !all_synced(m))
		DMERR("%s: regions not synchronised yet are lost", name);
	schedule_work(&m->event);
}

static bool read_number(struct dm_arg_set *args, u64 min, u64 max, u64 *number)
{
	const char *arg = dm_shift_arg(args);

	return arg && !kstrtou64(arg, 10, number) && *number >= min &&
	       *number <= max;
}

static int open_leg(struct dm_target *ti, struct leg *leg,
		    struct dm_arg_set *args)
{
	const char *path = dm_shift_arg(args);
	u64 offset;
	int err;

	if (!read_number(args, 0, (sector_t)-1, &offset)) {
		ti->error = "A leg needs a device and an offset in sectors";
		return -EINVAL;
	}
	leg->offset = offset;
	err = dm_get_device(ti, path, dm_table_get_mode(ti->table), &leg->dev);
	if (err)
		ti->error = "Cannot open the device of a leg";
	return err;
}

static void close_legs(struct mirror *m)
{
	while (m->nr_legs)
		dm_put_device(m->ti, m->legs[--m->nr_legs].dev);
}

static int open_legs(struct mirror *m, unsigned int nr_legs,
		     struct dm_arg_set *args)
{
	for (m->nr_legs = 0; m->nr_legs < nr_legs; m->nr_legs++) {
		int err = open_leg(m->ti, &m->legs[m->nr_legs], args);

		if (err) {
			close_legs(m);
			return err;
		}
	}
	return 0;
}

static bool legs_overlap(struct mirror *m, struct leg *a, struct leg *b)
{
	struct block_device *a_bdev = a->dev->bdev, *b_bdev = b->dev->bdev;
	sector_t a_start = a_bdev->bd_start_sect + a->offset;
	sector_t b_start = b_bdev->bd_start_sect + b->offset;

	return a_bdev->bd_disk == b_bdev->bd_disk &&
	       a_start < b_start + m->ti->len && b_start < a_start + m->ti->len;
}

/* Check what kcopyd would refuse later. Returns what is wrong, or NULL. */
static char *check_leg(struct mirror *m, unsigned int i)
{
	struct leg *leg = &m->legs[i];
	sector_t size = bdev_nr_sectors(leg->dev->bdev);
	unsigned int j;

	if (leg->offset > size || m->ti->len > size - leg->offset)
		return "A leg ends past the end of its device";
	if (bdev_read_only(leg->dev->bdev))
		return "A leg is read-only";
	for (j = 0; j < i; j++)
		if (legs_overlap(m, leg, &m->legs[j]))
			return "Two legs overlap";
	return NULL;
}

static char *check_alignment(struct mirror *m)
{
	unsigned int block = SECTOR_SIZE, i;
	sector_t bits = m->region_sectors | m->ti->len;

	for (i = 0; i < m->nr_legs; i++) {
		block = max(block,
			    bdev_logical_block_size(m->legs[i].dev->bdev));
		bits |= m->legs[i].offset;
	}
	if (bits & (to_sector(block) - 1))
		return "Region size, length and offsets must be multiples of the legs' block size";
	return NULL;
}

static int check_legs(struct mirror *m)
{
	unsigned int i;
	char *error;

	for (i = 0; i < m->nr_legs; i++) {
		error = check_leg(m, i);
		if (error)
			goto bad;
	}
	error = check_alignment(m);
	if (error)
		goto bad;
	return 0;
bad:
	m->ti->error = error;
	return -EINVAL;
}

static int read_features(struct mirror *m, struct dm_arg_set *args)
{
	u64 n = 0;

	if (args->argc && !read_number(args, 0, 1, &n)) {
		m->ti->error = "Number of features must be 0 or 1";
		return -EINVAL;
	}
	if (args->argc != n) {
		m->ti->error = "Arguments do not match the number of features";
		return -EINVAL;
	}
	if (!n)
		return 0;
	if (strcmp(dm_shift_arg(args), "nosync")) {
		m->ti->error = "Unknown feature";
		return -EINVAL;
	}
	m->nosync = true;
	return 0;
}

/* The first two arguments decide how much there is to be allocated. */
static struct mirror *alloc_mirror(struct dm_target *ti,
				   struct dm_arg_set *args, u64 *nr_legs)
{
	struct mirror *m;
	u64 region_sectors;

	if (!read_number(args, 1, UINT_MAX, &region_sectors)) {
		ti->error = "Region size must be a positive number of sectors";
		return ERR_PTR(-EINVAL);
	}
	if (!read_number(args, LEGS_MIN, LEGS_MAX, nr_legs)) {
		ti->error = "Number of legs must be 2 to 8";
		return ERR_PTR(-EINVAL);
	}
	if (dm_sector_div_up(ti->len, (u32)region_sectors) > REGIONS_MAX) {
		ti->error = "Too many regions; make them larger";
		return ERR_PTR(-EINVAL);
	}
	m = kzalloc(struct_size(m, legs, *nr_legs), GFP_KERNEL);
	if (!m) {
		ti->error = "Out of memory";
		return ERR_PTR(-ENOMEM);
	}
	m->ti = ti;
	m->region_sectors = region_sectors;
	m->nr_regions = dm_sector_div_up(ti->len, m->region_sectors);
	m->good = GENMASK(*nr_legs - 1, 0);
	INIT_WORK(&m->event, raise_event);
	spin_lock_init(&m->lock);
	hash_init(m->writes);
	sync_init(m);
	return m;
}

static unsigned int copy_pages(struct mirror *m)
{
	sector_t sectors = min(m->region_sectors, COPY_SECTORS);

	return COPIES * DIV_ROUND_UP(to_bytes(sectors), PAGE_SIZE);
}

static int set_memory_aside(struct mirror *m)
{
	int err = -ENOMEM;

	m->synced = kvcalloc(BITS_TO_LONGS(m->nr_regions), sizeof(long),
			     GFP_KERNEL);
	if (!m->synced)
		goto err_synced;
	m->wq = alloc_ordered_workqueue("kmirror", WQ_MEM_RECLAIM);
	if (!m->wq)
		goto err_wq;
	err = kcopyd_client_create(copy_pages(m), &m->kc);
	if (err)
		goto err_client;
	return 0;

err_client:
	destroy_workqueue(m->wq);
err_wq:
	kvfree(m->synced);
err_synced:
	m->ti->error = err == -EINVAL ?
			       "The copies need more than a quarter of memory" :
			       "Out of memory";
	return err;
}

static void set_up_target(struct dm_target *ti, struct mirror *m)
{
	ti->private = m;
	ti->max_io_len = m->region_sectors;
	ti->num_flush_bios = 1;
	/* Discards and the like may fail or act otherwise on each leg: none. */
	ti->num_discard_bios = 0;
	ti->num_secure_erase_bios = 0;
	ti->num_write_zeroes_bios = 0;
	ti->per_io_data_size = struct_size_t(struct mirror_io, clones,
					     m->nr_legs);
	ti->accounts_remapped_io = true;
}

/*
 * Arguments: <region_sectors> <legs> <dev> <offset> [<dev> <offset>]...
 *	      [<n> <features>...]
 */
static int mirror_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_arg_set args = { .argc = argc, .argv = argv };
	struct mirror *m;
	u64 nr_legs;
	int err;

	m = alloc_mirror(ti, &args, &nr_legs);
	if (IS_ERR(m))
		return PTR_ERR(m);
	err = open_legs(m, nr_legs, &args);
	if (err)
		goto err_open;
	err = check_legs(m);
	if (err)
		goto err_check;
	err = read_features(m, &args);
	if (err)
		goto err_check;
	err = set_memory_aside(m);
	if (err)
		goto err_check;
	if (m->nosync) {
		bitmap_fill(m->synced, m->nr_regions);
		m->nr_synced = m->nr_regions;
	}
	set_up_target(ti, m);
	return 0;

err_check:
	close_legs(m);
err_open:
	kfree(m);
	return err;
}

/* The mirror is suspended, or was never resumed. */
static void mirror_dtr(struct dm_target *ti)
{
	struct mirror *m = ti->private;

	kcopyd_client_destroy(m->kc);
	destroy_workqueue(m->wq);
	flush_work(&m->event);
	kvfree(m->synced);
	close_legs(m);
	kfree(m);
}

static void mirror_presuspend(struct dm_target *ti)
{
	sync_stop(ti->private, STOP_SUSPENDED);
}

static void mirror_resume(struct dm_target *ti)
{
	sync_start(ti->private, STOP_SUSPENDED);
}

static int mirror_message(struct dm_target *ti, unsigned int argc, char **argv,
			  char *result, unsigned int maxlen)
{
	if (argc == 1 && !strcasecmp(argv[0], "pause")) {
		sync_stop(ti->private, STOP_PAUSED);
		return 0;
	}
	if (argc == 1 && !strcasecmp(argv[0], "resume")) {
		sync_start(ti->private, STOP_PAUSED);
		return 0;
	}
	DMERR("messages are: pause, resume");
	return -EINVAL;
}

static void mirror_status(struct dm_target *ti, status_type_t type,
			  unsigned int status_flags, char *result,
			  unsigned int maxlen)
{
	struct mirror *m = ti->private;
	unsigned long good = good_legs(m);
	unsigned int i, sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		DMEMIT("%u", m->nr_legs);
		for (i = 0; i < m->nr_legs; i++)
			DMEMIT(" %s %c", m->legs[i].dev->name,
			       good & BIT(i) ? 'A' : 'D');
		DMEMIT(" %lu/%lu", READ_ONCE(m->nr_synced), m->nr_regions);
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%u %u", m->region_sectors, m->nr_legs);
		for (i = 0; i < m->nr_legs; i++)
			DMEMIT(" %s %llu", m->legs[i].dev->name,
			       (unsigned long long)m->legs[i].offset);
		if (m->nosync)
			DMEMIT(" 1 nosync");
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",region_sectors=%u,nr_legs=%u", m->region_sectors,
		       m->nr_legs);
		for (i = 0; i < m->nr_legs; i++)
			DMEMIT(",leg_%u=%s,leg_%u_health=%c", i,
			       m->legs[i].dev->name, i,
			       good & BIT(i) ? 'A' : 'D');
		DMEMIT(";");
		break;
	}
}

static int mirror_iterate_devices(struct dm_target *ti,
				  iterate_devices_callout_fn fn, void *data)
{
	struct mirror *m = ti->private;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < m->nr_legs; i++)
		ret = fn(ti, m->legs[i].dev, m->legs[i].offset, ti->len, data);
	return ret;
}

static struct target_type kmirror_target = {
	.name = "kmirror",
	.version = { 1, 0, 0 },
	.features = DM_TARGET_ALWAYS_WRITEABLE,
	.module = THIS_MODULE,
	.ctr = mirror_ctr,
	.dtr = mirror_dtr,
	.map = mirror_map,
	.presuspend = mirror_presuspend,
	.presuspend_undo = mirror_resume,
	.resume = mirror_resume,
	.status = mirror_status,
	.message = mirror_message,
	.iterate_devices = mirror_iterate_devices,
};

static int __init kmirror_init(void)
{
	return dm_register_target(&kmirror_target);
}

static void __exit kmirror_exit(void)
{
	dm_unregister_target(&kmirror_target);
	/* Who ended the last bio may be preempted on the way out of our code. */
	synchronize_rcu_tasks();
}

module_init(kmirror_init);
module_exit(kmirror_exit);

MODULE_DESCRIPTION("Device-mapper target that mirrors, by kcopyd");
MODULE_AUTHOR("The kcopyd authors");
MODULE_LICENSE("GPL");
MODULE_ALIAS("kmirror");
