// SPDX-License-Identifier: GPL-2.0
/*
 * What --help prints
 */
#include <sstream>

#include <fmt/format.h>

#include "commands.h"
#include "exit_code.h"
#include "outline.h"

namespace {

constexpr std::size_t columns = 79;
constexpr std::size_t description_column = 28;

std::size_t indent_of(const std::string &line)
{
	return std::min(line.find_first_not_of(' '), line.size());
}

/* Fills lines with words, behind so many blanks. The first has them already. */
std::string fill(const std::string &words, std::size_t indent)
{
	std::istringstream in(words);
	std::string text, word;
	std::size_t column = indent;

	while (in >> word) {
		if (column > indent && column + 1 + word.size() > columns) {
			text += "\n" + std::string(indent, ' ');
			column = indent;
		} else if (column > indent) {
			text += ' ';
			column++;
		}
		text += word;
		column += word.size();
	}
	return text;
}

/* Each line of it is a paragraph or, if it is indented, an example. */
std::string body(const std::string &text)
{
	std::istringstream lines(text);
	std::string line, page;

	while (std::getline(lines, line))
		page += (indent_of(line) ? line : fill(line, 0)) + "\n";
	return page;
}

std::string row(const std::string &left, const std::string &right)
{
	const auto begin = "  " + left;
	const auto gap = begin.size() + 2 > description_column ?
				 "\n" + std::string(description_column, ' ') :
				 std::string(description_column - begin.size(),
					     ' ');

	return begin + gap + fill(right, description_column) + "\n";
}

std::string argument_words(const option_outline &o)
{
	const auto words = o.names.front() + (o.many ? "..." : "");

	return o.required ? words : "[" + words + "]";
}

std::string option_words(const option_outline &o)
{
	std::string words;

	for (const auto &name : o.names)
		words += (words.empty() ? "" : ", ") + name;
	return o.value.empty() ? words : words + " " + o.value;
}

std::string usage(const command_outline &command)
{
	auto words = fmt::format("usage: {}", commands::program);

	if (!command.name.empty())
		words += " " + command.name;
	if (!command.commands.empty())
		return words + " COMMAND ...\n";
	words += " [OPTIONS]";
	for (const auto &option : command.options)
		if (option.argument)
			words += " " + argument_words(option);
		else if (option.required)
			words += fmt::format(" {} {}", option.names.back(),
					     option.value);
	return words + "\n";
}

std::string rows(const command_outline &command)
{
	std::string arguments, options, below;

	for (const auto &o : command.options)
		if (o.argument)
			arguments += row(argument_words(o), o.what);
		else
			options += row(option_words(o), o.what);
	for (const auto &c : command.commands)
		below += row(c.name.substr(c.name.rfind(' ') + 1), c.what);
	return (below.empty() ? "" : "\nCommands:\n" + below) +
	       (arguments.empty() ? "" : "\n" + arguments) + "\n" + options;
}

} // namespace

std::string help(const command_outline &command)
{
	auto text = usage(command) + "\n" + fill(command.what, 0) + ".\n" +
		    rows(command);

	if (!command.more.empty())
		text += "\n" + body(command.more);
	return text;
}
