/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's dm-log-writes has logged. */
#ifndef WORKLOAD_WRITE_LOG_HPP
#define WORKLOAD_WRITE_LOG_HPP

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>

#include "file.hpp"

/* Where an entry begins, and how many come before it. */
struct Position {
	std::uint64_t offset = 512;
	std::uint64_t number = 0;
};

/* A log, an entry at a time. It is held in memory. */
class WriteLog {
public:
	/* Throws if this is no log. */
	explicit WriteLog(const std::string &path,
			  const Position &position = {});

	const Position &position() const
	{
		return position_;
	}

	void go_to(const Position &position)
	{
		position_ = position;
	}

	/* How many entries are left. */
	std::uint64_t left() const
	{
		return entries_ - position_.number;
	}

	/* Go on to the next entry, which the rest is about. */
	void next();

	bool is_flush() const;
	bool is_fua() const;
	bool is_mark(const std::string &text) const;

	/* Write it to a device: all of it, or any blocks of 512 bytes. */
	void apply(File &device) const;
	void tear(File &device, std::mt19937 &random) const;
	/* Make a device there as another one is. */
	void restore(File &device, const File &other) const;

private:
	/* Little endian on disk, as this machine is. */
	struct Entry {
		std::uint64_t sector;
		std::uint64_t sectors;
		std::uint64_t flags;
		std::uint64_t data_length;
	};

	std::uint64_t length() const;
	/* Of the entry. */
	std::span<const std::byte> data() const;
	/* A part of that. */
	void write(File &device, std::uint64_t begin, std::uint64_t end) const;

	Buffer memory_;
	std::span<std::byte> log_;
	Buffer buffer_;
	std::uint64_t entries_ = 0;
	Position position_;
	Entry entry_{};
	std::uint64_t data_ = 0;
};

/* All that one device holds goes to another. */
void copy(const File &from, File &to);

/*
 * A device that holds all that comes before the log's position becomes what may be
 * found where the power went during entry N of the epoch, from 0: any blocks are there
 * of that write and of those since the position; but FUA was true. Returns how many
 * entries the epoch has: those up to the next flush.
 */
std::uint64_t crash(WriteLog &log, std::uint64_t n, File &device);

#endif /* WORKLOAD_WRITE_LOG_HPP */
