// SPDX-License-Identifier: GPL-2.0
/*
 * Turns: which jobs get their next piece
 *
 * A job waits in the client's list of turns. Whenever there is room, the first in
 * line gets one piece and goes to the end of the line. All here is done under the
 * client's lock.
 *
 * What is hard is progress with one page. Nothing waits for memory while it holds
 * some: a piece gets all its pages at once, before its first I/O, and then runs to
 * its end. The first in line waits until there is room, and nobody overtakes it.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/time64.h>

#include "job_cgroup.h"
#include "join.h"
#include "observe.h"
#include "throttle.h"
#include "turns.h"
#include "yield.h"

/*
 * A device that zeroes on command does not need our memory, so such pieces can
 * be longer: 32 MiB.
 */
#define ZERO_PIECE_SECTORS_MAX 65536

/* Who has to wait for a time waits so much longer, to start several pieces then. */
#define BATCH_NS NSEC_PER_MSEC

/* So many jobs that can't be started are passed before the lock is released. */
#define LOOKS_MAX 64

/* One job has no more pieces than this in flight, to leave room for others. */
#define JOB_PIECES_MAX 8

static struct job *first_turn(struct kcopyd_client *kc)
{
	return list_first_entry_or_null(&kc->turns, struct job, turn);
}

static unsigned int pieces_max(const struct job *job)
{
	/* Zeroes need not be read ahead, so one piece keeps their order. */
	if (job_is_zeroing(job) && job->flags & KCOPYD_WRITE_SEQ)
		return 1;
	return JOB_PIECES_MAX;
}

static noinline unsigned int limited_piece_max(const struct job *job)
{
	const struct kcopyd_client *kc = job->kc;
	unsigned int max = UINT_MAX;

	if (rate_limits(&kc->rate))
		max = rate_piece_sectors(&kc->rate, job->block);
	if (kc->yield.background)
		max = min(max, yield_piece_sectors(job));
	if (job->cgroup)
		max = min(max, job_cgroup_piece_sectors(job));
	return max;
}

/* How long a piece may be, in sectors, as far as all policies are concerned. */
static __always_inline unsigned int piece_max(const struct job *job)
{
	if (likely(!job->kc->limited && !job->cgroup))
		return UINT_MAX;
	return limited_piece_max(job);
}

static unsigned int zero_piece_length(const struct job *job)
{
	unsigned int max = REGION_ZERO_SECTORS;

	if (READ_ONCE(job->offload) == job_all_places(job))
		max = ZERO_PIECE_SECTORS_MAX;
	return min3(job->count - job->next, (sector_t)max,
		    (sector_t)piece_max(job));
}

/*
 * Get room for a piece of a copy. A client that shares borrows it, but uses its own
 * for what is small; and where it could not borrow and nothing borrowed, or nothing
 * of the job, is in flight, so that it depends on nobody.
 */
static __always_inline struct copy_room *
__get_room(struct kcopyd_client *kc, const struct job *job, sector_t left)
{
	bool own = !kc->shares || left <= kc->own.piece_sectors;
	struct copy_room *room = NULL;

	if (own)
		room = copy_space_get(&kc->own, left, job->block);
	if (!room && kc->shares)
		room = reserve_get(&kc->borrower, left, job->block);
	if (!room && !own && (!kc->borrower.rooms || !job->inflight))
		room = copy_space_get(&kc->own, left, job->block);
	if (!room)
		return NULL;
	kc->stats.pages_in_use += room->nr_pages;
	kc->stats.pages_peak = max(kc->stats.pages_peak,
				   kc->stats.pages_in_use);
	return room;
}

static void __put_pages(struct kcopyd_client *kc, struct copy_room *room)
{
	if (!room->nr_runs)
		return;
	kc->stats.pages_in_use -= room->nr_pages;
	if (room->space == &kc->own)
		copy_space_put_pages(room);
	else
		reserve_put_pages(&kc->borrower, room);
}

static __always_inline void __put_piece(struct kcopyd_client *kc,
					struct piece *piece)
{
	struct copy_room *room = &piece->room;

	if (piece->throttled)
		throttle_end(kc->throttle);
	if (unlikely(piece->job->cgroup))
		__job_cgroup_uncharge(piece);
	if (unlikely(piece->slots))
		__yield_uncharge(piece);
	list_del(&room->list);
	if (room->space == &kc->own)
		copy_space_put(room);
	else
		reserve_put(&kc->borrower, room);
}

/*
 * Get room for a whole job and those that can be joined with it. If none can, no
 * others are in the run. If there is no room for all of them, but some will come back,
 * it is worth waiting for: the others are still in the run then. Started in smaller
 * parts, they would end as such, and leave room for no more to those that follow.
 */
static struct copy_room *__get_room_for_run(struct kcopyd_client *kc,
					    struct job *job,
					    struct run_of_jobs *run)
{
	unsigned int longest = min(kc->own.piece_sectors, piece_max(job));
	struct copy_room *room;

	__join(kc, job, run,
	       kc->shares ? min(reserve_longest(), piece_max(job)) : longest);
	if (list_empty(&run->others))
		return NULL;
	room = __get_room(kc, job, run->sectors);
	if (!room && kc->stats.pages_in_use)
		return NULL;
	if (!room && kc->shares) {
		__unjoin(job, run);
		__join(kc, job, run, longest);
		room = __get_room(kc, job, run->sectors);
	}
	if (!room || room->sectors < run->sectors)
		__unjoin(job, run);
	return room;
}

/* What a piece begins with, whatever it is for. */
static void init_piece(struct piece *piece, struct job *job, enum phase phase,
		       unsigned int sectors)
{
	piece->room.io.stop = &job->stop;
	piece->room.io.write_read_only = job->flags & JOB_DROPIN;
	piece->room.io.bio_ended = NULL;
	piece->room.io.css = job->cgroup ? job->cgroup->css : NULL;
	piece->room.io.owner = &job->kc->owner;
	piece->kc = job->kc;
	piece->job = job;
	piece->phase = phase;
	piece->offset = job->next;
	piece->sectors = sectors;
	piece->zeroed = 0;
	piece->read = 0;
	piece->written = 0;
	piece->is_joined = false;
	piece->slots = 0;
}

/* A job has got its piece: does it get more turns now? */
static __always_inline void __end_turn(struct kcopyd_client *kc,
				       struct job *job, unsigned int sectors)
{
	observe_started(job);
	job->next += sectors;
	job->inflight++;
	if (job_has_more(job) && job->inflight < pieces_max(job))
		list_move_tail(&job->turn, &kc->turns);
	else
		list_del_init(&job->turn);
}

static struct piece *__next_zeroes(struct kcopyd_client *kc, struct job *job)
{
	struct copy_room *room = copy_space_get_bare(&kc->own);
	struct piece *piece;

	if (!room)
		return NULL;
	piece = container_of(room, struct piece, room);
	init_piece(piece, job, PHASE_ZERO_COMMAND, zero_piece_length(job));
	__end_turn(kc, job, piece->sectors);
	return piece;
}

static struct piece *__next_copy(struct kcopyd_client *kc, struct job *job)
{
	sector_t left = min_t(sector_t, job->count - job->next, piece_max(job));
	bool looks = left == job->count && __may_join(kc, job);
	struct run_of_jobs run = { .sectors = 0 };
	struct copy_room *room = NULL;
	struct piece *piece;

	if (looks)
		room = __get_room_for_run(kc, job, &run);
	if (!room && run.sectors > left)
		__unjoin(job, &run);
	else if (!room)
		room = __get_room(kc, job, left);
	if (!room)
		return NULL;
	piece = container_of(room, struct piece, room);
	if (run.sectors > left) {
		init_piece(piece, run.first, PHASE_READ, run.sectors);
		__join_in(piece, job, &run);
	} else {
		init_piece(piece, job, PHASE_READ,
			   min_t(sector_t, room->sectors, left));
		__end_turn(kc, job, piece->sectors);
	}
	return piece;
}

/* Look again after this time. */
static void __set_timer(struct kcopyd_client *kc, u64 ns)
{
	hrtimer_start(&kc->timer, ns_to_ktime(ns), HRTIMER_MODE_REL);
}

/* Who is first in line and may be started? */
static struct job *__first_to_start(struct kcopyd_client *kc)
{
	unsigned int looks = 0;
	struct job *job;

	while ((job = first_turn(kc))) {
		if (job_stopped(job)) {
			/* The end of the piece that failed will finish it. */
			list_del_init(&job->turn);
		} else if (unlikely(job->cgroup) &&
			   !__job_cgroup_may_start(job->cgroup)) {
			list_move_tail(&job->turn, &job->cgroup->waiting);
		} else {
			break;
		}
		if (++looks == LOOKS_MAX) {
			__set_timer(kc, 0);
			return NULL;
		}
	}
	return job;
}

/* Make a piece for a job that is first in line, if there is room for it. */
static struct piece *__next_piece(struct kcopyd_client *kc, struct job *job)
{
	struct piece *piece;

	kc->waits_for = KCOPYD_WAIT_PAGES;
	piece = job_is_zeroing(job) ? __next_zeroes(kc, job) :
				      __next_copy(kc, job);
	if (!piece)
		return NULL;
	kc->waits_for = KCOPYD_WAIT_NONE;
	if (unlikely(job->cgroup))
		__job_cgroup_charge(piece);
	return piece;
}

/* Does the throttle let a piece begin? If not, it will be asked again. */
static bool __throttle_allows(struct kcopyd_client *kc)
{
	unsigned long wait = throttle_begin(kc->throttle, &kc->throttled);

	if (wait) {
		mod_delayed_work(kc->wq, &kc->unthrottle, wait);
		kc->waits_for = KCOPYD_WAIT_THROTTLE;
	}
	return !wait;
}

/* Do the policies let a piece of a job begin? If not, they will be asked again. */
static bool __policies_allow(struct kcopyd_client *kc, const struct job *job)
{
	u64 now = ktime_get_ns(), wait = 0;

	if (rate_limits(&kc->rate)) {
		wait = rate_delay(&kc->rate, now);
		kc->waits_for = KCOPYD_WAIT_RATE;
	}
	if (!wait && kc->yield.background) {
		wait = __yield_delay(kc, job, now);
		kc->waits_for = KCOPYD_WAIT_YIELD;
	}
	if (wait && wait != YIELD_UNTIL_TOLD)
		__set_timer(kc, wait + BATCH_NS);
	return !wait;
}

/* Tell the policies that a piece begins. */
static void __charge_policies(struct kcopyd_client *kc, struct piece *piece)
{
	u64 now = ktime_get_ns();

	if (rate_limits(&kc->rate))
		rate_charge(&kc->rate, now,
			    (u64)piece->sectors << SECTOR_SHIFT);
	if (kc->yield.background)
		__yield_charge(piece, now);
}

/* Make a piece, if there is room, and the policies and the throttle allow. */
static struct piece *__start_one(struct kcopyd_client *kc)
{
	bool throttled = throttle_limits(kc->throttle);
	struct job *job = __first_to_start(kc);
	struct piece *piece;

	if (!job)
		return NULL;
	if (unlikely(kc->limited) && !__policies_allow(kc, job))
		return NULL;
	if (!throttled)
		kc->throttled = 0;
	else if (!__throttle_allows(kc))
		return NULL;
	piece = __next_piece(kc, job);
	if (!piece) {
		if (throttled)
			throttle_end(kc->throttle);
		return NULL;
	}
	piece->throttled = throttled;
	if (unlikely(kc->limited))
		__charge_policies(kc, piece);
	return piece;
}

/* Is there a job that would borrow from the reserve now? */
static bool __needs_room(struct kcopyd_client *kc)
{
	struct job *job = first_turn(kc);

	return job && !job_is_zeroing(job) &&
	       kc->waits_for <= KCOPYD_WAIT_PAGES;
}

/* How many sectors the first step of a piece moves, at the most. */
static unsigned int first_step(const struct piece *piece)
{
	const struct job *job = piece->job;

	if (!job_is_zeroing(job))
		return piece->sectors;
	return min_t(unsigned int, piece->sectors, REGION_ZERO_SECTORS) *
	       hweight_long(job_places(job));
}

/**
 * __turns_start - make pieces for all that there is room for, in turns
 * @kc: the client; its lock is held
 * @started: where to put them, to be begun once the lock is released
 * @sectors: about how much is to be moved by them
 *
 * Context: Any.
 * Return: How much is left of @sectors.
 */
int __turns_start(struct kcopyd_client *kc, struct list_head *started,
		  int sectors)
{
	enum kcopyd_wait before;
	struct piece *piece;

	lockdep_assert_held(&kc->lock);
	before = kc->waits_for;
	kc->waits_for = KCOPYD_WAIT_NONE;
	while (sectors > 0 && !list_empty(&kc->turns) &&
	       (piece = __start_one(kc))) {
		list_add_tail(&piece->room.list, started);
		sectors -= first_step(piece);
	}
	observe_wait(kc, before);
	if (!list_empty(&kc->borrower.in_line) && !__needs_room(kc))
		reserve_leave_line(&kc->borrower);
	return sectors;
}

/* Is all that was written still to be flushed? */
static bool needs_flush(const struct job *job)
{
	return job->flags & KCOPYD_DURABLE && !job->flushed &&
	       !job_stopped(job) && job_all_places(job) & ~job->write_err;
}

/* Take back what a piece had, but the piece itself. */
static void __take_back(struct kcopyd_client *kc, struct piece *piece)
{
	__put_pages(kc, &piece->room);
	kc->stats.sectors_read += piece->read;
	if (job_is_zeroing(piece->job))
		kc->stats.sectors_zeroed += piece->written;
	else
		kc->stats.sectors_written += piece->written;
}

/**
 * __turns_retire - take pieces back, and put their jobs in line again
 * @kc: the client; its lock is held
 * @retired: pieces of it that have ended
 * @flushes: where to put those of jobs that have to flush now, to be begun again
 * @over: where to put the jobs that are over
 *
 * Context: Any.
 */
void __turns_retire(struct kcopyd_client *kc, struct list_head *retired,
		    struct list_head *flushes, struct list_head *over)
{
	struct piece *piece, *next;

	lockdep_assert_held(&kc->lock);
	list_for_each_entry_safe(piece, next, retired, room.list) {
		struct job *job = piece->job;

		__take_back(kc, piece);
		job->progress = jiffies;
		if (unlikely(piece->is_joined)) {
			__join_ended(piece, over);
			__put_piece(kc, piece);
			continue;
		}
		if (!job_has_more(job) && job->inflight == 1 &&
		    needs_flush(job)) {
			job->flushed = true;
			piece->phase = PHASE_FLUSH;
			piece->read = 0;
			piece->written = 0;
			list_move_tail(&piece->room.list, flushes);
			continue;
		}
		__put_piece(kc, piece);
		job->inflight--;
		if (job_has_more(job)) {
			if (list_empty(&job->turn))
				list_add_tail(&job->turn, &kc->turns);
		} else if (!job->inflight) {
			list_move_tail(&job->turn, over);
		} else {
			list_del_init(&job->turn);
		}
	}
}
