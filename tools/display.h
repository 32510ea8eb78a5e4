/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the progress is shown
 */
#ifndef TOOLS_DISPLAY_H
#define TOOLS_DISPLAY_H

#include <optional>
#include <string>

#include "text.h"

/* A terminal gets one line that changes, anything else a new line at times. */
class display {
public:
	struct options {
		text::bar_style style;
		std::optional<unsigned int> columns; /* not the terminal's */
		unsigned int every; /* no terminal: a line each so many % */
	};

	explicit display(const options &options);
	~display();

	void show(const text::progress &progress);

	/* A line that stays, above the one that changes. */
	void say(const std::string &words);

private:
	unsigned int columns() const;
	bool due(unsigned int percent);
	void replace(const std::string &line);

	options options_;
	bool terminal_;
	std::string changing_;
	std::optional<unsigned int> shown_; /* the step of the last line */
};

#endif /* TOOLS_DISPLAY_H */
