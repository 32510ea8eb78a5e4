// SPDX-License-Identifier: GPL-2.0
/*
 * The interface of kcopyd: clients, and the acceptance of jobs
 *
 * Everything that a caller can get wrong is found here, before anything is
 * touched; engine.c relies on it.
 */
#include <linux/blkdev.h>
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "debugfs.h"
#include "engine.h"
#include "fault.h"
#include "interface.h"
#include "job_cgroup.h"
#include "look.h"
#include "pressure.h"
#include "version.h"
#include "watch.h"

#define KCOPYD_FLAGS                                              \
	(KCOPYD_IGNORE_ERROR | KCOPYD_WRITE_SEQ | KCOPYD_NOWAIT | \
	 KCOPYD_DURABLE | KCOPYD_ORDERED)

/* So many jobs can be accepted when the system has no memory to give. */
#define JOB_RESERVE 16

static struct kmem_cache *job_cache;

/* Frees clients. */
static struct workqueue_struct *free_wq;

/**
 * client_create - make a client, of any kind
 * @num_pages: as for kcopyd_client_create()
 * @shares: whether it borrows from the reserve
 * @throttle: its throttle, or NULL
 * @result: where to put the client
 *
 * Context: Process context. May sleep.
 * Return: As kcopyd_client_create_shared().
 */
int client_create(unsigned int num_pages, bool shares,
		  struct dm_kcopyd_throttle *throttle,
		  struct kcopyd_client **result)
{
	struct kcopyd_client *kc;
	int err = -ENOMEM;

	if (!result || !num_pages || num_pages > totalram_pages() / 4)
		return -EINVAL;
	kc = kzalloc(sizeof(*kc), GFP_KERNEL);
	if (!kc)
		return -ENOMEM;
	kc->shares = shares;
	kc->throttle = throttle;
	err = mempool_init_slab_pool(&kc->mempool, JOB_RESERVE, job_cache);
	if (err)
		goto err_mempool;
	pressure_init(kc);
	err = engine_init(kc, num_pages);
	if (err)
		goto err_engine;
	kcopyd_client_set_label(kc, current->comm);
	watch_add(kc);
	debugfs_add(kc);
	/* The caller holds us by the symbol it called, so this cannot fail. */
	__module_get(THIS_MODULE);
	*result = kc;
	return 0;

err_engine:
	pressure_exit(kc);
	mempool_exit(&kc->mempool);
err_mempool:
	kfree(kc);
	return err;
}

/**
 * kcopyd_client_create - make a client and set its memory aside
 * @num_pages: how many pages its copies share, 1 to a quarter of the system's
 *	memory. A piece of a copy is at most half of them and at most 512 KiB;
 *	2 MiB are enough to keep several pieces in flight.
 * @result: where to put the client
 *
 * Context: Process context. May sleep, and may start I/O to get memory.
 * Return: 0; -EINVAL if @num_pages is out of range or @result is NULL; -ENOMEM.
 */
int kcopyd_client_create(unsigned int num_pages, struct kcopyd_client **result)
{
	return client_create(num_pages, false, NULL, result);
}
EXPORT_SYMBOL_GPL(kcopyd_client_create);

/**
 * kcopyd_client_create_shared - make a client that borrows what it lacks
 * @num_pages: as for kcopyd_client_create(), but a few are enough: they only
 *	guarantee its progress. No less than the logical blocks of its devices.
 * @result: where to put the client
 *
 * For drivers that have many clients of which few are busy at a time. Beyond
 * its own pages such a client uses a reserve, in turns with all others of its
 * kind. The reserve is set aside with the first of them and released with the
 * last; the module's parameter reserve_pages is its size.
 *
 * Context: Process context. May sleep, and may start I/O to get memory.
 * Return: 0; -EINVAL if @num_pages or the module's parameter is out of range or
 * @result is NULL; -ENOMEM.
 */
int kcopyd_client_create_shared(unsigned int num_pages,
				struct kcopyd_client **result)
{
	return client_create(num_pages, true, NULL, result);
}
EXPORT_SYMBOL_GPL(kcopyd_client_create_shared);

/* Has every callback of a job up to number @seq returned? */
static bool __drained(struct kcopyd_client *kc, u64 seq)
{
	struct job *oldest;

	lockdep_assert_held(&kc->lock);
	if (kc->calling && kc->calling <= seq)
		return false;
	list_for_each_entry(oldest, &kc->jobs, all)
		if (!job_is_place(oldest))
			return oldest->seq > seq;
	return true;
}

static bool drained(struct kcopyd_client *kc, u64 seq)
{
	bool done;

	raw_spin_lock_irq(&kc->lock);
	done = __drained(kc, seq);
	raw_spin_unlock_irq(&kc->lock);
	return done;
}

/* One look at all: a callback may prepare the next one and return meanwhile. */
static bool idle(struct kcopyd_client *kc)
{
	bool idle;

	raw_spin_lock_irq(&kc->lock);
	idle = !kc->nr_prepared && !kc->nr_sleepers && !kc->nr_admitted &&
	       list_empty(&kc->cgroups) && __drained(kc, U64_MAX);
	raw_spin_unlock_irq(&kc->lock);
	return idle;
}

/* After a grace period, for which nobody waits. Lockdep waits for one more. */
static void free_client(struct work_struct *work)
{
	struct kcopyd_client *kc = container_of(to_rcu_work(work),
						struct kcopyd_client, free);

	pressure_exit(kc);
	kfree(kc);
}

/**
 * kcopyd_client_destroy - wait for all jobs of a client, and free it
 * @kc: the client, or NULL; no other call with it may be under way
 *
 * Callbacks that were prepared are waited for too, so they must be triggered. So are
 * those who sleep because too many jobs are pending; their jobs are done. Its rate is
 * not limited any more, and it yields to nobody. To get rid of a client sooner, cancel
 * its jobs first.
 *
 * Context: Process context, but not a callback of the client. Sleeps.
 */
void kcopyd_client_destroy(struct kcopyd_client *kc)
{
	if (!kc)
		return;
	engine_set_rate(kc, 0);
	engine_set_class(kc, false);
	wait_event(kc->progress, idle(kc));
	debugfs_del(kc);
	watch_remove(kc);
	engine_exit(kc);
	mempool_exit(&kc->mempool);
	INIT_RCU_WORK(&kc->free, free_client);
	queue_rcu_work(free_wq, &kc->free);
	module_put(THIS_MODULE);
}
EXPORT_SYMBOL_GPL(kcopyd_client_destroy);

/**
 * kcopyd_client_drain - wait for the jobs that a client has been given
 * @kc: the client
 *
 * Returns when every job submitted, and every prepared callback triggered,
 * before the call has had its callback return. Does not wait for later ones.
 *
 * Context: Process context, but not a callback of the client. Sleeps.
 */
void kcopyd_client_drain(struct kcopyd_client *kc)
{
	u64 seq;

	if (WARN_ON_ONCE(!kc))
		return;
	raw_spin_lock_irq(&kc->lock);
	seq = kc->seq;
	raw_spin_unlock_irq(&kc->lock);
	wait_event(kc->progress, drained(kc, seq));
}
EXPORT_SYMBOL_GPL(kcopyd_client_drain);

/**
 * kcopyd_client_set_label - name a client, for those who look at what it does
 * @kc: the client
 * @label: the name, such as "kmirror-253:0"; what has no place in
 *	KCOPYD_LABEL_SIZE is cut off
 *
 * It is shown in tables, so blanks and what can't be printed become underscores. At the
 * beginning it is the name of the task that made the client; for clients by dm-kcopyd's
 * interface, that of the module.
 *
 * Context: Any but NMI.
 */
void kcopyd_client_set_label(struct kcopyd_client *kc, const char *label)
{
	char clean[KCOPYD_LABEL_SIZE];
	unsigned long irq;
	char *c;

	if (WARN_ON_ONCE(!kc || !label))
		return;
	strscpy(clean, label, sizeof(clean));
	for (c = clean; *c; c++)
		if (!isascii(*c) || !isgraph(*c))
			*c = '_';
	raw_spin_lock_irqsave(&kc->lock, irq);
	strscpy(kc->owner.label, clean, sizeof(kc->owner.label));
	raw_spin_unlock_irqrestore(&kc->lock, irq);
}
EXPORT_SYMBOL_GPL(kcopyd_client_set_label);

/**
 * kcopyd_client_set_class - tell whether somebody waits for a client's copies
 * @kc: the client
 * @class: KCOPYD_FOREGROUND, as at the beginning, or KCOPYD_BACKGROUND
 *
 * A background client has a window of pieces in flight for each device: as many as there
 * is memory for while nobody else uses it, a single, short one else, but never less than
 * kcopyd_client_set_floor() says. Others are seen by the device's statistics, and by
 * kcopyd_client_busy_begin().
 *
 * Takes effect at once: what waits because it yields is started.
 *
 * Context: Any but NMI; callbacks of the client too.
 */
void kcopyd_client_set_class(struct kcopyd_client *kc, enum kcopyd_class class)
{
	if (WARN_ON_ONCE(!kc))
		return;
	engine_set_class(kc, class == KCOPYD_BACKGROUND);
}
EXPORT_SYMBOL_GPL(kcopyd_client_set_class);

/**
 * kcopyd_client_set_floor - how fast a background client is at least
 * @kc: the client
 * @bytes_per_second: below this rate it does not yield; 0, as at the beginning: a
 *	piece at a time is enough
 *
 * Bytes count as for kcopyd_client_set_rate(), which it does not exceed.
 *
 * Context: Any but NMI; callbacks of the client too.
 */
void kcopyd_client_set_floor(struct kcopyd_client *kc, u64 bytes_per_second)
{
	if (WARN_ON_ONCE(!kc))
		return;
	engine_set_floor(kc, bytes_per_second);
}
EXPORT_SYMBOL_GPL(kcopyd_client_set_floor);

/**
 * kcopyd_client_busy_begin - I/O to which a background client yields has begun
 * @kc: the client
 *
 * For targets that see all I/O of their users. It costs an increment.
 *
 * Context: Any.
 */
void kcopyd_client_busy_begin(struct kcopyd_client *kc)
{
	this_cpu_inc(kc->yield.users->begun);
}
EXPORT_SYMBOL_GPL(kcopyd_client_busy_begin);

/**
 * kcopyd_client_busy_end - such I/O has ended
 * @kc: the client
 *
 * Once for each kcopyd_client_busy_begin(); on any processor.
 *
 * Context: Any.
 */
void kcopyd_client_busy_end(struct kcopyd_client *kc)
{
	this_cpu_inc(kc->yield.users->ended);
}
EXPORT_SYMBOL_GPL(kcopyd_client_busy_end);

/**
 * kcopyd_client_set_rate - limit the rate at which a client copies and zeroes
 * @kc: the client
 * @bytes_per_second: so much; 0 is no limit, as at the beginning. So is more than
 *	1 TiB a second.
 *
 * Bytes count once, whatever the number of destinations, when the I/O on them begins.
 * It begins in pieces of no more than a 64th of a second's worth, but no less than a
 * logical block. No callback of a job that is over is delayed.
 *
 * Takes effect at once; what is in flight is not interrupted.
 *
 * Context: Any but NMI; callbacks of the client too.
 */
void kcopyd_client_set_rate(struct kcopyd_client *kc, u64 bytes_per_second)
{
	if (WARN_ON_ONCE(!kc))
		return;
	engine_set_rate(kc, bytes_per_second);
}
EXPORT_SYMBOL_GPL(kcopyd_client_set_rate);

/**
 * kcopyd_client_set_ioprio - set the I/O priority of a client's bios
 * @kc: the client
 * @ioprio: the priority, as by IOPRIO_PRIO_VALUE(); 0 is none, as at the beginning
 *
 * For the pieces of jobs that begin from now on, their writes too.
 *
 * Context: Any but NMI.
 */
void kcopyd_client_set_ioprio(struct kcopyd_client *kc, u16 ioprio)
{
	if (WARN_ON_ONCE(!kc))
		return;
	WRITE_ONCE(kc->owner.ioprio, ioprio);
}
EXPORT_SYMBOL_GPL(kcopyd_client_set_ioprio);

/**
 * kcopyd_client_set_max_jobs - limit how many jobs of a client are pending
 * @kc: the client
 * @jobs: so many; 0 is no limit, as at the beginning
 *
 * A submission that would exceed the limit sleeps until a job has ended and been
 * called back, or returns -EAGAIN if it has KCOPYD_NOWAIT. Not so in callbacks of the
 * client: what they submit without KCOPYD_NOWAIT is accepted, limit or not.
 *
 * So a submitter must not hold a lock that a callback needs. If it can't be otherwise,
 * set no limit, and call kcopyd_client_wait_below() before the lock is taken.
 *
 * Takes effect at once; those who sleep look again.
 *
 * Context: Process context.
 */
void kcopyd_client_set_max_jobs(struct kcopyd_client *kc, unsigned int jobs)
{
	if (WARN_ON_ONCE(!kc))
		return;
	pressure_set(kc, jobs);
}
EXPORT_SYMBOL_GPL(kcopyd_client_set_max_jobs);

/**
 * kcopyd_client_wait_below - wait until fewer jobs of a client are pending
 * @kc: the client
 * @jobs: fewer than this; 0 is as 1
 *
 * For those who submit with a lock held that a callback needs: they call this before
 * they take it. Several who were waiting may return at once, so the number may be
 * exceeded by as many as they submit.
 *
 * Context: Process context. Sleeps; but not in a callback of the client, where it
 * returns at once.
 */
void kcopyd_client_wait_below(struct kcopyd_client *kc, unsigned int jobs)
{
	if (WARN_ON_ONCE(!kc))
		return;
	might_sleep();
	pressure_wait_below(kc, max(jobs, 1U));
}
EXPORT_SYMBOL_GPL(kcopyd_client_wait_below);

static unsigned int block_sectors(const struct io_region *region)
{
	return bdev_logical_block_size(region->bdev) >> SECTOR_SHIFT;
}

/* All that io_region_check() looks at but the alignment. */
static bool is_region(const struct io_region *region)
{
	return region->bdev && region->sector + region->count >= region->sector;
}

/*
 * Have two regions sectors in common? That they are on one disk is rare.
 */
static bool overlap(const struct io_region *a, const struct io_region *b)
{
	return unlikely(a->bdev->bd_disk == b->bdev->bd_disk) &&
	       io_regions_overlap(a, b);
}

/* What is found out about the regions of a job. */
struct findings {
	unsigned int block;    /* the largest logical block, in sectors */
	unsigned int writable; /* mask: destinations that can be written now */
	bool zoned;	       /* one of these is */
};

/*
 * Check the regions of a job; @from is NULL if there is no source. Returns 0;
 * -EINVAL; or -EROFS if nothing but being read-only keeps all destinations from
 * being written.
 *
 * Who was written for dm-kcopyd writes read-only devices, too: lvm2 sets devices
 * read-only that a target below is to go on writing.
 */
static int check_regions(const struct io_region *from, unsigned int num_dests,
			 const struct io_region *dests, unsigned int flags,
			 struct findings *found)
{
	unsigned int block = 1, writable = 0, i, j;
	bool zoned = false;
	int err = -EROFS;
	sector_t bits;

	if (!dests || !num_dests || num_dests > KCOPYD_MAX_REGIONS)
		return -EINVAL;
	bits = dests->count;
	if (from) {
		if (!is_region(from) || !io_region_fits(from) ||
		    from->count != dests->count)
			return -EINVAL;
		bits |= from->sector;
		block = block_sectors(from);
	}
	for (i = 0; i < num_dests; i++) {
		const struct io_region *dest = &dests[i];

		if (!is_region(dest) || dest->count != dests->count)
			return -EINVAL;
		if (from && overlap(from, dest))
			return -EINVAL;
		for (j = 0; j < i; j++)
			if (overlap(&dests[j], dest))
				return -EINVAL;
		bits |= dest->sector;
		block = max(block, block_sectors(dest));
		if (!io_region_fits(dest)) {
			err = -EINVAL;
		} else if (flags & JOB_DROPIN || !bdev_read_only(dest->bdev)) {
			writable |= BIT(i);
			zoned |= bdev_is_zoned(dest->bdev);
		}
	}
	/* Blocks are powers of two: what suits the largest suits all. */
	if (bits & (block - 1))
		return -EINVAL;
	*found = (struct findings){ block, writable, zoned };
	return writable ? 0 : err;
}

/*
 * Take an object for a job from those at hand. The first job of a callback gets
 * the one of the job that was called back, so it waits for nobody.
 */
static struct job *__take_object(struct kcopyd_client *kc)
{
	struct job *job = NULL;

	lockdep_assert_held(&kc->lock);
	if (kc->spare && client_calls_us(kc))
		swap(job, kc->spare);
	else if (kc->nr_kept)
		job = kc->kept[--kc->nr_kept];
	return job;
}

static gfp_t job_gfp(unsigned int flags)
{
	return flags & KCOPYD_NOWAIT ? GFP_NOWAIT | __GFP_NOWARN : GFP_NOIO;
}

/* In such a context even GFP_NOWAIT would sleep, for a lock of the allocator. */
static bool never_allocates(unsigned int flags)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) && flags & KCOPYD_NOWAIT &&
	       !preemptible();
}

/*
 * Take the client's lock and get an object for a job, or NULL if that would
 * sleep and must not.
 */
static struct job *lock_and_alloc_job(struct kcopyd_client *kc,
				      unsigned int flags, unsigned long *irq)
	__acquires(&kc->lock)
{
	struct job *job;

	raw_spin_lock_irqsave(&kc->lock, *irq);
	job = __take_object(kc);
	if (!job && !never_allocates(flags)) {
		raw_spin_unlock_irqrestore(&kc->lock, *irq);
		job = mempool_alloc(&kc->mempool, job_gfp(flags));
		raw_spin_lock_irqsave(&kc->lock, *irq);
	}
	return job;
}

static void init_job(struct job *job, struct kcopyd_client *kc,
		     unsigned int flags, union job_fn fn, void *context)
{
	memset_startat(job, 0, inflight);
	INIT_LIST_HEAD(&job->turn);
	INIT_LIST_HEAD(&job->ready);
	job->kc = kc;
	job->fn = fn;
	job->context = context;
	job->flags = flags;
}

/* Destinations that can't be written have failed. */
static void set_regions(struct job *job, const struct io_region *from,
			unsigned int num_dests, const struct io_region *dests,
			const struct findings *found)
{
	unsigned int i;

	job->count = dests->count;
	job->block = found->block;
	job->places = found->writable;
	job->write_err = (BIT(num_dests) - 1) & ~found->writable;
	job->from = from ? (struct io_place){ from->bdev, from->sector } :
			   (struct io_place){};
	for (i = 0; i < num_dests; i++)
		job->to[i] = (struct io_place){ dests[i].bdev,
						dests[i].sector };
	for (i = 0; !from && i < num_dests; i++)
		if (bdev_write_zeroes_sectors(dests[i].bdev))
			job->offload |= found->writable & BIT(i);
	if (found->zoned)
		job->flags |= KCOPYD_WRITE_SEQ;
	if (job->flags & KCOPYD_WRITE_SEQ)
		job->flags &= ~KCOPYD_IGNORE_ERROR;
}

/*
 * The cgroup of the task that submits a job; the lock is released meanwhile. It is for
 * nobody a reason to wait for memory.
 */
static struct job_cgroup *find_cgroup(struct kcopyd_client *kc,
				      unsigned int flags, unsigned long *irq)
	__must_hold(&kc->lock)
{
	gfp_t gfp = job_gfp(flags) | __GFP_NORETRY | __GFP_NOWARN;
	struct job_cgroup *cgroup = NULL;

	raw_spin_unlock_irqrestore(&kc->lock, *irq);
	if (!never_allocates(flags))
		cgroup = job_cgroup_get(kc, gfp);
	raw_spin_lock_irqsave(&kc->lock, *irq);
	return cgroup;
}

/**
 * job_submit - check and submit a job
 * @kc: the client
 * @from: the source, or NULL to zero the destinations
 * @num_dests: number of destinations
 * @dests: the destinations
 * @flags: as for kcopyd_copy(), and JOB_DROPIN
 * @fn: called once when the job has ended, if 0 was returned
 * @context: for @fn
 *
 * Context: As for kcopyd_copy().
 * Return: As for kcopyd_copy(), but it is the caller's to check @flags and @fn.
 */
int job_submit(struct kcopyd_client *kc, const struct io_region *from,
	       unsigned int num_dests, const struct io_region *dests,
	       unsigned int flags, union job_fn fn, void *context)
{
	struct findings found;
	unsigned long irq;
	bool admitted;
	struct job *job;
	int err;

	might_sleep_if(!(flags & KCOPYD_NOWAIT));
	if (!kc)
		return -EINVAL;
	err = check_regions(from, num_dests, dests, flags, &found);
	if (err)
		return err;
	if (fault_injected(FAULT_SUBMIT, kc->owner.label,
			   min_t(sector_t, dests->count, BIT(20))
				   << SECTOR_SHIFT))
		return -EINVAL;
	if (from &&
	    DIV_ROUND_UP(found.block, PAGE_SECTORS) > kc->own.pool.nr_pages)
		return -EINVAL;
	admitted = pressure_limits(kc);
	if (admitted) {
		err = pressure_admit(kc, !(flags & KCOPYD_NOWAIT));
		if (err)
			return err;
	}
	job = lock_and_alloc_job(kc, flags, &irq);
	if (!job) {
		kc->nr_admitted -= admitted;
		raw_spin_unlock_irqrestore(&kc->lock, irq);
		return -EAGAIN;
	}
	init_job(job, kc, flags, fn, context);
	if (unlikely(!__in_root_cgroup()))
		job->cgroup = find_cgroup(kc, flags, &irq);
	kc->nr_admitted -= admitted;
	set_regions(job, from, num_dests, dests, &found);
	engine_submit(job, irq);
	return 0;
}

/**
 * kcopyd_copy - copy a region to one or more others
 * @kc: the client
 * @from: the source
 * @num_dests: number of destinations, 1 to KCOPYD_MAX_REGIONS
 * @dests: the destinations, each as long as the source
 * @flags: mask of KCOPYD_IGNORE_ERROR, KCOPYD_WRITE_SEQ, KCOPYD_NOWAIT,
 *	KCOPYD_DURABLE and KCOPYD_ORDERED
 * @fn: called once when the copy has ended, if 0 was returned
 * @context: for @fn, and for kcopyd_cancel()
 *
 * Sectors and counts must be multiples of the logical block size of every
 * device of the job. Regions may not overlap. A length of 0 is fine.
 *
 * A destination that is read-only, or ends before its region does, or is gone, is
 * one that has failed: it is not touched, its bit is set in write_err, and the
 * others get the whole copy.
 *
 * Context: Process context; may sleep, for one small object (GFP_NOIO), to submit a
 * read, and for kcopyd_client_set_max_jobs(). With KCOPYD_NOWAIT any context but NMI.
 * Return: 0 if the job was accepted. -EINVAL for a NULL pointer, an unknown
 * flag, a number or a region out of range, counts that differ, a misaligned or
 * overlapping region, a client with less memory than one logical block, or if
 * the source is too short or all destinations are; -EROFS if no destination can
 * be written and all that could be are read-only; -EAGAIN if the call would sleep
 * and @flags has KCOPYD_NOWAIT.
 */
int kcopyd_copy(struct kcopyd_client *kc, struct io_region *from,
		unsigned int num_dests, struct io_region *dests,
		unsigned int flags, kcopyd_notify_fn fn, void *context)
{
	if (!from || !fn || flags & ~KCOPYD_FLAGS)
		return -EINVAL;
	return job_submit(kc, from, num_dests, dests, flags,
			  (union job_fn){ .native = fn }, context);
}
EXPORT_SYMBOL_GPL(kcopyd_copy);

/**
 * kcopyd_zero - fill one or more regions with zeroes
 * @kc: the client
 * @num_dests: number of regions, 1 to KCOPYD_MAX_REGIONS
 * @dests: the regions, all of one length
 * @flags: as for kcopyd_copy()
 * @fn: called once when all is done, if 0 was returned
 * @context: for @fn, and for kcopyd_cancel()
 *
 * Devices that can zero on command are told to, and may deallocate the blocks;
 * to the others, and to those that refuse when they are told, zeroes are
 * written. None of the client's pages are used.
 *
 * Context: As for kcopyd_copy().
 * Return: As for kcopyd_copy().
 */
int kcopyd_zero(struct kcopyd_client *kc, unsigned int num_dests,
		struct io_region *dests, unsigned int flags,
		kcopyd_notify_fn fn, void *context)
{
	if (!fn || flags & ~KCOPYD_FLAGS)
		return -EINVAL;
	return job_submit(kc, NULL, num_dests, dests, flags,
			  (union job_fn){ .native = fn }, context);
}
EXPORT_SYMBOL_GPL(kcopyd_zero);

/**
 * kcopyd_write_error - tell why a destination has failed, as far as that can be seen
 * @dest: one whose bit is set in write_err
 *
 * For messages: it looks at the device as it is now.
 *
 * Context: Any.
 * Return: -ENXIO if the device is gone or too short, -EROFS if it is read-only, else
 * -EIO.
 */
int kcopyd_write_error(const struct io_region *dest)
{
	if (!io_region_fits(dest))
		return -ENXIO;
	return bdev_read_only(dest->bdev) ? -EROFS : -EIO;
}
EXPORT_SYMBOL_GPL(kcopyd_write_error);

/**
 * kcopyd_cancel - stop the jobs that were submitted with a context
 * @kc: the client
 * @context: the context of the jobs
 *
 * No new I/O starts for these jobs; a bio that is just being submitted counts as
 * in flight. When that has ended, their callbacks are called, with a read_err of
 * -ECANCELED. A job that is over already, though its callback was not called
 * yet, is left alone. Does not wait.
 *
 * Context: Any but NMI; callbacks of the client too.
 * Return: The number of jobs stopped, or -EINVAL if @kc is NULL.
 */
int kcopyd_cancel(struct kcopyd_client *kc, void *context)
{
	if (!kc)
		return -EINVAL;
	return engine_cancel(kc, context);
}
EXPORT_SYMBOL_GPL(kcopyd_cancel);

/**
 * job_prepare - reserve all that a callback needs
 * @kc: the client
 * @flags: 0 or JOB_DROPIN
 * @fn: the callback
 * @context: for @fn
 *
 * Context: Process context. May sleep (GFP_NOIO).
 * Return: A job for engine_call_back().
 */
struct job *job_prepare(struct kcopyd_client *kc, unsigned int flags,
			union job_fn fn, void *context)
{
	unsigned long irq;
	struct job *job;

	job = lock_and_alloc_job(kc, 0, &irq);
	init_job(job, kc, flags, fn, context);
	job->callback_only = true;
	kc->nr_prepared++;
	raw_spin_unlock_irqrestore(&kc->lock, irq);
	return job;
}

/**
 * kcopyd_prepare_callback - reserve all that a callback of the client needs
 * @kc: the client
 * @fn: the callback
 * @context: for @fn
 *
 * For drivers that want something done in the order and the context of the
 * client's callbacks, though they learn of it where nothing can be allocated.
 *
 * Context: Process context. May sleep (GFP_NOIO).
 * Return: A handle for kcopyd_do_callback(), which must be called once with it
 * before the client can be destroyed. NULL if @kc or @fn is NULL.
 */
void *kcopyd_prepare_callback(struct kcopyd_client *kc, kcopyd_notify_fn fn,
			      void *context)
{
	if (!kc || !fn)
		return NULL;
	return job_prepare(kc, 0, (union job_fn){ .native = fn }, context);
}
EXPORT_SYMBOL_GPL(kcopyd_prepare_callback);

/**
 * kcopyd_do_callback - trigger a prepared callback
 * @callback: from kcopyd_prepare_callback(); gone after this
 * @read_err: passed to the callback
 * @write_err: passed to the callback
 *
 * Context: Any but NMI.
 */
void kcopyd_do_callback(void *callback, int read_err, unsigned int write_err)
{
	struct job *job = callback;

	if (WARN_ON_ONCE(!callback))
		return;
	job->read_err = read_err;
	job->write_err = write_err;
	engine_call_back(job);
}
EXPORT_SYMBOL_GPL(kcopyd_do_callback);

/**
 * kcopyd_client_get_stats - tell what a client has done and is doing
 * @kc: the client
 * @stats: filled in, all members as of one moment
 *
 * Context: Any but NMI.
 */
void kcopyd_client_get_stats(struct kcopyd_client *kc,
			     struct kcopyd_stats *stats)
{
	unsigned long flags;

	if (WARN_ON_ONCE(!kc || !stats))
		return;
	raw_spin_lock_irqsave(&kc->lock, flags);
	*stats = kc->stats;
	stats->jobs_pending = client_pending(kc);
	stats->waits_for = __look_client(kc);
	stats->pages_total = kc->own.pool.nr_pages;
	if (kc->shares)
		stats->pages_total += reserve_pages();
	raw_spin_unlock_irqrestore(&kc->lock, flags);
}
EXPORT_SYMBOL_GPL(kcopyd_client_get_stats);

/**
 * kcopyd_wait_name - the word for a reason to wait
 * @reason: the reason
 *
 * Context: Any.
 * Return: The word; "none" if there is no such reason.
 */
const char *kcopyd_wait_name(enum kcopyd_wait reason)
{
	static const char *const names[KCOPYD_NR_WAITS] = {
		[KCOPYD_WAIT_PAGES] = "pages",
		[KCOPYD_WAIT_THROTTLE] = "throttle",
		[KCOPYD_WAIT_RATE] = "rate",
		[KCOPYD_WAIT_YIELD] = "yield",
		[KCOPYD_WAIT_CGROUP] = "cgroup",
		[KCOPYD_WAIT_QUEUE] = "queue",
		[KCOPYD_WAIT_DEVICE] = "device",
		[KCOPYD_WAIT_SUBMIT] = "submit",
		[KCOPYD_WAIT_CALLBACK] = "callback",
		[KCOPYD_WAIT_JOBS] = "jobs",
	};

	return reason < KCOPYD_NR_WAITS && names[reason] ? names[reason] :
							   "none";
}
EXPORT_SYMBOL_GPL(kcopyd_wait_name);

static int __init kcopyd_init(void)
{
	int err;

	/* The kernel's dm-kcopyd has a cache that is named kcopyd_job. */
	job_cache = kmem_cache_create("kcopyd_mod_job", sizeof(struct job), 0,
				      0, NULL);
	if (!job_cache)
		return -ENOMEM;
	err = region_io_setup();
	if (err)
		goto err_region;
	err = job_cgroup_setup();
	if (err)
		goto err_cgroup;
	err = -ENOMEM;
	free_wq = alloc_workqueue("kcopyd_free", WQ_PERCPU, 0);
	if (!free_wq)
		goto err_free_wq;
	debugfs_init();
	fault_setup();
	return 0;

err_free_wq:
	job_cgroup_cleanup();
err_cgroup:
	region_io_cleanup();
err_region:
	kmem_cache_destroy(job_cache);
	return err;
}

static void __exit kcopyd_exit(void)
{
	/*
	 * Whoever ended the last bio may have been preempted on the way out of our
	 * code. No client is left that could be waited for, and this waits for all
	 * tasks to leave.
	 */
	synchronize_rcu_tasks();
	/* Clients that are to be freed are queued by RCU. */
	rcu_barrier();
	destroy_workqueue(free_wq);
	fault_cleanup();
	debugfs_exit();
	job_cgroup_cleanup();
	region_io_cleanup();
	kmem_cache_destroy(job_cache);
}

module_init(kcopyd_init);
module_exit(kcopyd_exit);

MODULE_DESCRIPTION("Asynchronous copies between block devices");
MODULE_AUTHOR("The kcopyd authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(KCOPYD_VERSION);
MODULE_ALIAS("kcopyd");
