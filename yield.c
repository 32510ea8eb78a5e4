// SPDX-License-Identifier: GPL-2.0
/*
 * Background copies step aside for other I/O
 *
 * There is a window of pieces in flight for each device: as many as there is memory for
 * on an idle one, and a single, short one while others use it. Below the floor, a rate
 * that the owner of the client has set, pieces begin all the same.
 *
 * What others do is known in two ways. A target that sees all I/O of its users tells when
 * each begins and ends. Else, and beside that, the device's own statistics tell; see
 * activity.c.
 */
#include <linux/ktime.h>
#include <linux/percpu.h>

#include "activity.h"
#include "yield.h"

/* While others use a device a piece is no longer than this: 128 KiB. */
#define SHORT_SECTORS 256U

/**
 * yield_init - begin as a foreground client
 * @yield: zeroed
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int yield_init(struct yield *yield)
{
	yield->users = alloc_percpu(struct yield_users);
	return yield->users ? 0 : -ENOMEM;
}

/**
 * yield_exit - undo yield_init()
 * @yield: the same
 *
 * Context: Process context.
 */
void yield_exit(struct yield *yield)
{
	free_percpu(yield->users);
}

/* Do users of the target have I/O in flight, or had a moment ago? */
static bool __users_are_active(struct yield *yield, u64 now)
{
	unsigned long begun = 0, ended = 0;
	unsigned int cpu;

	if (now - yield->looked_at < ACTIVITY_LOOK_NS)
		return now < yield->busy_until;
	for_each_possible_cpu(cpu)
		ended += READ_ONCE(per_cpu_ptr(yield->users, cpu)->ended);
	/* What was seen to have ended is seen to have begun. */
	smp_rmb();
	for_each_possible_cpu(cpu)
		begun += READ_ONCE(per_cpu_ptr(yield->users, cpu)->begun);
	if (begun != ended || begun != yield->begun)
		yield->busy_until = now + ACTIVITY_BUSY_NS;
	yield->begun = begun;
	yield->looked_at = now;
	return now < yield->busy_until;
}

/* The place of a device in a mask; those that find none share the last one. */
static unsigned int __slot(struct yield *yield, dev_t dev)
{
	unsigned int i, empty = YIELD_SLOTS - 1;

	for (i = YIELD_SLOTS - 1; i--;) {
		if (yield->slots[i].nr_pieces && yield->slots[i].dev == dev)
			return i;
		if (!yield->slots[i].nr_pieces)
			empty = i;
	}
	return empty;
}

/* What of a job's devices a piece has to wait for. */
struct obstacle {
	struct kcopyd_client *kc;
	u64 now;
	bool busy; /* others use one of them, */
	bool full; /* on which we have a piece in flight */
};

static void __look_at(struct obstacle *found, struct block_device *bdev)
{
	struct yield *yield = &found->kc->yield;
	bool in_flight = yield->slots[__slot(yield, bdev->bd_dev)].nr_pieces;

	if (!activity_of_others(bdev, found->now))
		return;
	found->busy = true;
	found->full |= in_flight;
}

/**
 * __yield_delay - when may the next piece of a job begin?
 * @kc: the client, a background client; its lock is held
 * @job: the job
 * @now: the time, in ns
 *
 * Context: Any.
 * Return: 0 for now. Else, in how many ns to ask again; but also when a piece ends.
 */
u64 __yield_delay(struct kcopyd_client *kc, const struct job *job, u64 now)
{
	struct obstacle found = { .kc = kc, .now = now };
	struct yield *yield = &kc->yield;
	unsigned long places = job->places;
	unsigned int i;

	lockdep_assert_held(&kc->lock);
	if (__users_are_active(yield, now)) {
		found.busy = true;
		found.full = yield->nr_pieces;
	}
	if (!job_is_zeroing(job))
		__look_at(&found, job->from.bdev);
	for_each_set_bit(i, &places, KCOPYD_MAX_REGIONS)
		__look_at(&found, job->to[i].bdev);
	yield->yields = found.busy;
	if (!found.full)
		return 0;
	return rate_limits(&yield->floor) ? rate_delay(&yield->floor, now) :
					    YIELD_UNTIL_TOLD;
}

static void bio_ended(struct region_io *io, struct bio *bio)
{
	activity_own(bio->bi_bdev, io->sectors);
}

static void __use_slot(struct piece *piece, struct block_device *bdev)
{
	struct yield *yield = &piece->kc->yield;
	unsigned int i = __slot(yield, bdev->bd_dev);

	if (piece->slots & BIT(i))
		return;
	piece->slots |= BIT(i);
	yield->slots[i].dev = bdev->bd_dev;
	yield->slots[i].nr_pieces++;
}

/**
 * __yield_charge - a piece of a background client was made
 * @piece: the piece; the client's lock is held
 * @now: the time, in ns
 *
 * Context: Any.
 */
void __yield_charge(struct piece *piece, u64 now)
{
	struct yield *yield = &piece->kc->yield;
	const struct job *job = piece->job;
	unsigned long places = job->places;
	unsigned int i;

	if (!job_is_zeroing(job))
		__use_slot(piece, job->from.bdev);
	for_each_set_bit(i, &places, KCOPYD_MAX_REGIONS)
		__use_slot(piece, job->to[i].bdev);
	piece->room.io.bio_ended = bio_ended;
	yield->nr_pieces++;
	if (rate_limits(&yield->floor))
		rate_charge(&yield->floor, now,
			    (u64)piece->sectors << SECTOR_SHIFT);
}

/**
 * __yield_uncharge - it has ended
 * @piece: a piece that was charged; the client's lock is held
 *
 * Context: Any.
 */
void __yield_uncharge(struct piece *piece)
{
	struct yield *yield = &piece->kc->yield;
	unsigned long slots = piece->slots;
	unsigned int i;

	for_each_set_bit(i, &slots, YIELD_SLOTS)
		yield->slots[i].nr_pieces--;
	yield->nr_pieces--;
}

/* How long a bio for a device may be without being split. */
static unsigned int request_sectors(struct block_device *bdev)
{
	struct request_queue *queue = bdev_get_queue(bdev);

	return queue_is_mq(queue) ? queue_max_sectors(queue) : UINT_MAX;
}

/**
 * yield_piece_sectors - how long the next piece of a background client may be
 * @job: a job of it
 *
 * No longer than a request of any of its devices. A bio that is split is counted by the
 * device part by part, and by us as one: we would take its first parts for others' I/O.
 *
 * Context: Any, with the client's lock held.
 * Return: The most, in sectors.
 */
unsigned int yield_piece_sectors(const struct job *job)
{
	unsigned int max = job->kc->yield.yields ? SHORT_SECTORS : UINT_MAX;
	unsigned long places = job->places;
	unsigned int i;

	if (!job_is_zeroing(job))
		max = min(max, request_sectors(job->from.bdev));
	for_each_set_bit(i, &places, KCOPYD_MAX_REGIONS)
		max = min(max, request_sectors(job->to[i].bdev));
	return max(round_down(max,
			      max_t(unsigned int, job->block, PAGE_SECTORS)),
		   job->block);
}
