// SPDX-License-Identifier: GPL-2.0
#include "commands.h"

#include "../version.h"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "exit_code.h"

namespace commands {
namespace {

constexpr double terminal_interval = 0.2, file_interval = 2;
constexpr std::uint64_t region_least = 512, region_most = 1ull << 30;
constexpr std::uint64_t chunk_least = 4096, chunk_most = 1 << 20;

constexpr const char *program_help =
	"Examples:\n"
	"      kcopyctl clone /dev/vg/home /dev/sdb /dev/sdc\n"
	"      kcopyctl snapshot create /dev/vg/home monday --store /dev/sdd\n"
	"      kcopyctl clone --help\n";

constexpr const char *clone_help =
	"While SOURCE is not in use, nobody else can use it or a destination.\n"
	"\n"
	"A SOURCE that is in use has to be a device-mapper device: a logical volume, "
	"a crypt device. It stays in use all the time, and what is written to it goes "
	"to the copies, too. In the end its file system is frozen for a moment, so "
	"that each copy holds the same clean state of that moment.\n"
	"\n"
	"Ctrl-C ends the copying, and leaves all as it was but for what the "
	"destinations hold.\n"
	"\n"
	"Examples:\n"
	"  A disk that is not in use, to two others:\n"
	"      kcopyctl clone /dev/sdb /dev/sdc /dev/sdd\n"
	"  A logical volume, while it is mounted:\n"
	"      kcopyctl clone /dev/vg/home /dev/sdc\n"
	"  The same, and go on mirroring until told to stop:\n"
	"      kcopyctl clone --keep /dev/vg/home /dev/sdc\n"
	"      kcopyctl stop /dev/vg/home\n"
	"  In the background:\n"
	"      kcopyctl clone --detach /dev/vg/home /dev/sdc\n"
	"      kcopyctl wait /dev/vg/home\n"
	"  For a program that watches it:\n"
	"      kcopyctl clone --json /dev/sdb /dev/sdc\n";

constexpr const char *status_help =
	"Examples:\n"
	"      kcopyctl status\n"
	"      kcopyctl status --json /dev/vg/home\n";

constexpr const char *stop_help =
	"Copies that are in sync are complete, and of the moment when this command "
	"ends. All others are not to be used.\n"
	"\n"
	"Examples:\n"
	"      kcopyctl stop /dev/vg/home\n";

constexpr const char *wait_help =
	"Finishes a clone that was begun with --detach, or whose kcopyctl was killed. "
	"A mirror that is to be kept is waited for only.\n"
	"\n"
	"Examples:\n"
	"      kcopyctl clone --detach /dev/vg/home /dev/sdc\n"
	"      kcopyctl wait /dev/vg/home\n";

constexpr const char *replace_leg_help =
	"The legs in sync stay so. Others that were being filled begin anew.\n"
	"\n"
	"Examples:\n"
	"      kcopyctl replace-leg /dev/vg/home /dev/sdc /dev/sdd\n";

constexpr const char *snapshot_help =
	"The origin has to be a device-mapper device, as for `kcopyctl clone`; it stays "
	"in use. Its file system is frozen for a moment, so that the snapshot is clean.\n"
	"\n"
	"Examples:\n"
	"  Back up a logical volume as it is now, while it is written:\n"
	"      kcopyctl snapshot create /dev/vg/home monday --store /dev/sdb\n"
	"      mount -o ro /dev/mapper/monday /mnt\n"
	"      tar -cf /backup/home.tar -C /mnt .\n"
	"      umount /mnt\n"
	"      kcopyctl snapshot remove monday\n"
	"  How full are the stores?\n"
	"      kcopyctl snapshot list\n";

constexpr const char *snapshot_create_help =
	"A store that becomes full loses its snapshot; one a little larger than the "
	"origin can't. The snapshots of one origin have the same chunk size.\n"
	"\n"
	"Examples:\n"
	"      kcopyctl snapshot create /dev/vg/home monday --store /dev/sdb\n"
	"  After a restart, before the origin is mounted:\n"
	"      kcopyctl snapshot create /dev/vg/home monday --store /dev/sdb --existing\n";

constexpr const char *snapshot_remove_help =
	"Its store is no snapshot any more. With the last one, the origin gets back the "
	"table that it had.\n"
	"\n"
	"Examples:\n"
	"      kcopyctl snapshot remove monday\n";

constexpr const char *doctor_help =
	"It names no files, volumes or keys: attach it to a bug report.\n"
	"\n"
	"Examples:\n"
	"      kcopyctl doctor\n";

constexpr const char *cleanup_help =
	"What runs and is followed by a kcopyctl, was begun with --detach or --keep, "
	"or has snapshots, is left alone.\n"
	"\n"
	"Examples:\n"
	"      kcopyctl cleanup\n";

void add_json(CLI::App &command, bool &json)
{
	command.add_flag("--json", json, "print one JSON object a line");
}

void add_force(CLI::App &command, bool &force)
{
	command.add_flag("-f,--force", force,
			 "overwrite a device that holds data");
}

CLI::Option *add_device(CLI::App &command, const std::string &name,
			std::string &device, const std::string &what)
{
	return command.add_option(name, device, what)->option_text("DEVICE");
}

void add_interval(CLI::App &command, std::optional<double> &interval)
{
	command.add_option("-i,--interval", interval,
			   "time between two lines of progress (0.2 on a "
			   "terminal, else 2)")
		->check(CLI::Range(0.1, 3600.0))
		->option_text("SECONDS");
}

CLI::App *add_command(CLI::App &app, const std::string &name,
		      const std::string &what, const std::string &more)
{
	auto *command = app.add_subcommand(name, what);

	command->footer(more);
	return command;
}

void describe_clone(CLI::App &app, clone_options &c)
{
	auto &command = *add_command(
		app, "clone", "Copy a whole device to up to seven others",
		clone_help);

	add_device(command, "SOURCE", c.source, "the device to copy")
		->required();
	command.add_option("DESTINATION", c.dests,
			   "the devices to overwrite with it")
		->required()
		->expected(1, 7)
		->option_text("DEVICE");
	add_force(command, c.force);
	command.add_flag("-k,--keep", c.keep,
			 "go on mirroring when all is copied");
	command.add_flag("-d,--detach", c.detach,
			 "return as soon as the copying has begun");
	command.add_option("--region-size", c.region_bytes,
			   "unit of copying, such as 512K or 4M (1M)")
		->transform(CLI::AsSizeValue(false))
		->check(CLI::Range(region_least, region_most))
		->option_text("BYTES");
	add_interval(command, c.interval);
	add_json(command, c.json);
}

void describe_mirrors(CLI::App &app, all &a)
{
	auto *status = add_command(app, "status",
				   "Show the clones and mirrors that run",
				   status_help);

	add_device(*status, "DEVICE", a.status.device, "only that of this one");
	add_json(*status, a.status.json);

	auto *pause = add_command(app, "pause", "Stop copying for a while", "");

	add_device(*pause, "DEVICE", a.pause.device, "the source")->required();

	auto *resume = add_command(app, "resume",
				   "Go on copying, also what could not be read",
				   "");

	add_device(*resume, "DEVICE", a.resume.device, "the source")->required();

	auto *stop = add_command(app, "stop", "End a clone or a mirror",
				 stop_help);

	add_device(*stop, "DEVICE", a.stop.device, "the source")->required();
	stop->add_flag("-f,--force", a.stop.force,
		       "go back to a source that has failed a write, and lacks "
		       "what was written since");
	add_json(*stop, a.stop.json);

	auto *wait = add_command(app, "wait",
				 "Wait for a clone or mirror, and finish it",
				 wait_help);

	add_device(*wait, "DEVICE", a.wait.device, "the source")->required();
	add_interval(*wait, a.wait.interval);
	add_json(*wait, a.wait.json);
}

void describe_replace_leg(CLI::App &app, replace_leg_options &r)
{
	auto *command = add_command(app, "replace-leg",
				    "Give a mirror another device in place of "
				    "one",
				    replace_leg_help);

	add_device(*command, "DEVICE", r.device, "the source")->required();
	add_device(*command, "OLD", r.old_leg, "the device to leave out")
		->required();
	add_device(*command, "NEW", r.new_leg, "the device to fill")->required();
	add_force(*command, r.force);
}

void describe_snapshot_create(CLI::App &app, snapshot_create_options &c)
{
	auto *command = add_command(app, "create",
				    "Keep what a device holds now",
				    snapshot_create_help);

	add_device(*command, "ORIGIN", c.origin, "the device")->required();
	command->add_option("NAME", c.name, "of the snapshot: /dev/mapper/NAME")
		->required()
		->option_text("NAME");
	add_device(*command, "-s,--store", c.store,
		   "where to keep what the origin held")
		->required();
	command->add_option("--chunk-size", c.chunk_bytes,
			    "unit of copying: a power of 2 from 4K to 1M (16K)")
		->transform(CLI::AsSizeValue(false))
		->check(CLI::Range(chunk_least, chunk_most))
		->option_text("BYTES");
	command->add_flag("-t,--temporary", c.temporary,
			  "it need not survive a restart");
	auto *existing =
		command->add_flag("-e,--existing", c.existing,
				  "take up the snapshot that the store holds");

	command->add_flag("-f,--force", c.force,
			  "overwrite a store that holds data")
		->excludes(existing);
}

void describe_snapshots(CLI::App &app, all &a)
{
	auto &group = *add_command(
		app, "snapshot", "Snapshots of a device in use", snapshot_help);

	group.require_subcommand(1);
	describe_snapshot_create(group, a.snapshot_create);

	auto *list = add_command(group, "list", "Show snapshots", "");

	add_device(*list, "ORIGIN", a.snapshot_list.origin,
		   "only those of this one");
	add_json(*list, a.snapshot_list.json);

	auto *remove = add_command(group, "remove", "Remove a snapshot",
				   snapshot_remove_help);

	remove->add_option("NAME", a.snapshot_remove.name, "the snapshot")
		->required()
		->option_text("NAME");
}

void describe_upkeep(CLI::App &app, all &a)
{
	auto *cleanup = add_command(app, "cleanup",
				    "Undo what a kcopyctl that was killed has "
				    "left",
				    cleanup_help);

	add_json(*cleanup, a.cleanup.json);

	add_command(app, "doctor",
		    "Print what a bug report needs: versions, modules, tables, "
		    "messages",
		    doctor_help);

	/* For the build of this program. */
	auto *generate = add_command(app, "generate", "", "");

	generate->group("");
	generate->add_option("WHAT", a.generate.what)
		->required()
		->check(CLI::IsMember({ "man", "bash", "zsh", "fish" }));
}

} // namespace

std::chrono::duration<double> interval(std::optional<double> seconds)
{
	return std::chrono::duration<double>(seconds.value_or(
		isatty(STDOUT_FILENO) ? terminal_interval : file_interval));
}

void describe(CLI::App &app, all &arguments)
{
	app.name(program);
	app.description("Copies, mirrors and snapshots of whole block devices, "
			"by kcopyd");
	app.set_version_flag("--version", KCOPYD_VERSION, "Print the version.");
	app.require_subcommand(1);
	app.footer(std::string(program_help) + "\nExit status:\n" +
		   exit_codes_text);
	describe_clone(app, arguments.clone);
	describe_mirrors(app, arguments);
	describe_replace_leg(app, arguments.replace_leg);
	describe_snapshots(app, arguments);
	describe_upkeep(app, arguments);
}

} // namespace commands
