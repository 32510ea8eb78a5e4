/* SPDX-License-Identifier: GPL-2.0 */
/* So many bytes a second; see rate.c. */
#ifndef KCOPYD_RATE_H
#define KCOPYD_RATE_H

#include <linux/types.h>

/**
 * struct rate - a token bucket
 * @bytes: a second; 0: no limit, and @free_at means nothing
 * @free_at: when what was charged is paid off, in ns; in the past there is credit
 *
 * The owner serialises the calls for one.
 */
struct rate {
	u64 bytes;
	u64 free_at;
};

/* Is there a limit? If not, nothing else of it is to be asked or told. */
static inline bool rate_limits(const struct rate *rate)
{
	return rate->bytes;
}

void rate_set(struct rate *rate, u64 now, u64 bytes);
u64 rate_delay(const struct rate *rate, u64 now);
void rate_charge(struct rate *rate, u64 now, u64 bytes);
unsigned int rate_piece_sectors(const struct rate *rate, unsigned int block);

#endif /* KCOPYD_RATE_H */
