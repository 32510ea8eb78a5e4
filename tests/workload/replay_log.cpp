// SPDX-License-Identifier: GPL-2.0
/*
 * replay_log - write to a device what the kernel's dm-log-writes has logged
 *
 *	replay_log LOG DEVICE --until MARK
 *	replay_log LOG DEVICE --at POSITION --epoch
 *	replay_log LOG DEVICE --at POSITION --torn N --base BASE
 *
 * Writes the entries up to a mark, or those of an epoch: from a position to the next
 * flush. Prints the position behind them and how many entries are left.
 *
 * With --torn, the device becomes what may be found where the power went during the
 * entry N of the epoch, from 0: a copy of BASE, with any blocks of 512 bytes of that
 * write and of those since the last flush; but FUA was true. Prints how many entries
 * the epoch has.
 */
#include <cstdint>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "file.hpp"
#include "write_log.hpp"

namespace {

struct Arguments {
	std::string log;
	std::string device;
	std::string mark;
	std::string at;
	std::string base;
	bool epoch = false;
	std::uint64_t torn = 0;
};

Position parse(const std::string &text)
{
	const auto colon = text.find(':');

	if (text.empty())
		return {};
	return { std::stoull(text), std::stoull(text.substr(colon + 1)) };
}

void replay(const Arguments &arguments)
{
	WriteLog log(arguments.log, parse(arguments.at));
	File device(arguments.device);

	while (log.left()) {
		log.next();
		log.apply(device);
		if (arguments.epoch ? log.is_flush() :
				      log.is_mark(arguments.mark))
			break;
	}
	fmt::print("{}:{} {}\n", log.position().offset, log.position().number,
		   log.left());
}

void tear(const Arguments &arguments)
{
	WriteLog log(arguments.log, parse(arguments.at));
	File device(arguments.device);

	copy(File(arguments.base), device);
	fmt::print("{}\n", crash(log, arguments.torn, device));
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Replay what dm-log-writes has logged.");
	Arguments arguments;

	app.add_option("log", arguments.log)->required();
	app.add_option("device", arguments.device)->required();
	app.add_option("--until", arguments.mark, "write up to this mark");
	app.add_option("--at", arguments.at, "begin at this position");
	app.add_flag("--epoch", arguments.epoch, "write up to the next flush");

	app.add_option("--base", arguments.base, "copy this device first");

	const auto *torn = app.add_option("--torn", arguments.torn,
					  "write what may be there");

	CLI11_PARSE(app, argc, argv);
	try {
		if (torn->count())
			tear(arguments);
		else
			replay(arguments);
	} catch (const std::exception &error) {
		fmt::print(stderr, "replay_log: {}\n", error.what());
		return 1;
	}
	return 0;
}
