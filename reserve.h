/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reserve: room to copy in that many clients share
 *
 * A client that shares has a few pages of its own, which guarantee its
 * progress, and borrows the room for its larger pieces here, in turns with the
 * others. The reserve is set aside with the first such client and released with
 * the last.
 */
#ifndef KCOPYD_RESERVE_H
#define KCOPYD_RESERVE_H

#include "engine.h"

int reserve_join(void (*step_ended)(struct region_io *io));
void reserve_leave(void);
unsigned int reserve_pages(void);

struct piece *reserve_get(struct kcopyd_client *kc, const struct job *job);
void reserve_put_pages(struct piece *piece);
void reserve_put(struct piece *piece);
void reserve_leave_line(struct kcopyd_client *kc);

#endif /* KCOPYD_RESERVE_H */
