/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a kmirror, as its table and its status line tell it
 */
#ifndef TOOLS_MIRROR_H
#define TOOLS_MIRROR_H

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/* Words that are not those of a kmirror. */
struct parse_error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

struct leg {
	std::string device;
	bool good;
};

struct mirror_status {
	std::vector<leg> legs;
	std::uint64_t synced; /* regions */
	std::uint64_t total;
	std::string activity;	/* idle, filling, paused, suspended, stopped */
	std::string stopped_by; /* if it is stopped: "unreadable 4096", say */
};

/* The words after "kmirror" in a line of `dmsetup status`. */
mirror_status parse_status(std::string_view words);

/* The region's size in sectors, from the same of `dmsetup table`. */
std::uint64_t parse_region_sectors(std::string_view words);

enum class outcome {
	syncing,
	in_sync,  /* and every leg is good */
	degraded, /* in sync, but a leg has failed */
	stuck,	  /* regions are left that cannot be copied */
};

outcome outcome_of(const mirror_status &status);

std::size_t count_good(const std::vector<leg> &legs);

/* Bytes of the mirror that are in sync; the last region may be short. */
std::uint64_t bytes_synced(const mirror_status &status,
			   std::uint64_t region_bytes, std::uint64_t bytes);

#endif /* TOOLS_MIRROR_H */
