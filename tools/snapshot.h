/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcopyctl snapshot: create, list and remove
 */
#ifndef TOOLS_SNAPSHOT_H
#define TOOLS_SNAPSHOT_H

#include "commands.h"
#include "dm.h"
#include "exit_code.h"
#include "output.h"

exit_code snapshot_create(dm::control &dm,
			  const commands::snapshot_create_options &options,
			  output &out);
exit_code snapshot_list(dm::control &dm,
			const commands::snapshot_list_options &options,
			output &out);
exit_code snapshot_remove(dm::control &dm,
			  const commands::snapshot_remove_options &options,
			  output &out);

#endif /* TOOLS_SNAPSHOT_H */
