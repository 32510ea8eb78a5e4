// SPDX-License-Identifier: GPL-2.0
#include "kernel_log.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

namespace {

/* The next record, or none for now. */
std::optional<std::string> read_record(int fd)
{
	char record[8192];
	ssize_t length;

	do {
		length = read(fd, record, sizeof(record));
		/* EPIPE: older ones were overwritten */
	} while (length < 0 && (errno == EINTR || errno == EPIPE));
	if (length <= 0)
		return {};
	return std::string(record, static_cast<std::size_t>(length));
}

int open_log(int whence)
{
	const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, whence);
	return fd;
}

} // namespace

std::string_view message_of(std::string_view record)
{
	const auto semicolon = record.find(';');

	if (semicolon == record.npos)
		return {};
	record.remove_prefix(semicolon + 1);
	return record.substr(0, record.find('\n'));
}

kernel_log::kernel_log() : fd_(open_log(SEEK_END))
{
}

kernel_log::~kernel_log()
{
	if (fd_ >= 0)
		close(fd_);
}

std::vector<std::string> kernel_log::since(std::string_view prefix) const
{
	std::vector<std::string> found;

	while (fd_ >= 0) {
		const auto record = read_record(fd_);

		if (!record)
			break;

		const auto message = message_of(*record);

		if (message.starts_with(prefix))
			found.emplace_back(message.substr(prefix.size()));
	}
	return found;
}

std::vector<std::string>
kernel_log::with(const std::vector<std::string_view> &words)
{
	std::vector<std::string> found;
	const int fd = open_log(SEEK_SET);

	while (fd >= 0) {
		const auto record = read_record(fd);

		if (!record)
			break;

		const auto message = message_of(*record);

		if (std::any_of(words.begin(), words.end(),
				[message](std::string_view word) {
					return message.find(word) !=
					       message.npos;
				}))
			found.emplace_back(message);
	}
	if (fd >= 0)
		close(fd);
	return found;
}
