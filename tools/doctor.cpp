// SPDX-License-Identifier: GPL-2.0
#include "doctor.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "kernel_log.h"
#include "layer.h"
#include "role.h"

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 3> modules = { "kcopyd-mod",
						      "dm-kmirror",
						      "dm-ksnap" };
constexpr std::size_t messages_most = 50;

/* The first line of a file, or what to say instead. */
std::string line_of(const fs::path &file, const std::string &instead)
{
	std::ifstream in(file);
	std::string line;

	return std::getline(in, line) ? line : instead;
}

std::string in_sysfs(std::string_view module)
{
	std::string name(module);

	for (auto &c : name)
		c = c == '-' ? '_' : c;
	return "/sys/module/" + name;
}

/* Where modprobe would find it, or "". */
std::string file_of(std::string_view module, const std::string &release)
{
	const fs::path tree = "/lib/modules/" + release;
	std::ifstream index(tree / "modules.dep");
	const auto wanted = fmt::format("/{}.ko", module);
	std::string line;

	while (std::getline(index, line)) {
		const auto file = line.substr(0, line.find(':'));

		if (file.find(wanted) != file.npos)
			return tree / file;
	}
	return "";
}

/* How the kernel's build marks a module that is signed. */
bool is_signed(const std::string &file)
{
	constexpr std::string_view mark = "~Module signature appended~\n";
	std::ifstream in(file, std::ios::binary);
	std::string end(mark.size(), '\0');

	in.seekg(-static_cast<std::streamoff>(mark.size()), std::ios::end);
	in.read(end.data(), static_cast<std::streamsize>(end.size()));
	return end == mark;
}

std::string signature_words(const std::string &file)
{
	if (!file.ends_with(".ko"))
		return "compressed: signature not looked at";
	return is_signed(file) ? "signed" : "not signed";
}

std::string module_words(std::string_view module, const std::string &release)
{
	const auto sysfs = in_sysfs(module);
	const auto file = file_of(module, release);
	std::string said =
		fs::exists(sysfs) ?
			fmt::format("loaded, version {}, source {}",
				    line_of(sysfs + "/version", "none"),
				    line_of(sysfs + "/srcversion", "unknown")) :
			"not loaded";

	if (file.empty())
		said += fmt::format("; NOT FOUND below /lib/modules/{}: "
				    "install kcopyd for this kernel",
				    release);
	else
		said += fmt::format("; {}, {}", file, signature_words(file));
	return said;
}

/* The last byte of the variable; there is none where the firmware is no UEFI. */
std::string secure_boot()
{
	std::ifstream in("/sys/firmware/efi/efivars/SecureBoot-"
			 "8be4df61-93ca-11d2-aa0d-00e098032b8c",
			 std::ios::binary);
	std::array<char, 5> value = {};

	if (!in.read(value.data(), value.size()))
		return "no";
	return value.back() ? "yes" : "no";
}

void tell_system(output &out, const utsname &system)
{
	out.say(fmt::format("kernel: {} {} {}", system.release, system.version,
			    system.machine));
	for (const auto &module : modules)
		out.say(fmt::format("{}: {}", module,
				    module_words(module, system.release)));
	out.say(fmt::format("secure boot: {}", secure_boot()));
	out.say(fmt::format("lockdown: {}", line_of("/sys/kernel/security/"
						    "lockdown",
						    "none")));
	out.say(fmt::format("signatures enforced: {}",
			    line_of("/sys/module/module/parameters/sig_enforce",
				    "unknown")));
	out.say(fmt::format("taint: {}",
			    line_of("/proc/sys/kernel/tainted", "unknown")));
}

void tell_tables(output &out, dm::control &control, const dm::info &info)
{
	const auto number = layer::number_words(info.number);

	for (const auto &target : control.live_table(info.name))
		out.say(fmt::format("table of {}: {}", number,
				    public_table(target)));
	for (const auto &target : control.status(info.name))
		if (target.type == "kmirror" ||
		    target.type.starts_with("ksnap"))
			out.say(fmt::format("status of {}: {}", number,
					    target.params));
}

bool is_ours(dm::control &control, const dm::info &info)
{
	if (role_of(info.uuid))
		return true;
	for (const auto &target : control.live_table(info.name))
		if (target.type == "kmirror" ||
		    target.type.starts_with("ksnap"))
			return true;
	return false;
}

void tell_device(output &out, dm::control &control, const dm::info &info)
{
	const auto kind = role_of(info.uuid);

	if (!is_ours(control, info))
		return;
	out.say(fmt::format("device {}: {}, opened {} times{}{}{}",
			    layer::number_words(info.number),
			    kind ? word_for(*kind) : "not made by kcopyctl",
			    info.open_count,
			    info.suspended ? ", SUSPENDED" : "",
			    info.inactive ? ", another table is loaded" : "",
			    info.read_only ? ", read-only" : ""));
	tell_tables(out, control, info);
}

void tell_device_mapper(output &out)
{
	for (const auto &version : dm::versions())
		out.say(fmt::format("device-mapper: {}", version));

	const auto control = dm::open();

	for (const auto &info : control->list())
		tell_device(out, *control, info);
}

void tell_messages(output &out)
{
	auto messages = kernel_log::with({ "kcopyd", "kmirror", "ksnap" });

	if (messages.size() > messages_most)
		messages.erase(messages.begin(),
			       messages.end() - messages_most);
	for (const auto &message : messages)
		out.say(fmt::format("log: {}", message));
}

} // namespace

exit_code doctor(output &out)
{
	utsname system;

	uname(&system);
	tell_system(out, system);
	try {
		tell_device_mapper(out);
	} catch (const dm::error &e) {
		out.say(fmt::format("device-mapper: {}", e.what()));
	}
	tell_messages(out);
	return exit_done;
}
