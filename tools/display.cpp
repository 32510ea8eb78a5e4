// SPDX-License-Identifier: GPL-2.0
#include "display.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

namespace {

constexpr unsigned int default_columns = 80;
constexpr const char *erase_line = "\r\033[K";

void put(const std::string &words)
{
	std::fwrite(words.data(), 1, words.size(), stdout);
	std::fflush(stdout);
}

/* As every shell has it; 0 if there is none. */
unsigned int columns_of_environment()
{
	const char *words = std::getenv("COLUMNS");
	unsigned int columns = 0;

	if (words)
		std::from_chars(words, words + std::strlen(words), columns);
	return columns;
}

} // namespace

display::display(text::bar_style style) :
	style_(style), terminal_(isatty(STDOUT_FILENO))
{
}

display::~display()
{
	end();
}

void display::end()
{
	if (!changing_.empty())
		put("\n");
	changing_.clear();
}

unsigned int display::columns() const
{
	winsize size = {};

	/* A full line could wrap, and then not be replaced. */
	if (terminal_ && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) &&
	    size.ws_col)
		return size.ws_col - 1u;
	if (const auto columns = columns_of_environment())
		return columns;
	return default_columns;
}

void display::replace(const std::string &line)
{
	changing_ = line;
	put(erase_line + changing_);
}

void display::show(const text::progress &progress)
{
	const auto line = text::line(progress, columns(), style_);

	if (terminal_)
		replace(line);
	else
		put(line + "\n");
}

void display::say(const std::string &words)
{
	if (changing_.empty()) {
		put(words + "\n");
	} else {
		put(erase_line + words + "\n");
		replace(changing_);
	}
}
