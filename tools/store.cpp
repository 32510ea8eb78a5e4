// SPDX-License-Identifier: GPL-2.0
#include "store.h"

#include <array>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr std::string_view magic("kcopyd snapshot\0", 16);
constexpr std::size_t block =
	4096; /* the largest logical block that ksnap takes */

} // namespace

bool holds_store(const std::string &path)
{
	const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
	std::array<char, magic.size()> start = {};

	if (fd < 0)
		return false;

	const auto length = read(fd, start.data(), start.size());

	close(fd);
	return length == static_cast<ssize_t>(start.size()) &&
	       std::string_view(start.data(), start.size()) == magic;
}

void forget_store(const std::string &path)
{
	const int fd = open(path.c_str(), O_WRONLY | O_EXCL | O_CLOEXEC);
	const std::array<char, block> zeroes = {};

	if (fd < 0)
		return;
	if (write(fd, zeroes.data(), zeroes.size()) > 0)
		fsync(fd);
	close(fd);
}
