// SPDX-License-Identifier: GPL-2.0
/*
 * The engine: jobs are done in pieces, by one worker a client
 *
 * A job waits for its turns, in which it gets one piece after the other. A piece
 * has room for its data and is read; when the read has ended, its bio pushes it on
 * a lock-free list, and the worker submits the writes; when the last of these
 * has ended, it comes back the same way and its room goes to the next piece. A
 * job whose last piece has ended is finished, and its callback is called.
 *
 * What is hard:
 *
 * No completion is lost, and few wake the worker: see wake().
 *
 * I/O never waits for a callback, which may sleep. So the worker is two works. One
 * that has callbacks to call leaves the I/O to the other first; see run_worker().
 *
 * Freeing a client. The tail of a bio's end may still look at the worker's state
 * when the last callback has long returned. It does so as an RCU reader, and the
 * client's memory goes after a grace period; nobody waits for that.
 */
#include <linux/blkdev.h>

#include "callback.h"
#include "compat.h"
#include "engine.h"
#include "observe.h"
#include "piece.h"
#include "turns.h"
#include "yield.h"

/*
 * How much the worker does at most before it lets other works have the processor,
 * those of other clients too: sectors that are read or written, and a step of a
 * piece, or a callback, counts as no less than so many. A workqueue starts no other
 * work there while ours does not sleep.
 */
#define TURN_SECTORS	 (3 * 1024)
#define STEP_SECTORS_MIN 32U

/* Queue the work that is next, unless the client is being freed. */
static __always_inline void queue_next(struct kcopyd_client *kc)
{
	if (!test_bit(WORKER_GONE, &kc->worker))
		queue_work(kc->wq, &READ_ONCE(kc->next)->work);
}

/*
 * Have the worker look at what there is to do; that is visible already.
 *
 * The worker clears KICKED before it looks, and goes to sleep only if that is
 * still clear afterwards. Whoever brings something new sets it: if the worker had
 * not looked yet it will see what is new, and if it had, it looks again. Who sets
 * it queues a work if none is busy; and if one calls back, which may take long,
 * the other work, in case. So a busy worker costs a caller one atomic operation.
 *
 * Between the two nobody else would queue it. So the task must not be preempted
 * there: the client would stand still until that one task runs again.
 */
static void wake(struct kcopyd_client *kc)
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
	struct piece *piece = container_of(io, struct piece, room.io);
	struct kcopyd_client *kc = piece->kc;

	/*
	 * The worker may finish the job as soon as it is on the list. Without
	 * preemption we are an RCU reader.
	 */
	preempt_disable();
	if (llist_add(&piece->done, &kc->done))
		wake(kc);
	preempt_enable();
}

/* Have the callbacks called that were queued just now. */
static void __wake_for_callbacks(struct kcopyd_client *kc)
{
	/* Who calls back looks again, with the lock held. */
	if (!atomic_read(&kc->calling_back))
		wake(kc);
}

static void begin(struct list_head *started)
{
	struct piece *piece, *next;

	/* A piece may have ended, and be in use again, once it has begun. */
	list_for_each_entry_safe(piece, next, started, room.list)
		piece_begin(piece);
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

/* Does nobody need the lock to be taken? Who comes meanwhile wakes the worker. */
static bool nothing_to_recycle(struct kcopyd_client *kc,
			       const struct list_head *retired)
{
	return list_empty(retired) && list_empty(&kc->turns) &&
	       list_empty(&kc->borrower.in_line) && !READ_ONCE(kc->flushers);
}

/*
 * Take back the pieces in @retired, then start what is next: about so many
 * sectors. Return how many are left of these.
 */
static int recycle(struct kcopyd_client *kc, struct list_head *retired,
		   int sectors)
{
	LIST_HEAD(started);
	LIST_HEAD(over);

	if (nothing_to_recycle(kc, retired))
		return sectors;
	raw_spin_lock_irq(&kc->lock);
	__turns_retire(kc, retired, &started, &over);
	__finish_jobs(kc, &over);
	if (!kc->ended)
		kc->dealt_with = kc->taken;
	sectors = __turns_start(kc, &started, sectors);
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

	WRITE_ONCE(kc->batch, jiffies);
	sectors = advance(kc, &retired, sectors);
	sectors = recycle(kc, &retired, sectors);
	callbacks_wake_waiters(kc);
	return sectors;
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
	/* Pairs with wake(): one of both sees the other's bit. */
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
	bool more;

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
		if (!callbacks_claim(kc)) {
			leave_io(kc, sectors <= 0);
			return;
		}
		offer_io(kc, self, sectors <= 0);
		blk_start_plug(&plug);
		sectors -= callbacks_call(kc, &more) * STEP_SECTORS_MIN;
		if (more)
			wake(kc);
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
 * by the worker. And what a task in a cgroup submits is the cgroup's.
 *
 * Context: Any for a job with KCOPYD_NOWAIT, otherwise process context.
 */
void engine_submit(struct job *job, unsigned long irq)
	__releases(&job->kc->lock)
{
	struct kcopyd_client *kc = job->kc;
	bool direct = job->count &&
		      !(job->flags & (KCOPYD_NOWAIT | JOB_DROPIN)) &&
		      !job->cgroup && !current->bio_list &&
		      !READ_ONCE(kc->worker);
	LIST_HEAD(started);

	job->seq = ++kc->seq;
	kc->stats.jobs_submitted++;
	job->submitted = jiffies;
	job->progress = job->submitted;
	observe_queued(job);
	list_add_tail(&job->all, &kc->jobs);
	if (job->flags & KCOPYD_ORDERED)
		list_add_tail(&job->ordered, &kc->ordered);
	/* Once the lock is released, the job's callback may lead to the client's end. */
	if (!job->count) {
		__finish_job(job);
		__wake_for_callbacks(kc);
	} else {
		list_add_tail(&job->turn, &kc->turns);
		if (direct)
			__turns_start(kc, &started, INT_MAX);
		else
			wake(kc);
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
	job->submitted = jiffies;
	job->progress = job->submitted;
	kc->nr_prepared--;
	job->seq = ++kc->seq;
	list_add_tail(&job->all, &kc->jobs);
	__finish_job(job);
	/* Once the lock is released, the callback may lead to the client's end. */
	__wake_for_callbacks(kc);
	raw_spin_unlock_irqrestore(&kc->lock, flags);
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
	unsigned long irq;
	int nr;

	raw_spin_lock_irqsave(&kc->lock, irq);
	nr = __cancel_jobs(kc, context, &irq);
	if (nr)
		wake(kc);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
	return nr;
}

/* A policy was changed: look what may be started now. */
static void __limits_changed(struct kcopyd_client *kc)
{
	kc->limited = rate_limits(&kc->rate) || kc->yield.background;
	wake(kc);
}

/**
 * engine_set_rate - change the rate at which pieces are started
 * @kc: the client
 * @bytes: a second, or 0 for no limit
 *
 * Context: Any but NMI.
 */
void engine_set_rate(struct kcopyd_client *kc, u64 bytes)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&kc->lock, irq);
	rate_set(&kc->rate, ktime_get_ns(), bytes);
	__limits_changed(kc);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
}

/**
 * engine_set_class - have a client yield, or not
 * @kc: the client
 * @background: whether it does
 *
 * Context: Any but NMI.
 */
void engine_set_class(struct kcopyd_client *kc, bool background)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&kc->lock, irq);
	kc->yield.background = background;
	kc->yield.yields = false;
	__limits_changed(kc);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
}

/**
 * engine_set_floor - change the rate below which a client does not yield
 * @kc: the client
 * @bytes: a second, or 0
 *
 * Context: Any but NMI.
 */
void engine_set_floor(struct kcopyd_client *kc, u64 bytes)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&kc->lock, irq);
	rate_set(&kc->yield.floor, ktime_get_ns(), bytes);
	__limits_changed(kc);
	raw_spin_unlock_irqrestore(&kc->lock, irq);
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

	raw_spin_lock_irq(&kc->lock);
	WRITE_ONCE(kc->flushers, kc->flushers + 1);
	raw_spin_unlock_irq(&kc->lock);

	/* After this look, the worker takes all I/O that ended before the call. */
	smp_mb();
	taken = READ_ONCE(kc->taken);
	wake(kc);
	wait_event(kc->progress, dealt_with(kc, taken));

	/* Callbacks are called in the order in which they are queued. */
	raw_spin_lock_irq(&kc->lock);
	WRITE_ONCE(kc->flushers, kc->flushers - 1);
	nr = kc->nr_queued;
	raw_spin_unlock_irq(&kc->lock);
	wait_event(kc->progress, returned(kc, nr));
}

static void room_is_back(struct borrower *borrower)
{
	wake(container_of(borrower, struct kcopyd_client, borrower));
}

static enum hrtimer_restart look_again(struct hrtimer *timer)
{
	wake(container_of(timer, struct kcopyd_client, timer));
	return HRTIMER_NORESTART;
}

static void unthrottle(struct work_struct *work)
{
	wake(container_of(to_delayed_work(work), struct kcopyd_client,
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
	INIT_LIST_HEAD(&kc->cgroups);
	init_waitqueue_head(&kc->progress);
	INIT_LIST_HEAD(&kc->borrower.in_line);
	kc->borrower.wake = room_is_back;
	for (i = 0; i < ARRAY_SIZE(kc->works); i++) {
		INIT_WORK(&kc->works[i].work, run_worker);
		kc->works[i].kc = kc;
	}
	kc->next = kc->works;
	INIT_DELAYED_WORK(&kc->unthrottle, unthrottle);
	compat_hrtimer_setup(&kc->timer, look_again);

	err = yield_init(&kc->yield);
	if (err)
		return err;
	err = copy_space_init(&kc->own, num_pages, sizeof(struct piece),
			      step_ended);
	if (err)
		goto err_space;
	err = kc->shares ? reserve_join(sizeof(struct piece), step_ended) : 0;
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
err_space:
	yield_exit(&kc->yield);
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
	hrtimer_cancel(&kc->timer);
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
	yield_exit(&kc->yield);
}
