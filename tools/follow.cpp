// SPDX-License-Identifier: GPL-2.0
#include "follow.h"

#include "device.h"
#include "meter.h"
#include "take_down.h"

namespace {

/* What is to be waited for is looked for more often than it is shown. */
constexpr std::chrono::duration<double> tick{ 0.1 };

class follower {
public:
	explicit follower(output &out) : out_(out)
	{
	}

	void see(const running &r)
	{
		meter_.add(meter::clock::now(), r.done());
		tell_failures(r);
	}

	void show(const running &r)
	{
		auto v = view_of(r);
		const bool ended = outcome_of(r.status) != outcome::syncing;

		/* At the end, the last seconds are of no interest. */
		v.rate = ended ? meter_.average_rate() : meter_.rate();
		v.left = meter_.time_left(r.bytes());
		v.elapsed = meter_.elapsed();
		v.still = meter_.still();
		out_.progress(v);
	}

private:
	/* Of each leg once. */
	void tell_failures(const running &r)
	{
		for (std::size_t i = 0; i < r.status.legs.size(); i++) {
			const auto &leg = r.status.legs[i];
			const auto bit = 1u << i;

			if (leg.good() || told_ & bit)
				continue;
			told_ |= bit;
			out_.say(path_of(leg.device) +
				 " has failed, and gets no more data; the "
				 "kernel's log (dmesg) says what it failed");
		}
	}

	output &out_;
	meter meter_;
	unsigned int told_ = 0; /* a mask of legs */
};

/* The mirror of a device that is not in use is of no interest before it is kept. */
std::string device_of(const running &r)
{
	return r.kind && r.kind != role::mirror ? source_of(r) :
						  path_of(r.device.number);
}

} // namespace

view view_of(const running &r)
{
	view v = { .device = device_of(r),
		   .mapped = r.device.name,
		   .kind = r.kind ? std::string(word_for(*r.kind)) : "",
		   .done = r.done(),
		   .all = r.bytes(),
		   .rate = {},
		   .left = {},
		   .activity = r.status.activity,
		   .stopped_by = r.status.stopped_by,
		   .legs = {} };

	for (const auto &leg : r.status.legs)
		v.legs.push_back(
			{ path_of(leg.device), leg.health, leg.read_errors });
	return v;
}

followed follow(dm::control &dm, const std::string &name, output &out,
		const stop_signals &signals,
		std::chrono::duration<double> interval)
{
	using clock = std::chrono::steady_clock;
	const auto start = clock::now();
	auto shown = clock::time_point{};
	follower follower(out);
	followed result = {};

	result.how = ending::ended;
	for (;;) {
		const auto now = clock::now();
		auto seen = look_at(dm, name);

		result.time =
			std::chrono::duration_cast<std::chrono::milliseconds>(
				now - start);
		if (!seen) {
			result.how = ending::replaced;
			return result;
		}
		result.last = std::move(seen);
		follower.see(*result.last);

		const bool ended = outcome_of(result.last->status) !=
				   outcome::syncing;

		if (ended || now - shown >= interval) {
			follower.show(*result.last);
			shown = now;
		}
		if (ended)
			return result;
		if (signals.within(tick)) {
			result.how = ending::interrupted;
			return result;
		}
	}
}
