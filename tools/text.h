/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers as people read them, and the bar
 */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace text {

/* "1.5 GiB" */
std::string bytes(std::uint64_t n);

/* "0.7 of 1.5 GiB" */
std::string bytes_of(std::uint64_t part, std::uint64_t whole);

/* "1:02:03" */
std::string duration(std::chrono::seconds time);

/* Rounded down: 100 means all. */
unsigned int percent(std::uint64_t part, std::uint64_t whole);

enum class bar_style { ascii, lines };

/* So many columns wide, with its ends. */
std::string bar(std::uint64_t part, std::uint64_t whole, unsigned int columns,
		bar_style style);

struct progress {
	std::string name;
	std::uint64_t done, all; /* bytes */
	std::optional<double> rate;
	std::string time;
	std::string legs;
};

/*
 * All of it in one line. The bar gets what is left of the columns; where that
 * is too little, there is none.
 */
std::string line(const progress &p, unsigned int columns, bar_style style);

} // namespace text

#endif /* TOOLS_TEXT_H */
