// SPDX-License-Identifier: GPL-2.0
/*
 * kcopyd-bench - measure what copies cost, and tell
 *
 * Started by `make bench` and the like, in the top directory.
 */
#include <algorithm>
#include <exception>
#include <fstream>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core.h"
#include "machine.h"
#include "neighbours.h"
#include "plot.h"
#include "profile.h"
#include "sections.h"
#include "targets.h"
#include "work.h"

namespace {

struct core_results {
	std::vector<core::cost> costs;
	std::string release;
};

core_results measure_core()
{
	auto measured = run_in(counting, "core", core::plan());

	return { core::evaluate(measured), measured.release() };
}

void plot_core(const core_results &measured)
{
	std::vector<bar> bars;

	for (const auto &c : measured.costs)
		bars.push_back({ c.what.name(),
				 { c.dm_kcopyd / c.floor, c.to_floor() } });
	draw_bars("core", "Instructions, as multiples of the floor", "",
		  { "dm-kcopyd", "kcopyd" }, bars);
}

/* What is measured, by name. */
struct section {
	const char *name;
	table (*measure)();
};

table core_table()
{
	auto measured = measure_core();

	plot_core(measured);
	return core::show(measured.costs, measured.release);
}

constexpr section sections[] = {
	{ "core", core_table },
	{ "counted", measure_counted },
	{ "devices", measure_devices },
	{ "timed", measure_timed },
	{ "waiting", measure_waiting },
	{ "neighbours", measure_neighbours },
	{ "writeback", measure_writeback },
	{ "settled", measure_settled },
	{ "memory", measure_memory },
	{ "clients", measure_clients },
	{ "queue", measure_queue },
};

std::vector<std::string> section_names()
{
	std::vector<std::string> names;

	for (const auto &s : sections)
		names.emplace_back(s.name);
	return names;
}

/* These tables, or all, in tables.rst and on the terminal; the core table ends it. */
void tables(const std::vector<std::string> &wanted)
{
	std::vector<table> all;

	for (const auto &s : sections)
		if (wanted.empty() ||
		    std::ranges::find(wanted, s.name) != wanted.end())
			all.push_back(s.measure());

	std::ofstream rst(output_directory() / "tables.rst");

	for (const auto &t : all)
		fmt::print(rst, "{}\n", t.rst());
	std::ranges::rotate(all, all.begin() + 1);
	for (const auto &t : all)
		fmt::print("{}\n", t.text());
	fmt::print("These tables (tables.rst) and plots (*.svg) are in {}.\n",
		   output_directory().string());
}

void save(const std::string &path)
{
	auto measured = measure_core();
	std::ofstream file(path);

	core::save(file, measured.costs, measured.release);
	fmt::print("{}", core::show(measured.costs, measured.release).text());
}

/* Has the cost grown, and is a neighbour in trouble borne as by dm-kcopyd? */
int check(const std::string &path)
{
	std::ifstream file(path);

	if (!file)
		throw std::runtime_error("cannot read " + path);

	int passed = 0, failed = 0;
	auto tell = [&](bool good, const std::string &what) {
		fmt::print("{:<7} bench: {}\n", good ? "ok" : "fail", what);
		++(good ? passed : failed);
	};

	for (const auto &v : core::compare(file, measure_core().costs))
		tell(v.passed, fmt::format("{} (kept {:.3f}, now {:.3f})",
					   v.name, v.kept, v.now));
	for (const auto &f : neighbours::evaluate(
		     run_in(counting, "neighbours", neighbours::plan())))
		tell(!f.slower(),
		     fmt::format("neighbour: {} (dm-kcopyd {:.2f}, drop-in "
				 "{:.2f} MiB/s)",
				 f.neighbour, f.speed.at("dm-kcopyd"),
				 f.speed.at("drop-in")));
	fmt::print("{} passed, {} failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}

/*
 * The kernel's own targets, those whose name has @part in it; fails where one is
 * worse than on dm-kcopyd.
 */
int compare_targets(const std::string &series, const std::string &part)
{
	std::vector<targets::run> runs;

	for (const auto &what : targets::runs())
		if (what.name.find(part) != what.name.npos)
			runs.push_back(what);

	auto where = counting;

	where.series = series;

	auto measured = run_in(with_targets(where), "targets",
			       targets::plan(runs));
	auto all = targets::evaluate(runs, measured);
	std::ofstream rst(output_directory() / "targets.rst");
	int worse = 0;

	for (const auto &t : targets::show(all, measured.release())) {
		fmt::print("{}\n", t.text());
		fmt::print(rst, "{}\n", t.rst());
	}
	for (const auto &c : all)
		for (const auto &figure : c.worse()) {
			fmt::print("worse than on dm-kcopyd: {}: {}\n",
				   c.what.name, figure);
			worse++;
		}
	return worse ? 1 : 0;
}

/* What `profile` is asked for. */
struct profiled {
	std::string engine = "kcopyd";
	unsigned long long bytes = 4 * KiB;
	unsigned int dests = 1;
	unsigned int depth = 32;
};

void define(CLI::App &command, profiled &what)
{
	command.add_option("--engine", what.engine)
		->check(CLI::IsMember(engines));
	command.add_option("--bytes", what.bytes)
		->transform(CLI::AsSizeValue(false));
	command.add_option("--dests", what.dests)->check(CLI::Range(1, 8));
	command.add_option("--depth", what.depth)->check(CLI::Range(1, 1000));
}

void profile(const profiled &what)
{
	fmt::print("{}", measure_profile(what.engine, what.bytes, what.dests,
					 what.depth)
				 .text());
}

int run(int argc, char **argv)
{
	CLI::App app("Measure what copies cost");
	std::string path, part, series = "6.12";
	std::vector<std::string> wanted;
	profiled what;
	int status = 0;

	app.require_subcommand(1);

	auto *command = app.add_subcommand("tables", "these tables, or all");

	command->add_option("TABLE", wanted)
		->check(CLI::IsMember(section_names()));
	command->final_callback([&] { tables(wanted); });
	command = app.add_subcommand("save", "keep the core table in FILE");
	command->add_option("FILE", path)->required();
	command->final_callback([&] { save(path); });
	command = app.add_subcommand("check", "compare it with FILE");
	command->add_option("FILE", path)->required();
	command->final_callback([&] { status = check(path); });
	command = app.add_subcommand("targets", "the kernel's own targets");
	command->add_option("SERIES", series);
	command->add_option("--only", part, "those with this in their name");
	command->final_callback(
		[&] { status = compare_targets(series, part); });
	command = app.add_subcommand("profile", "instructions by function");
	define(*command, what);
	command->final_callback([&] { profile(what); });
	CLI11_PARSE(app, argc, argv);
	return status;
}

} // namespace

int main(int argc, char **argv)
{
	try {
		return run(argc, argv);
	} catch (const std::exception &error) {
		fmt::print(stderr, "kcopyd-bench: {}\n", error.what());
		return 1;
	}
}
