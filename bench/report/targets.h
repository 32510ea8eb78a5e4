/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own targets, on dm-kcopyd and on kcopyd; and ksnap and kmirror
 */
#ifndef REPORT_TARGETS_H
#define REPORT_TARGETS_H

#include <optional>
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
	std::string own; /* the target of this repository that does it, or none */
};

const std::vector<run> &runs();

struct requests {
	double seconds;
	double number; /* at all disks, of a unit */
	double kib;    /* mean */
};

struct cost {
	double instructions;	      /* of a unit */
	double rate;		      /* units a second */
	double mebibytes;	      /* of memory, at the peak */
	requests fast, limited, slow; /* on disks that have limits */
};

struct comparison {
	run what;
	cost dm_kcopyd, kcopyd;
	std::optional<cost> own;

	/* In what kcopyd is worse than dm-kcopyd, more than noise explains. */
	std::vector<std::string> worse() const;
};

std::vector<std::string> plan(const std::vector<run> &runs);
std::vector<comparison> evaluate(const std::vector<run> &runs,
				 const results &measured);
std::vector<table> show(const std::vector<comparison> &all,
			const std::string &release);

} // namespace targets

#endif /* REPORT_TARGETS_H */
