/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The description of the commands, as the manual and the completions want it
 */
#ifndef TOOLS_OUTLINE_H
#define TOOLS_OUTLINE_H

#include <string>
#include <vector>

namespace CLI {
class App;
}

struct option_outline {
	std::vector<std::string>
		names;	   /* "-f", "--force"; of an argument: "SOURCE" */
	std::string value; /* "DEVICE"; "" for a flag */
	std::string what;
	bool argument; /* known by its place, not by its name */
	bool required;
	bool many; /* may be repeated */
};

struct command_outline {
	std::string name; /* "snapshot create"; "" for the program */
	std::string what;
	std::string more; /* below the options */
	std::vector<option_outline> options;
	std::vector<command_outline> commands;
};

command_outline outline_of(const CLI::App &app);

/* Of the command that was named last on the command line. */
command_outline outline_of_named(const CLI::App &app);

/* Those that do something: with "snapshot create", without "snapshot". */
std::vector<command_outline> leaves_of(const command_outline &program);

/* What --help prints. */
std::string help(const command_outline &command);

/* A page in the language of man(7). */
std::string manual(const command_outline &program);

/* Scripts for the shells. */
std::string bash_completion(const command_outline &program);
std::string zsh_completion(const command_outline &program);
std::string fish_completion(const command_outline &program);

#endif /* TOOLS_OUTLINE_H */
