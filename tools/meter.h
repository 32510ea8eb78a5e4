/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How fast something goes, and how long it will take
 */
#ifndef TOOLS_METER_H
#define TOOLS_METER_H

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

class meter {
public:
	using clock = std::chrono::steady_clock;

	/* The rate is that of the last few seconds. */
	static constexpr std::chrono::seconds window{ 5 };

	/* So much was done at that time. If that was less, all starts anew. */
	void add(clock::time_point when, std::uint64_t done);

	/* A second; nothing before there are two different times. */
	std::optional<double> rate() const;

	/* Nothing if that can't be said, as when nothing moves. */
	std::optional<std::chrono::seconds> time_left(std::uint64_t all) const;

	/* Since more was done last. */
	std::chrono::seconds still() const;

	/* Since the first time. */
	std::chrono::seconds elapsed() const;
	std::optional<double> average_rate() const;

private:
	struct sample {
		clock::time_point when;
		std::uint64_t done;
	};

	static std::optional<double> rate_between(const sample &from,
						  const sample &to);

	std::optional<sample> first_;
	std::deque<sample> recent_;
	clock::time_point moved_;
};

#endif /* TOOLS_METER_H */
