// SPDX-License-Identifier: GPL-2.0
/*
 * The target: status and messages, suspending and resuming, legs that fail
 *
 * Copies run between resume and presuspend. A suspend first calls the latter, then
 * may write (a file system on the device is frozen), then waits for all bios; so
 * all that presuspend has to leave behind is that no bio waits for a copy. If the
 * suspend then fails, presuspend_undo is called.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "kmirror.h"
#include "version.h"

/**
 * drop_leg - send a leg no more I/O
 * @m: the mirror
 * @leg: the leg
 * @what: what it failed
 * @sector: where, within the mirror
 * @err: a negative errno, or 0 if it is not known
 *
 * Context: Any.
 */
void drop_leg(struct mirror *m, unsigned int leg, const char *what,
	      sector_t sector, int err)
{
	bool was_in_sync = legs_in_sync(m) & BIT(leg);

	if (!test_and_clear_bit(leg, &m->good))
		return;
	if (err)
		DMERR("%s: leg %u (%s) failed %s (sector %llu, error %d) and is dropped",
		      mirror_name(m), leg, m->legs[leg].dev->name, what,
		      (unsigned long long)sector, err);
	else
		DMERR("%s: leg %u (%s) failed %s and is dropped",
		      mirror_name(m), leg, m->legs[leg].dev->name, what);
	if (was_in_sync && !legs_in_sync(m))
		DMERR("%s: no leg is left that holds all data", mirror_name(m));
	schedule_work(&m->event);
}

/**
 * note_read_error - a leg could not be read, and stays
 * @m: the mirror
 * @leg: the leg
 * @sector: the first sector of what was to be read, within the mirror
 * @count: how many
 * @err: a negative errno
 *
 * Context: Any.
 */
void note_read_error(struct mirror *m, unsigned int leg, sector_t sector,
		     sector_t count, int err)
{
	atomic_inc(&m->legs[leg].read_errors);
	if (!__ratelimit(&m->log_limit))
		return;
	DMERR("%s: leg %u (%s) failed a read (sectors %llu to %llu, error %d)",
	      mirror_name(m), leg, m->legs[leg].dev->name,
	      (unsigned long long)sector,
	      (unsigned long long)(sector + count - 1), err);
	schedule_work(&m->event);
}

static void mirror_presuspend(struct dm_target *ti)
{
	sync_stop(ti->private, STOP_SUSPENDED);
}

static void mirror_presuspend_undo(struct dm_target *ti)
{
	sync_start(ti->private, STOP_SUSPENDED);
}

static int mirror_preresume(struct dm_target *ti)
{
	learn_from_predecessor(ti->private);
	return 0;
}

static void mirror_resume(struct dm_target *ti)
{
	mirror_was_resumed(ti->private);
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
	if (argc == 2 && !speed_message(ti->private, argv[0], argv[1]))
		return 0;
	DMERR("messages are: pause, resume, rate BYTES, floor BYTES, class CLASS, jobs NUMBER");
	return -EINVAL;
}

/* The state of a leg, in one of two languages. */
static const char *leg_state(const struct mirror *m, unsigned int leg,
			     bool word)
{
	if (legs_in_sync(m) & BIT(leg))
		return word ? "sync" : "A";
	if (legs_to_fill(m) & BIT(leg))
		return word ? "fill" : "F";
	return word ? "failed" : "D";
}

/* What the mirror does about legs that are not in sync, and if nothing, why. */
static unsigned int show_activity(struct mirror *m, char *result,
				  unsigned int maxlen)
{
	unsigned int sz = 0;

	spin_lock_irq(&m->lock);
	if (!legs_in_sync(m) && m->nr_synced < m->nr_regions)
		DMEMIT("stopped no-source");
	else if (!legs_to_fill(m))
		DMEMIT("idle");
	else if (m->stop & STOP_SUSPENDED)
		DMEMIT("suspended");
	else if (m->stop & STOP_PAUSED)
		DMEMIT("paused");
	else if (m->filling)
		sz += speed_show_now(m, result, maxlen);
	else
		DMEMIT("stopped unreadable %llu",
		       (unsigned long long)m->unreadable);
	spin_unlock_irq(&m->lock);
	return sz;
}

static void mirror_status(struct dm_target *ti, status_type_t type,
			  unsigned int status_flags, char *result,
			  unsigned int maxlen)
{
	struct mirror *m = ti->private;
	unsigned int i, sz = 0;
	char name[16];

	switch (type) {
	case STATUSTYPE_INFO:
		DMEMIT("%u", m->nr_legs);
		for (i = 0; i < m->nr_legs; i++)
			DMEMIT(" %s %s %u",
			       format_dev_t(name, m->legs[i].number),
			       leg_state(m, i, false),
			       atomic_read(&m->legs[i].read_errors));
		DMEMIT(" %lu/%lu ", READ_ONCE(m->nr_synced), m->nr_regions);
		sz += show_activity(m, result + sz, maxlen - sz);
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%u %u", m->region_sectors, m->nr_legs);
		for (i = 0; i < m->nr_legs; i++)
			DMEMIT(" %s %llu %s",
			       format_dev_t(name, m->legs[i].number),
			       (unsigned long long)m->legs[i].offset,
			       leg_state(m, i, true));
		sz += speed_show(m, result + sz, maxlen - sz);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",region_sectors=%u,nr_legs=%u", m->region_sectors,
		       m->nr_legs);
		for (i = 0; i < m->nr_legs; i++)
			DMEMIT(",leg_%u=%s,leg_%u_state=%s", i,
			       format_dev_t(name, m->legs[i].number), i,
			       leg_state(m, i, true));
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
		if (m->legs[i].dev)
			ret = fn(ti, m->legs[i].dev, m->legs[i].offset, ti->len,
				 data);
	return ret;
}

static struct target_type kmirror_target = {
	.name = "kmirror",
	.version = { 2, 1, 0 },
	.features = DM_TARGET_ALWAYS_WRITEABLE,
	.module = THIS_MODULE,
	.ctr = mirror_ctr,
	.dtr = mirror_dtr,
	.map = mirror_map,
	.end_io = mirror_end_io,
	.presuspend = mirror_presuspend,
	.presuspend_undo = mirror_presuspend_undo,
	.preresume = mirror_preresume,
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
MODULE_VERSION(KCOPYD_VERSION);
MODULE_ALIAS("kmirror");
