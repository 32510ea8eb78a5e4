// SPDX-License-Identifier: GPL-2.0
#include "meter.h"

#include <cmath>

void meter::add(clock::time_point when, std::uint64_t done)
{
	if (!first_ || done < recent_.back().done) {
		first_ = sample{ when, done };
		recent_.clear();
		moved_ = when;
	} else if (done > recent_.back().done) {
		moved_ = when;
	}
	recent_.push_back({ when, done });
	/* The oldest one stays until the next is old enough to replace it. */
	while (recent_.size() > 1 && recent_[1].when <= when - window)
		recent_.pop_front();
}

std::optional<double> meter::rate_between(const sample &from, const sample &to)
{
	const std::chrono::duration<double> time = to.when - from.when;

	if (time.count() <= 0)
		return {};
	return static_cast<double>(to.done - from.done) / time.count();
}

std::optional<double> meter::rate() const
{
	if (recent_.empty())
		return {};
	return rate_between(recent_.front(), recent_.back());
}

std::optional<std::chrono::seconds> meter::time_left(std::uint64_t all) const
{
	const auto now = rate();

	if (!now || *now <= 0)
		return {};

	const auto left = static_cast<double>(all - recent_.back().done);

	return std::chrono::seconds(std::llround(std::ceil(left / *now)));
}

std::chrono::seconds meter::still() const
{
	if (!first_)
		return {};
	return std::chrono::floor<std::chrono::seconds>(recent_.back().when -
							moved_);
}

std::chrono::seconds meter::elapsed() const
{
	if (!first_)
		return {};
	return std::chrono::round<std::chrono::seconds>(recent_.back().when -
							first_->when);
}

std::optional<double> meter::average_rate() const
{
	if (!first_)
		return {};
	return rate_between(*first_, recent_.back());
}
