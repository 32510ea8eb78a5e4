// SPDX-License-Identifier: GPL-2.0
/*
 * The table: what it may say, and what the mirror that runs knows better
 *
 * Which legs hold the data is known to the running mirror only. A table is loaded
 * beside it, and takes its place later. So a table that calls a leg in sync which
 * the running mirror knows to be not is refused when it is loaded, and what the
 * running mirror has found out after that is taken over when it is replaced.
 */
#include <linux/bitmap.h>
#include <linux/blkdev.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>

#include "kmirror.h"

#define LEGS_MIN 2

/* The bitmap of so many regions takes 8 MiB. */
#define REGIONS_MAX BIT(26)

/* What a copy can make use of at once, in sectors: kcopyd's largest piece. */
#define COPY_SECTORS 1024

static DEFINE_MUTEX(mirrors_lock);
static LIST_HEAD(mirrors);

/* A mirror of the same mapped device, that has been in use. */
static bool __is_predecessor(const struct mirror *other, const struct mirror *m)
{
	lockdep_assert_held(&mirrors_lock);
	return other != m && other->was_resumed &&
	       dm_table_get_md(other->ti->table) ==
		       dm_table_get_md(m->ti->table);
}

/* Does @other have this leg, and not in sync? Which of its legs is it? */
static bool knows_better(const struct mirror *other, const struct leg *leg,
			 unsigned int *which)
{
	unsigned long out_of_sync = ~legs_in_sync(other);

	for_each_set_bit(*which, &out_of_sync, other->nr_legs)
		if (other->legs[*which].number == leg->number &&
		    other->legs[*which].offset == leg->offset)
			return true;
	return false;
}

/*
 * Compare what the table says with what the running mirror knows: the legs that
 * are in sync by the one and not by the other, of those in @failed_only or all.
 */
static unsigned long __wrongly_in_sync(const struct mirror *m, bool failed_only)
{
	unsigned long wrong = 0, claimed = legs_in_sync(m);
	const struct mirror *other;
	unsigned int leg, which;

	list_for_each_entry(other, &mirrors, list) {
		if (!__is_predecessor(other, m))
			continue;
		for_each_set_bit(leg, &claimed, LEGS_MAX)
			if (knows_better(other, &m->legs[leg], &which) &&
			    !(failed_only && good_legs(other) & BIT(which)))
				wrong |= BIT(leg);
	}
	return wrong;
}

static int check_predecessor(struct mirror *m)
{
	unsigned long wrong;

	mutex_lock(&mirrors_lock);
	wrong = __wrongly_in_sync(m, false);
	mutex_unlock(&mirrors_lock);
	if (!wrong)
		return 0;
	DMERR("%s: leg %lu (%s) is not in sync, as the running mirror knows",
	      mirror_name(m), __ffs(wrong), m->legs[__ffs(wrong)].dev->name);
	m->ti->error =
		"A leg is called in sync that is not; say fill to have it overwritten";
	return -EINVAL;
}

/**
 * learn_from_predecessor - drop the legs that failed since the table was loaded
 * @m: the mirror that is about to be resumed; the one that it replaces, if any, is
 *	suspended
 */
void learn_from_predecessor(struct mirror *m)
{
	unsigned long failed;
	unsigned int leg;

	mutex_lock(&mirrors_lock);
	failed = __wrongly_in_sync(m, true);
	mutex_unlock(&mirrors_lock);
	for_each_set_bit(leg, &failed, LEGS_MAX)
		drop_leg(m, leg, "a write before this table was in use", 0, 0);
}

void mirror_was_resumed(struct mirror *m)
{
	mutex_lock(&mirrors_lock);
	m->was_resumed = true;
	mutex_unlock(&mirrors_lock);
}

static bool read_number(struct dm_arg_set *args, u64 min, u64 max, u64 *number)
{
	const char *arg = dm_shift_arg(args);

	return arg && !kstrtou64(arg, 10, number) && *number >= min &&
	       *number <= max;
}

/* The number of a device that may be gone, or 0. */
static dev_t device_number(const char *path)
{
	unsigned int major, minor;
	char more;
	dev_t dev;

	if (sscanf(path, "%u:%u%c", &major, &minor, &more) == 2)
		return MKDEV(major, minor);
	return lookup_bdev(path, &dev) ? 0 : dev;
}

static int open_leg(struct mirror *m, unsigned int i, const char *path)
{
	struct dm_target *ti = m->ti;
	int err;

	err = dm_get_device(ti, path, dm_table_get_mode(ti->table),
			    &m->legs[i].dev);
	if (err) {
		ti->error = "Cannot open the device of a leg";
		return err;
	}
	m->legs[i].number = m->legs[i].dev->bdev->bd_dev;
	m->good |= BIT(i);
	return 0;
}

static int add_leg(struct mirror *m, unsigned int i, struct dm_arg_set *args)
{
	const char *path = dm_shift_arg(args), *state;
	u64 offset;

	if (!read_number(args, 0, (sector_t)-1, &offset)) {
		m->ti->error = "A leg needs a device and an offset in sectors";
		return -EINVAL;
	}
	m->legs[i].offset = offset;
	state = dm_shift_arg(args);
	if (state && !strcmp(state, "failed")) {
		m->legs[i].number = device_number(path);
		return 0;
	}
	if (state && !strcmp(state, "sync")) {
		m->full |= BIT(i);
	} else if (!state || strcmp(state, "fill")) {
		m->ti->error = "A leg's state must be sync, fill or failed";
		return -EINVAL;
	}
	return open_leg(m, i, path);
}

static void close_legs(struct mirror *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_legs; i++)
		if (m->legs[i].dev)
			dm_put_device(m->ti, m->legs[i].dev);
}

static int add_legs(struct mirror *m, struct dm_arg_set *args)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < m->nr_legs && !err; i++)
		err = add_leg(m, i, args);
	return err;
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
	for_each_set_bit(j, &m->good, i)
		if (legs_overlap(m, leg, &m->legs[j]))
			return "Two legs overlap";
	return NULL;
}

static char *check_alignment(struct mirror *m)
{
	sector_t bits = m->region_sectors | m->ti->len;
	unsigned int block = SECTOR_SIZE, i;

	for_each_set_bit(i, &m->good, LEGS_MAX) {
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

	error = m->full ? NULL : "One leg at least must be in sync";
	for_each_set_bit(i, &m->good, LEGS_MAX)
		error = error ?: check_leg(m, i);
	m->ti->error = error ?: check_alignment(m);
	return m->ti->error ? -EINVAL : 0;
}

/* The first two arguments decide how much there is to be allocated. */
static struct mirror *alloc_mirror(struct dm_target *ti,
				   struct dm_arg_set *args)
{
	u64 region_sectors, nr_legs;
	struct mirror *m;

	if (!read_number(args, 1, UINT_MAX, &region_sectors)) {
		ti->error = "Region size must be a positive number of sectors";
		return ERR_PTR(-EINVAL);
	}
	if (!read_number(args, LEGS_MIN, LEGS_MAX, &nr_legs)) {
		ti->error = "Number of legs must be 2 to 8";
		return ERR_PTR(-EINVAL);
	}
	if (dm_sector_div_up(ti->len, (u32)region_sectors) > REGIONS_MAX) {
		ti->error = "Too many regions; make them larger";
		return ERR_PTR(-EINVAL);
	}
	m = kzalloc(struct_size(m, legs, nr_legs), GFP_KERNEL);
	if (!m) {
		ti->error = "Out of memory";
		return ERR_PTR(-ENOMEM);
	}
	m->ti = ti;
	m->region_sectors = region_sectors;
	m->nr_regions = dm_sector_div_up(ti->len, m->region_sectors);
	m->nr_legs = nr_legs;
	return m;
}

static unsigned int copy_pages(struct mirror *m)
{
	sector_t sectors = min(m->region_sectors, COPY_SECTORS);

	return FILLS * DIV_ROUND_UP(to_bytes(sectors), PAGE_SIZE);
}

static void set_label(struct mirror *m)
{
	char label[KCOPYD_LABEL_SIZE];

	snprintf(label, sizeof(label), "kmirror-%s",
		 dm_device_name(dm_table_get_md(m->ti->table)));
	kcopyd_client_set_label(m->kc, label);
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
	err = sync_init(m);
	if (err)
		goto err_sync;
	err = kcopyd_client_create(copy_pages(m), &m->kc);
	if (err)
		goto err_client;
	set_label(m);
	speed_apply(m);
	return 0;

err_client:
	sync_exit(m);
err_sync:
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

static int check_table(struct mirror *m, struct dm_arg_set *args)
{
	int err = add_legs(m, args);

	if (err)
		return err;
	err = speed_read_features(m, args);
	if (err)
		return err;
	if (args->argc) {
		m->ti->error =
			"There are more arguments than the features have";
		return -EINVAL;
	}
	return check_legs(m) ?: check_predecessor(m);
}

/*
 * Arguments: <region_sectors> <legs> <dev> <offset> <state>
 *	      [<dev> <offset> <state>]... [<words> <feature> <value>...]
 */
int mirror_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_arg_set args = { .argc = argc, .argv = argv };
	struct mirror *m;
	int err;

	m = alloc_mirror(ti, &args);
	if (IS_ERR(m))
		return PTR_ERR(m);
	err = check_table(m, &args) ?: set_memory_aside(m);
	if (err) {
		close_legs(m);
		kfree(m);
		return err;
	}
	set_up_target(ti, m);
	mutex_lock(&mirrors_lock);
	list_add(&m->list, &mirrors);
	mutex_unlock(&mirrors_lock);
	return 0;
}

/* The mirror is suspended, or was never resumed. */
void mirror_dtr(struct dm_target *ti)
{
	struct mirror *m = ti->private;

	mutex_lock(&mirrors_lock);
	list_del(&m->list);
	mutex_unlock(&mirrors_lock);
	kcopyd_client_destroy(m->kc);
	sync_exit(m);
	destroy_workqueue(m->wq);
	flush_work(&m->event);
	kvfree(m->synced);
	close_legs(m);
	kfree(m);
}
