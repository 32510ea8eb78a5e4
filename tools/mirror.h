/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kmirror, as its table and its status line tell it (Documentation/kmirror.rst)
 */
#ifndef TOOLS_MIRROR_H
#define TOOLS_MIRROR_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

constexpr std::size_t mirror_legs_max = 8;
constexpr std::uint64_t sector_bytes = 512;

enum class health { in_sync, filling, failed };

struct leg {
	std::string device; /* "8:16" */
	::health health;
	std::uint64_t read_errors;

	bool good() const
	{
		return health != health::failed;
	}
};

struct mirror_status {
	std::vector<leg> legs;
	std::uint64_t synced; /* regions */
	std::uint64_t total;
	std::string activity;	/* idle, filling, paused, suspended, stopped */
	std::string stopped_by; /* if it is stopped: "unreadable 4096", say */
};

/* The words after "kmirror" in a line of `dmsetup status`. Throws parse_error. */
mirror_status parse_status(std::string_view words);

struct table_leg {
	std::string device;
	std::uint64_t offset;
	std::string state; /* sync, fill or failed */
};

struct mirror_table {
	std::uint64_t region_sectors;
	std::vector<table_leg> legs;
};

/* The words after "kmirror" in a line of `dmsetup table`, and back. */
mirror_table parse_mirror_table(std::string_view words);
std::string words_of(const mirror_table &table);

/*
 * A region of 1 MiB or, where the mirror would have too many of them, the smallest
 * power of 2 that will do.
 */
std::uint64_t default_region_sectors(std::uint64_t sectors);

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
