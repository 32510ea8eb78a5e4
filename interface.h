/* SPDX-License-Identifier: GPL-2.0 */
/* What the two interfaces share: clients, and the acceptance of jobs. */
#ifndef KCOPYD_INTERFACE_H
#define KCOPYD_INTERFACE_H

#include "client.h"

int client_create(unsigned int num_pages, bool shares,
		  struct dm_kcopyd_throttle *throttle,
		  struct kcopyd_client **result);
int job_submit(struct kcopyd_client *kc, const struct io_region *from,
	       unsigned int num_dests, const struct io_region *dests,
	       unsigned int flags, union job_fn fn, void *context);
struct job *job_prepare(struct kcopyd_client *kc, unsigned int flags,
			union job_fn fn, void *context);

#endif /* KCOPYD_INTERFACE_H */
