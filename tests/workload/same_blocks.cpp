// SPDX-License-Identifier: GPL-2.0
/*
 * same_blocks - compare files or block devices, past the page cache
 *
 *	same_blocks [--blocks N] FILE FILE...
 *
 * Compares the first N blocks of 4 KiB, by default all that the first file has.
 * Exit status: 0 if every file has the same there as the first.
 */
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <ranges>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "file.hpp"

namespace {

constexpr std::uint64_t chunk = 256;

/* The block in which two chunks differ, or the number of their blocks. */
std::uint64_t first_difference(std::span<const std::byte> a,
			       std::span<const std::byte> b)
{
	const auto differ = std::ranges::mismatch(a, b).in1;

	return static_cast<std::uint64_t>(differ - a.begin()) / block_size;
}

bool same(const File &a, const File &b, std::uint64_t blocks,
	  const std::string &name)
{
	const Buffer a_buffer(chunk), b_buffer(chunk);

	for (std::uint64_t first = 0; first < blocks; first += chunk) {
		const auto count = std::min(chunk, blocks - first);
		const auto a_data = a_buffer.first(count);
		const auto b_data = b_buffer.first(count);

		a.read(a_data, first * block_size);
		b.read(b_data, first * block_size);
		if (!std::memcmp(a_data.data(), b_data.data(), a_data.size()))
			continue;
		fmt::print("{} differs in block {}\n", name,
			   first + first_difference(a_data, b_data));
		return false;
	}
	return true;
}

bool all_same(const std::vector<std::string> &names, std::uint64_t blocks)
{
	const File model(names.front());
	bool result = true;

	if (!blocks)
		blocks = model.size() / block_size;
	for (const auto &name : names | std::views::drop(1))
		result &= same(model, File(name), blocks, name);
	return result;
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Compare files or block devices.");
	std::vector<std::string> names;
	std::uint64_t blocks = 0;

	app.add_option("files", names, "what to compare")
		->required()
		->expected(2, 16);
	app.add_option("--blocks", blocks, "how many blocks of 4 KiB");
	CLI11_PARSE(app, argc, argv);
	try {
		return all_same(names, blocks) ? 0 : 1;
	} catch (const std::exception &error) {
		fmt::print(stderr, "same_blocks: {}\n", error.what());
		return 2;
	}
}
