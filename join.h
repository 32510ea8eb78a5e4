/* SPDX-License-Identifier: GPL-2.0 */
/* Adjacent copies become one; see join.c. */
#ifndef KCOPYD_JOIN_H
#define KCOPYD_JOIN_H

#include "client.h"

/* After a look in vain, so many times only at the next in line. */
#define JOIN_PEEKS 16

/* Does @job continue what begins with @first and is so long, up or down? */
static inline bool job_continues(const struct job *first, sector_t sectors,
				 const struct job *job)
{
	return job->from.sector == first->from.sector + sectors ||
	       job->from.sector + job->count == first->from.sector;
}

/* Is it worth a look whether @job, the first in line, can be joined with others? */
static inline bool __may_join(struct kcopyd_client *kc, const struct job *job)
{
	if (job->next || job->alone || list_is_singular(&kc->turns) ||
	    job->flags & KCOPYD_WRITE_SEQ || job_is_zeroing(job))
		return false;
	if (!kc->join_peeks ||
	    job_continues(job, job->count, list_next_entry(job, turn)))
		return true;
	kc->join_peeks--;
	return false;
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
