/* SPDX-License-Identifier: GPL-2.0 */
/* Which jobs get their next piece; see turns.c. */
#ifndef KCOPYD_TURNS_H
#define KCOPYD_TURNS_H

#include "client.h"

int __turns_start(struct kcopyd_client *kc, struct list_head *started,
		  int sectors);
void __turns_retire(struct kcopyd_client *kc, struct list_head *retired,
		    struct list_head *flushes, struct list_head *over);

#endif /* KCOPYD_TURNS_H */
