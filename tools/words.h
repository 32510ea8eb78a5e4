/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Taking a line apart
 */
#ifndef TOOLS_WORDS_H
#define TOOLS_WORDS_H

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

/* Words that are not those of the target that they should be of. */
struct parse_error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

/* All functions throw parse_error where the line has something else, or ends. */
class word_reader {
public:
	/* @whose: for the message, such as "a kmirror" */
	word_reader(std::string_view line, std::string_view whose);

	std::string_view word();
	std::uint64_t number();

	/* "12/34": the two numbers */
	std::pair<std::uint64_t, std::uint64_t> fraction();

	/* All that is left. */
	std::string_view rest();

	[[noreturn]] void fail() const;

private:
	std::uint64_t number_in(std::string_view digits) const;
	void skip_blanks();

	std::string_view line_, rest_, whose_;
};

#endif /* TOOLS_WORDS_H */
