// SPDX-License-Identifier: GPL-2.0
#include "pattern.hpp"

#include <cstring>

#include <fmt/format.h>

namespace {

/* A block begins with these, and goes on with numbers made from them. */
struct Label {
	std::uint64_t seed;
	std::uint64_t number;
	std::uint64_t version;

	bool operator==(const Label &) const = default;
};

constexpr std::size_t word = sizeof(std::uint64_t);

/* splitmix64 */
class Words {
public:
	explicit Words(const Label &label) :
		state_(label.seed ^ label.number << 24 ^ label.version << 1)
	{
	}

	std::uint64_t next()
	{
		std::uint64_t x = state_ += 0x9e3779b97f4a7c15;

		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
		x = (x ^ x >> 27) * 0x94d049bb133111eb;
		return x ^ x >> 31;
	}

private:
	std::uint64_t state_;
};

} // namespace

void Pattern::fill(std::span<std::byte> block, std::uint64_t number,
		   Version version) const
{
	const Label label = { seed_, number, version };
	Words words(label);

	std::memcpy(block.data(), &label, sizeof(label));
	for (auto at = sizeof(label); at < block.size(); at += word) {
		const std::uint64_t value = words.next();

		std::memcpy(&block[at], &value, word);
	}
}

std::string Pattern::check(std::span<const std::byte> block,
			   std::uint64_t number, Version version) const
{
	const Label wanted = { seed_, number, version };
	Words words(wanted);
	Label found;

	std::memcpy(&found, block.data(), sizeof(found));
	if (found != wanted)
		return fmt::format("block {} has block {} version {} of seed "
				   "{:x}, not version {} of {:x}",
				   number, found.number, found.version,
				   found.seed, version, seed_);
	for (auto at = sizeof(found); at < block.size(); at += word) {
		std::uint64_t value;

		std::memcpy(&value, &block[at], word);
		if (value != words.next())
			return fmt::format("block {} version {} is damaged "
					   "from byte {}",
					   number, version, at);
	}
	return {};
}
