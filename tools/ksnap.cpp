// SPDX-License-Identifier: GPL-2.0
/*
 * The words of ksnap:
 *
 *	table:	<origin> <store> <P|N> <chunk sectors> [format]
 *	status:	<sectors used>/<sectors> <sectors of metadata> <chunks unreadable>
 *		or Overflow, or Invalid
 */
#include "ksnap.h"

#include <tuple>

#include <fmt/format.h>

#include "words.h"

namespace ksnap {

table parse_table(std::string_view words)
{
	word_reader reader(words, "a snapshot");
	table t = {};

	t.origin = reader.word();
	t.store = reader.word();

	const auto kind = reader.word();

	if (kind != "P" && kind != "N")
		reader.fail();
	t.persistent = kind == "P";
	t.chunk_sectors = reader.number();
	return t;
}

std::string words_of(const table &t, store s)
{
	return fmt::format("{} {} {} {}{}", t.origin, t.store,
			   t.persistent ? 'P' : 'N', t.chunk_sectors,
			   s == store::made ? " format" : "");
}

/* As in Documentation/ksnap.rst: a header, and tables of 60 entries in 512 bytes. */
std::uint64_t enough_sectors(std::uint64_t origin_sectors,
			     std::uint64_t chunk_sectors)
{
	const auto round_up = [](std::uint64_t n, std::uint64_t unit) {
		return (n + unit - 1) / unit;
	};
	const auto chunks = round_up(origin_sectors, chunk_sectors);
	const auto slots = chunks + 2 + round_up(chunks, 60 * chunk_sectors);

	return slots * chunk_sectors;
}

status parse_status(std::string_view words)
{
	word_reader reader(words, "a snapshot");
	status s = {};

	if (words == "Overflow" || words == "Invalid") {
		s.state = words == "Overflow" ? state::overflow :
						state::invalid;
		return s;
	}
	s.state = state::good;
	std::tie(s.used, s.size) = reader.fraction();
	reader.number();
	s.unreadable = reader.number();
	return s;
}

} // namespace ksnap
