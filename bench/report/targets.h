/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own targets, on dm-kcopyd and on kcopyd
 */
#ifndef REPORT_TARGETS_H
#define REPORT_TARGETS_H

#include <string>
#include <vector>

#include "results.h"
#include "table.h"

namespace targets {

/* What is done, in words of ../targets.sh. */
struct run {
	std::string name;
	std::string target;
	std::string words;
	double amount; /* writes, or MiB */
};

/* Random writes; and devices that are copied as a whole. */
const std::vector<run> &writes();
const std::vector<run> &devices();

struct cost {
	double instructions; /* of a write, or a MiB */
	double rate;	     /* writes or MiB, a second */
	double bytes;	     /* of memory, at the peak */
};

struct comparison {
	run what;
	cost dm_kcopyd, kcopyd;

	/* More than noise explains? */
	bool slower() const;
};

std::vector<std::string> plan();
std::vector<comparison> evaluate(const std::vector<run> &runs,
				 const results &measured);
table show_writes(const std::vector<comparison> &all,
		  const std::string &release);
table show_devices(const std::vector<comparison> &all,
		   const std::string &release);

} // namespace targets

#endif /* REPORT_TARGETS_H */
