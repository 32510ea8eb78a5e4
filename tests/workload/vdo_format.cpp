// SPDX-License-Identifier: GPL-2.0
/*
 * vdo_format - prepare a block device for the kernel's dm-vdo
 *
 *	vdo_format DEVICE --logical BLOCKS	a new volume of that many blocks
 *	vdo_format DEVICE --rebuild		it is to be rebuilt when it starts
 *
 * All is far smaller than what other programs make: slabs of 2048 blocks, each
 * with a journal of 32 blocks at its end, a recovery journal of 512 blocks, and
 * no room for an index of what is deduplicated, so a volume must be used without
 * it. Prints the block at which the first slab begins.
 *
 * On the device are the geometry block, a block in place of the index, and then
 * the super block, the roots of the block map, the slabs, the recovery journal
 * and the summary of the slabs. A new volume has empty roots and an empty
 * journal; what is in the rest does not matter.
 */
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <zlib.h>

#include "file.hpp"

namespace {

constexpr std::uint64_t nonce = 0x6b636f707964;
constexpr std::uint64_t index_block = 1;
constexpr std::uint64_t super_block = 2;
constexpr std::uint64_t first_root = 3;
constexpr std::uint64_t roots = 60;
constexpr std::uint64_t first_slab = first_root + roots;
constexpr std::uint64_t slab_blocks = 2048;
constexpr std::uint64_t slab_journal_blocks = 32;
constexpr std::uint64_t reference_blocks = 1;
constexpr std::uint64_t journal_blocks = 512;
constexpr std::uint64_t summary_blocks = 64;

constexpr std::uint32_t state_new = 1;
constexpr std::uint32_t state_rebuild = 4;

enum Component : std::uint32_t { super, layout, journal, depot, map, geometry };
enum Partition : std::uint8_t {
	map_part,
	depot_part,
	journal_part,
	summary_part
};

/* Lengths in bytes, and where the super block has its state. */
constexpr std::size_t header_bytes = 20;
constexpr std::size_t geometry_bytes = 101;
constexpr std::size_t layout_bytes = 17 + 4 * 25;
constexpr std::size_t journal_bytes = 24;
constexpr std::size_t depot_bytes = 73;
constexpr std::size_t map_bytes = 32;
constexpr std::size_t component_bytes = 4 + 8 + 8 + 68 + 4 * header_bytes +
					layout_bytes + journal_bytes +
					depot_bytes + map_bytes;
constexpr std::size_t state_offset = header_bytes + 4 + 8 + 8;

/* The kernel's crc32(0, ...), inverted. */
std::uint32_t checksum(std::span<const std::byte> bytes)
{
	return static_cast<std::uint32_t>(crc32_z(
		~std::uint32_t{ 0 },
		reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
}

/* Writes to a block, little-endian as the machines that this runs on. */
class Encoder {
public:
	explicit Encoder(std::span<std::byte> block) : block_(block)
	{
		std::ranges::fill(block_, std::byte{ 0 });
	}

	template <typename T>
	Encoder &put(T value)
	{
		std::memcpy(&block_[offset_], &value, sizeof(value));
		offset_ += sizeof(value);
		return *this;
	}

	Encoder &put_text(std::string_view text)
	{
		std::memcpy(&block_[offset_], text.data(), text.size());
		offset_ += text.size();
		return *this;
	}

	Encoder &put_version(std::uint32_t major)
	{
		return put(major).put(std::uint32_t{ 0 });
	}

	Encoder &put_header(Component id, std::uint32_t major, std::size_t size)
	{
		return put(std::uint32_t{ id })
			.put_version(major)
			.put(std::uint64_t{ size });
	}

	Encoder &put_partition(Partition id, std::uint64_t first,
			       std::uint64_t blocks)
	{
		return put(id).put(first).put(std::uint64_t{ 0 }).put(blocks);
	}

	void end(std::size_t length)
	{
		if (offset_ != length)
			throw std::logic_error("a block has a wrong length");
		put(checksum(block_.first(length)));
	}

private:
	std::span<std::byte> block_;
	std::size_t offset_ = 0;
};

void encode_geometry(std::span<std::byte> block)
{
	Encoder encoder(block);

	encoder.put_text("dmvdo001").put_header(geometry, 5, geometry_bytes);
	encoder.put(std::uint32_t{ 0 }).put(nonce);
	encoder.put_text("a uuid of kcopyd").put(std::uint64_t{ 0 });
	encoder.put(std::uint32_t{ 0 }).put(index_block);
	encoder.put(std::uint32_t{ 1 }).put(super_block);
	/* of the index: its memory, 256 MiB, and that it is not sparse */
	encoder.put(std::int32_t{ -256 }).put(std::uint32_t{ 0 });
	encoder.put(std::uint8_t{ 0 });
	encoder.end(geometry_bytes - sizeof(std::uint32_t));
}

void encode_depot(Encoder &encoder, std::uint64_t slabs)
{
	constexpr std::uint64_t flushing = (slab_journal_blocks * 3 + 3) / 4;
	constexpr std::uint64_t blocking =
		flushing + (slab_journal_blocks - flushing) * 5 / 7;

	encoder.put_header(depot, 2, depot_bytes).put(slab_blocks);
	encoder.put(slab_blocks - slab_journal_blocks - reference_blocks);
	encoder.put(reference_blocks).put(slab_journal_blocks);
	encoder.put(flushing).put(blocking).put(slab_journal_blocks - 2);
	encoder.put(first_slab).put(first_slab + slabs * slab_blocks);
	encoder.put(std::uint8_t{ 0 });
}

void encode_super(std::span<std::byte> block, std::uint64_t physical,
		  std::uint64_t logical)
{
	const auto first_summary = physical - summary_blocks;
	const auto first_journal = first_summary - journal_blocks;
	const auto depot_blocks = first_journal - first_slab;
	Encoder encoder(block);

	encoder.put_header(super, 12, component_bytes + sizeof(std::uint32_t));
	encoder.put(std::uint32_t{ 0 }).put_version(67).put_version(41);
	encoder.put(state_new).put(std::uint64_t{ 0 }).put(std::uint64_t{ 0 });
	encoder.put(logical).put(physical).put(slab_blocks);
	encoder.put(journal_blocks).put(slab_journal_blocks).put(nonce);

	encoder.put_header(layout, 3, layout_bytes);
	encoder.put(first_journal).put(first_journal).put(std::uint8_t{ 4 });
	encoder.put_partition(map_part, first_root, roots);
	encoder.put_partition(depot_part, first_slab, depot_blocks);
	encoder.put_partition(journal_part, first_journal, journal_blocks);
	encoder.put_partition(summary_part, first_summary, summary_blocks);

	encoder.put_header(journal, 7, journal_bytes).put(std::uint64_t{ 1 });
	encoder.put(std::uint64_t{ 0 }).put(std::uint64_t{ 0 });
	encode_depot(encoder, depot_blocks / slab_blocks);
	encoder.put_header(map, 2, map_bytes).put(std::uint64_t{ 1 });
	encoder.put(std::uint64_t{ 0 }).put(first_root).put(roots);
	encoder.end(header_bytes + component_bytes);
}

void write_zeroes(File &device, std::uint64_t first, std::uint64_t blocks)
{
	const Buffer buffer(1);
	const auto block = buffer.first(1);

	std::ranges::fill(block, std::byte{ 0 });
	for (auto i = first; i < first + blocks; i++)
		device.write(block, i * block_size);
}

void format(File &device, std::uint64_t logical)
{
	const auto physical = device.size() / block_size;
	const Buffer buffer(1);
	const auto block = buffer.first(1);

	if (physical <
	    first_slab + slab_blocks + journal_blocks + summary_blocks)
		throw std::runtime_error("the device is too small");
	write_zeroes(device, index_block, 1);
	write_zeroes(device, first_root, roots);
	write_zeroes(device, physical - summary_blocks - journal_blocks,
		     journal_blocks);
	encode_super(block, physical, logical);
	device.write(block, super_block * block_size);
	encode_geometry(block);
	device.write(block, 0);
}

/* As when a volume that is read-only is to be mended. */
void mark_for_rebuild(File &device)
{
	constexpr auto length = header_bytes + component_bytes;
	const Buffer buffer(1);
	const auto block = buffer.first(1);

	device.read(block, super_block * block_size);
	std::memcpy(&block[state_offset], &state_rebuild,
		    sizeof(state_rebuild));
	const auto sum = checksum(block.first(length));
	std::memcpy(&block[length], &sum, sizeof(sum));
	device.write(block, super_block * block_size);
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Prepare a block device for dm-vdo.");
	std::uint64_t logical = 0;
	bool rebuild = false;
	std::string path;

	app.add_option("device", path)->required();
	auto *option = app.add_option("--logical", logical, "blocks");
	app.add_flag("--rebuild", rebuild)->excludes(option);
	CLI11_PARSE(app, argc, argv);
	try {
		File device(path);

		if (rebuild)
			mark_for_rebuild(device);
		else
			format(device, logical);
		device.flush();
		fmt::print("{}\n", first_slab);
	} catch (const std::exception &error) {
		fmt::print(stderr, "vdo_format: {}\n", error.what());
		return 1;
	}
	return 0;
}
