/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcopyctl clone: copies a device, in use or not, to others
 */
#ifndef TOOLS_CLONE_H
#define TOOLS_CLONE_H

#include "commands.h"
#include "dm.h"
#include "exit_code.h"
#include "output.h"
#include "signals.h"

exit_code clone(dm::control &dm, const commands::clone_options &options,
		output &out, const stop_signals &signals);

#endif /* TOOLS_CLONE_H */
