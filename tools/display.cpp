// SPDX-License-Identifier: GPL-2.0
#include "display.h"

#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace {

constexpr unsigned int default_columns = 80;
constexpr const char *erase_line = "\r\033[K";

} // namespace

display::display(const options &options) :
	options_(options), terminal_(isatty(STDOUT_FILENO))
{
}

/* What was shown last stays to be read. */
display::~display()
{
	if (!changing_.empty())
		std::fputs("\n", stdout);
	std::fflush(stdout);
}

unsigned int display::columns() const
{
	winsize size = {};

	if (options_.columns)
		return *options_.columns;
	if (!terminal_ || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ||
	    !size.ws_col)
		return default_columns;
	/* A full line could wrap, and then not be replaced. */
	return size.ws_col - 1u;
}

void display::replace(const std::string &line)
{
	changing_ = line;
	fmt::print("{}{}", erase_line, changing_);
	std::fflush(stdout);
}

/* Has the next step been reached since the last line? */
bool display::due(unsigned int percent)
{
	const auto step = options_.every ? percent / options_.every : percent;
	const bool same = shown_ && *shown_ == step;

	shown_ = step;
	return !options_.every || !same;
}

void display::show(const text::progress &progress)
{
	const auto line = text::line(progress, columns(), options_.style);

	if (terminal_) {
		replace(line);
	} else if (due(text::percent(progress.done, progress.all))) {
		fmt::print("{}\n", line);
		std::fflush(stdout);
	}
}

void display::say(const std::string &words)
{
	if (changing_.empty()) {
		fmt::print("{}\n", words);
	} else {
		fmt::print("{}{}\n", erase_line, words);
		replace(changing_);
	}
	std::fflush(stdout);
}
