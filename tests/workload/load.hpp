/* SPDX-License-Identifier: GPL-2.0 */
/* Random writes by several threads, and what must be read after them. */
#ifndef WORKLOAD_LOAD_HPP
#define WORKLOAD_LOAD_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "file.hpp"
#include "pattern.hpp"

struct Options {
	std::uint64_t seed = 1;
	unsigned int threads = 4;
	/* A failed write leaves its blocks unknown; a failed read is retried */
	/* by nobody. Without this, both end the run. */
	bool allow_errors = false;
	/* At most so many blocks are read or written at once. */
	std::uint64_t blocks = 32;
	/* Nothing is read but at the end. */
	bool write_only = false;
	/* How long each thread rests after each step, in milliseconds. */
	unsigned int rest = 0;
};

struct Counts {
	std::atomic<std::uint64_t> reads = 0;
	std::atomic<std::uint64_t> writes = 0;
	std::atomic<std::uint64_t> flushes = 0;
	std::atomic<std::uint64_t> bytes = 0;
	std::atomic<std::uint64_t> errors = 0;
};

/*
 * Knows what each block of a file was last written with.
 *
 * Blocks are grouped in stretches, and a stretch belongs to one thread, so what
 * a thread knows of its own needs no lock. Neighbours belong to others: a
 * region of a mirror is written by all threads at once.
 */
class Load {
public:
	Load(std::uint64_t blocks, const Options &options);

	/* Write version 0 of everything. */
	void fill(File &file) const;

	/* Read and write until @stop() is true. Throws what a thread threw. */
	void run(File &file, const std::function<bool()> &stop);

	/* Read all of it. Throws std::runtime_error for the first mistake. */
	void verify(const File &file) const;

	const Counts &counts() const
	{
		return counts_;
	}

private:
	class Worker;

	static constexpr Version unknown = ~Version{ 0 };
	static constexpr std::uint64_t stretch = 32;

	void check(std::span<const std::byte> data, std::uint64_t first) const;

	Options options_;
	Pattern pattern_;
	std::vector<Version> versions_;
	Counts counts_;
};

#endif /* WORKLOAD_LOAD_HPP */
