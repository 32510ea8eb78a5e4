/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints
 *
 * Times are in nanoseconds; 0 where the beginning was not observed, because nobody was
 * looking yet. Clients are told by the number of their folder in debugfs.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kcopyd

#if !defined(KCOPYD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KCOPYD_TRACE_H

#include <linux/blk_types.h>
#include <linux/tracepoint.h>

#include "kcopyd.h"
#include "times.h"

/* clang-format off */

TRACE_DEFINE_ENUM(KCOPYD_WAIT_PAGES);
TRACE_DEFINE_ENUM(KCOPYD_WAIT_THROTTLE);
TRACE_DEFINE_ENUM(KCOPYD_WAIT_RATE);
TRACE_DEFINE_ENUM(KCOPYD_WAIT_YIELD);
TRACE_DEFINE_ENUM(KCOPYD_WAIT_SUBMIT);
TRACE_DEFINE_ENUM(KCOPYD_WAIT_JOBS);

#define show_kcopyd_wait(reason)                                               \
	__print_symbolic(reason, { KCOPYD_WAIT_PAGES, "pages" },               \
			 { KCOPYD_WAIT_THROTTLE, "throttle" },                 \
			 { KCOPYD_WAIT_RATE, "rate" },                         \
			 { KCOPYD_WAIT_YIELD, "yield" },                       \
			 { KCOPYD_WAIT_SUBMIT, "submit" },                     \
			 { KCOPYD_WAIT_JOBS, "jobs" })

TRACE_DEFINE_ENUM(KCOPYD_IO_READ);
TRACE_DEFINE_ENUM(KCOPYD_IO_WRITE);
TRACE_DEFINE_ENUM(KCOPYD_IO_ZERO);

#define show_kcopyd_io(op)                                                     \
	__print_symbolic(op, { KCOPYD_IO_READ, "read" },                       \
			 { KCOPYD_IO_WRITE, "write" },                         \
			 { KCOPYD_IO_ZERO, "zero" })

/* A job was accepted; without a source, to zero. */
TRACE_EVENT_FN(kcopyd_job_queued,
	TP_PROTO(u32 client, const char *label, u64 job, u64 bytes,
		 unsigned int dests, bool zero),
	TP_ARGS(client, label, job, bytes, dests, zero),
	TP_STRUCT__entry(
		__field(u64, job)
		__field(u64, bytes)
		__field(u32, client)
		__field(u32, dests)
		__field(bool, zero)
		__array(char, label, KCOPYD_LABEL_SIZE)
	),
	TP_fast_assign(
		__entry->job = job;
		__entry->bytes = bytes;
		__entry->client = client;
		__entry->dests = dests;
		__entry->zero = zero;
		memcpy(__entry->label, label, KCOPYD_LABEL_SIZE);
	),
	TP_printk("client=%u label=%s job=%llu bytes=%llu dests=%u zero=%d",
		  __entry->client, __entry->label, __entry->job,
		  __entry->bytes, __entry->dests, __entry->zero),
	times_get, times_put
);

/* The first I/O of a job begins, after so long. */
TRACE_EVENT_FN(kcopyd_job_started,
	TP_PROTO(u32 client, const char *label, u64 job, u64 queued_ns),
	TP_ARGS(client, label, job, queued_ns),
	TP_STRUCT__entry(
		__field(u64, job)
		__field(u64, queued_ns)
		__field(u32, client)
		__array(char, label, KCOPYD_LABEL_SIZE)
	),
	TP_fast_assign(
		__entry->job = job;
		__entry->queued_ns = queued_ns;
		__entry->client = client;
		memcpy(__entry->label, label, KCOPYD_LABEL_SIZE);
	),
	TP_printk("client=%u label=%s job=%llu queued_ns=%llu",
		  __entry->client, __entry->label, __entry->job,
		  __entry->queued_ns),
	times_get, times_put
);

/* A job is about to be called back. */
TRACE_EVENT_FN(kcopyd_job_finished,
	TP_PROTO(u32 client, const char *label, u64 job, u64 bytes,
		 int read_err, unsigned long write_err, u64 queued_ns,
		 u64 run_ns),
	TP_ARGS(client, label, job, bytes, read_err, write_err, queued_ns,
		run_ns),
	TP_STRUCT__entry(
		__field(u64, job)
		__field(u64, bytes)
		__field(u64, queued_ns)
		__field(u64, run_ns)
		__field(u32, client)
		__field(s32, read_err)
		__field(u32, write_err)
		__array(char, label, KCOPYD_LABEL_SIZE)
	),
	TP_fast_assign(
		__entry->job = job;
		__entry->bytes = bytes;
		__entry->queued_ns = queued_ns;
		__entry->run_ns = run_ns;
		__entry->client = client;
		__entry->read_err = read_err;
		__entry->write_err = write_err;
		memcpy(__entry->label, label, KCOPYD_LABEL_SIZE);
	),
	TP_printk("client=%u label=%s job=%llu bytes=%llu read_err=%d write_err=%#x queued_ns=%llu run_ns=%llu",
		  __entry->client, __entry->label, __entry->job,
		  __entry->bytes, __entry->read_err, __entry->write_err,
		  __entry->queued_ns, __entry->run_ns),
	times_get, times_put
);

/* A read, or a write of one destination, has ended. A flush has no bytes. */
TRACE_EVENT_FN(kcopyd_io,
	TP_PROTO(u32 client, dev_t dev, enum kcopyd_io_op op, unsigned int dest,
		 u64 bytes, u64 ns, int error),
	TP_ARGS(client, dev, op, dest, bytes, ns, error),
	TP_STRUCT__entry(
		__field(u64, bytes)
		__field(u64, ns)
		__field(u32, client)
		__field(dev_t, dev)
		__field(u32, op)
		__field(u32, dest)
		__field(s32, error)
	),
	TP_fast_assign(
		__entry->bytes = bytes;
		__entry->ns = ns;
		__entry->client = client;
		__entry->dev = dev;
		__entry->op = op;
		__entry->dest = dest;
		__entry->error = error;
	),
	TP_printk("client=%u dev=%u:%u op=%s dest=%u bytes=%llu ns=%llu error=%d",
		  __entry->client, MAJOR(__entry->dev), MINOR(__entry->dev),
		  show_kcopyd_io(__entry->op), __entry->dest, __entry->bytes,
		  __entry->ns, __entry->error),
	times_get, times_put
);

/* Somebody has waited: all jobs of the client, a submitter, or who submits its bios. */
TRACE_EVENT_FN(kcopyd_wait,
	TP_PROTO(u32 client, enum kcopyd_wait reason, u64 ns),
	TP_ARGS(client, reason, ns),
	TP_STRUCT__entry(
		__field(u64, ns)
		__field(u32, client)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->ns = ns;
		__entry->client = client;
		__entry->reason = reason;
	),
	TP_printk("client=%u reason=%s ns=%llu", __entry->client,
		  show_kcopyd_wait(__entry->reason), __entry->ns),
	times_get, times_put
);

/* clang-format on */

#endif /* KCOPYD_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE kcopyd_trace
#include <trace/define_trace.h>
