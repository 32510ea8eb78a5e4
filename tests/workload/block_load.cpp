// SPDX-License-Identifier: GPL-2.0
/*
 * block_load - write to a file or block device at random, knowing what must be
 * read from it
 *
 *	block_load --fill-only DEVICE		write version 0 of every block
 *	block_load --seconds 5 DEVICE		then: random reads and writes
 *	block_load ... DEVICE --copy LEG	and LEG must hold the same
 *
 * It reads its own writes while it runs, and everything at the end. SIGTERM
 * ends the run, not the final check. Exit status: 0 if all was right.
 */
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "load.hpp"

namespace {

volatile std::sig_atomic_t terminated;

void terminate(int)
{
	terminated = 1;
}

struct Arguments {
	Options options;
	std::string file;
	std::vector<std::string> copies;
	double seconds = 5;
	bool fill_only = false;
};

void describe(CLI::App &app, Arguments &arguments)
{
	app.add_option("file", arguments.file, "file or device to write to")
		->required();
	app.add_option("--copy", arguments.copies,
		       "in the end this holds the same");
	app.add_option("--seconds", arguments.seconds, "how long to write");
	app.add_option("--seed", arguments.options.seed, "of what is written");
	app.add_option("--threads", arguments.options.threads,
		       "how many write at once")
		->check(CLI::Range(1, 64));
	app.add_option("--blocks", arguments.options.blocks,
		       "the most to write at once, of 4 KiB each")
		->check(CLI::Range(1, 32));
	app.add_flag("--write-only", arguments.options.write_only,
		     "read nothing but at the end");
	app.add_option("--rest", arguments.options.rest,
		       "milliseconds between two steps of a thread");
	app.add_flag("--allow-errors", arguments.options.allow_errors,
		     "count failed I/O and go on");
	app.add_flag("--fill-only", arguments.fill_only,
		     "write every block once, and end");
}

void report(const Counts &counts)
{
	fmt::print("{} reads, {} writes, {} flushes, {} MiB, {} errors\n",
		   counts.reads.load(), counts.writes.load(),
		   counts.flushes.load(), counts.bytes.load() >> 20,
		   counts.errors.load());
}

void verify(const Load &load, const std::string &path)
{
	try {
		load.verify(File(path));
	} catch (const std::exception &error) {
		throw std::runtime_error(
			fmt::format("at the end, {}: {}", path, error.what()));
	}
}

void work(const Arguments &arguments)
{
	using clock = std::chrono::steady_clock;
	const auto end = clock::now() +
			 std::chrono::duration<double>(arguments.seconds);
	File file(arguments.file);
	Load load(file.size() / block_size, arguments.options);

	if (arguments.fill_only) {
		load.fill(file);
		return;
	}
	load.run(file, [&] { return terminated || clock::now() >= end; });
	file.flush();
	report(load.counts());
	verify(load, arguments.file);
	for (const auto &copy : arguments.copies)
		verify(load, copy);
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Write at random and check what is read.");
	Arguments arguments;

	describe(app, arguments);
	CLI11_PARSE(app, argc, argv);
	std::signal(SIGTERM, terminate);
	try {
		work(arguments);
	} catch (const std::exception &error) {
		fmt::print(stderr, "block_load: {}\n", error.what());
		return 1;
	}
	return 0;
}
