// SPDX-License-Identifier: GPL-2.0
/*
 * same_blocks - compare files or block devices, past the page cache
 *
 *	same_blocks [--blocks N] [--or OTHER]... FILE FILE...
 *
 * Compares the first N blocks of 4 KiB, by default all that the first file has.
 * Exit status: 0 if every file has the same there as the first; each sector may be
 * as in an OTHER instead.
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
constexpr std::size_t sector_size = 512;
constexpr std::uint64_t block_sectors = block_size / sector_size;

/* A file, and room for a chunk of it. */
class Reader {
public:
	explicit Reader(const std::string &name) : file_(name), buffer_(chunk)
	{
	}

	std::uint64_t blocks() const
	{
		return file_.size() / block_size;
	}

	void read(std::uint64_t first, std::uint64_t count)
	{
		file_.read(buffer_.first(count), first * block_size);
	}

	/* Do both have the same in this sector of the chunk? */
	bool has_same(const Reader &other, std::uint64_t sector) const
	{
		return !std::memcmp(data(sector), other.data(sector),
				    sector_size);
	}

private:
	const std::byte *data(std::uint64_t sector) const
	{
		return buffer_.first(chunk).data() + sector * sector_size;
	}

	File file_;
	Buffer buffer_;
};

/* Is each sector as in one of the models? */
bool same(std::vector<Reader> &models, std::uint64_t blocks,
	  const std::string &name)
{
	Reader file(name);

	for (std::uint64_t first = 0; first < blocks; first += chunk) {
		const auto count = std::min(chunk, blocks - first);

		file.read(first, count);
		for (auto &model : models)
			model.read(first, count);
		for (std::uint64_t i = 0; i < count * block_sectors; i++) {
			const auto is_model = [&](const Reader &model) {
				return model.has_same(file, i);
			};

			if (std::ranges::any_of(models, is_model))
				continue;
			fmt::print("{} differs in block {}\n", name,
				   first + i / block_sectors);
			return false;
		}
	}
	return true;
}

bool all_same(const std::vector<std::string> &names,
	      const std::vector<std::string> &others, std::uint64_t blocks)
{
	std::vector<Reader> models;
	bool result = true;

	models.emplace_back(names.front());
	for (const auto &other : others)
		models.emplace_back(other);
	if (!blocks)
		blocks = models.front().blocks();
	for (const auto &name : names | std::views::drop(1))
		result &= same(models, blocks, name);
	return result;
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app("Compare files or block devices.");
	std::vector<std::string> names;
	std::vector<std::string> others;
	std::uint64_t blocks = 0;

	app.add_option("files", names, "what to compare")
		->required()
		->expected(2, 16);
	app.add_option("--or", others, "what sectors may be instead")
		->allow_extra_args(false);
	app.add_option("--blocks", blocks, "how many blocks of 4 KiB");
	CLI11_PARSE(app, argc, argv);
	try {
		return all_same(names, others, blocks) ? 0 : 1;
	} catch (const std::exception &error) {
		fmt::print(stderr, "same_blocks: {}\n", error.what());
		return 2;
	}
}
