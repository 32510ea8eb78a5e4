/* SPDX-License-Identifier: GPL-2.0 */
/* Block contents that tell which block they are, and which version of it. */
#ifndef WORKLOAD_PATTERN_HPP
#define WORKLOAD_PATTERN_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/* What a block is written with the n-th time; 0 is what it is filled with. */
using Version = std::uint32_t;

class Pattern {
public:
	explicit Pattern(std::uint64_t seed) : seed_(seed)
	{
	}

	void fill(std::span<std::byte> block, std::uint64_t number,
		  Version version) const;

	/* Empty if the block is as it should be, else what is wrong. */
	std::string check(std::span<const std::byte> block,
			  std::uint64_t number, Version version) const;

private:
	std::uint64_t seed_;
};

#endif /* WORKLOAD_PATTERN_HPP */
