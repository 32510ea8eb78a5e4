// SPDX-License-Identifier: GPL-2.0
/*
 * Pieces: the steps of I/O that a part of a job goes through
 *
 * piece_begin() submits the first step, in the worker or in a submitter. From
 * then on the worker alone looks at a piece: piece_advance() takes the outcome
 * of the step that ended and submits the next one, or retires the piece.
 *
 * What is hard are sequential jobs. They read ahead, but their pieces are
 * written one by one, in ascending order, and a piece that was read too early
 * waits on the job's list @ready. While one waits there, an earlier piece is
 * being read or written, and the end of that looks at the list again; so no
 * piece is forgotten, also when the job is stopped meanwhile.
 *
 * A piece for several jobs tells them nothing of an error. It is spoiled, and ends.
 */
#include <linux/blkdev.h>

#include "job_cgroup.h"
#include "observe.h"
#include "piece.h"

/* Destinations have failed: stop the job if none is left. */
static void note_failed(struct job *job, unsigned long failed)
{
	unsigned int i;

	for_each_set_bit(i, &failed, KCOPYD_MAX_REGIONS)
		set_bit(i, &job->write_err);
	if (!job_places(job))
		job_stop(job);
}

/* How much of a piece is zeroed by writing at a time. */
static unsigned int zero_pages_sectors(const struct piece *piece)
{
	return min_t(unsigned int, REGION_ZERO_SECTORS,
		     piece->sectors - piece->zeroed);
}

/* Submit the bios of a step. */
static __always_inline void submit_step(struct piece *piece, enum phase phase,
					unsigned long places)
{
	struct region_io *io = &piece->room.io;
	struct job *job = piece->job;

	switch (phase) {
	case PHASE_READ:
		region_read(io, &job->from, piece->offset, piece->sectors);
		break;
	case PHASE_WRITE:
		region_write(io, job->to, places, piece->offset,
			     piece->sectors);
		break;
	case PHASE_ZERO_COMMAND:
		region_write_zeroes(io, job->to, places, piece->offset,
				    piece->sectors);
		break;
	case PHASE_ZERO_PAGES:
		region_write_zero_pages(io, job->to, places,
					piece->offset + piece->zeroed,
					zero_pages_sectors(piece));
		break;
	case PHASE_FLUSH:
		region_flush(io, job->to, places);
	}
}

/* For the work of the job's cgroup. */
static void submit_later(struct piece *piece)
{
	submit_step(piece, piece->phase, piece->submitting);
}

/* Begin a step. Inlined: each caller knows the phase. */
static __always_inline void issue(struct piece *piece, enum phase phase,
				  unsigned long places)
{
	piece->phase = phase;
	if (unlikely(piece->job->cgroup)) {
		piece->submitting = places;
		job_cgroup_submit(piece, submit_later);
	} else {
		submit_step(piece, phase, places);
	}
}

/*
 * Zero what is left of a piece by writing, a part at a time. Returns how many
 * sectors are written, of all destinations.
 */
static unsigned int write_zero_pages(struct piece *piece)
{
	unsigned int sectors = zero_pages_sectors(piece);
	unsigned long places = piece->places;

	issue(piece, PHASE_ZERO_PAGES, places);
	return sectors * hweight_long(places);
}

static void begin_zeroing(struct piece *piece)
{
	struct job *job = piece->job;
	unsigned long all = job_places(job);
	unsigned long command = all & READ_ONCE(job->offload);

	piece->places = all & ~command;
	/* Every destination may have failed since the piece was made. */
	if (!all)
		region_skip(&piece->room.io);
	else if (command)
		issue(piece, PHASE_ZERO_COMMAND, command);
	else
		write_zero_pages(piece);
}

/**
 * piece_begin - submit the first step of a piece
 * @piece: made, or retired to flush
 *
 * Context: Process context. May sleep.
 */
void piece_begin(struct piece *piece)
{
	struct job *job = piece->job;

	switch (piece->phase) {
	case PHASE_ZERO_COMMAND:
		begin_zeroing(piece);
		break;
	case PHASE_FLUSH:
		issue(piece, PHASE_FLUSH,
		      job_all_places(job) & ~job->write_err);
		break;
	default:
		issue(piece, PHASE_READ, BIT(0));
	}
}

static void read_failed(struct job *job, int err)
{
	if (!job->read_err)
		job->read_err = err;
	if (!(job->flags & KCOPYD_IGNORE_ERROR))
		job_stop(job);
}

/*
 * Take note of how writes of @sectors have ended. To have refused is not to have
 * failed.
 */
static __always_inline void
note_writes(struct piece *piece, unsigned int sectors, unsigned long refused)
{
	unsigned long failed = region_failed(&piece->room.io);
	struct job *job = piece->job;

	piece->written += hweight_long(piece->room.io.places & ~failed) *
			  sectors;
	failed &= ~refused;
	if (failed)
		note_failed(job, failed);
}

/* Returns how many sectors are written, of all destinations. */
static __always_inline unsigned int begin_write(struct piece *piece)
{
	struct job *job = piece->job;
	unsigned long places = job_places(job);
	unsigned int sectors = piece->sectors;

	piece->phase = PHASE_WRITE;
	if (likely(places))
		issue(piece, PHASE_WRITE, places);
	else
		region_skip(&piece->room.io);
	return sectors * hweight_long(places);
}

/* Keep the pieces that wait for their write sorted; the newest is mostly last. */
static void add_ready(struct piece *piece)
{
	struct job *job = piece->job;
	struct piece *before;

	list_for_each_entry_reverse(before, &job->ready, room.list)
		if (before->offset < piece->offset)
			break;
	list_add(&piece->room.list, &before->room.list);
}

/* Sequential: begin the next write if it is its turn. */
static unsigned int write_next(struct job *job, struct list_head *retired)
{
	struct piece *piece;

	if (job_stopped(job)) {
		list_splice_tail_init(&job->ready, retired);
		return 0;
	}
	piece = list_first_entry_or_null(&job->ready, struct piece, room.list);
	if (!piece || job->writing || piece->offset != job->written)
		return 0;
	list_del(&piece->room.list);
	job->writing = true;
	return begin_write(piece);
}

/* Several jobs: all is well, or each has to be done alone. */
static unsigned int spoil(struct piece *piece, struct list_head *retired)
{
	piece->spoiled = true;
	piece->read = 0;
	piece->written = 0;
	list_add_tail(&piece->room.list, retired);
	return 0;
}

static unsigned int joined_read_ended(struct piece *piece,
				      struct list_head *retired)
{
	if (region_failed(&piece->room.io) || READ_ONCE(piece->stop))
		return spoil(piece, retired);
	piece->read = piece->sectors;
	return begin_write(piece);
}

static unsigned int joined_write_ended(struct piece *piece,
				       struct list_head *retired)
{
	unsigned long places = job_all_places(piece->job);

	if (region_failed(&piece->room.io) || piece->room.io.places != places)
		return spoil(piece, retired);
	piece->written = hweight_long(places) * piece->sectors;
	if (piece->job->flags & KCOPYD_DURABLE)
		issue(piece, PHASE_FLUSH, places);
	else
		list_add_tail(&piece->room.list, retired);
	return 0;
}

static void joined_flush_ended(struct piece *piece, struct list_head *retired)
{
	if (region_failed(&piece->room.io) ||
	    piece->room.io.places != job_all_places(piece->job))
		spoil(piece, retired);
	else
		list_add_tail(&piece->room.list, retired);
}

static unsigned int read_ended(struct piece *piece, struct list_head *retired)
{
	struct job *job = piece->job;
	int err;

	if (unlikely(piece->is_joined))
		return joined_read_ended(piece, retired);
	err = region_read_error(&piece->room.io);
	if (err)
		read_failed(job, err);
	else
		piece->read = piece->room.io.places ? piece->sectors : 0;
	if (!err && !job_stopped(job)) {
		if (!(job->flags & KCOPYD_WRITE_SEQ))
			return begin_write(piece);
		add_ready(piece);
	} else {
		list_add_tail(&piece->room.list, retired);
	}
	return job->flags & KCOPYD_WRITE_SEQ ? write_next(job, retired) : 0;
}

static unsigned int write_ended(struct piece *piece, struct list_head *retired)
{
	struct job *job = piece->job;

	if (unlikely(piece->is_joined))
		return joined_write_ended(piece, retired);
	note_writes(piece, piece->sectors, 0);
	list_add_tail(&piece->room.list, retired);
	if (!(job->flags & KCOPYD_WRITE_SEQ))
		return 0;
	job->writing = false;
	job->written = piece->offset + piece->sectors;
	return write_next(job, retired);
}

static unsigned int zero_command_ended(struct piece *piece,
				       struct list_head *retired)
{
	struct job *job = piece->job;
	unsigned long refused = region_refused(&piece->room.io, job->to);

	WRITE_ONCE(job->offload, job->offload & ~refused);
	note_writes(piece, piece->sectors, refused);
	piece->places = (piece->places | refused) & job_places(job);
	if (piece->places && !job_stopped(job))
		return write_zero_pages(piece);
	list_add_tail(&piece->room.list, retired);
	return 0;
}

static unsigned int zero_pages_ended(struct piece *piece,
				     struct list_head *retired)
{
	unsigned int sectors = zero_pages_sectors(piece);

	note_writes(piece, sectors, 0);
	piece->places &= job_places(piece->job);
	piece->zeroed += sectors;
	if (piece->places && piece->zeroed < piece->sectors &&
	    !job_stopped(piece->job))
		return write_zero_pages(piece);
	list_add_tail(&piece->room.list, retired);
	return 0;
}

static void flush_ended(struct piece *piece, struct list_head *retired)
{
	if (unlikely(piece->is_joined)) {
		joined_flush_ended(piece, retired);
		return;
	}
	note_writes(piece, 0, 0);
	list_add_tail(&piece->room.list, retired);
}

/**
 * piece_advance - begin the next step of a piece, or retire it
 * @piece: one whose step has ended
 * @retired: where to put the pieces that are over, this one or others
 *
 * Context: The worker. May sleep.
 * Return: How many sectors are being written now, of all destinations.
 */
unsigned int piece_advance(struct piece *piece, struct list_head *retired)
{
	observe_step(piece);
	switch (piece->phase) {
	case PHASE_READ:
		return read_ended(piece, retired);
	case PHASE_WRITE:
		return write_ended(piece, retired);
	case PHASE_ZERO_COMMAND:
		return zero_command_ended(piece, retired);
	case PHASE_ZERO_PAGES:
		return zero_pages_ended(piece, retired);
	case PHASE_FLUSH:
		flush_ended(piece, retired);
	}
	return 0;
}
