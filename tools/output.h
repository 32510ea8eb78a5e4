/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the words go: a terminal, a file or pipe, or a program that reads JSON
 *
 * What can't be written is lost, and nothing else: a reader that has gone must not end
 * a copy half way.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <memory>

#include "view.h"

class output {
public:
	virtual ~output() = default;

	virtual void progress(const view &v) = 0;
	virtual void status(const view &v) = 0;
	virtual void snapshot(const snapshot_view &v) = 0;
	/* A line that stays. */
	virtual void say(const std::string &line) = 0;
	virtual void result(const summary &s) = 0;
	/* To standard error. */
	virtual void error(const std::string &line) = 0;
};

/* For people: a bar on a terminal, else a line now and then. */
std::unique_ptr<output> output_for_people();

/* One JSON object a line. */
std::unique_ptr<output> output_for_programs();

#endif /* TOOLS_OUTPUT_H */
