/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The description of the commands: --help, the manual and the completions are made of
 * it. What they do is elsewhere.
 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace commands {

/* What the user asked for, or else often enough for a terminal, or for a file. */
std::chrono::duration<double> interval(std::optional<double> seconds);

struct clone_options {
	std::string source;
	std::vector<std::string> dests;
	std::optional<std::uint64_t> region_bytes;
	std::optional<double> interval; /* seconds */
	bool keep = false;
	bool detach = false;
	bool force = false;
	bool json = false;
};

struct status_options {
	std::string device; /* "": all */
	bool json = false;
};

struct one_device_options {
	std::string device;
};

struct stop_options {
	std::string device;
	bool force = false;
	bool json = false;
};

struct wait_options {
	std::string device;
	std::optional<double> interval;
	bool json = false;
};

struct replace_leg_options {
	std::string device, old_leg, new_leg;
	bool force = false;
	bool json = false;
};

struct only_json_options {
	bool json = false;
};

struct snapshot_create_options {
	std::string origin, name, store;
	std::uint64_t chunk_bytes = 16384;
	bool temporary = false;
	bool existing = false;
	bool force = false;
};

struct snapshot_list_options {
	std::string origin; /* "": of all */
	bool json = false;
};

struct snapshot_remove_options {
	std::string name;
};

struct generate_options {
	std::string what;
};

struct all {
	clone_options clone;
	status_options status;
	one_device_options pause, resume;
	stop_options stop;
	wait_options wait;
	replace_leg_options replace_leg;
	snapshot_create_options snapshot_create;
	snapshot_list_options snapshot_list;
	snapshot_remove_options snapshot_remove;
	only_json_options cleanup;
	generate_options generate;
};

constexpr const char *program = "kcopyctl";

void describe(CLI::App &app, all &arguments);

} // namespace commands

#endif /* TOOLS_COMMANDS_H */
