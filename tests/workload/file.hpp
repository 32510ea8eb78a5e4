/* SPDX-License-Identifier: GPL-2.0 */
/* A file or block device that is read and written past the page cache. */
#ifndef WORKLOAD_FILE_HPP
#define WORKLOAD_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

/* What direct I/O asks for: the strictest alignment that we may meet. */
constexpr std::size_t block_size = 4096;

class File {
public:
	explicit File(const std::string &path);
	~File();

	File(File &&other) noexcept;
	File(const File &) = delete;
	File &operator=(const File &) = delete;
	File &operator=(File &&) = delete;

	std::uint64_t size() const;

	/* These throw std::system_error. Offsets and lengths are in bytes. */
	void read(std::span<std::byte> buffer, std::uint64_t offset) const;
	void write(std::span<const std::byte> buffer, std::uint64_t offset);
	/* The data is on stable media when this returns. */
	void write_through(std::span<const std::byte> buffer,
			   std::uint64_t offset);
	void flush();

private:
	void write_with(std::span<const std::byte> buffer, std::uint64_t offset,
			int flags);

	std::string path_;
	int fd_;
};

/* Memory that direct I/O can use. */
class Buffer {
public:
	explicit Buffer(std::size_t blocks);

	std::span<std::byte> first(std::size_t blocks) const;

private:
	struct Free {
		void operator()(std::byte *memory) const
		{
			std::free(memory);
		}
	};

	std::unique_ptr<std::byte[], Free> memory_;
};

#endif /* WORKLOAD_FILE_HPP */
