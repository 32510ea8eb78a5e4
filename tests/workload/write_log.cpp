// SPDX-License-Identifier: GPL-2.0
#include "write_log.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace {

constexpr std::uint64_t magic = 0x6a736677736872;
constexpr std::uint64_t flag_flush = 1 << 0;
constexpr std::uint64_t flag_fua = 1 << 1;
constexpr std::uint64_t flag_discard = 1 << 2;
constexpr std::uint64_t flag_mark = 1 << 3;
constexpr std::uint64_t sector_size = 512;
constexpr std::uint64_t longest = 1 << 20;
constexpr std::uint64_t longest_blocks = longest / block_size;

struct Super {
	std::uint64_t magic;
	std::uint64_t version;
	std::uint64_t entries;
	std::uint32_t sector_size;
};

} // namespace

WriteLog::WriteLog(const std::string &path, const Position &position) :
	memory_(File(path).size() / block_size),
	log_(memory_.first(File(path).size() / block_size)),
	buffer_(longest_blocks), position_(position)
{
	const File file(path);
	Super super;

	for (std::uint64_t at = 0; at < log_.size(); at += longest)
		file.read(log_.subspan(at).first(
				  std::min(longest, log_.size() - at)),
			  at);
	std::memcpy(&super, log_.data(), sizeof(super));
	if (super.magic != magic || super.version != 1)
		throw std::runtime_error(path + " is no log");
	if (super.sector_size != sector_size)
		throw std::runtime_error("blocks are not of 512 bytes");
	entries_ = super.entries;
}

std::uint64_t WriteLog::length() const
{
	return entry_.flags & flag_discard ? 0 : entry_.sectors * sector_size;
}

std::span<const std::byte> WriteLog::data() const
{
	return log_.subspan(data_, length());
}

void WriteLog::next()
{
	if (position_.offset + sector_size > log_.size())
		throw std::runtime_error("the log is longer than its device");
	std::memcpy(&entry_, &log_[position_.offset], sizeof(entry_));
	data_ = position_.offset + sector_size;
	position_ = { data_ + length(), position_.number + 1 };
	if (position_.offset > log_.size())
		throw std::runtime_error("the log is longer than its device");
}

bool WriteLog::is_flush() const
{
	return entry_.flags & flag_flush;
}

bool WriteLog::is_fua() const
{
	return entry_.flags & flag_fua;
}

bool WriteLog::is_mark(const std::string &text) const
{
	return entry_.flags & flag_mark && entry_.data_length == text.size() &&
	       !std::memcmp(&log_[data_ - sector_size + sizeof(entry_)],
			    text.data(), text.size());
}

/* Direct I/O wants aligned memory. */
void WriteLog::write(File &device, std::uint64_t begin, std::uint64_t end) const
{
	for (; begin < end; begin += longest) {
		const auto part = std::min(longest, end - begin);
		const auto out = buffer_.first(longest_blocks).first(part);

		std::ranges::copy(data().subspan(begin, part), out.begin());
		device.write(out, entry_.sector * sector_size + begin);
	}
}

void WriteLog::apply(File &device) const
{
	write(device, 0, length());
}

void WriteLog::tear(File &device, std::mt19937 &random) const
{
	std::uint64_t begin = 0;

	for (std::uint64_t at = 0; at < length(); at += sector_size) {
		if (random() % 2)
			continue;
		write(device, begin, at);
		begin = at + sector_size;
	}
	write(device, begin, length());
}

void WriteLog::restore(File &device, const File &other) const
{
	for (std::uint64_t at = 0; at < length(); at += longest) {
		const auto part = std::min(longest, length() - at);
		const auto data = buffer_.first(longest_blocks).first(part);

		other.read(data, entry_.sector * sector_size + at);
		device.write(data, entry_.sector * sector_size + at);
	}
}

void copy(const File &from, File &to)
{
	const Buffer buffer(longest_blocks);
	const auto size = from.size();

	for (std::uint64_t at = 0; at < size; at += longest) {
		const auto data = buffer.first(longest_blocks)
					  .first(std::min(longest, size - at));

		from.read(data, at);
		to.write(data, at);
	}
}

std::uint64_t crash(WriteLog &log, std::uint64_t n, File &device)
{
	const auto position = log.position();
	std::mt19937 random(
		static_cast<unsigned int>(position.number * 1000 + n));
	std::uint64_t number = 0;
	bool ended = false;

	while (log.left() && !ended) {
		log.next();
		if (number < n && log.is_fua())
			log.apply(device);
		else if (number <= n)
			log.tear(device, random);
		ended = log.is_flush();
		number++;
	}
	log.go_to(position);
	return number;
}
