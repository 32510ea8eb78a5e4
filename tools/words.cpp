// SPDX-License-Identifier: GPL-2.0
#include "words.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

word_reader::word_reader(std::string_view line, std::string_view whose) :
	line_(line), rest_(line), whose_(whose)
{
}

void word_reader::skip_blanks()
{
	rest_.remove_prefix(
		std::min(rest_.find_first_not_of(' '), rest_.size()));
}

std::string_view word_reader::word()
{
	skip_blanks();

	const auto found = rest_.substr(0, rest_.find(' '));

	rest_.remove_prefix(found.size());
	if (found.empty())
		fail();
	return found;
}

std::uint64_t word_reader::number_in(std::string_view digits) const
{
	std::uint64_t value = 0;
	const char *end = digits.data() + digits.size();
	const auto [at, err] = std::from_chars(digits.data(), end, value);

	if (err != std::errc() || at != end)
		fail();
	return value;
}

std::uint64_t word_reader::number()
{
	return number_in(word());
}

std::pair<std::uint64_t, std::uint64_t> word_reader::fraction()
{
	const auto both = word();
	const auto slash = both.find('/');

	if (slash == both.npos)
		fail();
	return { number_in(both.substr(0, slash)),
		 number_in(both.substr(slash + 1)) };
}

std::string_view word_reader::rest()
{
	skip_blanks();
	return rest_;
}

void word_reader::fail() const
{
	throw parse_error(
		fmt::format("not the words of {}: \"{}\"", whose_, line_));
}
