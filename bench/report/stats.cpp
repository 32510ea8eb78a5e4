// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace stats {

double quantile(std::vector<double> values, double share)
{
	if (values.empty())
		throw std::invalid_argument("nothing was measured");
	std::ranges::sort(values);

	auto rank = std::ceil(share * static_cast<double>(values.size()));

	return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

spread spread_of(const std::vector<double> &values)
{
	return { quantile(values, 0.5), quantile(values, 0),
		 quantile(values, 1) };
}

} // namespace stats
