// SPDX-License-Identifier: GPL-2.0
/*
 * The words of a kmirror:
 *
 *	table:	<region_sectors> <legs> <dev> <offset> <state>...
 *	status:	<legs> <dev> <A|F|D> <read errors>... <synced>/<total>
 *		<activity> [<reason>]
 */
#include "mirror.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "words.h"

namespace {

constexpr std::uint64_t legs_min = 2;
constexpr std::uint64_t regions_max = 1 << 26;
constexpr std::uint64_t region_least = 2048;

health parse_health(word_reader &reader)
{
	const auto word = reader.word();

	if (word == "A")
		return health::in_sync;
	if (word == "F")
		return health::filling;
	if (word != "D")
		reader.fail();
	return health::failed;
}

leg parse_leg(word_reader &reader)
{
	leg result = {};

	result.device = reader.word();
	result.health = parse_health(reader);
	result.read_errors = reader.number();
	return result;
}

std::uint64_t parse_count_of_legs(word_reader &reader)
{
	const auto count = reader.number();

	if (count < legs_min || count > mirror_legs_max)
		reader.fail();
	return count;
}

table_leg parse_table_leg(word_reader &reader)
{
	table_leg result = {};

	result.device = reader.word();
	result.offset = reader.number();
	result.state = reader.word();
	return result;
}

} // namespace

mirror_status parse_status(std::string_view words)
{
	word_reader reader(words, "a kmirror");
	mirror_status status = {};
	const auto nr_legs = parse_count_of_legs(reader);

	for (std::uint64_t i = 0; i < nr_legs; i++)
		status.legs.push_back(parse_leg(reader));

	std::tie(status.synced, status.total) = reader.fraction();
	if (!status.total || status.synced > status.total)
		reader.fail();
	status.activity = reader.word();
	if (status.activity == "stopped")
		status.stopped_by = reader.rest();
	return status;
}

mirror_table parse_mirror_table(std::string_view words)
{
	word_reader reader(words, "a kmirror");
	mirror_table table = {};

	table.region_sectors = reader.number();
	if (!table.region_sectors)
		reader.fail();

	const auto nr_legs = parse_count_of_legs(reader);

	for (std::uint64_t i = 0; i < nr_legs; i++)
		table.legs.push_back(parse_table_leg(reader));
	return table;
}

std::string words_of(const mirror_table &table)
{
	auto words = fmt::format("{} {}", table.region_sectors,
				 table.legs.size());

	for (const auto &leg : table.legs)
		words += fmt::format(" {} {} {}", leg.device, leg.offset,
				     leg.state);
	return words;
}

std::uint64_t default_region_sectors(std::uint64_t sectors)
{
	auto region = region_least;

	while ((sectors + region - 1) / region > regions_max)
		region *= 2;
	return region;
}

std::size_t count_good(const std::vector<leg> &legs)
{
	return static_cast<std::size_t>(
		std::count_if(legs.begin(), legs.end(),
			      [](const leg &l) { return l.good(); }));
}

outcome outcome_of(const mirror_status &status)
{
	if (status.activity == "stopped")
		return outcome::stuck;
	if (status.activity != "idle")
		return outcome::syncing;
	return count_good(status.legs) == status.legs.size() ?
		       outcome::in_sync :
		       outcome::degraded;
}

std::uint64_t bytes_synced(const mirror_status &status,
			   std::uint64_t region_bytes, std::uint64_t bytes)
{
	return std::min(status.synced * region_bytes, bytes);
}
