/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Following a mirror until there is nothing left to wait for
 */
#ifndef TOOLS_FOLLOW_H
#define TOOLS_FOLLOW_H

#include <chrono>
#include <optional>

#include "output.h"
#include "running.h"
#include "signals.h"

enum class ending {
	ended,	     /* what can be copied is copied; see the status */
	interrupted, /* by a signal */
	replaced,    /* somebody else has given the device another table */
};

struct followed {
	ending how;
	std::optional<running> last; /* what was seen last */
	std::chrono::milliseconds time;
};

/* What is shown of it now, but for what only time tells. */
view view_of(const running &r);

followed follow(dm::control &dm, const std::string &name, output &out,
		const stop_signals &signals,
		std::chrono::duration<double> interval);

#endif /* TOOLS_FOLLOW_H */
