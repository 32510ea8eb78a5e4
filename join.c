// SPDX-License-Identifier: GPL-2.0
/*
 * Adjacent copies become one
 *
 * Who copies a device chunk by chunk, or whose writers write in order, queues
 * copies that continue each other. When a job is first in line, it takes those with it
 * that are queued already and continue it, in either direction, on the same devices:
 * one read, and one write for each destination, in place of many. Nobody waits for a
 * neighbour to come.
 *
 * No job can tell. If anything of the joined I/O fails, or one of its jobs is
 * cancelled, all that was done is forgotten and each of its jobs goes back into the
 * line, to be done alone. So what each is told is what it would have been told anyway.
 * Jobs whose writes can't be repeated are not joined. Durable ones share their flush.
 *
 * Looking costs something, also where no copies are adjacent. So only the next few in
 * line are looked at; and when that was in vain, only the very next for a while.
 *
 * All here is done under the client's lock.
 */
#include <linux/jiffies.h>

#include "join.h"
#include "observe.h"

/* How many jobs in line are looked at for the one that continues. */
#define LOOKS_MAX 8

/* And so many are joined at most: what is done for each is done under the lock. */
#define JOBS_MAX 128U

/* Are the destinations where they have to be to be written with those of @first? */
static bool same_places(const struct job *first, const struct job *job)
{
	const sector_t distance = job->from.sector - first->from.sector;
	unsigned long places = first->places;
	unsigned int i;

	if (job->places != first->places || job->flags != first->flags ||
	    job->write_err || job->next || job->alone ||
	    job->cgroup != first->cgroup)
		return false;
	for_each_set_bit(i, &places, KCOPYD_MAX_REGIONS)
		if (job->to[i].bdev != first->to[i].bdev ||
		    job->to[i].sector - first->to[i].sector != distance)
			return false;
	return true;
}

/**
 * __join - find the jobs in line that can be done with one
 * @kc: the client
 * @job: the first in line; __may_join() said yes
 * @run: filled in; the others stay in line
 * @max: no more sectors than this in all
 *
 * Context: Any.
 */
void __join(struct kcopyd_client *kc, struct job *job, struct run_of_jobs *run,
	    unsigned int max)
{
	unsigned int looks = LOOKS_MAX, nr = 1;
	struct job *other;

	run->first = job;
	run->sectors = job->count;
	INIT_LIST_HEAD(&run->others);
	if (job->write_err)
		return;
	other = job;
	list_for_each_entry_continue(other, &kc->turns, turn) {
		if (other->from.bdev == job->from.bdev &&
		    job_continues(run->first, run->sectors, other) &&
		    run->sectors + other->count <= max &&
		    same_places(run->first, other)) {
			list_add_tail(&other->ready, &run->others);
			if (other->from.sector < run->first->from.sector)
				run->first = other;
			run->sectors += other->count;
			looks = LOOKS_MAX + 1;
			if (++nr == JOBS_MAX)
				break;
		}
		if (!--looks)
			break;
	}
	/* A line that was shorter than that is no sign that the next look is in vain. */
	kc->join_peeks = nr == 1 && !looks ? JOIN_PEEKS : 0;
}

/**
 * __unjoin - each of them is on its own again
 * @job: the one for which the others were found
 * @run: what __join() found; no others are in it after this
 *
 * Context: Any.
 */
void __unjoin(struct job *job, struct run_of_jobs *run)
{
	struct job *other, *next;

	list_for_each_entry_safe(other, next, &run->others, ready)
		list_del_init(&other->ready);
	run->first = job;
	run->sectors = job->count;
}

static void __join_one(struct piece *piece, struct job *job)
{
	observe_started(job);
	list_move_tail(&job->turn, &piece->joined);
	job->next = job->count;
	job->inflight = 1;
	job->joined_in = piece;
}

/**
 * __join_in - all jobs of a run are done in one piece
 * @piece: the piece
 * @job: the one for which the others were found
 * @run: what __join() found; no others are in it after this
 *
 * Context: Any.
 */
void __join_in(struct piece *piece, struct job *job, struct run_of_jobs *run)
{
	struct job *other, *next;

	INIT_LIST_HEAD(&piece->joined);
	__join_one(piece, job);
	list_for_each_entry_safe(other, next, &run->others, ready) {
		list_del_init(&other->ready);
		__join_one(piece, other);
	}
	piece->is_joined = true;
	piece->spoiled = false;
	piece->stop = false;
	piece->room.io.stop = &piece->stop;
}

/**
 * __join_ended - the I/O of several jobs has ended
 * @piece: what they were joined in
 * @over: where to put the jobs that are over; the others are in line again
 *
 * Context: Any.
 */
void __join_ended(struct piece *piece, struct list_head *over)
{
	struct kcopyd_client *kc = piece->kc;
	struct job *job, *next;

	list_for_each_entry_safe(job, next, &piece->joined, turn) {
		job->inflight = 0;
		job->progress = jiffies;
		job->joined_in = NULL;
		if (piece->spoiled && !job_stopped(job)) {
			job->next = 0;
			job->alone = true;
			list_move_tail(&job->turn, &kc->turns);
		} else {
			list_move_tail(&job->turn, over);
		}
	}
}
