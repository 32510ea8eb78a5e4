/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Putting a target under a mapped device that is in use, and taking it out again
 *
 * The device keeps its name, its number and whoever has it open. Its table moves to
 * a hidden device below, and the device gets a table that stands on the hidden one.
 * That is all there is to know: no file says so, only device-mapper does. So what a
 * process that was killed has left can be found and undone.
 *
 * At each moment the device has one of the two tables, and with both it is the same
 * data: a machine that crashes finds it where it was.
 */
#ifndef TOOLS_LAYER_H
#define TOOLS_LAYER_H

#include <functional>
#include <stdexcept>
#include <string>

#include "dm.h"

namespace layer {

/* Something failed, and undoing it did, too. */
struct half_done : std::runtime_error {
	using std::runtime_error::runtime_error;
};

/*
 * The type of the first target that can't be loaded twice at a time, or "". Those
 * that can keep nothing but what their table says.
 */
std::string immovable(const dm::table &table);

/* "253:3" */
std::string number_words(dev_t number);

/* Does it stand on this device? */
bool stands_on(const dm::table &table, dev_t number);

/*
 * Gives a device another table while it is in use. Before that takes effect, and while
 * the device is suspended and its file system frozen, @frozen runs. If anything
 * throws, the old table is in use again.
 */
void replace_table(dm::control &dm, const std::string &device,
		   const dm::table &table, const std::function<void()> &frozen,
		   dm::freeze freeze = dm::freeze::yes);

/* The same, but the device keeps its table. */
void while_frozen(dm::control &dm, const std::string &device,
		  const std::function<void()> &frozen);

struct insertion {
	std::string device;
	std::string hidden; /* its name to be, and its uuid */
	std::string uuid;
	std::function<dm::table(const dm::info &hidden)>
		table; /* of the device */
	std::function<void()> frozen;
};

/* If anything throws, all is as before. */
void insert(dm::control &dm, const insertion &plan);

/*
 * The device gets back what the hidden one has. If anything throws, all is as before,
 * but for half_done.
 */
void take_out(dm::control &dm, const std::string &device,
	      const std::string &hidden, const std::function<void()> &frozen,
	      dm::freeze freeze = dm::freeze::yes);

/* With whoever has it open, if need be. */
void discard(dm::control &dm, const std::string &name);

} // namespace layer

#endif /* TOOLS_LAYER_H */
