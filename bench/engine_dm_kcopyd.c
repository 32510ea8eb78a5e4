// SPDX-License-Identifier: GPL-2.0
/* The kernel's own. */
#include <linux/dm-kcopyd.h>

#ifdef dm_kcopyd_copy
#error "this linux/dm-kcopyd.h stands on kcopyd"
#endif

#define ENGINE bench_dm_kcopyd
#define NAME   "dm-kcopyd"
#include "engine_dm.h"
