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
	std::string unit; /* of what is done: writes, or MiB */
	double amount;
};

const std::vector<run> &runs();

struct cost {
	double instructions; /* of a unit */
	double rate;	     /* units a second */
	double mebibytes;    /* of memory, at the peak */
	double requests;     /* at the disks, of a unit */
	double kib;	     /* of a request, mean */
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
/* Of instructions, throughput, memory, requests and their size. */
std::vector<table> show(const std::vector<comparison> &all,
			const std::string &release);

} // namespace targets

#endif /* REPORT_TARGETS_H */
