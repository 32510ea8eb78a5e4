// SPDX-License-Identifier: GPL-2.0
/*
 * The interface of the kernel's dm-kcopyd, on kcopyd
 *
 * Nothing here can fail in a way that the caller is told of at once: what
 * kcopyd's checks refuse is reported through the callback, as an error of the
 * regions that are at fault.
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/math.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "include/linux/dm-kcopyd.h"
#include "engine.h"
#include "interface.h"

/* Enough for the largest logical block that there is, and for small copies. */
static unsigned int dropin_pages = DIV_ROUND_UP(SZ_64K, PAGE_SIZE);
module_param(dropin_pages, uint, 0644);
MODULE_PARM_DESC(dropin_pages,
		 "Pages that a client by dm-kcopyd's interface has alone");

/*
 * Targets whose copies nobody waits for: resynchronisation, hydration, migration,
 * writeback, reclaim.
 */
static char *background = "dm_mirror,dm_clone,dm_cache,dm_writecache,dm_zoned";
module_param(background, charp, 0444);
MODULE_PARM_DESC(background,
		 "Modules whose copies by dm-kcopyd's interface yield");

static unsigned int background_floor = 10;
module_param(background_floor, uint, 0644);
MODULE_PARM_DESC(background_floor,
		 "MiB a second that each client of these copies at least");

/* The two kinds of region have the same members. */
static_assert(sizeof(struct io_region) == sizeof(struct dm_io_region));
static_assert(offsetof(struct io_region, bdev) ==
	      offsetof(struct dm_io_region, bdev));
static_assert(offsetof(struct io_region, sector) ==
	      offsetof(struct dm_io_region, sector));
static_assert(offsetof(struct io_region, count) ==
	      offsetof(struct dm_io_region, count));
static_assert(DM_KCOPYD_MAX_REGIONS == KCOPYD_MAX_REGIONS);

/* Is a module one of those in a list? As for modprobe, - and _ are the same. */
static bool is_listed(const char *list, const char *module)
{
	size_t length = strlen(module), i;

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		for (i = 0; i < length; i++)
			if ((list[i] == '-' ? '_' : list[i]) != module[i])
				break;
		if (i == length && (!list[i] || list[i] == ','))
			return true;
	}
	return false;
}

/**
 * kcopyd_dm_client_create - make a client and set its memory aside
 * @throttle: what limits it, or NULL
 * @owner: its label: the name of the module that makes it
 *
 * If @owner is one of the modules in the module's parameter background, it yields to
 * other I/O. It has a few pages of its own (the module's parameter dropin_pages), and
 * borrows more from the reserve; see kcopyd_client_create_shared().
 *
 * Context: Process context. May sleep, and may start I/O to get memory.
 * Return: The client, or an ERR_PTR(): -ENOMEM, or -EINVAL if a parameter of
 * the module is out of range.
 */
struct dm_kcopyd_client *
kcopyd_dm_client_create(struct dm_kcopyd_throttle *throttle, const char *owner)
{
	struct kcopyd_client *kc;
	int err;

	err = client_create(READ_ONCE(dropin_pages), true, throttle, &kc);
	if (err)
		return ERR_PTR(err);
	kcopyd_client_set_label(kc, owner);
	if (is_listed(background, owner)) {
		kcopyd_client_set_floor(kc, (u64)READ_ONCE(background_floor)
						    << 20);
		kcopyd_client_set_class(kc, KCOPYD_BACKGROUND);
	}
	return kc;
}
EXPORT_SYMBOL_GPL(kcopyd_dm_client_create);

/**
 * dm_kcopyd_client_destroy - wait for all jobs of a client, and free it
 * @kc: the client
 *
 * Context: Process context, but not a callback of the client. Sleeps.
 */
void dm_kcopyd_client_destroy(struct dm_kcopyd_client *kc)
{
	kcopyd_client_destroy(kc);
}
EXPORT_SYMBOL_GPL(dm_kcopyd_client_destroy);

/**
 * dm_kcopyd_client_flush - wait for the callbacks of the jobs that are over
 * @kc: the client
 *
 * Jobs whose I/O is still in flight are not waited for.
 *
 * Context: Process context, but not a callback of the client. Sleeps.
 */
void dm_kcopyd_client_flush(struct dm_kcopyd_client *kc)
{
	engine_flush(kc);
}
EXPORT_SYMBOL_GPL(dm_kcopyd_client_flush);

static bool is_bad(const struct io_region *region)
{
	return io_region_check(region) || !io_region_fits(region);
}

/* Which of the destinations can't be written as they are? */
static unsigned long bad_destinations(unsigned int num_dests,
				      const struct io_region *dests)
{
	unsigned long bad = 0;
	unsigned int i;

	for (i = 0; i < min(num_dests, KCOPYD_MAX_REGIONS + 0U); i++)
		if (is_bad(&dests[i]))
			bad |= BIT(i);
	return bad;
}

/* Tell of a refused job by its callback: who is at fault, or else all are. */
static void refuse(struct kcopyd_client *kc, const struct io_region *from,
		   unsigned int num_dests, const struct io_region *dests,
		   union job_fn fn, void *context)
{
	struct job *job = job_prepare(kc, JOB_DROPIN, fn, context);

	job->read_err = from && is_bad(from);
	job->write_err = bad_destinations(num_dests, dests);
	if (!job->read_err && !job->write_err)
		job->write_err = ~0UL;
	engine_call_back(job);
}

static void submit(struct kcopyd_client *kc, struct dm_io_region *from,
		   unsigned int num_dests, struct dm_io_region *dests,
		   unsigned int flags, dm_kcopyd_notify_fn fn, void *context)
{
	const struct io_region *source = (const struct io_region *)from;
	const struct io_region *to = (const struct io_region *)dests;
	const union job_fn job_fn = { .dropin = fn };
	unsigned int job_flags = JOB_DROPIN;

	if (flags & BIT(DM_KCOPYD_IGNORE_ERROR))
		job_flags |= KCOPYD_IGNORE_ERROR;
	if (flags & BIT(DM_KCOPYD_WRITE_SEQ))
		job_flags |= KCOPYD_WRITE_SEQ;
	if (job_submit(kc, source, num_dests, to, job_flags, job_fn, context))
		refuse(kc, source, num_dests, to, job_fn, context);
}

/**
 * dm_kcopyd_copy - copy a region to one or more others
 * @kc: the client
 * @from: the source, or NULL to zero the destinations
 * @num_dests: number of destinations, 1 to DM_KCOPYD_MAX_REGIONS
 * @dests: the destinations, each as long as the source
 * @flags: mask of BIT(DM_KCOPYD_IGNORE_ERROR) and BIT(DM_KCOPYD_WRITE_SEQ)
 * @fn: called once when the copy has ended
 * @context: for @fn
 *
 * What kcopyd_copy() would refuse is reported to @fn, as an error of the regions
 * that are at fault, and nothing is written.
 *
 * Context: Process context. May sleep, for one small object (GFP_NOIO); starts
 * no I/O itself.
 */
void dm_kcopyd_copy(struct dm_kcopyd_client *kc, struct dm_io_region *from,
		    unsigned int num_dests, struct dm_io_region *dests,
		    unsigned int flags, dm_kcopyd_notify_fn fn, void *context)
{
	submit(kc, from, num_dests, dests, flags, fn, context);
}
EXPORT_SYMBOL_GPL(dm_kcopyd_copy);

/**
 * dm_kcopyd_zero - fill one or more regions with zeroes
 * @kc: the client
 * @num_dests: number of regions, 1 to DM_KCOPYD_MAX_REGIONS
 * @dests: the regions, all of one length
 * @flags: as for dm_kcopyd_copy()
 * @fn: called once when all is done
 * @context: for @fn
 *
 * Context: As for dm_kcopyd_copy().
 */
void dm_kcopyd_zero(struct dm_kcopyd_client *kc, unsigned int num_dests,
		    struct dm_io_region *dests, unsigned int flags,
		    dm_kcopyd_notify_fn fn, void *context)
{
	submit(kc, NULL, num_dests, dests, flags, fn, context);
}
EXPORT_SYMBOL_GPL(dm_kcopyd_zero);

/**
 * dm_kcopyd_prepare_callback - reserve all that a callback needs
 * @kc: the client
 * @fn: the callback
 * @context: for @fn
 *
 * Context: Process context. May sleep (GFP_NOIO).
 * Return: A handle for dm_kcopyd_do_callback(), which must be called once with
 * it before the client can be destroyed.
 */
void *dm_kcopyd_prepare_callback(struct dm_kcopyd_client *kc,
				 dm_kcopyd_notify_fn fn, void *context)
{
	return job_prepare(kc, JOB_DROPIN, (union job_fn){ .dropin = fn },
			   context);
}
EXPORT_SYMBOL_GPL(dm_kcopyd_prepare_callback);

/**
 * dm_kcopyd_do_callback - trigger a prepared callback
 * @callback: from dm_kcopyd_prepare_callback(); gone after this
 * @read_err: passed to the callback
 * @write_err: passed to the callback
 *
 * Context: Any but NMI.
 */
void dm_kcopyd_do_callback(void *callback, int read_err,
			   unsigned long write_err)
{
	struct job *job = callback;

	job->read_err = read_err;
	job->write_err = write_err;
	engine_call_back(job);
}
EXPORT_SYMBOL_GPL(dm_kcopyd_do_callback);
