/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables, for a terminal and for the documentation
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <string>
#include <vector>

struct table {
	std::string title;
	std::string how; /* what was measured, on what, by what command */
	std::vector<std::string> head;
	std::vector<std::vector<std::string>> rows;

	std::string text() const;
	/* reStructuredText, a section */
	std::string rst() const;
};

/* 4096 -> "4 KiB" */
std::string size_text(unsigned long long bytes);
/* 12345 -> "12,345" */
std::string number(double value);

#endif /* REPORT_TABLE_H */
