// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs that make no progress
 *
 * A job of which no piece has ended for half a minute is marked, and counted once, until
 * it makes progress again. There is a word in the log, not more often than once a
 * minute, unless the jobs wait for what the client's owner has set, or only for others.
 */
#include <linux/jiffies.h>
#include <linux/printk.h>

#include "look.h"
#include "stall.h"

#define STALL_AFTER (30 * HZ)
#define WARN_EVERY  (60 * HZ)

/* What one look at a client has found. */
struct findings {
	unsigned int stalled;
	unsigned int to_tell; /* those of them that are worth a word, */
	unsigned long idle;   /* the first of which has waited for so long, */
	enum kcopyd_wait reason; /* for this */
};

static bool worth_a_word(enum kcopyd_wait reason)
{
	switch (reason) {
	case KCOPYD_WAIT_PAGES:
	case KCOPYD_WAIT_DEVICE:
	case KCOPYD_WAIT_SUBMIT:
	case KCOPYD_WAIT_CALLBACK:
		return true;
	default:
		return false;
	}
}

static bool check_job(struct job *job, void *data)
{
	unsigned long idle = jiffies - job->progress;
	struct findings *found = data;
	enum kcopyd_wait reason;
	bool stalled = idle > STALL_AFTER;

	if (stalled && !job->stalled)
		job->kc->stats.jobs_stalled++;
	job->stalled = stalled;
	if (!stalled)
		return true;
	found->stalled++;
	reason = __look_job(job);
	if (worth_a_word(reason) && !found->to_tell++) {
		found->idle = idle;
		found->reason = reason;
	}
	return true;
}

/**
 * stall_check - look for jobs of a client that make no progress
 * @kc: the client
 *
 * Context: Process context. May sleep.
 */
void stall_check(struct kcopyd_client *kc)
{
	struct findings found = {};

	look_at_jobs(kc, check_job, &found);
	if (!found.to_tell ||
	    (kc->watch.warned &&
	     time_before(jiffies, kc->watch.warned + WARN_EVERY)))
		return;
	kc->watch.warned = jiffies ?: 1;
	pr_warn("kcopyd: client %u (%s): jobs without progress: %u; one has waited for %lu s, for: %s\n",
		kc->owner.id, kc->owner.label, found.stalled, found.idle / HZ,
		kcopyd_wait_name(found.reason));
}
