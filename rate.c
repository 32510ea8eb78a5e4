// SPDX-License-Identifier: GPL-2.0
/*
 * So many bytes a second
 *
 * A token bucket, kept as a time: each charge moves @free_at ahead by as long as the
 * bytes may take, and nothing may begin before it. While nothing is charged it falls
 * behind the clock, and that is credit, but not more than a burst: what a late timer
 * loses can be made up for, and no more.
 *
 * What begins is charged whole, so pieces are to be short. Over any second no more can
 * begin than a second's worth, a burst, and a piece: 104.7 %.
 */
#include <linux/bits.h>
#include <linux/blk_types.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "rate.h"

#define BURST_NS (NSEC_PER_SEC / 32)

/* A piece is no longer than what may be moved in this part of a second. */
#define PIECES_A_SECOND 64

/* No device is so fast. More would not be counted precisely. */
#define BYTES_MAX BIT_ULL(40)

/**
 * rate_set - change the rate
 * @rate: the bucket
 * @now: the time, in ns
 * @bytes: a second; 0 is no limit
 *
 * What was charged and is not paid off is paid at the new rate.
 *
 * Context: Any.
 */
void rate_set(struct rate *rate, u64 now, u64 bytes)
{
	u64 owed = 0;

	if (bytes > BYTES_MAX)
		bytes = 0;
	if (rate->bytes && bytes && rate->free_at > now)
		owed = mul_u64_u64_div_u64(rate->free_at - now, rate->bytes,
					   bytes);
	rate->bytes = bytes;
	rate->free_at = now + owed;
}

/**
 * rate_delay - when may more begin?
 * @rate: the bucket; it has a limit
 * @now: the time, in ns
 *
 * Context: Any.
 * Return: 0 for now; else in how many ns.
 */
u64 rate_delay(const struct rate *rate, u64 now)
{
	return rate->free_at > now ? rate->free_at - now : 0;
}

/**
 * rate_charge - tell that something begins
 * @rate: the bucket; it has a limit
 * @now: the time, in ns
 * @bytes: how much
 *
 * Context: Any.
 */
void rate_charge(struct rate *rate, u64 now, u64 bytes)
{
	u64 earliest = now > BURST_NS ? now - BURST_NS : 0;

	rate->free_at = max(rate->free_at, earliest) +
			DIV64_U64_ROUND_UP(bytes * NSEC_PER_SEC, rate->bytes);
}

/**
 * rate_piece_sectors - how much may begin as one
 * @rate: the bucket; it has a limit
 * @block: the least that can, in sectors; a power of two
 *
 * Context: Any.
 * Return: The most, in sectors; a multiple of @block.
 */
unsigned int rate_piece_sectors(const struct rate *rate, unsigned int block)
{
	u64 sectors = rate->bytes / PIECES_A_SECOND >> SECTOR_SHIFT;

	sectors = round_down(min_t(u64, sectors, S32_MAX), block);
	return max_t(u64, sectors, block);
}
