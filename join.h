/* SPDX-License-Identifier: GPL-2.0 */
/* Adjacent copies become one; see join.c. */
#ifndef KCOPYD_JOIN_H
#define KCOPYD_JOIN_H

#include "client.h"

/* Can this one, which is the first in line, be joined with others? */
static inline bool may_join(const struct kcopyd_client *kc,
			    const struct job *job)
{
	return !job->next && !job->alone && !list_is_singular(&kc->turns) &&
	       !(job->flags & (KCOPYD_WRITE_SEQ | KCOPYD_DURABLE)) &&
	       !job_is_zeroing(job);
}

/* So many looks in vain, and it is time to look at more again. */
#define JOIN_FAILURES_MAX 16

/* Was there one to join? Fewer are looked at next time if not. */
static inline void __join_tells(struct kcopyd_client *kc, bool joined)
{
	if (joined || ++kc->join_failures == JOIN_FAILURES_MAX)
		kc->join_failures = 0;
}

/**
 * struct run_of_jobs - jobs that are adjacent
 * @first: the one with the lowest sectors
 * @others: all but the one that was asked about, in line
 * @sectors: of all
 */
struct run_of_jobs {
	struct job *first;
	struct list_head others;
	sector_t sectors;
};

void __join(struct kcopyd_client *kc, struct job *job, struct run_of_jobs *run,
	    unsigned int max);
void __unjoin(struct job *job, struct run_of_jobs *run);
void __join_in(struct piece *piece, struct job *job, struct run_of_jobs *run);
void __join_ended(struct piece *piece, struct list_head *over);

#endif /* KCOPYD_JOIN_H */
