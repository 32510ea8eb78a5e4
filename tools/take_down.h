/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The end of a mirror: the device goes on without it
 */
#ifndef TOOLS_TAKE_DOWN_H
#define TOOLS_TAKE_DOWN_H

#include "exit_code.h"
#include "output.h"
#include "running.h"

/* Of a source in use that has failed a write, and lacks what was written since. */
enum class failed_source { keep, go_back };

/*
 * Gives a device in use its old table back, or removes the mirror of one that is not.
 * Returns the status at the very end: of a device in use, while its file system was
 * frozen. Where the source itself has failed and is not to be gone back to, nothing is
 * done: throws needs_you.
 */
mirror_status take_down(dm::control &dm, const running &r,
			failed_source source = failed_source::keep);

/* The destinations, as people know them. */
std::vector<std::string> destinations_of(const running &r);
std::string source_of(const running &r);

/* done, partly or failed. */
exit_code code_of(const std::vector<copy_result> &copies);

#endif /* TOOLS_TAKE_DOWN_H */
