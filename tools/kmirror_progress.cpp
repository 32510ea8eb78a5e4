// SPDX-License-Identifier: GPL-2.0
/*
 * kmirror-progress - shows the synchronisation of a kmirror until it has ended
 */
#include <chrono>
#include <clocale>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <langinfo.h>

#include "watch.h"

namespace {

enum status { in_sync = 0, failed = 1, leg_failed = 2, not_yet = 3 };

constexpr const char *footer =
	"Exit status: 0 in sync, and every leg good; 1 the device is no kmirror,\n"
	"or does not answer; 2 a leg has failed, or a region can't be copied; 3 not\n"
	"in sync yet (--once).";

struct arguments {
	std::string device;
	double interval = 0.2; /* seconds */
	unsigned int every = 5;
	std::optional<unsigned int> columns;
	std::string bar;
	bool once = false;
};

bool locale_is_utf8()
{
	std::setlocale(LC_CTYPE, "");
	return std::string_view(nl_langinfo(CODESET)) == "UTF-8";
}

text::bar_style style_of(const std::string &bar)
{
	if (bar == "lines" || (bar.empty() && locale_is_utf8()))
		return text::bar_style::lines;
	return text::bar_style::ascii;
}

void define(CLI::App &app, arguments &args)
{
	app.get_formatter()->column_width(28);
	app.add_option("device", args.device,
		       "a kmirror: its device-mapper name or path")
		->required()
		->option_text(" ");
	app.add_flag("--once", args.once, "show it once, don't wait");
	app.add_option("-i,--interval", args.interval,
		       "between two looks (0.2)")
		->check(CLI::Range(0.01, 3600.0))
		->option_text("SECONDS");
	app.add_option("-e,--every", args.every,
		       "if the output is no terminal: between two lines "
		       "(5); 0: one each look")
		->check(CLI::Range(0, 100))
		->option_text("PERCENT");
	app.add_option("-w,--width", args.columns,
		       "of a line (the terminal's, or 80)")
		->check(CLI::Range(1, 1000))
		->option_text("COLUMNS");
	app.add_option("--bar", args.bar,
		       "ascii, or lines (where the locale is UTF-8)")
		->check(CLI::IsMember({ "ascii", "lines" }))
		->option_text("STYLE");
	app.footer(footer);
}

/* What there is to say of the end that the last line does not. */
int conclude(outcome result, const arguments &args)
{
	switch (result) {
	case outcome::in_sync:
		return in_sync;
	case outcome::degraded:
		fmt::print(stderr,
			   "{}: in sync, but not on the legs that failed\n",
			   args.device);
		return leg_failed;
	case outcome::stuck:
		return leg_failed; /* why was said */
	case outcome::syncing:
		break;
	}
	return not_yet;
}

outcome run(const arguments &args)
{
	display out({
		.style = style_of(args.bar),
		.columns = args.columns,
		.every = args.every,
	});
	watcher watcher(args.device, out);
	auto result = watcher.look();

	while (result == outcome::syncing && !args.once) {
		std::this_thread::sleep_for(
			std::chrono::duration<double>(args.interval));
		result = watcher.look();
	}
	return result;
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app{ "Shows the synchronisation of a kmirror until it has "
		      "ended." };
	arguments args;

	define(app, args);
	try {
		app.parse(argc, argv);
		return conclude(run(args), args);
	} catch (const CLI::ParseError &e) {
		return app.exit(e) ? failed : in_sync;
	} catch (const std::exception &e) {
		fmt::print(stderr, "kmirror-progress: {}\n", e.what());
		return failed;
	}
}
