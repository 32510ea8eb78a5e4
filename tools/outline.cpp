// SPDX-License-Identifier: GPL-2.0
#include "outline.h"

#include <CLI/CLI.hpp>

namespace {

std::vector<std::string> names_of(const CLI::Option &option)
{
	std::vector<std::string> names;

	if (option.get_positional())
		return { option.get_single_name() };
	for (const auto &name : option.get_snames())
		names.push_back("-" + name);
	for (const auto &name : option.get_lnames())
		names.push_back("--" + name);
	return names;
}

option_outline outline_of(const CLI::Option &option)
{
	return { .names = names_of(option),
		 .value = option.get_option_text(),
		 .what = option.get_description(),
		 .argument = option.get_positional(),
		 .required = option.get_required(),
		 .many = option.get_items_expected_max() > 1 };
}

command_outline outline_below(const CLI::App &app, const std::string &name)
{
	command_outline command = { .name = name,
				    .what = app.get_description(),
				    .more = app.get_footer(),
				    .options = {},
				    .commands = {} };

	for (const auto *option : app.get_options())
		command.options.push_back(outline_of(*option));
	for (const auto *below : app.get_subcommands({}))
		if (!below->get_group().empty())
			command.commands.push_back(outline_below(
				*below,
				name.empty() ? below->get_name() :
					       name + " " + below->get_name()));
	return command;
}

void collect_leaves(const command_outline &command,
		    std::vector<command_outline> &found)
{
	if (command.commands.empty())
		found.push_back(command);
	for (const auto &below : command.commands)
		collect_leaves(below, found);
}

} // namespace

command_outline outline_of(const CLI::App &app)
{
	return outline_below(app, "");
}

command_outline outline_of_named(const CLI::App &app)
{
	const auto *command = &app;
	std::string name;

	while (!command->get_subcommands().empty()) {
		command = command->get_subcommands().front();
		name += (name.empty() ? "" : " ") + command->get_name();
	}
	return outline_below(*command, name);
}

std::vector<command_outline> leaves_of(const command_outline &program)
{
	std::vector<command_outline> found;

	collect_leaves(program, found);
	return found;
}
