// SPDX-License-Identifier: GPL-2.0
/*
 * The engine: jobs are done in pieces, by one worker a client
 *
 * A job waits in the client's list of turns. Whenever there is room, the first
 * in line gets one piece started and goes to the end of the line. A piece takes
 * pages for its data and is read; when the read has ended, its bio pushes it on
 * a lock-free list, and the worker submits the writes; when the last of these
 * has ended, it comes back the same way and its pages go to the next piece. A
 * job whose last piece has ended is finished, and its callback is called.
 *
 * What is hard:
 *
 * No completion is lost, and few wake the worker: see engine_wake().
 *
 * Progress with one page. Nothing waits for memory while it holds some: a piece
 * gets all its pages at once, before its first I/O, and then runs to its end.
 * The first in line waits until there is room, and nobody overtakes it.
 *
 * Errors and cancellation only say that no more is to be started. The one place
 * that tells whether a job is over is the end of its last piece in flight, or,
 * where none is, the cancellation itself; both hold the lock.
 *
 * I/O never waits for a callback, which may sleep. So the worker is two works. One
 * that has callbacks to call leaves the I/O to the other first; see run_worker().
 *
 * Freeing a client. The tail of a bio's end may still look at the worker's state
 * when the last callback has long returned. It does so as an RCU reader, and the
 * client's memory goes after a grace period; nobody waits for that.
 */
#include <linux/blkdev.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "engine.h"
#include "reserve.h"
#include "throttle.h"

/*
 * How much the worker does at most before it lets other works have the processor,
 * those of other clients too: sectors that are read or written, and a step of a
 * piece, or a callback, counts as no less than so many. A workqueue starts no other
 * work there while ours does not sleep.
 */
#define TURN_SECTORS	 (8 * 1024)
#define STEP_SECTORS_MIN 64U

/* And so many callbacks at a time, before the next I/O is looked at. */
#define CALLBACKS_MAX 128

/* Who cancels looks at so many jobs before the lock is released for a moment. */
#define CANCEL_LOOKS 256

static void poison_job(struct job *job)
{
	if (POISON_REUSED)
		memset(job, POISON_BYTE, sizeof(*job));
}

static struct job *first_turn(struct kcopyd_client *kc)
{
	return list_first_entry_or_null(&kc->turns, struct job, turn);
}

/* Queue the work that is next, unless the client is being freed. */
static void queue_next(struct kcopyd_client *kc)
{
	if (!test_bit(WORKER_GONE, &kc->worker))
		queue_work(kc->wq, &READ_ONCE(kc->next)->work);
}

/**
 * engine_wake - have the worker look at what there is to do
 * @kc: the client; what there is to do is visible already
 *
 * The worker clears KICKED before it looks, and goes to sleep only if that is
 * still clear afterwards. Whoever brings something new sets it: if the worker had
 * not looked yet it will see what is new, and if it had, it looks again. Who sets
 * it queues a work if none is busy; and if one calls back, which may take long,
 * the other work, in case. So a busy worker costs a caller one atomic operation.
 *
 * Between the two nobody else would queue it. So the task must not be preempted
 * there: the client would stand still until that one task runs again.
 *
 * Context: Any but NMI.
 */
void engine_wake(struct kcopyd_client *kc)
{
	preempt_disable();
	if (!test_and_set_bit(WORKER_KICKED, &kc->worker) &&
	    READ_ONCE(kc->worker) != (BIT(WORKER_BUSY) | BIT(WORKER_KICKED)))
		queue_next(kc);
	preempt_enable();
}

/* All bios of a step have ended. Any context. */
static void step_ended(struct region_io *io)
{
	struct piece *piece = container_of(io, struct piece, io);
	struct kcopyd_client *kc = piece->kc;

	/*
	 * The worker may finish the job as soon as it is on the list. Without
	 * preemption we are an RCU reader.
	 */
	preempt_disable();
	if (llist_add(&piece->done, &kc->done))
		engine_wake(kc);
	preempt_enable();
}

static void __queue_callback(struct job *job)
{
	list_add_tail(&job->turn, &job->kc->callbacks);
	job->kc->nr_queued++;
}

/* Queue the callback of the oldest of the ordered jobs, if that has ended. */
static void __queue_ordered(struct kcopyd_client *kc)
{
	struct job *oldest = list_first_entry_or_null(&kc->ordered, struct job,
						      ordered);

	if (oldest && oldest->finished && list_empty(&oldest->turn))
		__queue_callback(oldest);
}

/* A job has ended: call back, in the order of submission if it is ordered. */
static void __finish(struct job *job)
{
	lockdep_assert_held(&job->kc->lock);
	job->finished = true;
	if (job->flags & KCOPYD_ORDERED)
		__queue_ordered(job->kc);
	else
		__queue_callback(job);
}

/* Have the callbacks called that were queued just now. */
static void __wake_for_callbacks(struct kcopyd_client *kc)
{
	/* Who calls back looks again, with the lock held. */
	if (!atomic_read(&kc->calling_back))
		engine_wake(kc);
}

static unsigned int pieces_max(const struct job *job)
{
	/* Zeroes need not be read ahead, so one piece keeps their order. */
	if (job_is_zeroing(job) && job->flags & KCOPYD_WRITE_SEQ)
		return 1;
	return JOB_PIECES_MAX;
}

static void __set_piece_length(struct piece *piece, const struct job *job)
{
	unsigned int max = REGION_ZERO_SECTORS;

	if (READ_ONCE(job->offload) == job_all_places(job))
		max = ZERO_PIECE_SECTORS_MAX;
	piece->sectors = min_t(sector_t, job->count - job->next, max);
}

/*
 * Get a piece, and room for its data. A client that shares borrows it, but uses
 * its own for what is small; and where it could not borrow and nothing borrowed,
 * or nothing of the job, is in flight, so that it depends on nobody.
 */
static struct piece *__get_room(struct kcopyd_client *kc, const struct job *job)
{
	bool own = !kc->shares ||
		   job->count - job->next <= kc->own.piece_sectors;
	struct piece *piece = NULL;

	if (own)
		piece = copy_space_get(&kc->own, job);
	if (!piece && kc->shares)
		piece = reserve_get(kc, job);
	if (!piece && !own && (!kc->borrowed_pieces || !job->inflight))
		piece = copy_space_get(&kc->own, job);
	if (!piece)
		return NULL;
	kc->stats.pages_in_use += piece_pages(piece);
	kc->stats.pages_peak = max(kc->stats.pages_peak,
				   kc->stats.pages_in_use);
	return piece;
}

static void __put_pages(struct kcopyd_client *kc, struct piece *piece)
{
	if (!piece->nr_runs)
		return;
	kc->stats.pages_in_use -= piece_pages(piece);
	if (piece->space == &kc->own)
		copy_space_put_pages(piece);
	else
		reserve_put_pages(piece);
}

static void __put_piece(struct kcopyd_client *kc, struct piece *piece)
{
	if (piece->throttled)
		throttle_end(kc->throttle);
	list_del(&piece->list);
	if (piece->space == &kc->own)
		copy_space_put(piece);
	else
		reserve_put(piece);
}

/* Make a piece for the first in line, if there is room for it. */
static struct piece *__next_piece(struct kcopyd_client *kc)
{
	struct piece *piece;
	struct job *job;

	lockdep_assert_held(&kc->lock);
	/* The end of the piece that failed will finish these. */
	while ((job = first_turn(kc)) && job_stopped(job))
		list_del_init(&job->turn);
	if (!job)
		return NULL;
	if (job_is_zeroing(job))
		piece = copy_space_get_bare(&kc->own);
	else
		piece = __get_room(kc, job);
	if (!piece)
		return NULL;

	piece->phase = job_is_zeroing(job) ? PHASE_ZERO_COMMAND : PHASE_READ;
	if (job_is_zeroing(job))
		__set_piece_length(piece, job);
	piece->kc = kc;
	piece->job = job;
	piece->offset = job->next;
	piece->zeroed = 0;
	piece->read = 0;
	piece->written = 0;
	piece->io.stop = &job->stop;
	piece->io.write_read_only = job->flags & JOB_DROPIN;
	job->next += piece->sectors;
	job->inflight++;
	if (job_has_more(job) && job->inflight < pieces_max(job))
		list_move_tail(&job->turn, &kc->turns);
	else
		list_del_init(&job->turn);
	return piece;
}

/* Is all that was written still to be flushed? */
static bool needs_flush(const struct job *job)
{
	return job->flags & KCOPYD_DURABLE && !job->flushed &&
	       !job_stopped(job) && job_all_places(job) & ~job->write_err;
}

/*
 * A piece has ended: take its memory back and see what becomes of its job.
 * Return true if the piece is to be started again, to flush.
 */
static bool __retire(struct piece *piece)
{
	struct kcopyd_client *kc = piece->kc;
	struct job *job = piece->job;

	lockdep_assert_held(&kc->lock);
	__put_pages(kc, piece);
	kc->stats.sectors_read += piece->read;
	if (job_is_zeroing(job))
		kc->stats.sectors_zeroed += piece->written;
	else
		kc->stats.sectors_written += piece->written;

	if (!job_has_more(job) && job->inflight == 1 && needs_flush(job)) {
		job->flushed = true;
		piece->phase = PHASE_FLUSH;
		piece->read = 0;
		piece->written = 0;
		return true;
	}
	__put_piece(kc, piece);
	job->inflight--;
	if (job_has_more(job)) {
		if (list_empty(&job->turn))
			list_add_tail(&job->turn, &kc->turns);
		return false;
	}
	list_del_init(&job->turn);
	if (!job->inflight)
		__finish(job);
	return false;
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

/*
 * Make pieces for all that there is room for, in turns, until about so many
 * sectors are to be moved. Return how many are left of these.
 */
static int __start(struct kcopyd_client *kc, struct list_head *started,
		   int sectors)
{
	struct piece *piece;

	while (sectors > 0 && !list_empty(&kc->turns) &&
	       (piece = __start_one(kc))) {
		list_add_tail(&piece->list, started);
		sectors -= first_step(piece);
	}
	if (!list_empty(&kc->in_line) && !__needs_room(kc))
		reserve_leave_line(kc);
	return sectors;
}

static void begin(struct list_head *started)
{
	struct piece *piece, *next;

	/* A piece may have ended, and be in use again, once it has begun. */
	list_for_each_entry_safe(piece, next, started, list)
		piece_begin(piece);
}

static bool somebody_waits(struct kcopyd_client *kc)
{
	/* Who sleeps on this takes the lock after it has queued itself. */
	return waitqueue_active(&kc->progress);
}

static void wake_waiters(struct kcopyd_client *kc)
{
	if (somebody_waits(kc))
		wake_up_all(&kc->progress);
}

/*
 * Take the next step of the pieces whose I/O has ended, until about so many
 * sectors are being moved. Return how many are left of these.
 */
static int advance(struct kcopyd_client *kc, struct list_head *retired,
		   int sectors)
{
	struct piece *piece;
	bool taken = false;

	while (sectors > 0) {
		if (!kc->ended && !taken) {
			WRITE_ONCE(kc->taken, kc->taken + 1);
			kc->ended = llist_del_all(&kc->done);
			kc->ended = llist_reverse_order(kc->ended);
			taken = true;
		}
		if (!kc->ended)
			break;
		piece = llist_entry(kc->ended, struct piece, done);
		kc->ended = kc->ended->next;
		sectors -= max(piece_advance(piece, retired), STEP_SECTORS_MIN);
	}
	return sectors;
}

/*
 * Take back the pieces in @retired, then start what is next: about so many
 * sectors. Return how many are left of these.
 */
static int recycle(struct kcopyd_client *kc, struct list_head *retired,
		   int sectors)
{
	struct piece *piece, *next;
	LIST_HEAD(started);

	raw_spin_lock_irq(&kc->lock);
	list_for_each_entry_safe(piece, next, retired, list)
		if (__retire(piece))
			list_move_tail(&piece->list, &started);
	if (!kc->ended)
		kc->dealt_with = kc->taken;
	sectors = __start(kc, &started, sectors);
	raw_spin_unlock_irq(&kc->lock);
	begin(&started);
	return sectors;
}

/*
 * Deal with all I/O that has ended, as one batch, and start what is next; but
 * move no more than about @sectors. Return how many are left of these.
 */
static int run_batch(struct kcopyd_client *kc, int sectors)
{
	LIST_HEAD(retired);

	sectors = advance(kc, &retired, sectors);
	sectors = recycle(kc, &retired, sectors);
	wake_waiters(kc);
	return sectors;
}

static void __account_job(struct kcopyd_client *kc, const struct job *job)
{
	kc->stats.jobs_completed++;
	if (job->cancelled)
		kc->stats.jobs_cancelled++;
	else if (job->read_err || job->write_err)
		kc->stats.jobs_failed++;
}

/*
 * Keep the object of a job for the next, unless somebody waits for one. Else it
 * is to be freed: false.
 */
static bool __keep_job(struct kcopyd_client *kc, struct job *job)
{
	if (kc->nr_kept == CLIENT_JOBS_KEPT ||
	    READ_ONCE(kc->mempool.curr_nr) < kc->mempool.min_nr)
		return false;
	kc->kept[kc->nr_kept++] = job;
	return true;
}

/*
 * Call one job back. Its object is free from here on. It is set aside for the
 * first job that the callback submits; but who was written for dm-kcopyd may
 * wait, in a callback, for somebody else who needs it for his submission.
 */
static void __call_back(struct kcopyd_client *kc, struct job *job)
	__releases(&kc->lock) __acquires(&kc->lock)
{
	int read_err = job->cancelled ? -ECANCELED : job->read_err;
	unsigned long write_err = job->write_err;
	bool dropin = job->flags & JOB_DROPIN;
	void *context = job->context;
	union job_fn fn = job->fn;

	list_del(&job->turn);
	list_del(&job->all);
	if (job->flags & KCOPYD_ORDERED) {
		list_del(&job->ordered);
		__queue_ordered(kc);
	}
	if (!job->callback_only) {
		__account_job(kc, job);
		if (dropin)
			read_err = !!read_err;
	}
	kc->calling = job->seq;
	kc->caller = current;
	poison_job(job);
	if (!dropin)
		kc->spare = job;
	else if (__keep_job(kc, job))
		job = NULL;
	raw_spin_unlock_irq(&kc->lock);

	if (dropin && job)
		mempool_free(job, &kc->mempool);
	if (dropin)
		fn.dropin(read_err, write_err, context);
	else
		fn.native(read_err, write_err, context);
	cond_resched();

	raw_spin_lock_irq(&kc->lock);
	kc->caller = NULL;
	kc->calling = 0;
	kc->nr_returned++;
	job = kc->spare;
	kc->spare = NULL;
	if (job && __keep_job(kc, job))
		job = NULL;
	if (unlikely(job || somebody_waits(kc))) {
		raw_spin_unlock_irq(&kc->lock);
		if (job)
			mempool_free(job, &kc->mempool);
		wake_waiters(kc);
		raw_spin_lock_irq(&kc->lock);
	}
}

/* Call back those who wait for it, but not too many. Returns how many. */
static unsigned int call_all_back(struct kcopyd_client *kc)
{
	unsigned int calls = 0;
	struct job *job;

	raw_spin_lock_irq(&kc->lock);
	while (calls < CALLBACKS_MAX &&
	       (job = list_first_entry_or_null(&kc->callbacks, struct job,
					       turn))) {
		__call_back(kc, job);
		calls++;
	}
	atomic_set(&kc->calling_back, false);
	if (!list_empty(&kc->callbacks))
		engine_wake(kc);
	raw_spin_unlock_irq(&kc->lock);
	return calls;
}

/* Is somebody to be called back, and the other work is not at it already? */
static bool claim_callbacks(struct kcopyd_client *kc)
{
	/* Who adds one wakes the worker, or finds the claim under the lock. */
	return !list_empty(&kc->callbacks) && !atomic_read(&kc->calling_back) &&
	       !atomic_xchg(&kc->calling_back, true);
}

/* A work begins: is the I/O left to it? The other one may be back at it. */
static bool take_io(struct kcopyd_client *kc)
{
	unsigned long state = READ_ONCE(kc->worker);

	do {
		if (state != BIT(WORKER_KICKED) &&
		    !(state & BIT(WORKER_CALLING)))
			return false;
	} while (!try_cmpxchg(&kc->worker, &state, BIT(WORKER_BUSY)));
	return true;
}

/*
 * Callbacks may take long, so offer the I/O to the other work. It is queued by
 * whoever brings something new, or here if there is more to do.
 */
static void offer_io(struct kcopyd_client *kc, struct kcopyd_work *self,
		     bool has_more)
{
	WRITE_ONCE(kc->next, &kc->works[self == kc->works]);
	if (has_more)
		set_bit(WORKER_KICKED, &kc->worker);
	set_bit(WORKER_CALLING, &kc->worker);
	/* Pairs with engine_wake(): one of both sees the other's bit. */
	smp_mb__after_atomic();
	if (test_bit(WORKER_KICKED, &kc->worker))
		queue_next(kc);
}

/* After the callbacks: is there more to do, and nobody has taken it? */
static bool take_io_back(struct kcopyd_client *kc, bool may_go_on)
{
	const unsigned long ours = BIT(WORKER_BUSY) | BIT(WORKER_CALLING);
	const unsigned long kicked = ours | BIT(WORKER_KICKED);

	/* If there is more to do, the other work is queued already. */
	if (cmpxchg(&kc->worker, ours, 0) == ours || !may_go_on)
		return false;
	return cmpxchg(&kc->worker, kicked, BIT(WORKER_BUSY)) == kicked;
}

/* Go to sleep, unless there is more to do. */
static void leave_io(struct kcopyd_client *kc, bool has_more)
{
	if (!has_more &&
	    cmpxchg(&kc->worker, BIT(WORKER_BUSY), 0) == BIT(WORKER_BUSY))
		return;
	/* Who takes over sees all that we did. */
	smp_store_release(&kc->worker, BIT(WORKER_KICKED));
	queue_next(kc);
}

/*
 * The worker: all I/O that has ended, for a while, then the callbacks, and again.
 *
 * Callbacks may sleep, and I/O is not to wait for them. So there are two works. The
 * one that calls back is followed by the other, which is queued in case, and begins
 * when the first one sleeps or ends. A callback that does not sleep leaves it
 * nothing to do.
 */
static void run_worker(struct work_struct *work)
{
	struct kcopyd_work *self = container_of(work, struct kcopyd_work, work);
	struct kcopyd_client *kc = self->kc;
	int sectors = TURN_SECTORS;
	struct blk_plug plug;

	if (!take_io(kc))
		return;
	for (;;) {
		/* Nothing, where that of the callbacks is still there. */
		blk_start_plug(&plug);
		sectors = run_batch(kc, sectors);
		blk_finish_plug(&plug);
		if (sectors > 0 && test_bit(WORKER_KICKED, &kc->worker)) {
			xchg(&kc->worker, BIT(WORKER_BUSY));
			continue;
		}
		if (!claim_callbacks(kc)) {
			leave_io(kc, sectors <= 0);
			return;
		}
		offer_io(kc, self, sectors <= 0);
		blk_start_plug(&plug);
		sectors -= call_all_back(kc) * STEP_SECTORS_MIN;
		if (!take_io_back(kc, sectors > 0)) {
			blk_finish_plug(&plug);
			return;
		}
	}
}

/**
 * engine_submit - take on a job
 * @job: filled in
 * @irq: as saved when the client's lock was taken; it is released
 *
 * Its first pieces are started here, without a detour over the worker, where
 * that is possible: the caller may sleep, and is not itself called from within
 * submit_bio(), which would only put the bios aside until the caller returns.
 * But a worker that is awake will start them soon, and as a part of a batch. And
 * whoever was written for dm-kcopyd may hold locks, trusting that I/O is started
 * by the worker.
 *
 * Context: Any for a job with KCOPYD_NOWAIT, otherwise process context.
 */
void engine_submit(struct job *job, unsigned long irq)
	__releases(&job->kc->lock)
{
	struct kcopyd_client *kc = job->kc;
	bool direct = job->count &&
		      !(job->flags & (KCOPYD_NOWAIT | JOB_DROPIN)) &&
		      !current->bio_list && !READ_ONCE(kc->worker);
	LIST_HEAD(started);

	job->seq = ++kc->seq;
	kc->stats.jobs_submitted++;
	list_add_tail(&job->all, &kc->jobs);
	if (job->flags & KCOPYD_ORDERED)
		list_add_tail(&job->ordered, &kc->ordered);
	/* Once the lock is released, the job's callback may lead to the client's end. */
	if (!job->count) {
		__finish(job);
		__wake_for_callbacks(kc);
	} else {
		list_add_tail(&job->turn, &kc->turns);
		if (direct)
			__start(kc, &started, INT_MAX);
		else
			engine_wake(kc);
	}
	raw_spin_unlock_irqrestore(&kc->lock, irq);
	begin(&started);
}

/**
 * engine_call_back - have a prepared callback called
 * @job: as prepared, with its errors filled in
 *
 * Context: Any but NMI.
 */
void engine_call_back(struct job *job)
{
	struct kcopyd_client *kc = job->kc;
	unsigned long flags;

	raw_spin_lock_irqsave(&kc->lock, flags);
	kc->nr_prepared--;
	job->seq = ++kc->seq;
	list_add_tail(&job->all, &kc->jobs);
	__finish(job);
	/* Once the lock is released, the callback may lead to the client's end. */
	__wake_for_callbacks(kc);
	raw_spin_unlock_irqrestore(&kc->lock, flags);
}

static void __cancel(struct job *job)
{
	job->cancelled = true;
	job_stop(job);
	if (!job->inflight) {
		list_del_init(&job->turn);
		__finish(job);
	}
}

/**
 * engine_cancel - stop the unfinished jobs that were submitted with a context
 * @kc: the client
 * @context: the context
 *
 * Context: Any but NMI.
 * Return: The number of jobs stopped.
 */
int engine_cancel(struct kcopyd_client *kc, void *context)
{
	struct job place = {}; /* ours in the list, where the lock is released */
	unsigned int looks = 0;
	unsigned long flags;
	struct job *job;
	int nr = 0;
	u64 last;

	raw_spin_lock_irqsave(&kc->lock, flags);
	last = kc->seq;
	list_for_each_entry(job, &kc->jobs, all) {
		if (job_is_place(job))
			continue;
		if (job->seq > last)
			break;
		if (job->context == context && !job->finished &&
		    !job->cancelled) {
			__cancel(job);
			nr++;
		}
		if (++looks % CANCEL_LOOKS)
			continue;
		list_add(&place.all, &job->all);
		raw_spin_unlock_irqrestore(&kc->lock, flags);
		raw_spin_lock_irqsave(&kc->lock, flags);
		job = list_prev_entry(&place, all);
		list_del(&place.all);
	}
	if (nr)
		engine_wake(kc);
	raw_spin_unlock_irqrestore(&kc->lock, flags);
	return nr;
}

/* All that had ended when the worker had taken @done @taken times. */
static bool dealt_with(struct kcopyd_client *kc, u64 taken)
{
	bool done;

	raw_spin_lock_irq(&kc->lock);
	done = kc->dealt_with > taken;
	raw_spin_unlock_irq(&kc->lock);
	return done;
}

static bool returned(struct kcopyd_client *kc, u64 nr)
{
	bool done;

	raw_spin_lock_irq(&kc->lock);
	done = kc->nr_returned >= nr;
	raw_spin_unlock_irq(&kc->lock);
	return done;
}

/**
 * engine_flush - wait for the callbacks of the jobs that are over
 * @kc: the client
 *
 * Jobs are over whose last I/O had ended, and prepared callbacks that had been
 * triggered, before the call. An ordered job that follows one that is not over is
 * not waited for.
 *
 * Context: Process context, but not a callback of the client. Sleeps.
 */
void engine_flush(struct kcopyd_client *kc)
{
	u64 taken, nr;

	/* After this look, the worker takes all I/O that ended before the call. */
	smp_mb();
	taken = READ_ONCE(kc->taken);
	engine_wake(kc);
	wait_event(kc->progress, dealt_with(kc, taken));

	/* Callbacks are called in the order in which they are queued. */
	raw_spin_lock_irq(&kc->lock);
	nr = kc->nr_queued;
	raw_spin_unlock_irq(&kc->lock);
	wait_event(kc->progress, returned(kc, nr));
}

static void unthrottle(struct work_struct *work)
{
	engine_wake(container_of(to_delayed_work(work), struct kcopyd_client,
				 unthrottle));
}

/**
 * engine_init - set aside what a client's work needs, except its job objects
 * @kc: the client, zeroed but for @shares and @throttle
 * @num_pages: how many pages of data it can hold without borrowing
 *
 * Context: Process context. May sleep.
 * Return: 0, or -ENOMEM.
 */
int engine_init(struct kcopyd_client *kc, unsigned int num_pages)
{
	unsigned int i;
	int err;

	raw_spin_lock_init(&kc->lock);
	init_llist_head(&kc->done);
	INIT_LIST_HEAD(&kc->turns);
	INIT_LIST_HEAD(&kc->callbacks);
	INIT_LIST_HEAD(&kc->jobs);
	INIT_LIST_HEAD(&kc->ordered);
	init_waitqueue_head(&kc->progress);
	INIT_LIST_HEAD(&kc->in_line);
	for (i = 0; i < ARRAY_SIZE(kc->works); i++) {
		INIT_WORK(&kc->works[i].work, run_worker);
		kc->works[i].kc = kc;
	}
	kc->next = kc->works;
	INIT_DELAYED_WORK(&kc->unthrottle, unthrottle);

	err = copy_space_init(&kc->own, num_pages, step_ended);
	if (err)
		return err;
	err = kc->shares ? reserve_join(step_ended) : 0;
	if (err)
		goto err_reserve;
	kc->wq = alloc_workqueue("kcopyd", WQ_MEM_RECLAIM | WQ_PERCPU,
				 ARRAY_SIZE(kc->works));
	if (kc->wq)
		return 0;

	err = -ENOMEM;
	if (kc->shares)
		reserve_leave();
err_reserve:
	copy_space_exit(&kc->own);
	return err;
}

/**
 * engine_exit - release what engine_init() set aside
 * @kc: the client; all its callbacks have returned or are about to
 *
 * Context: Process context. May sleep.
 */
void engine_exit(struct kcopyd_client *kc)
{
	cancel_delayed_work_sync(&kc->unthrottle);
	/*
	 * Somebody may have woken the worker and be about to queue it. After this
	 * nobody is, and who comes late, at the end of a bio, finds it gone.
	 */
	while (cmpxchg(&kc->worker, 0, BIT(WORKER_GONE)))
		flush_workqueue(kc->wq);
	destroy_workqueue(kc->wq);
	while (kc->nr_kept)
		mempool_free(kc->kept[--kc->nr_kept], &kc->mempool);
	if (kc->shares)
		reserve_leave();
	copy_space_exit(&kc->own);
}
