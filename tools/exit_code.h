/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the program ends, for scripts
 */
#ifndef TOOLS_EXIT_CODE_H
#define TOOLS_EXIT_CODE_H

#include <stdexcept>

#include "refusal.h"

enum exit_code {
	exit_done = 0,
	exit_failed = 1,
	exit_usage = 2,
	exit_refused = 3,
	exit_partly = 4,
	exit_stopped = 5,
	exit_needs_you = 6,
};

/* The same for people: in --help and the manual. */
constexpr const char *exit_codes_text =
	"  0  done\n"
	"  1  failed; what had been begun was undone\n"
	"  2  the command line was not understood\n"
	"  3  refused; nothing was changed\n"
	"  4  done in part: a copy or a snapshot is incomplete or lost\n"
	"  5  stopped by a signal or by another kcopyctl, and undone\n"
	"  6  failed, and not undone: the message says what is left and what to do\n";

/* Nothing was changed. */
struct refused : std::runtime_error {
	explicit refused(refusal::list why) :
		std::runtime_error("refused"), reasons(std::move(why))
	{
	}

	refusal::list reasons;
};

/* Something was changed, and it is left to a person what becomes of it. */
struct needs_you : std::runtime_error {
	using std::runtime_error::runtime_error;
};

#endif /* TOOLS_EXIT_CODE_H */
