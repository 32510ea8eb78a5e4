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
 * Freeing a client. The tail of a bio's end may still run when the last callback
 * has long returned, so it runs as an RCU reader, and the client goes after a
 * grace period.
 */
#include <linux/blkdev.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "engine.h"
#include "reserve.h"
#include "throttle.h"

/*
 * How much the worker does at most before it lets other works have the processor,
 * those of other clients too: sectors, and a step of a piece is no less than so
 * many. A workqueue starts no other work there while ours does not sleep.
 */
#define TURN_SECTORS (8 * 1024)
#define STEP_SECTORS_MIN 128

static struct job *first_turn(struct kcopyd_client *kc)
{
	return list_first_entry_or_null(&kc->turns, struct job, turn);
}

/**
 * engine_wake - have the worker look at what there is to do
 * @kc: the client; what there is to do is visible already
 *
 * The worker sets RUNNING before it looks, and goes to sleep only if that is
 * still there afterwards. Whoever brings something new sets KICKED: if the
 * worker had not looked yet it will see what is new, and if it had, it looks
 * again. Only the step from IDLE to KICKED queues the work, so a busy worker is
 * never queued twice and its run costs a caller one atomic exchange.
 *
 * Between the two nobody else would queue it. So the task must not be preempted
 * there: the client would stand still until that one task runs again.
 *
 * Context: Any but NMI.
 */
void engine_wake(struct kcopyd_client *kc)
{
	preempt_disable();
	if (atomic_xchg(&kc->worker, WORKER_KICKED) == WORKER_IDLE)
		queue_work(kc->wq, &kc->work);
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

/* A job has ended: call back, in the order of submission if it is ordered. */
static void __finish(struct job *job)
{
	struct kcopyd_client *kc = job->kc;
	struct job *next;

	lockdep_assert_held(&kc->lock);
	job->finished = true;
	if (!(job->flags & KCOPYD_ORDERED)) {
		list_add_tail(&job->turn, &kc->callbacks);
		return;
	}
	list_for_each_entry_safe(job, next, &kc->ordered, ordered) {
		if (!job->finished)
			break;
		list_del(&job->ordered);
		list_add_tail(&job->turn, &kc->callbacks);
	}
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

	if (limited && !__throttle_allows(kc))
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

/* Make pieces for all that there is room for, in turns. */
static void __start(struct kcopyd_client *kc, struct list_head *started)
{
	struct piece *piece;

	while (!list_empty(&kc->turns) && (piece = __start_one(kc)))
		list_add_tail(&piece->list, started);
	if (!list_empty(&kc->in_line) && !__needs_room(kc))
		reserve_leave_line(kc);
}

static void begin(struct list_head *started)
{
	struct piece *piece, *next;

	/* A piece may have ended, and be in use again, once it has begun. */
	list_for_each_entry_safe(piece, next, started, list)
		piece_begin(piece);
}

/* Take back the pieces in @retired and start what is next. */
static void recycle(struct kcopyd_client *kc, struct list_head *retired)
{
	struct piece *piece, *next;
	LIST_HEAD(started);

	spin_lock_irq(&kc->lock);
	list_for_each_entry_safe(piece, next, retired, list)
		if (__retire(piece))
			list_move_tail(&piece->list, &started);
	__start(kc, &started);
	spin_unlock_irq(&kc->lock);
	begin(&started);
}

/*
 * Deal with all I/O that has ended, as one batch, and start what is next. Return
 * how much that was, as for TURN_SECTORS.
 */
static sector_t run_batch(struct kcopyd_client *kc)
{
	struct llist_node *batch = llist_del_all(&kc->done);
	struct piece *piece, *next;
	struct blk_plug plug;
	sector_t done = 0;
	LIST_HEAD(retired);

	blk_start_plug(&plug);
	batch = llist_reverse_order(batch);
	llist_for_each_entry_safe(piece, next, batch, done) {
		done += max_t(sector_t, piece->sectors, STEP_SECTORS_MIN);
		piece_advance(piece, &retired);
	}
	recycle(kc, &retired);
	blk_finish_plug(&plug);
	return done;
}

static void __account_job(struct kcopyd_client *kc, const struct job *job)
{
	kc->stats.jobs_completed++;
	if (job->cancelled)
		kc->stats.jobs_cancelled++;
	else if (job->read_err || job->write_err)
		kc->stats.jobs_failed++;
}

/* Free the object of a job, or keep it for the next where nobody waits for it. */
static void __free_job(struct kcopyd_client *kc, struct job *job)
{
	if (kc->nr_kept < CLIENT_JOBS_KEPT &&
	    READ_ONCE(kc->mempool.curr_nr) >= kc->mempool.min_nr)
		kc->kept[kc->nr_kept++] = job;
	else
		mempool_free(job, &kc->mempool);
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
	if (!job->callback_only) {
		__account_job(kc, job);
		if (dropin)
			read_err = !!read_err;
	}
	kc->calling = job->seq;
	kc->caller = current;
	if (dropin)
		__free_job(kc, job);
	else
		kc->spare = job;
	spin_unlock_irq(&kc->lock);

	if (dropin)
		fn.dropin(read_err, write_err, context);
	else
		fn.native(read_err, write_err, context);
	cond_resched();

	spin_lock_irq(&kc->lock);
	kc->caller = NULL;
	if (kc->spare)
		__free_job(kc, kc->spare);
	kc->spare = NULL;
	kc->calling = 0;
	/* Who sleeps on this takes the lock after it has gone to sleep. */
	if (waitqueue_active(&kc->progress))
		wake_up_all(&kc->progress);
}

static void run_callbacks(struct kcopyd_client *kc)
{
	struct job *job;

	if (list_empty(&kc->callbacks))
		return;
	spin_lock_irq(&kc->lock);
	while ((job = list_first_entry_or_null(&kc->callbacks, struct job,
					       turn)))
		__call_back(kc, job);
	spin_unlock_irq(&kc->lock);
}

static void run_worker(struct work_struct *work)
{
	struct kcopyd_client *kc = container_of(work, struct kcopyd_client,
						work);
	sector_t done = 0;

	do {
		atomic_xchg(&kc->worker, WORKER_RUNNING);
		done += run_batch(kc);
		run_callbacks(kc);
		if (atomic_cmpxchg(&kc->worker, WORKER_RUNNING, WORKER_IDLE) ==
		    WORKER_RUNNING)
			return;
	} while (done < TURN_SECTORS);
	/* Not IDLE, so nobody else queues it. */
	queue_work(kc->wq, &kc->work);
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
		      !current->bio_list &&
		      atomic_read(&kc->worker) == WORKER_IDLE;
	LIST_HEAD(started);

	job->seq = ++kc->seq;
	kc->stats.jobs_submitted++;
	list_add_tail(&job->all, &kc->jobs);
	if (job->flags & KCOPYD_ORDERED)
		list_add_tail(&job->ordered, &kc->ordered);
	if (job->count)
		list_add_tail(&job->turn, &kc->turns);
	else
		__finish(job);
	/* Once the lock is released, the job's callback may lead to the client's end. */
	if (direct)
		__start(kc, &started);
	else
		engine_wake(kc);
	spin_unlock_irqrestore(&kc->lock, irq);
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

	spin_lock_irqsave(&kc->lock, flags);
	kc->nr_prepared--;
	job->seq = ++kc->seq;
	list_add_tail(&job->all, &kc->jobs);
	__finish(job);
	/* Once the lock is released, the callback may lead to the client's end. */
	engine_wake(kc);
	spin_unlock_irqrestore(&kc->lock, flags);
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
	unsigned long flags;
	struct job *job;
	int nr = 0;

	spin_lock_irqsave(&kc->lock, flags);
	list_for_each_entry(job, &kc->jobs, all) {
		if (job->context != context || job->finished || job->cancelled)
			continue;
		nr++;
		job->cancelled = true;
		job_stop(job);
		if (!job->inflight) {
			list_del_init(&job->turn);
			__finish(job);
		}
	}
	if (nr)
		engine_wake(kc);
	spin_unlock_irqrestore(&kc->lock, flags);
	return nr;
}

/**
 * engine_flush - wait for the callbacks of the jobs that are over
 * @kc: the client
 *
 * Context: Process context, but not a callback of the client. Sleeps.
 */
void engine_flush(struct kcopyd_client *kc)
{
	/* The first run may end early, but then it has queued the second. */
	flush_workqueue(kc->wq);
	flush_workqueue(kc->wq);
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
	int err;

	spin_lock_init(&kc->lock);
	init_llist_head(&kc->done);
	INIT_LIST_HEAD(&kc->turns);
	INIT_LIST_HEAD(&kc->callbacks);
	INIT_LIST_HEAD(&kc->jobs);
	INIT_LIST_HEAD(&kc->ordered);
	init_waitqueue_head(&kc->progress);
	INIT_LIST_HEAD(&kc->in_line);
	INIT_WORK(&kc->work, run_worker);
	INIT_DELAYED_WORK(&kc->unthrottle, unthrottle);

	err = copy_space_init(&kc->own, num_pages, step_ended);
	if (err)
		return err;
	err = kc->shares ? reserve_join(step_ended) : 0;
	if (err)
		goto err_reserve;
	kc->wq = alloc_workqueue("kcopyd", WQ_MEM_RECLAIM | WQ_PERCPU, 1);
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
	/* Pairs with the reader in step_ended(). */
	synchronize_rcu();
	cancel_delayed_work_sync(&kc->unthrottle);
	destroy_workqueue(kc->wq);
	while (kc->nr_kept)
		mempool_free(kc->kept[--kc->nr_kept], &kc->mempool);
	if (kc->shares)
		reserve_leave();
	copy_space_exit(&kc->own);
}
