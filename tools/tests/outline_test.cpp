// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "outline.h"

namespace {

command_outline program()
{
	CLI::App app;
	commands::all arguments;

	commands::describe(app, arguments);
	return outline_of(app);
}

/* "--force" as the manual and the completion of fish have it. */
std::string with_escaped_dashes(const std::string &name)
{
	std::string escaped;

	for (const auto c : name)
		escaped += c == '-' ? "\\-" : std::string(1, c);
	return escaped;
}

std::string for_fish(const std::string &name)
{
	return name.starts_with("--") ? "-l " + name.substr(2) :
					"-s " + name.substr(1);
}

bool has(const std::string &text, const std::string &words)
{
	return text.find(words) != text.npos;
}

TEST(outline, has_each_command_with_its_help)
{
	for (const auto &command : leaves_of(program())) {
		EXPECT_FALSE(command.name.empty());
		EXPECT_FALSE(command.what.empty()) << command.name;
		for (const auto &option : command.options)
			EXPECT_FALSE(option.what.empty())
				<< command.name << " " << option.names.front();
	}
}

TEST(outline, has_no_command_that_is_not_for_users)
{
	for (const auto &command : leaves_of(program()))
		EXPECT_NE(command.name, "generate");
}

TEST(outline, gives_each_option_to_manual_and_completions)
{
	const auto all = program();
	const auto page = manual(all), bash = bash_completion(all),
		   zsh = zsh_completion(all), fish = fish_completion(all);

	for (const auto &command : leaves_of(all)) {
		EXPECT_TRUE(
			has(page, ".SS " + with_escaped_dashes(command.name)))
			<< command.name;
		for (const auto &option : command.options) {
			const auto &name = option.names.back();

			if (option.argument)
				continue;
			EXPECT_TRUE(has(page, with_escaped_dashes(name)))
				<< name;
			EXPECT_TRUE(has(bash, name)) << name;
			EXPECT_TRUE(has(zsh, "'" + name + "[")) << name;
			EXPECT_TRUE(has(fish, for_fish(name))) << name;
		}
	}
}

TEST(help, keeps_to_the_width_of_a_terminal)
{
	for (const auto &command : leaves_of(program())) {
		std::istringstream text(help(command));
		std::string line;

		while (std::getline(text, line))
			EXPECT_LE(line.size(), 79u) << line;
	}
}

TEST(help, shows_how_to_write_it)
{
	const auto all = program();

	EXPECT_TRUE(help(all).starts_with("usage: kcopyctl COMMAND ...\n"));
	EXPECT_TRUE(has(help(leaves_of(all).front()),
			"usage: kcopyctl clone [OPTIONS] SOURCE "
			"DESTINATION...\n"));
	for (const auto &command : leaves_of(all))
		EXPECT_TRUE(
			has(help(command), "usage: kcopyctl " + command.name))
			<< command.name;
}

/* All but those that have nothing to explain. */
TEST(help, teaches_by_examples)
{
	for (const auto &command : leaves_of(program())) {
		const auto example = "\n      kcopyctl " + command.name;

		if (command.name == "pause" || command.name == "resume" ||
		    command.name == "snapshot list")
			continue;
		EXPECT_TRUE(has(help(command), example)) << command.name;
	}
}

TEST(manual, says_what_has_to_be_given)
{
	const auto page = manual(program());

	EXPECT_TRUE(has(page, ".B kcopyctl clone\n[\\fIoptions\\fR] "
			      "\\fISOURCE\\fR \\fIDESTINATION\\fR..."));
	EXPECT_TRUE(has(page, "\\fINAME\\fR \\-\\-store \\fIDEVICE\\fR"));
	EXPECT_TRUE(has(page, ".SH EXIT STATUS\n.TP\n.B 0\ndone\n"));
}

/* What bash offers after these words, the last of which is begun. */
std::string offered_by_bash(const std::string &words)
{
	const auto file = testing::TempDir() + "kcopyctl.bash";
	char line[1024] = {};

	std::ofstream(file) << bash_completion(program())
			    << "compopt() { :; }\nCOMP_WORDS=(" << words
			    << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
			       "_kcopyctl\necho \"${COMPREPLY[*]}\"\n";

	const std::unique_ptr<std::FILE, int (*)(std::FILE *)> shell(
		popen(("bash " + file).c_str(), "r"), pclose);

	if (!shell || !std::fgets(line, sizeof(line), shell.get()))
		return "nothing";
	return line;
}

TEST(bash, completes_commands_options_and_files)
{
	EXPECT_EQ(offered_by_bash("kcopyctl cl"), "clone cleanup\n");
	EXPECT_EQ(offered_by_bash("kcopyctl snapshot cr"), "create\n");
	EXPECT_EQ(offered_by_bash("kcopyctl clone --ke"), "--keep\n");
	EXPECT_EQ(offered_by_bash("kcopyctl snapshot create --st"),
		  "--store\n");
	EXPECT_EQ(offered_by_bash("kcopyctl clone /dev/nul"), "/dev/null\n");
	EXPECT_EQ(offered_by_bash("kcopyctl clone --keep /dev/nul"),
		  "/dev/null\n");
}

} // namespace
