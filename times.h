/* SPDX-License-Identifier: GPL-2.0 */
/* How long things take, while somebody wants to know; see times.c. */
#ifndef KCOPYD_TIMES_H
#define KCOPYD_TIMES_H

#include <linux/jump_label.h>
#include <linux/ktime.h>

/* What a bio does, for a tracepoint. */
enum kcopyd_io_op {
	KCOPYD_IO_READ,
	KCOPYD_IO_WRITE, /* or a flush */
	KCOPYD_IO_ZERO,	 /* by command */
};

/* Bucket 0 is for less than a microsecond, i for 2^(i - 1) to 2^i of them. */
#define TIMES_BUCKETS 32

/**
 * struct times - how long something took, each time
 * @count: how often
 * @sum: of all, in ns
 * @recent: mean of which each weighs 1/8 more than the one before, in ns
 * @buckets: how often by duration
 *
 * One writes at a time; who reads may find it half updated.
 */
struct times {
	u64 count;
	u64 sum;
	u64 recent;
	u64 buckets[TIMES_BUCKETS];
};

DECLARE_STATIC_KEY_FALSE(times_key);

/* Are times taken? To read the clock costs more than all the rest of this. */
static inline bool times_wanted(void)
{
	return static_branch_unlikely(&times_key);
}

/* The time in ns, or 0 if nobody wants to know. */
static inline u64 times_now(void)
{
	return times_wanted() ? ktime_get_ns() : 0;
}

/* How long ago that was; 0 if nobody wanted to know then. */
static inline u64 times_since(u64 then, u64 now)
{
	return then && now > then ? now - then : 0;
}

int times_get(void);
void times_put(void);
void times_add(struct times *times, u64 ns);

#endif /* KCOPYD_TIMES_H */
