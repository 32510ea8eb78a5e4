// SPDX-License-Identifier: GPL-2.0
/*
 * How long things take, while somebody wants to know
 *
 * Times are taken while one of the tracepoints is in use or debugfs was told to, and
 * cost nothing otherwise but a branch that is patched out.
 */
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "times.h"

#define CREATE_TRACE_POINTS
#include "kcopyd_trace.h"

DEFINE_STATIC_KEY_FALSE(times_key);

/* For the suite of io_region.c, which is part of both. */
EXPORT_SYMBOL_GPL(times_key);
EXPORT_TRACEPOINT_SYMBOL_GPL(kcopyd_io);
EXPORT_TRACEPOINT_SYMBOL_GPL(kcopyd_wait);

/**
 * times_get - have times taken from now on
 *
 * Context: Process context. May sleep.
 * Return: 0.
 */
int times_get(void)
{
	static_branch_inc(&times_key);
	return 0;
}

/**
 * times_put - as far as the caller of times_get() is concerned, take them no more
 *
 * Context: Process context. May sleep.
 */
void times_put(void)
{
	static_branch_dec(&times_key);
}

/**
 * times_add - count a duration
 * @times: where
 * @ns: how long it was
 *
 * Context: Any.
 */
void times_add(struct times *times, u64 ns)
{
	u64 us = div_u64(ns, NSEC_PER_USEC);
	unsigned int i = min_t(unsigned int, fls64(us), TIMES_BUCKETS - 1);

	times->recent = times->count ?
				times->recent - times->recent / 8 + ns / 8 :
				ns;
	times->sum += ns;
	times->count++;
	times->buckets[i]++;
}
