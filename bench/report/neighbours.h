/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How fast a client copies beside another that is in trouble
 */
#ifndef REPORT_NEIGHBOURS_H
#define REPORT_NEIGHBOURS_H

#include <map>
#include <string>
#include <vector>

#include "results.h"
#include "table.h"

namespace neighbours {

struct figure {
	std::string neighbour;
	double noise; /* of a speed from run to run, as a part of it */
	std::map<std::string, double> speed; /* MiB/s, by engine */

	/* Behind the interface of dm-kcopyd, as fast as that? */
	bool slower() const
	{
		return speed.at("drop-in") <
		       (1 - noise) * speed.at("dm-kcopyd");
	}
};

std::vector<std::string> plan();
std::vector<figure> evaluate(const results &measured);
table show(const std::vector<figure> &all, const std::string &release);

} // namespace neighbours

#endif /* REPORT_NEIGHBOURS_H */
