// SPDX-License-Identifier: GPL-2.0
#include "file.hpp"

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

[[noreturn]] void fail(int error, const std::string &what)
{
	throw std::system_error(error, std::generic_category(), what);
}

/* Of preadv() and the like: all or nothing. */
void check(ssize_t done, std::size_t wanted, const std::string &what)
{
	if (done < 0)
		fail(errno, what);
	if (static_cast<std::size_t>(done) != wanted)
		fail(EIO, what + " (in part)");
}

} // namespace

File::File(const std::string &path) :
	path_(path), fd_(::open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC))
{
	if (fd_ < 0)
		fail(errno, path_);
}

File::File(File &&other) noexcept :
	path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1))
{
}

File::~File()
{
	if (fd_ >= 0)
		::close(fd_);
}

std::uint64_t File::size() const
{
	const off_t end = ::lseek(fd_, 0, SEEK_END);

	if (end < 0)
		fail(errno, path_);
	return static_cast<std::uint64_t>(end);
}

void File::read(std::span<std::byte> buffer, std::uint64_t offset) const
{
	check(::pread(fd_, buffer.data(), buffer.size(),
		      static_cast<off_t>(offset)),
	      buffer.size(), path_ + ": read");
}

void File::write_with(std::span<const std::byte> buffer, std::uint64_t offset,
		      int flags)
{
	/* writev() takes a pointer to what it does not change */
	const iovec part = { const_cast<std::byte *>(buffer.data()),
			     buffer.size() };

	check(::pwritev2(fd_, &part, 1, static_cast<off_t>(offset), flags),
	      buffer.size(), path_ + ": write");
}

void File::write(std::span<const std::byte> buffer, std::uint64_t offset)
{
	write_with(buffer, offset, 0);
}

void File::write_through(std::span<const std::byte> buffer,
			 std::uint64_t offset)
{
	write_with(buffer, offset, RWF_DSYNC);
}

void File::flush()
{
	if (::fdatasync(fd_))
		fail(errno, path_ + ": flush");
}

Buffer::Buffer(std::size_t blocks) :
	memory_(static_cast<std::byte *>(
		std::aligned_alloc(block_size, blocks * block_size)))
{
	if (!memory_)
		throw std::bad_alloc();
}

std::span<std::byte> Buffer::first(std::size_t blocks) const
{
	return { memory_.get(), blocks * block_size };
}
