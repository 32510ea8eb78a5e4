/* SPDX-License-Identifier: GPL-2.0 */
/* All clients, and a look at them from time to time; see watch.c. */
#ifndef KCOPYD_WATCH_H
#define KCOPYD_WATCH_H

#include "client.h"

void watch_add(struct kcopyd_client *kc);
void watch_remove(struct kcopyd_client *kc);
void watch_clients(void (*visit)(struct kcopyd_client *kc, void *data),
		   void *data);

#endif /* KCOPYD_WATCH_H */
