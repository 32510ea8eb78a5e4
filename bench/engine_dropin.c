// SPDX-License-Identifier: GPL-2.0
/* The engine under test, behind the interface of the kernel's own. */
#include "../include/linux/dm-kcopyd.h"

#define ENGINE bench_dropin
#define NAME   "drop-in"
#include "engine_dm.h"
