// SPDX-License-Identifier: GPL-2.0
/*
 * The percent throttle of dm-kcopyd
 *
 * A throttle of P percent means that copies are in progress during P percent of
 * the time. So a jiffy in which one was in progress brings them 100 - P
 * hundredths of a jiffy ahead of their share, and one in which none was takes P
 * hundredths back. A piece may begin while they are ahead by no more than an
 * allowance. That makes good what they lose where a wait takes longer than it was to
 * take, which is up to a jiffy even on an idle machine.
 *
 * Nobody sleeps here: throttle_begin() tells how long to wait.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>

#include "throttle.h"

/* In hundredths of a jiffy. */
#define ALLOWANCE 1000U

/* A change of the percentage is noticed after so long at the latest. */
#define WAIT_MAX (HZ / 10)

/* Nobody waits longer than this for the end of somebody else's piece. */
#define WAIT_FOR_OTHERS_MAX HZ

/* One slow copy holds up those after it for at most so long. */
#define PAUSE_MAX (10 * HZ)

/* For all throttles: only those with a limit come here. */
static DEFINE_RAW_SPINLOCK(throttle_lock);

static unsigned int percent(const struct dm_kcopyd_throttle *t)
{
	return clamp(READ_ONCE(t->throttle), 1U, 100U);
}

/* Bring the numbers up to date. */
static void __account(struct dm_kcopyd_throttle *t)
{
	unsigned int now = jiffies, passed = now - t->last_jiffies;
	u64 ahead = t->io_period;

	lockdep_assert_held(&throttle_lock);
	t->last_jiffies = now;
	if (t->num_io_jobs)
		ahead += (u64)passed * (100 - percent(t));
	else
		ahead -= min(ahead, (u64)passed * percent(t));
	t->io_period = min_t(u64, ahead, ALLOWANCE + PAUSE_MAX * percent(t));
}

/**
 * throttle_begin - ask to begin a piece
 * @t: the throttle; throttle_limits() said true
 * @since: when the caller began to wait, in jiffies, or 0; belongs to the throttle
 *
 * A piece that hangs does not stop the others for good: who has waited for a
 * second while some piece was in progress may begin, as in dm-kcopyd.
 *
 * Context: Any.
 * Return: 0 if it may begin, and then throttle_end() is due at its end. Else,
 * after how many jiffies to ask again.
 */
unsigned long throttle_begin(struct dm_kcopyd_throttle *t, unsigned long *since)
{
	unsigned long flags, wait = 0;
	bool too_long;

	raw_spin_lock_irqsave(&throttle_lock, flags);
	__account(t);
	too_long = t->num_io_jobs && *since &&
		   time_after_eq(jiffies, *since + WAIT_FOR_OTHERS_MAX);
	if (t->io_period > ALLOWANCE && !too_long) {
		wait = clamp((t->io_period - ALLOWANCE) / percent(t), 1U,
			     WAIT_MAX + 0U);
		*since = *since ?: jiffies ?: 1;
	} else {
		t->num_io_jobs++;
		*since = 0;
	}
	raw_spin_unlock_irqrestore(&throttle_lock, flags);
	return wait;
}

/**
 * throttle_end - tell that a piece has ended
 * @t: the throttle that let it begin
 *
 * Context: Any.
 */
void throttle_end(struct dm_kcopyd_throttle *t)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&throttle_lock, flags);
	__account(t);
	t->num_io_jobs--;
	raw_spin_unlock_irqrestore(&throttle_lock, flags);
}
