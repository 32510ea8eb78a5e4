/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel logs
 */
#ifndef TOOLS_KERNEL_LOG_H
#define TOOLS_KERNEL_LOG_H

#include <string>
#include <string_view>
#include <vector>

/* Opens the log at its end. Where it may not be read, it has nothing to say. */
class kernel_log {
public:
	kernel_log();
	~kernel_log();
	kernel_log(const kernel_log &) = delete;
	kernel_log &operator=(const kernel_log &) = delete;

	/* The lines with this prefix since then, without it. */
	std::vector<std::string> since(std::string_view prefix) const;

	/* All that are still kept and that have one of the words. */
	static std::vector<std::string>
	with(const std::vector<std::string_view> &words);

private:
	int fd_;
};

/*
 * The words of a record of /dev/kmsg, which begins "6,339,5140900,-;"; the lines
 * of a record that begin with a blank are no part of the message.
 */
std::string_view message_of(std::string_view record);

#endif /* TOOLS_KERNEL_LOG_H */
