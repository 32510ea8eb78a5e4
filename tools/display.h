/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of progress on a terminal, or lines where there is none
 */
#ifndef TOOLS_DISPLAY_H
#define TOOLS_DISPLAY_H

#include <string>

#include "text.h"

/* A terminal gets one line that changes, anything else a new line each time. */
class display {
public:
	explicit display(text::bar_style style);
	~display();

	void show(const text::progress &progress);

	/* A line that stays, above the one that changes. */
	void say(const std::string &words);

	/* What was shown last stays to be read. */
	void end();

private:
	unsigned int columns() const;
	void replace(const std::string &line);

	text::bar_style style_;
	bool terminal_;
	std::string changing_;
};

#endif /* TOOLS_DISPLAY_H */
