/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a client is made of: jobs, the pieces that jobs are done in, and the state
 * of its worker
 */
#ifndef KCOPYD_CLIENT_H
#define KCOPYD_CLIENT_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/mempool.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "include/linux/dm-kcopyd.h"
#include "io_region.h"
#include "kcopyd.h"
#include "rate.h"
#include "reserve.h"
#include "space.h"
#include "times.h"

/*
 * So many objects of jobs that are over a client keeps at hand for the next.
 * KASAN finds the use of a freed object only if it is freed.
 */
#define CLIENT_JOBS_KEPT (IS_ENABLED(CONFIG_KASAN) ? 1 : 32)

/*
 * Flags of a job beside those of kcopyd.h. JOB_DROPIN: it came by the interface
 * of dm-kcopyd.
 */
#define JOB_DROPIN BIT(7)

/* What to call when a job has ended. */
union job_fn {
	kcopyd_notify_fn native;
	dm_kcopyd_notify_fn dropin;
};

/*
 * A job is in one of these states, which follow each other:
 *
 * waiting	on the client's @turns: something is left to be started
 *		Or on the list of its cgroup, to leave room for others
 * running	on no list by @turn: all is started, or as much as may be in
 *		flight at once; goes back to waiting when a piece ends and more
 *		is left. Or joined with others in one piece, on the list of which
 *		it is; goes back to waiting, to be done alone, if that fails
 * finished	@finished is set; on the client's @callbacks, if it is ordered once
 *		the ordered jobs before it have been called back
 *
 * Only callback.c ends a job, in one of two places: where the last piece in flight
 * ends, or where a job without any is cancelled.
 *
 * Members are guarded by the client's lock, with these exceptions: what the
 * submitter filled in does not change; @read_err, @written, @writing and, of a
 * sequential job, @ready belong to the worker; @write_err, @offload and @stop may be
 * read at any time.
 */
struct job {
	struct list_head all;	  /* on the client's @jobs */
	struct list_head turn;	  /* on its @turns or its @callbacks */
	struct list_head ordered; /* on its @ordered, until it is called back */
	struct list_head ready; /* pieces to be written, or jobs to be joined */
	struct kcopyd_client *kc;
	u64 seq; /* when it was submitted */
	union job_fn fn;
	void *context;
	sector_t count;	    /* length, in sectors */
	unsigned int block; /* all I/O is in multiples of this */
	u8 flags;
	u8 places; /* mask: destinations that could be written at the beginning */
	struct io_place from; /* no device: zero the destinations */
	struct io_place to[KCOPYD_MAX_REGIONS];
	/* All from here on begins as zero. */
	u8 inflight; /* pieces */
	u8 offload;  /* mask: devices that zero on command */
	int read_err;
	unsigned long write_err;
	sector_t next;	    /* all before this has been started */
	sector_t written;   /* sequential: what comes next */
	bool callback_only; /* a prepared callback, not a job */
	bool writing;	    /* sequential: a write is in flight */
	bool flushed;	    /* durable: flush has been started */
	bool stop;	    /* start no more I/O */
	bool alone;	    /* is not to be joined with others again */
	bool cancelled;
	bool finished;
	struct piece *joined_in;   /* with others, while it is */
	struct job_cgroup *cgroup; /* NULL: the root */
	unsigned long submitted;   /* in jiffies */
	unsigned long progress; /* when a piece of it has ended, or it began */
	bool stalled;		/* was found without progress */
	u64 queued_at;		/* in ns; 0 if nobody wanted to know */
	u64 started_at;		/* likewise, its first piece */
};

/*
 * What a piece is doing. A piece of a copy is read, then written; a piece of
 * zeroes is zeroed by command where the device can, then by writing elsewhere.
 */
enum phase {
	PHASE_READ,
	PHASE_WRITE,
	PHASE_ZERO_COMMAND,
	PHASE_ZERO_PAGES,
	PHASE_FLUSH,
};

/*
 * A part of a job, with all that its I/O needs. Or several whole jobs that are
 * adjacent, @job is then the one with the lowest sectors.
 */
struct piece {
	struct copy_room room; /* comes first; its list is where the piece is */
	/* All from here on is set anew for each use. */
	struct kcopyd_client *kc;
	struct job *job;
	struct llist_node done; /* on the client's @done */
	enum phase phase;
	sector_t offset; /* from the beginning of the job */
	unsigned int sectors;
	unsigned int zeroed;  /* by writing: sectors done so far */
	unsigned int read;    /* sectors read */
	unsigned int written; /* sectors written, of all destinations */
	u8 places;	      /* mask: still to be zeroed by writing */
	u8 submitting;	/* mask: places of the next step, by a cgroup's work */
	u16 slots;	/* mask: where the client's @yield counts it, or 0 */
	bool throttled; /* the throttle counts it */
	unsigned int nr_charged; /* pages that count for the job's cgroup */
	bool is_joined;		 /* it is for several jobs, with these: */
	bool spoiled;		 /* each has to be done alone */
	bool stop;		 /* one of them is to start no more I/O */
	struct list_head joined; /* the jobs, by age */
};

/* The state of the worker; see wake() and run_worker() in engine.c. */
enum worker_bits {
	WORKER_BUSY,	/* a work deals with the I/O */
	WORKER_CALLING, /* but calls back now; the other may take over */
	WORKER_KICKED,	/* there is more to do */
	WORKER_GONE,	/* the client is being freed */
};

/* What is timed while somebody wants to know. */
enum client_times {
	TIMES_QUEUE, /* from submission to the first piece */
	TIMES_READ,  /* a piece, of the source */
	TIMES_WRITE, /* a piece, of all its destinations */
	TIMES_TOTAL, /* from submission to the callback */
	NR_CLIENT_TIMES,
};

/* One of the two works that are the worker in turns; see run_worker(). */
struct kcopyd_work {
	struct work_struct work;
	struct kcopyd_client *kc;
};

/* I/O of the users of a target, as it has told. */
struct yield_users {
	unsigned long begun;
	unsigned long ended;
};

/* The devices on which a client has pieces in flight, and one for all others. */
#define YIELD_SLOTS 16

/* A delay for who is told when it is over. */
#define YIELD_UNTIL_TOLD U64_MAX

/* How a background client yields; see yield.c. The client's lock guards it. */
struct yield {
	bool background;
	bool yields;		/* others were seen, for the next piece */
	struct rate floor;	/* below which it does not */
	unsigned int nr_pieces; /* in flight, of those that were counted */
	struct {
		dev_t dev;
		unsigned int nr_pieces;
	} slots[YIELD_SLOTS];
	struct yield_users __percpu *users;
	unsigned long begun; /* by users, until the last look */
	u64 looked_at;
	u64 busy_until;
};

/* What only those who look at clients use; see watch.c. */
struct watch {
	struct list_head list; /* of all clients */
	struct dentry *dir;    /* in debugfs */
	char creator[TASK_COMM_LEN];
	pid_t creator_pid;
	u64 moved;	      /* bytes, when the rate was computed */
	u64 moved_at;	      /* that was at, in ns */
	u64 rate;	      /* bytes a second before that */
	unsigned long warned; /* in jiffies, or 0 */
};

struct kcopyd_client {
	struct llist_head done; /* pieces whose I/O has ended */
	unsigned long worker;	/* mask of enum worker_bits */
	struct workqueue_struct *wq;
	struct kcopyd_work works[2];
	struct kcopyd_work *next; /* the one that is queued next */

	/* The worker's own. Others may read @taken. */
	struct llist_node *ended; /* pieces taken from @done, to be dealt with */
	u64 taken;		  /* how often it has taken all of @done */
	unsigned long batch; /* when it began what it does now, in jiffies */

	raw_spinlock_t lock;	    /* guards all below up to @mempool */
	u64 dealt_with;		    /* @taken, when all that was had been */
	unsigned int flushers;	    /* who wait for that */
	struct list_head turns;	    /* jobs that have more to start */
	bool limited;		    /* by @rate or by @yield */
	struct rate rate;	    /* of what is started */
	enum kcopyd_wait waits_for; /* why these are not started */
	struct list_head callbacks; /* finished jobs, to be called back */
	struct list_head jobs;	    /* all jobs not called back, by age */
	struct list_head ordered;   /* those of them that are ordered */
	struct list_head cgroups;   /* that have submitted some of them */
	struct copy_space own;	    /* room that no other client takes */
	u64 nr_queued;		    /* callbacks so far put on @callbacks */
	u64 nr_returned;	    /* callbacks that have returned */
	atomic_t calling_back;	    /* a work calls back, and looks for more */
	u64 seq;		    /* of the latest job */
	unsigned int join_peeks;    /* look no further so many times; join.h */
	u64 calling;		    /* job whose callback runs, or 0 */
	unsigned int nr_prepared;   /* callbacks prepared, not triggered */
	unsigned int nr_kept;
	struct job *kept[CLIENT_JOBS_KEPT]; /* objects for the next jobs */
	struct kcopyd_stats stats;
	struct io_owner owner; /* the lock matters to its label only */
	struct yield yield;
	u64 waits_since;	     /* when @waits_for was set, in ns, or 0 */
	u64 waited[KCOPYD_NR_WAITS]; /* how long, in ns */
	struct times times[NR_CLIENT_TIMES];
	unsigned int max_jobs;	  /* no more are pending; 0: no limit */
	unsigned int nr_admitted; /* submissions that are not jobs yet */
	unsigned int nr_sleepers; /* who wait for fewer jobs */

	struct task_struct *caller; /* task that runs a callback */
	struct job *spare;	    /* for the first job it submits */

	mempool_t mempool;	    /* of struct job */
	wait_queue_head_t progress; /* a callback has returned */
	struct lock_class_key callbacks_key;
	struct lockdep_map callbacks_map; /* callbacks run in it */
	struct rcu_work free;

	bool shares; /* borrows from the reserve */
	struct borrower borrower;

	struct dm_kcopyd_throttle *throttle;
	unsigned long throttled; /* see throttle_begin() */
	struct delayed_work unthrottle;
	struct hrtimer timer; /* has the worker look again */

	struct watch watch;
};

/* On a client's list of jobs there may be this instead; see walk.h. */
static inline bool job_is_place(const struct job *job)
{
	return !job->kc;
}

/* Jobs that are submitted and not called back. The client's lock is held. */
static inline u64 client_pending(const struct kcopyd_client *kc)
{
	return kc->stats.jobs_submitted - kc->stats.jobs_completed;
}

/* Are we a callback of this client? */
static inline bool client_calls_us(const struct kcopyd_client *kc)
{
	return READ_ONCE(kc->caller) == current && in_task();
}

static inline bool job_is_zeroing(const struct job *job)
{
	return !job->from.bdev;
}

static inline bool job_stopped(const struct job *job)
{
	return READ_ONCE(job->stop);
}

static inline void job_stop(struct job *job)
{
	WRITE_ONCE(job->stop, true);
}

/* All destinations, as a mask, but for those that were bad from the beginning. */
static inline unsigned long job_all_places(const struct job *job)
{
	return job->places;
}

/* The destinations that still get writes. */
static inline unsigned long job_places(const struct job *job)
{
	if (job->flags & KCOPYD_IGNORE_ERROR)
		return job_all_places(job);
	return job_all_places(job) & ~READ_ONCE(job->write_err);
}

static inline bool job_has_more(const struct job *job)
{
	return !job_stopped(job) && job->next < job->count;
}

#endif /* KCOPYD_CLIENT_H */
