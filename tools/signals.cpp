// SPDX-License-Identifier: GPL-2.0
#include "signals.h"

#include <cerrno>
#include <cmath>

namespace {

/* As nohup has it. */
bool is_ignored(int number)
{
	struct sigaction now = {};

	return !sigaction(number, nullptr, &now) && now.sa_handler == SIG_IGN;
}

} // namespace

stop_signals::stop_signals()
{
	sigemptyset(&set_);
	sigaddset(&set_, SIGINT);
	sigaddset(&set_, SIGTERM);
	if (!is_ignored(SIGHUP))
		sigaddset(&set_, SIGHUP);
	sigprocmask(SIG_BLOCK, &set_, nullptr);
	/* who reads our words may go */
	signal(SIGPIPE, SIG_IGN);
}

bool stop_signals::within(std::chrono::duration<double> time) const
{
	const auto seconds = std::floor(time.count());
	const timespec limit = {
		.tv_sec = static_cast<time_t>(seconds),
		.tv_nsec = static_cast<long>((time.count() - seconds) * 1e9),
	};

	/* EINTR: the process was stopped, and goes on */
	return sigtimedwait(&set_, nullptr, &limit) > 0;
}
