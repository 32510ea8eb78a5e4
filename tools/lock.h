/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What keeps processes of this program out of each other's way
 *
 * The kernel lets go of both when a process is killed.
 */
#ifndef TOOLS_LOCK_H
#define TOOLS_LOCK_H

#include <string>

/* One at a time changes tables. */
class exclusive {
public:
	exclusive();
	~exclusive();
	exclusive(const exclusive &) = delete;
	exclusive &operator=(const exclusive &) = delete;

private:
	int fd_;
};

/* Has one of our mapped devices open, which tells that somebody follows it. */
class attendance {
public:
	explicit attendance(const std::string &name);
	~attendance();
	attendance(const attendance &) = delete;
	attendance &operator=(const attendance &) = delete;

	void end();

private:
	int fd_;
};

#endif /* TOOLS_LOCK_H */
