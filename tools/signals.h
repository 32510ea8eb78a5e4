/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Being asked to end
 */
#ifndef TOOLS_SIGNALS_H
#define TOOLS_SIGNALS_H

#include <chrono>

#include <signal.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP arrive only where somebody waits for them.
 * Nothing in between is interrupted. Under nohup, SIGHUP stays ignored.
 */
class stop_signals {
public:
	stop_signals();

	/* Sleeps. True if one of them came, now or before. */
	bool within(std::chrono::duration<double> time) const;

private:
	sigset_t set_;
};

#endif /* TOOLS_SIGNALS_H */
