/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcopyctl cleanup: undoes what a process that was killed has left
 */
#ifndef TOOLS_CLEANUP_H
#define TOOLS_CLEANUP_H

#include <string>
#include <vector>

#include "dm.h"

/* In words. */
struct cleaned {
	std::vector<std::string> done;
	std::vector<std::string> failed; /* what is left, and why */
};

cleaned cleanup(dm::control &dm);

#endif /* TOOLS_CLEANUP_H */
