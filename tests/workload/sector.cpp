// SPDX-License-Identifier: GPL-2.0
/*
 * sector - one read, write or flush, exactly as asked for, past the page cache
 *
 *	sector read DEVICE N [--to FILE]
 *	sector write DEVICE N [--through]	random contents
 *	sector flush DEVICE
 *
 * Exit status: 0 if it succeeded.
 */
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <random>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "file.hpp"

namespace {

constexpr std::size_t sector_size = 512;

struct Arguments {
	std::string device;
	std::uint64_t number = 0;
	std::string to;
	bool through = false;
};

void read(const Arguments &arguments)
{
	const Buffer buffer(1);
	const auto data = buffer.first(1).first(sector_size);

	File(arguments.device).read(data, arguments.number * sector_size);
	if (arguments.to.empty())
		return;
	std::ofstream(arguments.to, std::ios::binary)
		.write(reinterpret_cast<const char *>(data.data()),
		       sector_size);
}

void write(const Arguments &arguments)
{
	const Buffer buffer(1);
	const auto data = buffer.first(1).first(sector_size);
	const auto offset = arguments.number * sector_size;
	std::random_device random;
	File file(arguments.device);

	std::ranges::generate(data, [&] { return std::byte(random()); });
	if (arguments.through)
		file.write_through(data, offset);
	else
		file.write(data, offset);
}

void flush(const Arguments &arguments)
{
	File(arguments.device).flush();
}

void describe(CLI::App &app, Arguments &arguments)
{
	auto *read_command = app.add_subcommand("read", "read one sector");
	auto *write_command = app.add_subcommand("write", "write one sector");
	auto *flush_command = app.add_subcommand("flush", "flush the device");

	for (auto *command : { read_command, write_command, flush_command })
		command->add_option("device", arguments.device)->required();
	for (auto *command : { read_command, write_command })
		command->add_option("number", arguments.number)->required();
	read_command->add_option("--to", arguments.to, "file for what is read");
	write_command->add_flag("--through", arguments.through,
				"to stable media");
	read_command->callback([&] { read(arguments); });
	write_command->callback([&] { write(arguments); });
	flush_command->callback([&] { flush(arguments); });
	app.require_subcommand(1);
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Read, write or flush, exactly as asked for.");
	Arguments arguments;

	describe(app, arguments);
	try {
		app.parse(argc, argv);
	} catch (const CLI::ParseError &error) {
		return app.exit(error);
	} catch (const std::exception &error) {
		fmt::print(stderr, "sector: {}\n", error.what());
		return 1;
	}
	return 0;
}
