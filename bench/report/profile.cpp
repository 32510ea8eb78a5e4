// SPDX-License-Identifier: GPL-2.0
#include "profile.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "machine.h"
#include "work.h"

namespace {

constexpr unsigned int some_jobs = 1000, more_jobs = 5000;
/* Functions with less than this many instructions a job are summed up. */
constexpr double least = 10;

std::map<std::uint64_t, std::string> symbols_in(std::istream &log)
{
	std::map<std::uint64_t, std::string> all;

	/* symbol ffffffff81000000 T name [module] */
	for (std::string line; std::getline(log, line);) {
		std::istringstream words(line);
		std::string word, address, type, name, module;

		if (words >> word >> address >> type >> name &&
		    word == "symbol" && (type == "t" || type == "T")) {
			words >> module;
			all[std::stoull(address, nullptr, 16)] = name + module;
		}
	}
	return all;
}

counts run(const work &what, const std::string &engine)
{
	auto name = fmt::format("profile-{}", what.jobs);
	auto blocks = output_directory() / (name + ".blocks");
	auto lines = null_disks(what.dests, 0, 1024);
	auto where = counting;

	lines.emplace_back("symbols");
	lines.push_back(what.run("profile", engine));
	where.options += fmt::format(" -P build/report/count.so,out={}",
				     blocks.string());
	run_in(where, name, lines);

	std::ifstream log("build/log/bench-" + name + ".log"), file(blocks);

	return count_functions(log, file);
}

} // namespace

counts count_functions(std::istream &log, std::istream &blocks)
{
	auto symbols = symbols_in(log);
	counts all;

	if (symbols.empty())
		throw std::runtime_error("the log has no symbols");
	for (std::string line; std::getline(blocks, line);) {
		std::istringstream words(line);
		std::uint64_t address;
		double instructions, times;

		if (!(words >> std::hex >> address >> std::dec >>
		      instructions >> times))
			throw std::runtime_error("not a block: " + line);

		auto after = symbols.upper_bound(address);

		if (after != symbols.begin())
			all[std::prev(after)->second] += instructions * times;
	}
	return all;
}

table measure_profile(const std::string &engine, unsigned long long bytes,
		      unsigned int dests, unsigned int depth)
{
	auto some = run({ bytes, dests, depth, some_jobs }, engine);
	auto more = run({ bytes, dests, depth, more_jobs }, engine);
	std::vector<std::pair<double, std::string>> costs;
	double sum = 0, rest = 0;
	table t{ .title = "Instructions by function",
		 .how = fmt::format("{}, copies of {}, {} destinations, {} "
				    "queued: instructions a copy",
				    engine, size_text(bytes), dests, depth),
		 .head = { "instructions", "function" },
		 .rows = {} };

	for (const auto &[name, n] : more) {
		/* a tenth more is done to warm up */
		auto cost = (n - some[name]) / (more_jobs - some_jobs) / 1.1;

		sum += cost;
		if (cost >= least)
			costs.emplace_back(cost, name);
		else
			rest += cost;
	}
	std::ranges::sort(costs, std::greater());
	for (const auto &[cost, name] : costs)
		t.rows.push_back({ number(cost), name });
	t.rows.push_back({ number(rest), "less than 10 each" });
	t.rows.push_back({ number(sum), "all" });
	return t;
}
