// SPDX-License-Identifier: GPL-2.0
/*
 * crash_points - what would be found on a disk, had the power gone at some moment
 *
 *	crash_points LOG FLUSHED CRASHED TABLE MODEL
 *
 * LOG is of dm-log-writes, and has a mark "start". FLUSHED is an empty disk, or holds
 * what was there when the log began. For moments from the mark to the end, at most
 * four between two flushes, CRASHED becomes what may be found then; and the device of
 * TABLE, which stands on it, must be as MODEL, or its status must be "Invalid".
 *
 * Prints how many moments that were, and how often it was invalid. Exit status: 0 if
 * it was right at all of them.
 */
#include <algorithm>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "device_mapper.hpp"
#include "file.hpp"
#include "write_log.hpp"

namespace {

constexpr std::uint64_t moments_per_epoch = 4;
const std::string name = "crash_point";

struct Arguments {
	std::string log, flushed, crashed, table, model;
};

/* A device that has a table for a while. It takes long to make one for each moment. */
class Device {
public:
	explicit Device(const std::string &table) :
		table_(parse_table(table)), none_(table_)
	{
		none_.type = "error";
		none_.parameters.clear();
		make(DM_DEVICE_CREATE, none_);
	}

	~Device()
	{
		try {
			Task(DM_DEVICE_REMOVE, name).run();
		} catch (const std::exception &) {
			/* libdevmapper has said so */
		}
	}

	Device(const Device &) = delete;
	Device &operator=(const Device &) = delete;

	void begin() const
	{
		make(DM_DEVICE_RELOAD, table_);
		Task(DM_DEVICE_RESUME, name).run();
	}

	void end() const
	{
		make(DM_DEVICE_RELOAD, none_);
		Task(DM_DEVICE_RESUME, name).run();
	}

	std::string status() const
	{
		Task task(DM_DEVICE_STATUS, name);

		task.run();
		return task.status();
	}

private:
	static void make(int type, const Table &table)
	{
		Task task(type, name);

		task.add(table);
		task.run();
	}

	Table table_, none_;
};

bool same(const File &a, const File &b)
{
	constexpr std::uint64_t part = 256;
	const Buffer of_a(part), of_b(part);
	const auto size = a.size();

	for (std::uint64_t at = 0; at < size; at += part * block_size) {
		const auto count = std::min(part * block_size, size - at);
		const auto first = of_a.first(part).first(count),
			   second = of_b.first(part).first(count);

		a.read(first, at);
		b.read(second, at);
		if (!std::ranges::equal(first, second))
			return false;
	}
	return true;
}

/* Throws if it is wrong. Returns whether it was good. */
bool check(const Device &device, const File &model)
{
	device.begin();

	const bool good = device.status() != "Invalid";

	if (good && !same(model, File("/dev/mapper/" + name)))
		throw std::runtime_error("wrong data");
	device.end();
	return good;
}

/* Does this for each entry, up to the next flush. */
template <typename What>
void for_epoch(WriteLog &log, What what)
{
	bool ended = false;

	while (log.left() && !ended) {
		log.next();
		what();
		ended = log.is_flush();
	}
}

/* What a crash has written is as before again. */
void restore(WriteLog &log, File &crashed, const File &flushed)
{
	const auto position = log.position();

	for_epoch(log, [&] { log.restore(crashed, flushed); });
	log.go_to(position);
}

void go_to_start(WriteLog &log, File &flushed)
{
	while (log.left()) {
		log.next();
		if (log.is_mark("start"))
			return;
		log.apply(flushed);
	}
}

void work(const Arguments &arguments)
{
	WriteLog log(arguments.log);
	File flushed(arguments.flushed), crashed(arguments.crashed);
	const File model(arguments.model);
	const Device device(arguments.table);
	std::uint64_t moments = 0, invalid = 0;

	go_to_start(log, flushed);
	copy(flushed, crashed);
	while (log.left()) {
		std::uint64_t length = 1;

		for (std::uint64_t n = 0; n < length;
		     n += 1 + length / moments_per_epoch) {
			length = crash(log, n, crashed);
			try {
				invalid += !check(device, model);
			} catch (const std::exception &error) {
				throw std::runtime_error(fmt::format(
					"write {} after write {}: {}", n,
					log.position().number, error.what()));
			}
			moments++;
			restore(log, crashed, flushed);
		}
		for_epoch(log, [&] {
			log.apply(flushed);
			log.apply(crashed);
		});
	}
	fmt::print("{} {}\n", moments, invalid);
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Try what may be found after the power went.");
	Arguments arguments;

	app.add_option("log", arguments.log)->required();
	app.add_option("flushed", arguments.flushed)->required();
	app.add_option("crashed", arguments.crashed)->required();
	app.add_option("table", arguments.table)->required();
	app.add_option("model", arguments.model)->required();
	CLI11_PARSE(app, argc, argv);
	try {
		work(arguments);
	} catch (const std::exception &error) {
		fmt::print(stderr, "crash_points: {}\n", error.what());
		return 1;
	}
	return 0;
}
