// SPDX-License-Identifier: GPL-2.0
/*
 * What jobs do, for those who want to know
 *
 * Called only while times are taken. What began before that has no time of its
 * beginning, and is not counted.
 */
#include <linux/bitops.h>
#include <linux/ktime.h>

#include "kcopyd_trace.h"
#include "observe.h"

static u64 job_bytes(const struct job *job)
{
	return (u64)job->count << SECTOR_SHIFT;
}

void __observe_queued(struct job *job)
{
	job->queued_at = ktime_get_ns();
	trace_kcopyd_job_queued(job->kc->owner.id, job->kc->owner.label,
				job->seq, job_bytes(job), hweight8(job->places),
				job_is_zeroing(job));
}

void __observe_started(struct job *job)
{
	u64 now = ktime_get_ns();

	if (job->started_at)
		return;
	job->started_at = now;
	trace_kcopyd_job_started(job->kc->owner.id, job->kc->owner.label,
				 job->seq, times_since(job->queued_at, now));
}

void __observe_finished(const struct job *job)
{
	struct kcopyd_client *kc = job->kc;
	u64 now = ktime_get_ns();
	u64 queued = times_since(job->queued_at, job->started_at ?: now);

	if (job->callback_only)
		return;
	trace_kcopyd_job_finished(kc->owner.id, kc->owner.label, job->seq,
				  job_bytes(job),
				  job->cancelled ? -ECANCELED : job->read_err,
				  job->write_err, queued,
				  times_since(job->started_at, now));
	if (!job->queued_at)
		return;
	times_add(&kc->times[TIMES_QUEUE], queued);
	times_add(&kc->times[TIMES_TOTAL], now - job->queued_at);
}

void __observe_step(const struct piece *piece)
{
	const struct region_io *io = &piece->room.io;
	u64 ended = READ_ONCE(io->ended);

	if (!io->begun || !ended || piece->phase == PHASE_FLUSH)
		return;
	/* It may have been on another processor, whose clock is a little behind. */
	times_add(&piece->kc->times[piece->phase == PHASE_READ ? TIMES_READ :
								 TIMES_WRITE],
		  times_since(io->begun, ended));
}

void __observe_wait(struct kcopyd_client *kc, enum kcopyd_wait before)
{
	u64 now = ktime_get_ns();
	u64 ns = times_since(kc->waits_since, now);

	if (kc->waits_for == before)
		return;
	if (ns) {
		kc->waited[before] += ns;
		trace_kcopyd_wait(kc->owner.id, before, ns);
	}
	kc->waits_since = kc->waits_for ? now : 0;
}
