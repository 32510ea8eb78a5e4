// SPDX-License-Identifier: GPL-2.0
#include "machine.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ostream.h>

namespace {

/* The command's answer. What it has to say to people goes to stderr. */
std::string answer_of(const std::string &command)
{
	std::unique_ptr<std::FILE, int (*)(std::FILE *)> pipe(
		popen(command.c_str(), "r"), pclose);
	std::array<char, 4096> part;
	std::string all;

	if (!pipe)
		throw std::runtime_error("cannot run " + command);
	while (std::fgets(part.data(), part.size(), pipe.get()))
		all += part.data();
	if (pclose(pipe.release()) != 0)
		throw std::runtime_error(command + " failed");
	while (all.ends_with('\n'))
		all.pop_back();
	return all;
}

} // namespace

std::filesystem::path output_directory()
{
	auto path = std::filesystem::path("build") / "bench";

	std::filesystem::create_directories(path);
	return path;
}

machine with_targets(const machine &where)
{
	auto directory = answer_of(fmt::format("tests/vm/dropin {} {}",
					       where.series, where.config));
	auto result = where;

	result.options += " -T fio -F bench/targets.sh";
	for (const auto &file : std::filesystem::directory_iterator(directory))
		result.options += " -F " + file.path().string();
	return result;
}

results run_in(const machine &where, const std::string &name,
	       const std::vector<std::string> &work)
{
	auto which = where.series + " " + where.config;
	auto kernel = answer_of("tests/vm/kernel " + which);
	auto modules = answer_of("tests/vm/modules " + which);
	auto directory = output_directory() / name;
	auto log = "bench-" + name;

	std::filesystem::create_directories(directory);
	{
		std::ofstream file(directory / "work");

		for (const auto &line : work)
			fmt::print(file, "{}\n", line);
	}
	fmt::print(stderr, "measuring: {}\n", name);

	auto command = fmt::format(
		"tests/vm/boot -q -t 1200 {} -M {}/kcopyd-mod.ko "
		"-M {}/bench/kcopyd-bench.ko -F {} -l {} {} {} bench/guest.sh",
		where.options, modules, modules, (directory / "work").string(),
		log, kernel, log);

	if (std::system((command + " >/dev/null").c_str()) != 0)
		throw std::runtime_error("the machine failed; see build/log/" +
					 log + ".log");

	std::ifstream file("build/log/" + log + ".log");

	return results::parse(file);
}
