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
#include "throttle.h"
#include "turns.h"

/*
 * A device that zeroes on command does not need our memory, so such pieces can
 * be longer: 32 MiB.
 */
#define ZERO_PIECE_SECTORS_MAX 65536

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

static unsigned int zero_piece_length(const struct job *job)
{
	unsigned int max = REGION_ZERO_SECTORS;

	if (READ_ONCE(job->offload) == job_all_places(job))
		max = ZERO_PIECE_SECTORS_MAX;
	return min_t(sector_t, job->count - job->next, max);
}

/*
 * Get room for a piece of a copy. A client that shares borrows it, but uses its own
 * for what is small; and where it could not borrow and nothing borrowed, or nothing
 * of the job, is in flight, so that it depends on nobody.
 */
static struct copy_room *__get_room(struct kcopyd_client *kc,
				    const struct job *job)
{
	sector_t left = job->count - job->next;
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

static void __put_piece(struct kcopyd_client *kc, struct piece *piece)
{
	struct copy_room *room = &piece->room;

	if (piece->throttled)
		throttle_end(kc->throttle);
	list_del(&room->list);
	if (room->space == &kc->own)
		copy_space_put(room);
	else
		reserve_put(&kc->borrower, room);
}

/* Make a piece for the first in line, if there is room for it. */
static struct piece *__next_piece(struct kcopyd_client *kc)
{
	struct copy_room *room;
	struct piece *piece;
	struct job *job;

	/* The end of the piece that failed will finish these. */
	while ((job = first_turn(kc)) && job_stopped(job))
		list_del_init(&job->turn);
	if (!job)
		return NULL;
	if (job_is_zeroing(job))
		room = copy_space_get_bare(&kc->own);
	else
		room = __get_room(kc, job);
	if (!room)
		return NULL;

	room->io.stop = &job->stop;
	room->io.write_read_only = job->flags & JOB_DROPIN;
	piece = container_of(room, struct piece, room);
	if (job_is_zeroing(job)) {
		piece->phase = PHASE_ZERO_COMMAND;
		piece->sectors = zero_piece_length(job);
	} else {
		piece->phase = PHASE_READ;
		piece->sectors = room->sectors;
	}
	piece->kc = kc;
	piece->job = job;
	piece->offset = job->next;
	piece->zeroed = 0;
	piece->read = 0;
	piece->written = 0;
	job->next += piece->sectors;
	job->inflight++;
	if (job_has_more(job) && job->inflight < pieces_max(job))
		list_move_tail(&job->turn, &kc->turns);
	else
		list_del_init(&job->turn);
	return piece;
}

/* Does the throttle let a piece begin? If not, it will be asked again. */
static bool __throttle_allows(struct kcopyd_client *kc)
{
	unsigned long wait = throttle_begin(kc->throttle, &kc->throttled);

	if (wait)
		mod_delayed_work(kc->wq, &kc->unthrottle, wait);
	return !wait;
}

/* Make a piece, if there is room and the throttle allows. */
static struct piece *__start_one(struct kcopyd_client *kc)
{
	bool limited = throttle_limits(kc->throttle);
	struct piece *piece;

	if (!limited)
		kc->throttled = 0;
	else if (!__throttle_allows(kc))
		return NULL;
	piece = __next_piece(kc);
	if (piece)
		piece->throttled = limited;
	else if (limited)
		throttle_end(kc->throttle);
	return piece;
}

/* Is there a job that would borrow from the reserve now? */
static bool __needs_room(struct kcopyd_client *kc)
{
	struct job *job = first_turn(kc);

	return job && !job_is_zeroing(job) && !kc->throttled;
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
	struct piece *piece;

	lockdep_assert_held(&kc->lock);
	while (sectors > 0 && !list_empty(&kc->turns) &&
	       (piece = __start_one(kc))) {
		list_add_tail(&piece->room.list, started);
		sectors -= first_step(piece);
	}
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
