// SPDX-License-Identifier: GPL-2.0
#include "table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace {

std::vector<std::size_t> widths(const table &t)
{
	std::vector<std::size_t> all;

	for (const auto &word : t.head)
		all.push_back(word.size());
	for (const auto &row : t.rows)
		for (std::size_t i = 0; i < row.size(); i++)
			all[i] = std::max(all[i], row[i].size());
	return all;
}

std::string line(const std::vector<std::string> &words,
		 const std::vector<std::size_t> &width)
{
	std::string all;

	for (std::size_t i = 0; i < words.size(); i++)
		all += fmt::format("{:<{}}  ", words[i], width[i]);
	all.resize(all.find_last_not_of(' ') + 1);
	return all + "\n";
}

std::string rule(const std::vector<std::size_t> &width)
{
	std::vector<std::string> words;

	for (auto w : width)
		words.emplace_back(w, '=');
	return line(words, width);
}

} // namespace

std::string table::text() const
{
	auto width = widths(*this);
	auto all = title + "\n" + how + "\n\n" + line(head, width);

	for (const auto &row : rows)
		all += line(row, width);
	return all;
}

std::string table::rst() const
{
	auto width = widths(*this);
	auto all = title + "\n" + std::string(title.size(), '-') + "\n\n" +
		   how + "\n\n" + rule(width) + line(head, width) + rule(width);

	for (const auto &row : rows)
		all += line(row, width);
	return all + rule(width);
}

std::string size_text(unsigned long long bytes)
{
	const char *unit = "KiB";

	bytes >>= 10;
	for (auto next : { "MiB", "GiB" }) {
		if (bytes < 1024)
			break;
		bytes >>= 10;
		unit = next;
	}
	return fmt::format("{} {}", bytes, unit);
}

std::string number(double value)
{
	auto text = fmt::format("{:.0f}", std::round(value));

	for (auto i = static_cast<int>(text.size()) - 3; i > 0; i -= 3)
		text.insert(static_cast<std::size_t>(i), 1, ',');
	return text;
}
