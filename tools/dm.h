/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to device-mapper
 *
 * An interface, so that the order of requests can be tested without a kernel.
 */
#ifndef TOOLS_DM_H
#define TOOLS_DM_H

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dm {

/* A device that isn't there, a request that was refused, and the like. */
struct error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

/* A target of a device: a line of its table or of its status. */
struct target {
	std::uint64_t start; /* in sectors of 512 bytes */
	std::uint64_t sectors;
	std::string type;
	std::string params;

	bool operator==(const target &) const = default;
};

using table = std::vector<target>;

struct info {
	std::string name;
	std::string uuid;
	dev_t number;
	int open_count;
	bool live;     /* it has a table */
	bool inactive; /* and one that was loaded, and is not in use yet */
	bool suspended;
	bool read_only;
};

/*
 * What udev is to do about a device: a hidden one is not looked into, and gets no
 * links but that in /dev/mapper. Its contents are those of another device. Nor does
 * a copy get links, such as those in /dev/disk/by-uuid, that the original has.
 */
enum class visibility { shown, copy, hidden };

/* Whether a file system on the device is to be clean; where it can't write, it can't. */
enum class freeze { yes, no };

/* A device is named by its name. All functions throw error. */
class control {
public:
	virtual ~control() = default;

	virtual std::vector<info> list() = 0;
	virtual std::optional<info> find(const std::string &name) = 0;

	/* What runs now. */
	virtual table live_table(const std::string &name) = 0;
	virtual table status(const std::string &name) = 0;

	/* A device without a table. */
	virtual void create(const std::string &name,
			    const std::string &uuid) = 0;
	/* A table that is not in use before the device is resumed. */
	virtual void load(const std::string &name, const table &t) = 0;
	/* Forget it. */
	virtual void clear(const std::string &name) = 0;

	/*
	 * Freezes the file system on the device, or not, and returns when no I/O is in
	 * flight. From then until it is resumed, this process must not wait for
	 * anything that may stand on the device, such as a write to a file.
	 */
	virtual void suspend(const std::string &name, freeze f) = 0;
	virtual void resume(const std::string &name, visibility v) = 0;

	virtual void remove(const std::string &name) = 0;
	/* Now, or when the last process closes it. */
	virtual void remove_when_closed(const std::string &name) = 0;
	virtual void message(const std::string &name,
			     const std::string &words) = 0;

	/* Wait until udev has seen all that was done. */
	virtual void settle() = 0;
};

/* "kmirror 2.0.0": what the kernel has loaded. Its driver, too: "driver 4.50.0". */
std::vector<std::string> versions();

/* The kernel's. Throws if this process may not use it. */
std::unique_ptr<control> open();

} // namespace dm

#endif /* TOOLS_DM_H */
