/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the instructions of a copy go, by function
 */
#ifndef REPORT_PROFILE_H
#define REPORT_PROFILE_H

#include <istream>
#include <map>
#include <string>

#include "table.h"

/* Executed instructions, by function. */
using counts = std::map<std::string, double>;

/*
 * From the kernel's list of symbols in a machine's log, and the blocks that
 * QEMU executed in it.
 */
counts count_functions(std::istream &log, std::istream &blocks);

/*
 * A job's, of copies of @bytes with @dests destinations and @depth queued: the
 * difference between a machine that does some jobs and one that does more.
 */
table measure_profile(const std::string &engine, unsigned long long bytes,
		      unsigned int dests, unsigned int depth);

#endif /* REPORT_PROFILE_H */
