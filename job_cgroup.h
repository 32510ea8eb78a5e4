/* SPDX-License-Identifier: GPL-2.0 */
/* The jobs of a client that one block cgroup has submitted; see job_cgroup.c. */
#ifndef KCOPYD_JOB_CGROUP_H
#define KCOPYD_JOB_CGROUP_H

#include <linux/blk-cgroup.h>
#include <linux/cgroup.h>

#include "client.h"

/**
 * struct job_cgroup - the jobs of one cgroup
 * @list: on the client's @cgroups
 * @kc: the client
 * @css: the cgroup
 * @refs: each job has one, and @work while it is queued or runs
 * @pieces: to be submitted by @work
 * @work: submits them, and may sleep for as long as the cgroup is limited
 * @since: when it began with what it does now, in jiffies; 0 if with nothing
 * @submit: what it does with each
 * @waiting: jobs that leave room for those of others
 * @nr_pieces: of its jobs, that have not ended
 * @nr_pages: that these hold
 */
struct job_cgroup {
	struct list_head list;
	struct kcopyd_client *kc;
	struct cgroup_subsys_state *css;
	refcount_t refs;
	struct llist_head pieces;
	struct work_struct work;
	unsigned long since;
	void (*submit)(struct piece *piece);
	/* The client's lock guards these. */
	struct list_head waiting;
	unsigned int nr_pieces;
	unsigned int nr_pages;
};

/* Is the current task in the root cgroup? The client's lock is held. */
static inline bool __in_root_cgroup(void)
{
#ifdef CONFIG_BLK_CGROUP
	return !in_task() || task_css(current, io_cgrp_id) == blkcg_root_css;
#else
	return true;
#endif
}

int job_cgroup_setup(void);
void job_cgroup_cleanup(void);

struct job_cgroup *job_cgroup_get(struct kcopyd_client *kc, gfp_t gfp);
void job_cgroup_put(struct job_cgroup *cgroup);
void job_cgroup_submit(struct piece *piece,
		       void (*submit)(struct piece *piece));
unsigned int job_cgroup_piece_sectors(const struct job *job);
bool __job_cgroup_may_start(const struct job_cgroup *cgroup);
void __job_cgroup_charge(struct piece *piece);
void __job_cgroup_uncharge(struct piece *piece);
bool job_cgroup_is_stuck(const struct job_cgroup *cgroup);

#endif /* KCOPYD_JOB_CGROUP_H */
