/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of a block device, and who uses it
 */
#ifndef TOOLS_DEVICE_H
#define TOOLS_DEVICE_H

#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

/* A path that is no block device, and the like. */
struct device_error : std::runtime_error {
	using std::runtime_error::runtime_error;
};

struct mounted {
	std::string device; /* that it is of: the device, or a partition of it */
	std::string where;
	bool read_only;
};

/* Of a file system, a RAID, a partition table. */
struct signature {
	std::string type; /* as blkid names it */
	std::string label;
	std::uint64_t offset; /* bytes */
};

/* A part of a disk, in sectors of 512 bytes. */
struct extent {
	dev_t disk;
	std::uint64_t start, sectors;
};

struct mapped {
	std::string name; /* for device-mapper */
	std::string uuid;
};

struct device_facts {
	std::string path; /* as the user has it */
	dev_t number = 0;
	std::uint64_t bytes = 0;
	unsigned int logical_block = 512;
	bool read_only = false;
	bool claimed = false; /* somebody has it for himself */
	std::optional<mapped> dm;
	extent where = {};
	std::vector<mounted> mounts;
	std::vector<std::string> swaps;
	std::vector<std::string> holders; /* "device-mapper device data", "md0" */
	std::vector<std::string> loops;	  /* loop devices that stand on it */
	std::set<dev_t> below; /* all that it stands on, and itself */
	std::optional<std::pair<dev_t, ino_t>> file; /* of a loop device */
	std::vector<signature> signatures;
};

/* Throws device_error. Reads the device, and writes nothing. */
device_facts facts_of(const std::string &path);

/* Throws device_error if the path is no block device. */
dev_t number_of(const std::string &path);

/* As people know it: "/dev/sdb", "/dev/mapper/data". */
std::string path_of(dev_t number);
std::string path_of(const std::string &number_words);

/* The same of a device that device-mapper names by its number. */
dev_t parse_number(const std::string &words);

/*
 * Has the kernel read the partition table again, and udev look at what the device holds
 * now.
 */
void announce(const std::string &path);

#endif /* TOOLS_DEVICE_H */
