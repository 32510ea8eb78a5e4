// SPDX-License-Identifier: GPL-2.0
/*
 * replay_log - write to a device what the kernel's dm-log-writes has logged
 *
 *	replay_log LOG DEVICE --until MARK
 *	replay_log LOG DEVICE --at POSITION --entries N
 *
 * Writes the entries up to a mark, or N entries from a position on, and prints
 * the position behind them and how many entries are left.
 *
 * A device that was empty, and got all entries up to some position, is as the one
 * that was logged would be had it lost power then, with all that was in its cache.
 */
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "file.hpp"

namespace {

constexpr std::uint64_t magic = 0x6a736677736872;
constexpr std::uint64_t flag_discard = 1 << 2;
constexpr std::uint64_t flag_mark = 1 << 3;
constexpr std::uint64_t sector_size = 512;
constexpr std::uint64_t longest = 1 << 20;

/* Both are little endian on disk, as this machine is. */
struct Super {
	std::uint64_t magic;
	std::uint64_t version;
	std::uint64_t entries;
	std::uint32_t sector_size;
};

struct Entry {
	std::uint64_t sector;
	std::uint64_t sectors;
	std::uint64_t flags;
	std::uint64_t data_length;
};

/* Where an entry begins, and how many come before it. */
struct Position {
	std::uint64_t offset = sector_size;
	std::uint64_t number = 0;
};

/* Reads a log, an entry at a time. */
class Log {
public:
	Log(const std::string &path, const Position &position) :
		file_(path), position_(position)
	{
		file_.read(header(), 0);
		std::memcpy(&super_, header().data(), sizeof(super_));
		if (super_.magic != magic || super_.version != 1)
			throw std::runtime_error(path + " is no log");
		if (super_.sector_size != sector_size)
			throw std::runtime_error("blocks are not of 512 bytes");
	}

	const Position &position() const
	{
		return position_;
	}

	std::uint64_t left() const
	{
		return super_.entries - position_.number;
	}

	Entry next()
	{
		Entry entry;

		file_.read(header(), position_.offset);
		std::memcpy(&entry, header().data(), sizeof(entry));
		data_ = position_.offset + sector_size;
		position_ = { data_ + length(entry), position_.number + 1 };
		return entry;
	}

	/* Of the last entry, if it is a mark. */
	std::string mark(const Entry &entry) const
	{
		if (!(entry.flags & flag_mark))
			return {};

		const auto *text = reinterpret_cast<const char *>(
			header().data() + sizeof(entry));

		return { text, entry.data_length };
	}

	/* Write what the last entry tells of. */
	void apply(const Entry &entry, File &device) const
	{
		for (std::uint64_t at = 0; at < length(entry); at += longest) {
			const auto part = std::min(longest, length(entry) - at);
			const auto data =
				buffer_.first(longest / block_size).first(part);

			file_.read(data, data_ + at);
			device.write(data, entry.sector * sector_size + at);
		}
	}

private:
	std::span<std::byte> header() const
	{
		return header_.first(1).first(sector_size);
	}

	static std::uint64_t length(const Entry &entry)
	{
		return entry.flags & flag_discard ? 0 :
						    entry.sectors * sector_size;
	}

	File file_;
	Super super_{};
	Buffer header_{ 1 };
	Buffer buffer_{ longest / block_size };
	Position position_;
	std::uint64_t data_ = 0;
};

struct Arguments {
	std::string log;
	std::string device;
	std::string mark;
	std::string at;
	std::uint64_t entries = 0;
};

Position parse(const std::string &text)
{
	const auto colon = text.find(':');

	if (text.empty())
		return {};
	return { std::stoull(text), std::stoull(text.substr(colon + 1)) };
}

void work(const Arguments &arguments)
{
	Log log(arguments.log, parse(arguments.at));
	File device(arguments.device);
	auto entries = arguments.entries;

	while (log.left() && (!arguments.mark.empty() || entries--)) {
		const auto entry = log.next();

		log.apply(entry, device);
		if (!arguments.mark.empty() &&
		    log.mark(entry) == arguments.mark)
			break;
	}
	fmt::print("{}:{} {}\n", log.position().offset, log.position().number,
		   log.left());
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Replay what dm-log-writes has logged.");
	Arguments arguments;

	app.add_option("log", arguments.log)->required();
	app.add_option("device", arguments.device)->required();
	app.add_option("--until", arguments.mark, "write up to this mark");
	app.add_option("--at", arguments.at, "begin at this position");
	app.add_option("--entries", arguments.entries, "write so many");
	CLI11_PARSE(app, argc, argv);
	try {
		work(arguments);
	} catch (const std::exception &error) {
		fmt::print(stderr, "replay_log: {}\n", error.what());
		return 1;
	}
	return 0;
}
