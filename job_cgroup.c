// SPDX-License-Identifier: GPL-2.0
/*
 * The jobs of a client that one block cgroup has submitted
 *
 * All bios of a job are those of the cgroup of the task that submitted it, whoever
 * starts them. A cgroup may be limited: then its bios wait in a queue of the block layer
 * (io.max), or submit_bio() sleeps (the controllers of cost and latency). Neither is to
 * hold up the jobs of others:
 *
 * The worker does not submit bios of cgroups. Each cgroup has a work for this, for each
 * client that it uses, and the worker hands the pieces to it.
 *
 * And the pieces of one cgroup's jobs never hold more of a client's memory than is left.
 * A job that is first in line, and would exceed that, waits apart, until a piece of its
 * cgroup has ended.
 *
 * Most tasks are in the root cgroup, as far as the block layer is concerned. That is
 * never limited, and has nothing of all this.
 */
#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "job_cgroup.h"
#include "compat.h"

/* How many pieces of a cgroup are in flight at once where pages are borrowed. */
#define SHARED_PIECES_MAX 4

/* A piece is no longer than this part of a client's memory. */
#define PART 8

/* A work that does one thing for longer than this sleeps in submit_bio(). */
#define SUBMIT_LONG (HZ / 10)

/* Its works may sleep for long, so they are not among those of the clients. */
static struct workqueue_struct *cgroup_wq;

/**
 * job_cgroup_setup - make what all clients share
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int job_cgroup_setup(void)
{
	cgroup_wq = alloc_workqueue("kcopyd_cgroup", WQ_MEM_RECLAIM | WQ_PERCPU,
				    0);
	return cgroup_wq ? 0 : -ENOMEM;
}

/**
 * job_cgroup_cleanup - undo job_cgroup_setup()
 *
 * Context: Process context. May sleep.
 */
void job_cgroup_cleanup(void)
{
	destroy_workqueue(cgroup_wq);
}

/* Our cgroup, with a reference; NULL for the root. */
static struct cgroup_subsys_state *current_css(void)
{
	struct cgroup_subsys_state *css = NULL;

#ifdef CONFIG_BLK_CGROUP
	rcu_read_lock();
	css = task_css(current, io_cgrp_id);
	if (css == blkcg_root_css || !css_tryget(css))
		css = NULL;
	rcu_read_unlock();
#endif
	return css;
}

static struct job_cgroup *__find(struct kcopyd_client *kc,
				 struct cgroup_subsys_state *css)
{
	struct job_cgroup *cgroup;

	list_for_each_entry(cgroup, &kc->cgroups, list)
		if (cgroup->css == css && refcount_inc_not_zero(&cgroup->refs))
			return cgroup;
	return NULL;
}

static void submit_pieces(struct work_struct *work)
{
	struct job_cgroup *cgroup = container_of(work, struct job_cgroup, work);
	struct llist_node *pieces = llist_del_all(&cgroup->pieces);
	struct piece *piece, *next;
	struct blk_plug plug;

	blk_start_plug(&plug);
	llist_for_each_entry_safe(piece, next, llist_reverse_order(pieces),
				  done) {
		WRITE_ONCE(cgroup->since, jiffies ?: 1);
		cgroup->submit(piece);
	}
	blk_finish_plug(&plug);
	WRITE_ONCE(cgroup->since, 0);
	job_cgroup_put(cgroup);
}

static struct job_cgroup *make(struct kcopyd_client *kc,
			       struct cgroup_subsys_state *css, gfp_t gfp)
{
	struct job_cgroup *cgroup = kzalloc(sizeof(*cgroup), gfp);

	if (!cgroup)
		return NULL;
	cgroup->kc = kc;
	cgroup->css = css;
	refcount_set(&cgroup->refs, 1);
	init_llist_head(&cgroup->pieces);
	INIT_WORK(&cgroup->work, submit_pieces);
	INIT_LIST_HEAD(&cgroup->waiting);
	return cgroup;
}

/**
 * job_cgroup_get - find or make that of the current task, which is not in the root
 * @kc: the client
 * @gfp: how to get memory, which may fail
 *
 * Context: Any but NMI, as @gfp says.
 * Return: The cgroup, for job_cgroup_put(). NULL for the root cgroup, or if there is no
 * memory: then the job counts as the root's.
 */
struct job_cgroup *job_cgroup_get(struct kcopyd_client *kc, gfp_t gfp)
{
	struct cgroup_subsys_state *css = current_css();
	struct job_cgroup *cgroup, *made;
	unsigned long irq;

	if (!css)
		return NULL;
	raw_spin_lock_irqsave(&kc->lock, irq);
	cgroup = __find(kc, css);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
	made = cgroup ? NULL : make(kc, css, gfp);
	if (!made) {
		css_put(css);
		return cgroup;
	}
	/* If somebody was faster there are two, each for some of the jobs. */
	raw_spin_lock_irqsave(&kc->lock, irq);
	list_add(&made->list, &kc->cgroups);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
	return made;
}

/**
 * job_cgroup_put - a job of it has ended
 * @cgroup: the cgroup
 *
 * Context: Any but NMI.
 */
void job_cgroup_put(struct job_cgroup *cgroup)
{
	struct kcopyd_client *kc = cgroup->kc;
	unsigned long irq;

	if (!refcount_dec_and_test(&cgroup->refs))
		return;
	/* It may be the last thing that the client's destruction waits for. */
	rcu_read_lock();
	raw_spin_lock_irqsave(&kc->lock, irq);
	list_del(&cgroup->list);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
	wake_up(&kc->progress);
	rcu_read_unlock();
	css_put(cgroup->css);
	kfree(cgroup);
}

/**
 * job_cgroup_submit - have a step of a piece submitted by its cgroup's work
 * @piece: a piece of a job of a cgroup, ready for its step
 * @submit: what submits it; always the same
 *
 * Context: Any.
 */
void job_cgroup_submit(struct piece *piece, void (*submit)(struct piece *piece))
{
	struct job_cgroup *cgroup = piece->job->cgroup;

	WRITE_ONCE(cgroup->submit, submit);
	/* The piece's job, which has a reference, may end as soon as it is added. */
	refcount_inc(&cgroup->refs);
	llist_add(&piece->done, &cgroup->pieces);
	if (!queue_work(cgroup_wq, &cgroup->work))
		job_cgroup_put(cgroup);
}

/**
 * job_cgroup_piece_sectors - how long a piece may be
 * @job: a job of a cgroup
 *
 * So that several have room in the part of the client's memory that its jobs may hold,
 * and one is read while another is written.
 *
 * Context: Any.
 * Return: The most, in sectors.
 */
unsigned int job_cgroup_piece_sectors(const struct job *job)
{
	const struct kcopyd_client *kc = job->kc;
	unsigned int sectors = kc->own.pool.nr_pages / PART * PAGE_SECTORS;

	if (kc->shares)
		return UINT_MAX;
	return max(round_down(sectors, job->block), job->block);
}

/**
 * __job_cgroup_may_start - may another piece of its jobs be started?
 * @cgroup: the cgroup; the client's lock is held
 *
 * Context: Any.
 * Return: true unless its jobs hold more than they leave.
 */
bool __job_cgroup_may_start(const struct job_cgroup *cgroup)
{
	const struct kcopyd_client *kc = cgroup->kc;

	lockdep_assert_held(&kc->lock);
	if (!cgroup->nr_pieces)
		return true;
	if (kc->shares)
		return cgroup->nr_pieces < SHARED_PIECES_MAX;
	return cgroup->nr_pieces < kc->own.nr_free &&
	       cgroup->nr_pages < kc->own.pool.nr_free;
}

/**
 * __job_cgroup_charge - a piece of one of its jobs was made
 * @piece: the piece; the client's lock is held
 *
 * Context: Any.
 */
void __job_cgroup_charge(struct piece *piece)
{
	struct job_cgroup *cgroup = piece->job->cgroup;

	piece->nr_charged = piece->room.nr_runs ? piece->room.nr_pages : 0;
	cgroup->nr_pieces++;
	cgroup->nr_pages += piece->nr_charged;
}

/**
 * __job_cgroup_uncharge - it has ended; jobs that wait may be started
 * @piece: the piece; the client's lock is held
 *
 * Context: Any.
 */
void __job_cgroup_uncharge(struct piece *piece)
{
	struct job_cgroup *cgroup = piece->job->cgroup;
	struct list_head *turns = &cgroup->kc->turns;

	cgroup->nr_pieces--;
	cgroup->nr_pages -= piece->nr_charged;
	/* There is always a piece that will end while jobs wait. */
	if (!cgroup->nr_pieces)
		list_splice_tail_init(&cgroup->waiting, turns);
	else if (!list_empty(&cgroup->waiting))
		list_move_tail(cgroup->waiting.next, turns);
}

/**
 * job_cgroup_is_stuck - does its work sleep in submit_bio()?
 * @cgroup: the cgroup
 *
 * Context: Any.
 * Return: true if it has done so for a while.
 */
bool job_cgroup_is_stuck(const struct job_cgroup *cgroup)
{
	unsigned long since = READ_ONCE(cgroup->since);

	return since && time_after(jiffies, since + SUBMIT_LONG);
}
