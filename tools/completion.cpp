// SPDX-License-Identifier: GPL-2.0
/*
 * Completions. Each offers what the command line may have next: commands, then the
 * options of the command, or devices.
 */
#include <algorithm>

#include <fmt/format.h>

#include "commands.h"
#include "outline.h"

namespace {

std::string last_word(const std::string &name)
{
	return name.substr(name.rfind(' ') + 1);
}

std::string first_word(const std::string &name)
{
	return name.substr(0, name.find(' '));
}

std::string joined(const std::vector<command_outline> &commands)
{
	std::string words;

	for (const auto &command : commands)
		words += (words.empty() ? "" : " ") + last_word(command.name);
	return words;
}

std::string options_of(const command_outline &command)
{
	std::string words;

	for (const auto &option : command.options)
		if (!option.argument)
			for (const auto &name : option.names)
				words += (words.empty() ? "" : " ") + name;
	return words;
}

/* For a string in single quotes. */
std::string quoted(const std::string &words)
{
	std::string safe;

	for (const auto c : words)
		safe += c == '\'' ? "'\\''" : std::string(1, c);
	return safe;
}

/* Of zsh: a colon separates, a bracket ends. */
std::string zsh_quoted(const std::string &words)
{
	std::string safe;

	for (const auto c : quoted(words)) {
		if (c == ':' || c == '[' || c == ']')
			safe += '\\';
		safe += c;
	}
	return safe;
}

std::string zsh_action(const option_outline &o)
{
	return o.value == "DEVICE" ? "_files" : "";
}

std::string zsh_option(const option_outline &o, const std::string &name)
{
	auto words = fmt::format("'{}[{}]", name, zsh_quoted(o.what));

	if (!o.value.empty())
		words += fmt::format(":{}:{}", o.value, zsh_action(o));
	return words + "'";
}

std::string zsh_argument(const option_outline &o)
{
	return fmt::format("'{}:{}:{}'", o.many ? "*" : "", o.names.front(),
			   zsh_action(o));
}

std::string zsh_command(const command_outline &command)
{
	auto text = fmt::format("\t'{}')\n\t\t_arguments", command.name);

	for (const auto &option : command.options) {
		if (option.argument) {
			text += " \\\n\t\t\t" + zsh_argument(option);
			continue;
		}
		for (const auto &name : option.names)
			text += " \\\n\t\t\t" + zsh_option(option, name);
	}
	return text + "\n\t\t;;\n";
}

std::string zsh_list(const std::vector<command_outline> &commands)
{
	std::string text;

	for (const auto &command : commands)
		text += fmt::format(" \\\n\t\t\t'{}:{}'",
				    last_word(command.name),
				    zsh_quoted(command.what));
	return text;
}

/* True where the words so far are this command. */
std::string fish_condition(const std::string &name)
{
	const auto first = first_word(name), last = last_word(name);
	auto words = "__fish_seen_subcommand_from " + first;

	if (first != last)
		words += "; and __fish_seen_subcommand_from " + last;
	return words;
}

std::string fish_option(const command_outline &command, const option_outline &o)
{
	auto line = fmt::format("complete -c {} -n '{}'", commands::program,
				fish_condition(command.name));

	for (const auto &name : o.names)
		line += name.starts_with("--") ? " -l " + name.substr(2) :
						 " -s " + name.substr(1);
	if (!o.value.empty())
		line += o.value == "DEVICE" ? " -r -F" : " -x";
	return line + fmt::format(" -d '{}'\n", quoted(o.what));
}

std::string fish_below(const std::string &condition,
		       const std::vector<command_outline> &commands)
{
	std::string text;

	for (const auto &command : commands)
		text += fmt::format("complete -c {} -f -n '{}' -a {} -d '{}'\n",
				    commands::program, condition,
				    last_word(command.name),
				    quoted(command.what));
	return text;
}

} // namespace

std::string bash_completion(const command_outline &program)
{
	std::string cases;

	for (const auto &command : program.commands)
		if (!command.commands.empty())
			cases += fmt::format("\t'{} ') words='{}' ;;\n",
					     command.name,
					     joined(command.commands));
	for (const auto &command : leaves_of(program))
		cases += fmt::format("\t'{}'*) words='{}' ;;\n", command.name,
				     options_of(command));
	return fmt::format(
		"# bash completion for {0}\n"
		"_{0}()\n"
		"{{\n"
		"\tlocal words='' current=${{COMP_WORDS[COMP_CWORD]}}\n"
		"\tlocal before=\"${{COMP_WORDS[*]:1:COMP_CWORD-1}} \"\n"
		"\n"
		"\tCOMPREPLY=()\n"
		"\tcase $before in\n"
		"\t' ') words='{1}' ;;\n"
		"{2}"
		"\tesac\n"
		"\tif [[ $current != -* && $words == -* ]]; then\n"
		"\t\tcompopt -o filenames\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
		"\telse\n"
		"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
		"\"$current\")\n"
		"\tfi\n"
		"}}\n"
		"complete -F _{0} {0}\n",
		commands::program, joined(program.commands), cases);
}

std::string zsh_completion(const command_outline &program)
{
	std::string groups, cases;

	for (const auto &command : program.commands) {
		if (command.commands.empty())
			continue;
		groups +=
			fmt::format("\tif [[ ${{words[2]}} == {0} ]]; then\n"
				    "\t\tif (( CURRENT == 3 )); then\n"
				    "\t\t\tcommands=({1})\n"
				    "\t\t\t_describe command commands\n"
				    "\t\t\treturn\n"
				    "\t\tfi\n"
				    "\t\tname=\"${{words[2]}} ${{words[3]}}\"\n"
				    "\t\tshift words; (( CURRENT-- ))\n"
				    "\tfi\n",
				    command.name, zsh_list(command.commands));
	}
	for (const auto &command : leaves_of(program))
		cases += zsh_command(command);
	return fmt::format("#compdef {0}\n"
			   "_{0}()\n"
			   "{{\n"
			   "\tlocal -a commands\n"
			   "\tlocal name=${{words[2]}}\n"
			   "\n"
			   "\tif (( CURRENT == 2 )); then\n"
			   "\t\tcommands=({1})\n"
			   "\t\t_describe command commands\n"
			   "\t\treturn\n"
			   "\tfi\n"
			   "{2}"
			   "\tshift words; (( CURRENT-- ))\n"
			   "\tcase $name in\n"
			   "{3}"
			   "\tesac\n"
			   "}}\n"
			   "_{0} \"$@\"\n",
			   commands::program, zsh_list(program.commands),
			   groups, cases);
}

std::string fish_completion(const command_outline &program)
{
	auto text = fmt::format("# fish completion for {}\n",
				commands::program) +
		    fish_below("__fish_use_subcommand", program.commands);

	for (const auto &command : program.commands)
		if (!command.commands.empty())
			text += fish_below(
				fmt::format("__fish_seen_subcommand_from {}; "
					    "and not __fish_seen_subcommand_"
					    "from {}",
					    command.name,
					    joined(command.commands)),
				command.commands);
	for (const auto &command : leaves_of(program))
		for (const auto &option : command.options)
			if (!option.argument)
				text += fish_option(command, option);
	return text;
}
