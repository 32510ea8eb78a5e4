/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is shown of a mirror, and how it is worded; the same for people and as JSON
 */
#ifndef TOOLS_VIEW_H
#define TOOLS_VIEW_H

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ksnap.h"
#include "mirror.h"

struct leg_view {
	std::string device; /* as people know it */
	::health health;
	std::uint64_t read_errors;
};

/* A mirror at some moment. */
struct view {
	std::string device;	    /* by which the user knows it */
	std::string mapped;	    /* by which device-mapper does */
	std::string kind;	    /* clone, detached, mirror, or "" */
	std::uint64_t done, all;    /* bytes */
	std::optional<double> rate; /* bytes a second, of late */
	std::optional<std::chrono::seconds> left;
	std::chrono::seconds elapsed{};
	std::chrono::seconds still{}; /* since anything was copied */
	std::string activity;
	std::string stopped_by;
	std::vector<leg_view> legs; /* the source first */
};

/* One copy, when all has ended. */
struct copy_result {
	std::string device;
	bool complete;
	std::string missing; /* why, and what, if it is not complete */
};

struct summary {
	std::string source;
	std::uint64_t bytes; /* of the source */
	std::chrono::milliseconds time;
	std::vector<copy_result> copies;
	std::vector<std::string> remarks; /* what else is to be known */
};

struct snapshot_view {
	std::string name, device, origin, store;
	bool persistent;
	ksnap::state state;
	std::uint64_t used, size; /* bytes of the store */
	std::uint64_t unreadable; /* chunks */
};

namespace words {

/* Why nothing is copied, and what to do; "" if it goes on. */
std::string why_still(const view &v);

/* The same, as a list. */
std::vector<std::string> reasons(const view &v);

/* "source ok, sdb FAILED", or shorter for many. */
std::string legs(const view &v);

std::string health_word(health h);

/* At the end of the line of progress. */
std::string time(const view &v);

std::vector<std::string> result(const summary &s);

/* Of `status`: some lines. */
std::vector<std::string> status(const view &v);

std::string state_word(ksnap::state s);
std::string snapshot(const snapshot_view &v);

} // namespace words

namespace json {

/* One object, in one line. */
std::string progress(const view &v);
std::string status(const view &v);
std::string snapshot(const snapshot_view &v);
std::string message(const std::string &text);
std::string error(const std::string &text);
std::string result(const summary &s);

} // namespace json

/* What each destination holds in the end. */
std::vector<copy_result> results_of(const mirror_status &status,
				    const std::vector<std::string> &paths);

#endif /* TOOLS_VIEW_H */
