/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a machine has reported
 */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include <istream>
#include <map>
#include <string>
#include <vector>

class results {
public:
	/* From a machine's log. Throws if the machine did not get to its end. */
	static results parse(std::istream &log);

	const std::string &release() const
	{
		return release_;
	}

	/* Of the run that had this id; throws if there is no such value. */
	double value(const std::string &id, const std::string &name) const;
	const std::vector<double> &values(const std::string &id,
					  const std::string &name) const;

private:
	std::string release_;
	std::map<std::string, std::map<std::string, std::vector<double>>> runs_;
};

#endif /* REPORT_RESULTS_H */
