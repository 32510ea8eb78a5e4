/* SPDX-License-Identifier: GPL-2.0 */
/* What debugfs shows of clients; see debugfs.c. */
#ifndef KCOPYD_DEBUGFS_H
#define KCOPYD_DEBUGFS_H

#include "client.h"

void debugfs_init(void);
void debugfs_exit(void);
void debugfs_add(struct kcopyd_client *kc);
void debugfs_del(struct kcopyd_client *kc);

#endif /* KCOPYD_DEBUGFS_H */
