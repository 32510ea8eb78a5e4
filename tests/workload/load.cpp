// SPDX-License-Identifier: GPL-2.0
#include "load.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <random>
#include <span>
#include <stdexcept>
#include <system_error>
#include <thread>

/* One thread: steps of reading, writing or flushing, each at random. */
class Load::Worker {
public:
	Worker(Load &load, File &file, unsigned int index) :
		load_(load), file_(file), index_(index),
		random_(load.options_.seed * 1000 + index), buffer_(stretch)
	{
	}

	void step()
	{
		try {
			choose();
		} catch (const std::system_error &) {
			load_.counts_.errors++;
			if (!load_.options_.allow_errors)
				throw;
		}
		std::this_thread::sleep_for(
			std::chrono::milliseconds(load_.options_.rest));
	}

private:
	struct Extent {
		std::uint64_t first;
		std::uint64_t count;
	};

	std::uint64_t below(std::uint64_t end)
	{
		return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(
			random_);
	}

	/* Some blocks of one of this thread's stretches. */
	Extent choose_extent()
	{
		const auto blocks = load_.versions_.size();
		const auto threads = load_.options_.threads;
		const auto stretches = blocks / stretch;
		const auto mine = stretches / threads;
		const auto begin = (below(mine) * threads + index_) * stretch;
		const auto offset = below(stretch);

		const auto most = std::min(stretch - offset,
					   load_.options_.blocks);

		return { begin + offset, 1 + below(most) };
	}

	void choose()
	{
		const auto dice = below(64);

		if (dice == 0)
			flush();
		else if (dice < 28 && !load_.options_.write_only)
			read(choose_extent());
		else
			write(choose_extent(), dice < 32);
	}

	void flush()
	{
		file_.flush();
		load_.counts_.flushes++;
	}

	void read(const Extent &extent)
	{
		const auto data = buffer_.first(extent.count);

		file_.read(data, extent.first * block_size);
		load_.check(data, extent.first);
		load_.counts_.reads++;
		load_.counts_.bytes += data.size();
	}

	void write(const Extent &extent, bool through)
	{
		const auto data = buffer_.first(extent.count);
		const auto versions = std::span(load_.versions_)
					      .subspan(extent.first,
						       extent.count);
		const auto offset = extent.first * block_size;

		/* one more than any of them: unknown ones count as 0 */
		version_++;
		for (std::uint64_t i = 0; i < extent.count; i++)
			load_.pattern_.fill(data.subspan(i * block_size,
							 block_size),
					    extent.first + i, version_);
		/* Until it has succeeded, nobody knows. */
		std::ranges::fill(versions, unknown);
		if (through)
			file_.write_through(data, offset);
		else
			file_.write(data, offset);
		std::ranges::fill(versions, version_);
		load_.counts_.writes++;
		load_.counts_.bytes += data.size();
	}

	Load &load_;
	File &file_;
	unsigned int index_;
	std::mt19937_64 random_;
	Buffer buffer_;
	Version version_ = 0;
};

Load::Load(std::uint64_t blocks, const Options &options) :
	options_(options), pattern_(options.seed), versions_(blocks, 0)
{
	if (blocks < stretch * options.threads)
		throw std::runtime_error("too small for so many threads");
}

void Load::check(std::span<const std::byte> data, std::uint64_t first) const
{
	for (std::size_t at = 0; at < data.size(); at += block_size) {
		const auto number = first + at / block_size;
		const auto version = versions_[number];
		std::string mistake;

		if (version == unknown)
			continue;
		mistake = pattern_.check(data.subspan(at, block_size), number,
					 version);
		if (!mistake.empty())
			throw std::runtime_error(mistake);
	}
}

void Load::fill(File &file) const
{
	const Buffer buffer(stretch);
	std::uint64_t first = 0;

	while (first < versions_.size()) {
		const auto count = std::min(stretch, versions_.size() - first);
		const auto data = buffer.first(count);

		for (std::uint64_t i = 0; i < count; i++)
			pattern_.fill(data.subspan(i * block_size, block_size),
				      first + i, 0);
		file.write(data, first * block_size);
		first += count;
	}
	file.flush();
}

void Load::verify(const File &file) const
{
	const Buffer buffer(stretch);
	std::uint64_t first = 0;

	while (first < versions_.size()) {
		const auto count = std::min(stretch, versions_.size() - first);
		const auto data = buffer.first(count);

		file.read(data, first * block_size);
		check(data, first);
		first += count;
	}
}

void Load::run(File &file, const std::function<bool()> &stop)
{
	std::exception_ptr thrown;
	std::atomic<bool> failed = false;
	std::mutex mutex;
	std::vector<std::jthread> threads;

	const auto body = [&](unsigned int index) {
		try {
			Worker worker(*this, file, index);

			while (!failed && !stop())
				worker.step();
		} catch (...) {
			const std::lock_guard lock(mutex);

			failed = true;
			if (!thrown)
				thrown = std::current_exception();
		}
	};

	for (unsigned int i = 0; i < options_.threads; i++)
		threads.emplace_back(body, i);
	threads.clear();
	if (thrown)
		std::rethrow_exception(thrown);
}
