/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The targets of ksnap, as their tables and status lines tell them
 * (Documentation/ksnap.rst)
 */
#ifndef TOOLS_KSNAP_H
#define TOOLS_KSNAP_H

#include <cstdint>
#include <string>
#include <string_view>

namespace ksnap {

struct table {
	std::string origin, store; /* "253:1" */
	bool persistent;
	std::uint64_t chunk_sectors;
};

/* The words after "ksnap" in a line of `dmsetup table`. Throws parse_error. */
table parse_table(std::string_view words);

/* The same, to make a new and empty store, whatever the device holds; or not. */
enum class store { found, made };
std::string words_of(const table &t, store s);

/* A store of this size can't become full, whatever is written to the origin. */
std::uint64_t enough_sectors(std::uint64_t origin_sectors,
			     std::uint64_t chunk_sectors);

enum class state { good, overflow, invalid };

struct status {
	ksnap::state state;
	std::uint64_t used, size; /* of the store, in sectors, if it is good */
	std::uint64_t unreadable; /* chunks */
};

status parse_status(std::string_view words);

} // namespace ksnap

#endif /* TOOLS_KSNAP_H */
