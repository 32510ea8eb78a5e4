/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcopyd - asynchronous copies between block devices
 *
 * kcopyd copies a range of sectors of one block device to one or more others
 * and calls back when that is done. It is made for authors of block targets:
 * snapshots, mirrors, caches, thin provisioning.
 *
 * Clients
 * -------
 * All work belongs to a client. A client owns a fixed number of pages, set
 * aside when it is created; all data of its copies passes through them, and
 * however much is queued, never through more. Once a job is accepted nothing
 * is allocated for it any more, so a client can serve the very path that
 * cleans memory. A driver that must make progress on its own needs a client of
 * its own. Where there are many clients, most of them idle, each can have a few
 * pages and borrow the rest: see kcopyd_client_create_shared().
 *
 * Jobs
 * ----
 * kcopyd_copy() and kcopyd_zero() submit a job. Each either returns an error,
 * and then nothing happens, or 0, and then the callback is called exactly once,
 * whatever becomes of the devices. The regions are copied by the call, so they
 * may live on the caller's stack. The block devices stay the caller's: it holds
 * them open until the callback. The context pointer is passed through and, as
 * far as kcopyd is concerned, names the job: see kcopyd_cancel().
 *
 * A job is done in pieces of at most 512 KiB, and the jobs of a client take
 * turns, a piece each: a small job does not wait for the whole of a large one.
 *
 * Callbacks
 * ---------
 * Callbacks run in process context, on a workqueue of the client, one at a time
 * for each client. When a callback runs, no I/O of its job is in flight and its
 * memory is free for the next. A callback may sleep, but the client's other
 * jobs wait meanwhile. It may submit, cancel and trigger prepared callbacks on
 * its client; the first job that it submits never waits for another to finish.
 * It must not call kcopyd_client_drain() or kcopyd_client_destroy().
 *
 * Control
 * -------
 *
 * A client has a label, by which it is known to those who look at debugfs and
 * tracepoints. It can be limited to a rate and to a number of pending jobs. It is a
 * foreground client, or a background client, which yields to other I/O down to a
 * floor. All of that can be changed while jobs are pending, and holds at once.
 *
 * A caller, complete::
 *
 *	static void copied(int read_err, unsigned int write_err, void *context)
 *	{
 *		struct completion *done = context;
 *
 *		if (read_err || write_err)
 *			pr_err("copy failed: read %d, writes %#x\n",
 *			       read_err, write_err);
 *		complete(done);
 *	}
 *
 *	int copy_first_mib(struct block_device *src, struct block_device *dst)
 *	{
 *		struct io_region from = { .bdev = src, .sector = 0, .count = 2048 };
 *		struct io_region to = { .bdev = dst, .sector = 0, .count = 2048 };
 *		DECLARE_COMPLETION_ONSTACK(done);
 *		struct kcopyd_client *kc;
 *		int err;
 *
 *		err = kcopyd_client_create(256, &kc);
 *		if (err)
 *			return err;
 *		err = kcopyd_copy(kc, &from, 1, &to, 0, copied, &done);
 *		if (!err)
 *			wait_for_completion(&done);
 *		kcopyd_client_destroy(kc);
 *		return err;
 *	}
 */
#ifndef KCOPYD_H
#define KCOPYD_H

#include <linux/bits.h>
#include <linux/blk_types.h>
#include <linux/types.h>

/* The most destinations that one job can have. */
#define KCOPYD_MAX_REGIONS 8

/* How long the label of a client can be, with the 0 at its end. */
#define KCOPYD_LABEL_SIZE 32

/**
 * struct io_region - a range of sectors of a block device
 * @bdev: the device; a partition is fine, @sector is relative to it
 * @sector: first sector, in units of 512 bytes
 * @count: length in sectors of 512 bytes
 */
struct io_region {
	struct block_device *bdev;
	sector_t sector;
	sector_t count;
};

/*
 * Flags of a job, a mask.
 *
 * KCOPYD_IGNORE_ERROR: copy all that can be copied. What could not be read is
 * not written; a destination that failed is tried again with the next piece.
 *
 * KCOPYD_WRITE_SEQ: write each destination strictly in ascending order, one
 * write at a time, and stop at its first failure. Implied by a zoned
 * destination. Overrides KCOPYD_IGNORE_ERROR.
 *
 * KCOPYD_NOWAIT: return -EAGAIN where the call would sleep. With this flag a
 * job may be submitted from any context but NMI.
 *
 * KCOPYD_DURABLE: success means that the data is on stable media.
 *
 * KCOPYD_ORDERED: call back in the order of submission, among the jobs of the
 * client that bear this flag.
 */
#define KCOPYD_IGNORE_ERROR BIT(0)
#define KCOPYD_WRITE_SEQ    BIT(1)
#define KCOPYD_NOWAIT	    BIT(2)
#define KCOPYD_DURABLE	    BIT(3)
#define KCOPYD_ORDERED	    BIT(4)

struct kcopyd_client;

/**
 * typedef kcopyd_notify_fn - called once when a job has ended
 * @read_err: 0, the negative errno of the first read that failed, or -ECANCELED
 *	after kcopyd_cancel()
 * @write_err: bit i is set if a write to destination i failed. With a @read_err
 *	of 0, a clear bit i means that destination i holds the complete copy.
 *	kcopyd_write_error() helps to say why it failed.
 * @context: what the submitter passed
 *
 * Context: Process context, on the client's workqueue. May sleep.
 */
typedef void (*kcopyd_notify_fn)(int read_err, unsigned int write_err,
				 void *context);

/**
 * enum kcopyd_class - what a client is for
 * @KCOPYD_FOREGROUND: somebody waits for its copies; they do not yield
 * @KCOPYD_BACKGROUND: its copies yield to other I/O
 */
enum kcopyd_class {
	KCOPYD_FOREGROUND,
	KCOPYD_BACKGROUND,
};

/**
 * enum kcopyd_wait - why a job, or all jobs of a client, are not started now
 * @KCOPYD_WAIT_NONE: nothing has to wait
 * @KCOPYD_WAIT_PAGES: for memory: pages of the client, or of the reserve
 * @KCOPYD_WAIT_THROTTLE: for the percent throttle of dm-kcopyd
 * @KCOPYD_WAIT_RATE: for kcopyd_client_set_rate()
 * @KCOPYD_WAIT_YIELD: a background client, for the I/O of others
 * @KCOPYD_WAIT_CGROUP: for I/O of its cgroup, which holds as much memory as it may
 * @KCOPYD_WAIT_QUEUE: for its turn: other jobs of the client come first
 * @KCOPYD_WAIT_DEVICE: for I/O that is in flight
 * @KCOPYD_WAIT_SUBMIT: for submit_bio(), which does not return
 * @KCOPYD_WAIT_CALLBACK: it is over, and waits for callbacks before its own
 * @KCOPYD_WAIT_JOBS: for kcopyd_client_set_max_jobs()
 * @KCOPYD_NR_WAITS: how many reasons there are
 */
enum kcopyd_wait {
	KCOPYD_WAIT_NONE,
	KCOPYD_WAIT_PAGES,
	KCOPYD_WAIT_THROTTLE,
	KCOPYD_WAIT_RATE,
	KCOPYD_WAIT_YIELD,
	KCOPYD_WAIT_CGROUP,
	KCOPYD_WAIT_QUEUE,
	KCOPYD_WAIT_DEVICE,
	KCOPYD_WAIT_SUBMIT,
	KCOPYD_WAIT_CALLBACK,
	KCOPYD_WAIT_JOBS,
	KCOPYD_NR_WAITS,
};

/**
 * struct kcopyd_stats - what a client has done, and is doing
 * @jobs_submitted: copies and zeroings accepted since creation
 * @jobs_completed: those of them whose callback has been called
 * @jobs_failed: completed jobs that reported an error other than -ECANCELED
 * @jobs_cancelled: completed jobs that reported -ECANCELED
 * @sectors_read: sectors read from sources
 * @sectors_written: sectors of copies written, counted once for each destination
 * @sectors_zeroed: sectors zeroed, counted once for each destination
 * @jobs_pending: jobs submitted and not completed
 * @pages_total: pages set aside at creation, and those of the reserve if the
 *	client borrows from it
 * @pages_in_use: pages that hold data of jobs now
 * @pages_peak: the most pages that were in use at once
 * @waits_for: what the client waits for: what keeps the next piece from being started,
 *	else I/O in flight, or callbacks
 * @jobs_stalled: how often a job was found that had made no progress for 30 seconds
 * @bytes_per_second: how fast data was moved lately
 *
 * A sector has 512 bytes. Sectors whose I/O failed do not count.
 */
struct kcopyd_stats {
	u64 jobs_submitted;
	u64 jobs_completed;
	u64 jobs_failed;
	u64 jobs_cancelled;
	u64 sectors_read;
	u64 sectors_written;
	u64 sectors_zeroed;
	u32 jobs_pending;
	u32 pages_total;
	u32 pages_in_use;
	u32 pages_peak;
	enum kcopyd_wait waits_for;
	u64 jobs_stalled;
	u64 bytes_per_second;
};

int kcopyd_client_create(unsigned int num_pages, struct kcopyd_client **result);
int kcopyd_client_create_shared(unsigned int num_pages,
				struct kcopyd_client **result);
void kcopyd_client_destroy(struct kcopyd_client *kc);

int kcopyd_copy(struct kcopyd_client *kc, struct io_region *from,
		unsigned int num_dests, struct io_region *dests,
		unsigned int flags, kcopyd_notify_fn fn, void *context);
int kcopyd_zero(struct kcopyd_client *kc, unsigned int num_dests,
		struct io_region *dests, unsigned int flags,
		kcopyd_notify_fn fn, void *context);

int kcopyd_write_error(const struct io_region *dest);
int kcopyd_cancel(struct kcopyd_client *kc, void *context);
void kcopyd_client_drain(struct kcopyd_client *kc);

void *kcopyd_prepare_callback(struct kcopyd_client *kc, kcopyd_notify_fn fn,
			      void *context);
void kcopyd_do_callback(void *callback, int read_err, unsigned int write_err);

void kcopyd_client_set_label(struct kcopyd_client *kc, const char *label);
void kcopyd_client_set_class(struct kcopyd_client *kc, enum kcopyd_class class);
void kcopyd_client_set_floor(struct kcopyd_client *kc, u64 bytes_per_second);
void kcopyd_client_busy_begin(struct kcopyd_client *kc);
void kcopyd_client_busy_end(struct kcopyd_client *kc);
void kcopyd_client_set_rate(struct kcopyd_client *kc, u64 bytes_per_second);
void kcopyd_client_set_ioprio(struct kcopyd_client *kc, u16 ioprio);
void kcopyd_client_set_max_jobs(struct kcopyd_client *kc, unsigned int jobs);
void kcopyd_client_wait_below(struct kcopyd_client *kc, unsigned int jobs);

const char *kcopyd_wait_name(enum kcopyd_wait reason);
void kcopyd_client_get_stats(struct kcopyd_client *kc,
			     struct kcopyd_stats *stats);

#endif /* KCOPYD_H */
