/* SPDX-License-Identifier: GPL-2.0 */
/* Background copies step aside for other I/O; see yield.c. */
#ifndef KCOPYD_YIELD_H
#define KCOPYD_YIELD_H

#include "client.h"

int yield_init(struct yield *yield);
void yield_exit(struct yield *yield);
u64 __yield_delay(struct kcopyd_client *kc, const struct job *job, u64 now);
void __yield_charge(struct piece *piece, u64 now);
void __yield_uncharge(struct piece *piece);
unsigned int yield_piece_sectors(const struct job *job);

#endif /* KCOPYD_YIELD_H */
