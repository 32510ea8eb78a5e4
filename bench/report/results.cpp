// SPDX-License-Identifier: GPL-2.0
#include "results.h"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

results results::parse(std::istream &log)
{
	bool reported = false, ended = false;
	results all;

	for (std::string line; std::getline(log, line);) {
		std::istringstream words(line);
		std::string word, id, name;
		double value = 0;

		if (line.starts_with("==== report ===="))
			reported = true;
		if (!reported || !(words >> word))
			continue;
		if (word == "release") {
			words >> all.release_;
		} else if (word == "result") {
			if (!(words >> id >> name >> value))
				throw std::runtime_error(
					fmt::format("not a result: {}", line));
			all.runs_[id][name].push_back(value);
			if (name == "errors" && value != 0)
				throw std::runtime_error(
					fmt::format("{}: copies failed", id));
		} else if (word == "verdict") {
			ended = line.starts_with("verdict 0 ");
		}
	}
	if (!ended)
		throw std::runtime_error("the machine did not end well");
	return all;
}

const std::vector<double> &results::values(const std::string &id,
					   const std::string &name) const
{
	auto run = runs_.find(id);

	if (run == runs_.end() || !run->second.contains(name))
		throw std::runtime_error(
			fmt::format("{} of {} is missing", name, id));
	return run->second.at(name);
}

double results::value(const std::string &id, const std::string &name) const
{
	return values(id, name).front();
}
