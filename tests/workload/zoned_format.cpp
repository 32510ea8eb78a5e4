// SPDX-License-Identifier: GPL-2.0
/*
 * zoned_format - prepare a zoned block device for the kernel's dm-zoned
 *
 *	zoned_format DEVICE --zones N --zone-sectors N
 *
 * The first zones must be conventional. Prints how many sectors a dm-zoned
 * device on it has.
 *
 * On the device are two sets of metadata, each at the beginning of a zone: a
 * superblock, a table that maps chunks to zones, and a bitmap of the valid
 * blocks of each zone. In the beginning nothing is mapped and nothing is valid.
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
#include <zlib.h>

#include "file.hpp"

namespace {

constexpr std::uint32_t magic = 0x445a4244; /* "DZBD" */
constexpr std::uint32_t version = 1;
constexpr std::uint64_t generation = 1;
constexpr std::uint32_t reserved_zones = 4;
constexpr std::uint32_t block_sectors = block_size / 512;
constexpr std::uint32_t entries_per_block = block_size / 8;
constexpr std::uint32_t bits_per_block = block_size * 8;

/* All little-endian, as the machines that this runs on. */
struct Superblock {
	std::uint32_t magic;
	std::uint32_t version;
	std::uint64_t generation;
	std::uint64_t block;
	std::uint32_t meta_blocks;
	std::uint32_t reserved_zones;
	std::uint32_t chunks;
	std::uint32_t map_blocks;
	std::uint32_t bitmap_blocks;
	std::uint32_t crc;
};

struct Layout {
	std::uint32_t zone_blocks;
	std::uint32_t chunks;
	std::uint32_t map_blocks;
	std::uint32_t bitmap_blocks;
	std::uint32_t meta_zones; /* of one set */

	std::uint32_t meta_blocks() const
	{
		return 1 + map_blocks + bitmap_blocks;
	}
};

std::uint32_t divide_up(std::uint32_t a, std::uint32_t b)
{
	return (a + b - 1) / b;
}

Layout layout_of(std::uint32_t zones, std::uint32_t zone_sectors)
{
	Layout layout{};

	layout.zone_blocks = zone_sectors / block_sectors;
	layout.map_blocks = divide_up(zones, entries_per_block);
	layout.bitmap_blocks = zones * std::max(1U, layout.zone_blocks /
							    bits_per_block);
	layout.meta_zones = divide_up(layout.meta_blocks(), layout.zone_blocks);
	if (zones <= 2 * layout.meta_zones + reserved_zones)
		throw std::runtime_error("too few zones");
	layout.chunks = zones - 2 * layout.meta_zones - reserved_zones;
	return layout;
}

/* The kernel's crc32_le(): zlib's, without the inversions. */
std::uint32_t checksum(std::span<const std::byte> block)
{
	const auto seed = ~static_cast<std::uint32_t>(generation);

	return ~static_cast<std::uint32_t>(
		crc32_z(seed, reinterpret_cast<const Bytef *>(block.data()),
			block.size()));
}

void fill(std::span<std::byte> block, int value)
{
	std::memset(block.data(), value, block.size());
}

void write_set(File &device, const Layout &layout, std::uint64_t first)
{
	Superblock super = { magic,
			     version,
			     generation,
			     first,
			     layout.meta_blocks(),
			     reserved_zones,
			     layout.chunks,
			     layout.map_blocks,
			     layout.bitmap_blocks,
			     0 };
	const Buffer buffer(1);
	const auto block = buffer.first(1);

	for (std::uint32_t i = 1; i < layout.meta_blocks(); i++) {
		fill(block, i <= layout.map_blocks ? 0xff : 0);
		device.write(block, (first + i) * block_size);
	}
	fill(block, 0);
	std::memcpy(block.data(), &super, sizeof(super));
	super.crc = checksum(block);
	std::memcpy(block.data(), &super, sizeof(super));
	device.write(block, first * block_size);
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Prepare a zoned block device for dm-zoned.");
	std::uint32_t zones = 0, zone_sectors = 0;
	std::string path;

	app.add_option("device", path)->required();
	app.add_option("--zones", zones)->required();
	app.add_option("--zone-sectors", zone_sectors)->required();
	CLI11_PARSE(app, argc, argv);
	try {
		const auto layout = layout_of(zones, zone_sectors);
		File device(path);

		for (std::uint64_t set : { 0, 1 })
			write_set(device, layout,
				  set * layout.meta_zones * layout.zone_blocks);
		device.flush();
		fmt::print("{}\n",
			   std::uint64_t{ layout.chunks } * zone_sectors);
	} catch (const std::exception &error) {
		fmt::print(stderr, "zoned_format: {}\n", error.what());
		return 1;
	}
	return 0;
}
