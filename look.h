/* SPDX-License-Identifier: GPL-2.0 */
/* The jobs of a client, and what they wait for; see look.c. */
#ifndef KCOPYD_LOOK_H
#define KCOPYD_LOOK_H

#include "client.h"

enum kcopyd_wait __look_job(const struct job *job);
enum kcopyd_wait __look_client(struct kcopyd_client *kc);
void look_at_jobs(struct kcopyd_client *kc,
		  bool (*visit)(struct job *job, void *data), void *data);

#endif /* KCOPYD_LOOK_H */
