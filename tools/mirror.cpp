// SPDX-License-Identifier: GPL-2.0
/*
 * Reading what a kmirror says:
 *
 *	table:	<region_sectors> <legs> <dev> <offset> <state>...
 *	status:	<legs> <dev> <A|F|D> <read errors>... <synced>/<total>
 *		<activity> [<reason>]
 */
#include "mirror.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace {

constexpr std::uint64_t legs_min = 2, legs_max = 8;

/* Takes a line apart, word by word. */
class word_reader {
public:
	explicit word_reader(std::string_view line) : line_(line), rest_(line)
	{
	}

	std::string_view word()
	{
		rest_.remove_prefix(
			std::min(rest_.find_first_not_of(' '), rest_.size()));

		const auto found = rest_.substr(0, rest_.find(' '));

		rest_.remove_prefix(found.size());
		if (found.empty())
			fail();
		return found;
	}

	std::uint64_t number(std::string_view digits)
	{
		std::uint64_t value = 0;
		const char *end = digits.data() + digits.size();
		const auto [at, err] = std::from_chars(digits.data(), end,
						       value);

		if (err != std::errc() || at != end)
			fail();
		return value;
	}

	std::uint64_t number()
	{
		return number(word());
	}

	/* All that is left. */
	std::string_view rest()
	{
		rest_.remove_prefix(
			std::min(rest_.find_first_not_of(' '), rest_.size()));
		return rest_;
	}

	[[noreturn]] void fail() const
	{
		throw parse_error(fmt::format(
			"not the words of a kmirror: \"{}\"", line_));
	}

private:
	std::string_view line_, rest_;
};

leg parse_leg(word_reader &reader)
{
	leg result = { std::string(reader.word()), false };
	const auto health = reader.word();

	if (health != "A" && health != "F" && health != "D")
		reader.fail();
	result.good = health != "D";
	reader.number();
	return result;
}

} // namespace

mirror_status parse_status(std::string_view words)
{
	word_reader reader(words);
	mirror_status status = {};
	const auto nr_legs = reader.number();

	if (nr_legs < legs_min || nr_legs > legs_max)
		reader.fail();
	for (std::uint64_t i = 0; i < nr_legs; i++)
		status.legs.push_back(parse_leg(reader));

	const auto regions = reader.word();
	const auto slash = regions.find('/');

	if (slash == regions.npos)
		reader.fail();
	status.synced = reader.number(regions.substr(0, slash));
	status.total = reader.number(regions.substr(slash + 1));
	if (!status.total || status.synced > status.total)
		reader.fail();
	status.activity = reader.word();
	if (status.activity == "stopped")
		status.stopped_by = reader.rest();
	return status;
}

std::uint64_t parse_region_sectors(std::string_view words)
{
	word_reader reader(words);
	const auto sectors = reader.number();

	if (!sectors)
		reader.fail();
	return sectors;
}

std::size_t count_good(const std::vector<leg> &legs)
{
	return static_cast<std::size_t>(std::count_if(
		legs.begin(), legs.end(), [](const leg &l) { return l.good; }));
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
