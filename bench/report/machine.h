/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machines in which work is measured
 */
#ifndef REPORT_MACHINE_H
#define REPORT_MACHINE_H

#include <filesystem>
#include <string>
#include <vector>

#include "results.h"

/* A kernel, and how it is booted. */
struct machine {
	std::string series;
	std::string config;  /* of tests/vm/config */
	std::string options; /* of tests/vm/boot */
};

/* Counts instructions: a nanosecond of its clock is one. */
inline const machine counting{ "6.12", "bench", "-I -m 6G" };
/* Runs at the processor's own speed. */
inline const machine timing{ "7.3", "uml", "-m 3G" };
/* Two processors, for what one can't show. */
inline const machine two_processors{ "6.12", "bench", "-c 2 -m 3G" };

/* Do lines of work (see ../guest.sh) in a machine; @name is for its log. */
results run_in(const machine &where, const std::string &name,
	       const std::vector<std::string> &work);

/* That machine with the kernel's own targets, on either engine; and fio. */
machine with_targets(const machine &where);

/* Where the results go: build/bench. */
std::filesystem::path output_directory();

#endif /* REPORT_MACHINE_H */
