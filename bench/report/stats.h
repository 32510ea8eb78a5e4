/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is said of a number of measurements
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include <vector>

namespace stats {

/*
 * The smallest value that a share of all values, from 0 to 1, does not exceed.
 * There must be a value.
 */
double quantile(std::vector<double> values, double share);

struct spread {
	double median;
	double low;
	double high;
};

spread spread_of(const std::vector<double> &values);

} // namespace stats

#endif /* REPORT_STATS_H */
