/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Following a mirror
 */
#ifndef TOOLS_WATCH_H
#define TOOLS_WATCH_H

#include <cstdint>
#include <string>

#include "display.h"
#include "meter.h"
#include "mirror.h"

class watcher {
public:
	watcher(const std::string &device, display &out);

	/*
	 * Looks once and shows what it sees. Throws dm::error or parse_error;
	 * the device must be one kmirror.
	 */
	outcome look();

private:
	void tell_failures(const mirror_status &status);
	void show(const mirror_status &status, std::uint64_t done,
		  std::uint64_t all, outcome result);
	std::string time_words(std::uint64_t all, outcome result,
			       const std::string &activity) const;

	std::string device_;
	display &out_;
	meter meter_;
	unsigned int told_ = 0; /* a mask of legs */
};

#endif /* TOOLS_WATCH_H */
