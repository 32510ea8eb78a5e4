// SPDX-License-Identifier: GPL-2.0
#include "text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace text {
namespace {

struct unit {
	std::string_view name;
	double size;
};

constexpr std::array<unit, 5> units = { {
	{ "B", 1 },
	{ "KiB", 1024.0 },
	{ "MiB", 1024.0 * 1024 },
	{ "GiB", 1024.0 * 1024 * 1024 },
	{ "TiB", 1024.0 * 1024 * 1024 * 1024 },
} };

/* The largest unit of which there is one. */
const unit &unit_for(std::uint64_t n)
{
	const auto found =
		std::find_if(units.rbegin(), units.rend(), [n](const unit &u) {
			return static_cast<double>(n) >= u.size;
		});

	return found == units.rend() ? units.front() : *found;
}

/* Three digits are enough, and bytes have no tenths. */
std::string in_unit(std::uint64_t n, const unit &u, bool tenths)
{
	return fmt::format("{:.{}f}", static_cast<double>(n) / u.size,
			   tenths ? 1 : 0);
}

bool wants_tenths(std::uint64_t n, const unit &u)
{
	return u.size > 1 && static_cast<double>(n) < 9.95 * u.size;
}

std::string repeat(std::string_view what, unsigned int times)
{
	std::string result;

	while (times--)
		result += what;
	return result;
}

constexpr unsigned int bar_least = 10;

} // namespace

std::string bytes(std::uint64_t n)
{
	const auto &u = unit_for(n);

	return fmt::format("{} {}", in_unit(n, u, wants_tenths(n, u)), u.name);
}

std::string bytes_of(std::uint64_t part, std::uint64_t whole)
{
	const auto &u = unit_for(whole);
	const bool tenths = wants_tenths(whole, u);
	const auto all = in_unit(whole, u, tenths);

	/* As wide from the first to the last. */
	return fmt::format("{:>{}} of {} {}", in_unit(part, u, tenths),
			   all.size(), all, u.name);
}

std::string duration(std::chrono::seconds time)
{
	const auto s = time.count();

	if (s < 3600)
		return fmt::format("{}:{:02}", s / 60, s % 60);
	return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

unsigned int percent(std::uint64_t part, std::uint64_t whole)
{
	if (!whole || part >= whole)
		return 100;
	return static_cast<unsigned int>(static_cast<double>(part) * 100 /
					 static_cast<double>(whole));
}

std::string bar(std::uint64_t part, std::uint64_t whole, unsigned int columns,
		bar_style style)
{
	const bool ascii = style == bar_style::ascii;
	const auto inner = ascii ? columns - std::min(columns, 2u) : columns;
	const auto full = static_cast<unsigned int>(
		whole ? static_cast<double>(std::min(part, whole)) * inner /
				static_cast<double>(whole) :
			inner);

	if (ascii)
		return fmt::format("[{:<{}}]", std::string(full, '='), inner);
	return repeat("━", full) + repeat("─", inner - full);
}

std::string line(const progress &p, unsigned int columns, bar_style style)
{
	const auto head = fmt::format("{} {:3} %", p.name,
				      percent(p.done, p.all));
	const auto rate =
		p.rate ? bytes(static_cast<std::uint64_t>(*p.rate)) + "/s" : "";
	const auto tail = fmt::format("{}  {:>10}  {:>9}  {}",
				      bytes_of(p.done, p.all), rate, p.time,
				      p.legs);
	const auto used = head.size() + tail.size() + 3;

	if (used + bar_least > columns)
		return head + "  " + tail;
	return fmt::format("{} {}  {}", head,
			   bar(p.done, p.all,
			       columns - static_cast<unsigned int>(used),
			       style),
			   tail);
}

} // namespace text
