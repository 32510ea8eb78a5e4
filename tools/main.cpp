// SPDX-License-Identifier: GPL-2.0
/*
 * kcopyctl - copies, mirrors and snapshots of whole block devices
 */
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cleanup.h"
#include "clone.h"
#include "commands.h"
#include "doctor.h"
#include "layer.h"
#include "lock.h"
#include "mirrors.h"
#include "outline.h"
#include "output.h"
#include "snapshot.h"

namespace {

exit_code generate(const CLI::App &app, const std::string &what)
{
	const auto program = outline_of(app);

	if (what == "man")
		std::fputs(manual(program).c_str(), stdout);
	else if (what == "bash")
		std::fputs(bash_completion(program).c_str(), stdout);
	else if (what == "zsh")
		std::fputs(zsh_completion(program).c_str(), stdout);
	else
		std::fputs(fish_completion(program).c_str(), stdout);
	return std::fflush(stdout) ? exit_failed : exit_done;
}

std::unique_ptr<output> output_of(const commands::all &a)
{
	const bool json = a.clone.json || a.status.json || a.stop.json ||
			  a.wait.json || a.cleanup.json || a.snapshot_list.json;

	return json ? output_for_programs() : output_for_people();
}

exit_code clean_up(dm::control &dm, output &out)
{
	const exclusive lock;

	const auto cleaned = cleanup(dm);

	for (const auto &line : cleaned.done)
		out.say(line);
	for (const auto &line : cleaned.failed)
		out.error(line);
	return cleaned.failed.empty() ? exit_done : exit_needs_you;
}

exit_code run(const std::string &command, const commands::all &a, output &out)
{
	if (command == "doctor")
		return doctor(out);

	const stop_signals signals;
	const auto dm = dm::open();

	if (command == "clone")
		return clone(*dm, a.clone, out, signals);
	if (command == "status")
		return status(*dm, a.status, out);
	if (command == "pause")
		return pause(*dm, a.pause);
	if (command == "resume")
		return resume(*dm, a.resume);
	if (command == "stop")
		return stop(*dm, a.stop, out);
	if (command == "wait")
		return wait(*dm, a.wait, out, signals);
	if (command == "replace-leg")
		return replace_leg(*dm, a.replace_leg, out);
	if (command == "snapshot create")
		return snapshot_create(*dm, a.snapshot_create, out);
	if (command == "snapshot list")
		return snapshot_list(*dm, a.snapshot_list, out);
	if (command == "snapshot remove")
		return snapshot_remove(*dm, a.snapshot_remove, out);
	return clean_up(*dm, out);
}

exit_code run_and_tell(const std::string &command, const commands::all &a)
{
	const auto out = output_of(a);

	try {
		return run(command, a, *out);
	} catch (const refused &e) {
		for (const auto &reason : e.reasons)
			out->error(reason);
		out->error("nothing was changed");
		return exit_refused;
	} catch (const needs_you &e) {
		out->error(e.what());
		return exit_needs_you;
	} catch (const layer::half_done &e) {
		out->error(e.what());
		return exit_needs_you;
	} catch (const std::exception &e) {
		out->error(e.what());
		return exit_failed;
	}
}

/* "snapshot create" */
std::string command_of(const CLI::App &app)
{
	const auto *command = app.get_subcommands().front();
	const auto more = command->get_subcommands();

	return command->get_name() +
	       (more.empty() ? "" : " " + more.front()->get_name());
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app;
	commands::all arguments;

	commands::describe(app, arguments);
	try {
		app.parse(argc, argv);
	} catch (const CLI::CallForHelp &) {
		std::fputs(help(outline_of_named(app)).c_str(), stdout);
		return std::fflush(stdout) ? exit_failed : exit_done;
	} catch (const CLI::CallForVersion &e) {
		fmt::print("{} {}\n", commands::program, e.what());
		return std::fflush(stdout) ? exit_failed : exit_done;
	} catch (const CLI::ParseError &e) {
		const auto name = outline_of_named(app).name;

		fmt::print(stderr, "{0}: {1}; see {0}{2}{3} --help\n",
			   commands::program, e.what(), name.empty() ? "" : " ",
			   name);
		return exit_usage;
	}
	if (app.got_subcommand("generate"))
		return generate(app, arguments.generate.what);
	return run_and_tell(command_of(app), arguments);
}
