/* SPDX-License-Identifier: GPL-2.0 */
/* Jobs that make no progress; see stall.c. */
#ifndef KCOPYD_STALL_H
#define KCOPYD_STALL_H

#include "client.h"

void stall_check(struct kcopyd_client *kc);

#endif /* KCOPYD_STALL_H */
