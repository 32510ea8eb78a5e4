/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What can be done about clones and mirrors that run
 */
#ifndef TOOLS_MIRRORS_H
#define TOOLS_MIRRORS_H

#include "commands.h"
#include "dm.h"
#include "exit_code.h"
#include "output.h"
#include "signals.h"

exit_code status(dm::control &dm, const commands::status_options &options,
		 output &out);
exit_code pause(dm::control &dm, const commands::one_device_options &options);
exit_code resume(dm::control &dm, const commands::one_device_options &options);
exit_code stop(dm::control &dm, const commands::stop_options &options,
	       output &out);
exit_code wait(dm::control &dm, const commands::wait_options &options,
	       output &out, const stop_signals &signals);
exit_code replace_leg(dm::control &dm,
		      const commands::replace_leg_options &options,
		      output &out);

#endif /* TOOLS_MIRRORS_H */
