// SPDX-License-Identifier: GPL-2.0
/*
 * The manual page, in the language of man(7)
 */
#include <cctype>
#include <sstream>

#include <fmt/format.h>

#include "commands.h"
#include "exit_code.h"
#include "outline.h"

namespace {

constexpr std::string_view introduction =
	"kcopyctl copies whole block devices inside the kernel, keeps mirrors of "
	"them and takes snapshots, also while they are in use. It puts the "
	"device-mapper targets kmirror and ksnap in the place of a device-mapper "
	"device and takes them out again; who has the device open does not notice.";

constexpr std::string_view more_introduction =
	"Nothing is kept in files: what runs is what device-mapper says runs. So "
	"status, wait, stop and cleanup work as well when the kcopyctl that began it "
	"was killed, and after a restart of the machine nothing is left.";

/* A dot or a quote begins a request at the start of a line, a dash is no hyphen. */
std::string escape(std::string_view words)
{
	std::string safe;

	for (const auto c : words) {
		if (c == '\\')
			safe += "\\e";
		else if (c == '-')
			safe += "\\-";
		else
			safe += c;
	}
	if (safe.starts_with('.') || safe.starts_with('\''))
		safe = "\\&" + safe;
	return safe;
}

std::string uncapitalised(std::string words)
{
	words.at(0) = static_cast<char>(
		std::tolower(static_cast<unsigned char>(words.at(0))));
	return words;
}

std::string blanks_before(const std::string &line)
{
	return line.substr(0, line.find_first_not_of(' '));
}

/* Text as --help has it: paragraphs, and examples that are indented. */
std::string body(const std::string &text)
{
	std::istringstream lines(text);
	std::string line, page;
	bool code = false;

	while (std::getline(lines, line)) {
		const auto indent = blanks_before(line).size();
		const auto words = escape(line.substr(indent));
		const bool is_code = indent >= 6;

		if (code && !is_code)
			page += ".EE\n.RE\n";
		if (!code && is_code)
			page += ".RS\n.EX\n";
		code = is_code;
		if (code)
			page += words + "\n";
		else if (words.empty() || indent)
			page += ".PP\n" + (words.empty() ? "" : words + "\n");
		else if (words == "Examples:")
			page += ".PP\n.B Examples\n";
		else
			page += words + "\n";
	}
	return code ? page + ".EE\n.RE\n" : page;
}

std::string argument_words(const option_outline &o)
{
	auto words = fmt::format("\\fI{}\\fR{}", escape(o.names.front()),
				 o.many ? "..." : "");

	return o.required ? words : fmt::format("[{}]", words);
}

/* What has to be given, or is known by its place. */
std::string needed_words(const option_outline &o)
{
	return o.argument ? argument_words(o) :
			    fmt::format("{} \\fI{}\\fR", escape(o.names.back()),
					escape(o.value));
}

std::string synopsis(const command_outline &command)
{
	auto line = fmt::format(".B {} {}\n", commands::program,
				escape(command.name));

	line += "[\\fIoptions\\fR]";
	for (const auto &option : command.options)
		if (option.argument || option.required)
			line += " " + needed_words(option);
	return line + "\n.br\n";
}

std::string option_words(const option_outline &o)
{
	std::string names;

	for (const auto &name : o.names)
		names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ",
				     escape(name));
	if (o.argument)
		names = argument_words(o);
	else if (!o.value.empty())
		names += fmt::format(" \\fI{}\\fR", escape(o.value));
	return fmt::format(".TP\n{}\n{}\n", names, escape(o.what));
}

std::string section(const command_outline &command)
{
	auto page = fmt::format(".SS {}\n{}.\n", escape(command.name),
				escape(command.what));

	for (const auto &option : command.options)
		page += option_words(option);
	return page + ".PP\n" + body(command.more);
}

std::string exit_status()
{
	std::istringstream lines(exit_codes_text);
	std::string line, page = ".SH EXIT STATUS\n";

	while (std::getline(lines, line))
		page += fmt::format(".TP\n.B {}\n{}\n", line.substr(2, 1),
				    escape(line.substr(5)));
	return page;
}

} // namespace

std::string manual(const command_outline &program)
{
	auto page = fmt::format(".TH KCOPYCTL 8\n.SH NAME\n{} \\- {}\n"
				".SH SYNOPSIS\n",
				commands::program,
				escape(uncapitalised(program.what)));

	for (const auto &command : leaves_of(program))
		page += synopsis(command);
	page += fmt::format(".SH DESCRIPTION\n{}\n.PP\n{}\n.SH COMMANDS\n",
			    escape(introduction), escape(more_introduction));
	for (const auto &command : program.commands)
		if (!command.commands.empty())
			page += section(command);
	for (const auto &command : leaves_of(program))
		page += section(command);
	page += exit_status();
	return page + ".SH SEE ALSO\n.BR dmsetup (8),\n.BR lvm (8),\n"
		      ".BR wipefs (8)\n";
}
