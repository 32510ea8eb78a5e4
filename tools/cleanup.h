/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcopyctl cleanup: undoes what a process that was killed has left
 */
#ifndef TOOLS_CLEANUP_H
#define TOOLS_CLEANUP_H

#include <string>
#include <vector>

#include "dm.h"

/* What was done, in words. Throws at the first thing that can't be. */
std::vector<std::string> cleanup(dm::control &dm);

#endif /* TOOLS_CLEANUP_H */
