/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core table: instructions a job, of kcopyd, dm-kcopyd and the floor
 */
#ifndef REPORT_CORE_H
#define REPORT_CORE_H

#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "results.h"
#include "table.h"
#include "work.h"

namespace core {

struct row {
	work what;
	/* kcopyd is to cost at most so many times the floor, */
	std::optional<double> floor_limit;
	/* and dm-kcopyd at least so many times kcopyd. */
	std::optional<double> dm_limit;

	std::string name() const;
};

/* Instructions a job; of the job of 1 GiB, a piece of 512 KiB. */
struct cost {
	row what;
	double dm_kcopyd, floor, kcopyd;

	double to_floor() const
	{
		return kcopyd / floor;
	}

	double from_dm() const
	{
		return dm_kcopyd / kcopyd;
	}

	bool met() const;
};

const std::vector<row> &rows();

std::vector<std::string> plan();
std::vector<cost> evaluate(const results &measured);
table show(const std::vector<cost> &costs, const std::string &release);

/* Figures as they are kept in the repository. */
void save(std::ostream &file, const std::vector<cost> &costs,
	  const std::string &release);

struct verdict {
	std::string name;
	double kept, now; /* kcopyd beside the floor */
	bool passed;
};

/* It passes what has grown by no more than 5 %. */
std::vector<verdict> compare(std::istream &kept,
			     const std::vector<cost> &costs);

} // namespace core

#endif /* REPORT_CORE_H */
