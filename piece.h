/* SPDX-License-Identifier: GPL-2.0 */
/* What a piece does, step by step; see piece.c. */
#ifndef KCOPYD_PIECE_H
#define KCOPYD_PIECE_H

#include "client.h"

void piece_begin(struct piece *piece);
unsigned int piece_advance(struct piece *piece, struct list_head *retired);

#endif /* KCOPYD_PIECE_H */
