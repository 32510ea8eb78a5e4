// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "in_use.h"
#include "signature.h"

namespace fs = std::filesystem;

namespace {

/* The first line of a file in sysfs; "" if there is none. */
std::string line_of(const fs::path &file)
{
	std::ifstream in(file);
	std::string line;

	std::getline(in, line);
	return line;
}

std::uint64_t number_in(const fs::path &file)
{
	const auto line = line_of(file);
	std::uint64_t number = 0;

	std::from_chars(line.data(), line.data() + line.size(), number);
	return number;
}

fs::path sysfs_of(dev_t number)
{
	return fmt::format("/sys/dev/block/{}:{}", major(number),
			   minor(number));
}

std::vector<fs::path> entries_of(const fs::path &directory)
{
	std::vector<fs::path> found;
	std::error_code err;

	for (const auto &entry : fs::directory_iterator(directory, err))
		found.push_back(entry.path());
	return found;
}

/* A partition's directory is within that of its disk. */
fs::path disk_of(const fs::path &sysfs)
{
	const auto real = fs::canonical(sysfs);

	return fs::exists(real / "partition") ? real.parent_path() : real;
}

std::vector<fs::path> partitions_of(const fs::path &sysfs)
{
	std::vector<fs::path> found;

	for (const auto &entry : entries_of(fs::canonical(sysfs)))
		if (fs::exists(entry / "partition"))
			found.push_back(entry);
	return found;
}

std::string holder_words(const fs::path &holder)
{
	const auto name = line_of(holder / "dm/name");

	return name.empty() ? holder.filename().string() :
			      "the device-mapper device " + name;
}

/* The file or device that a loop device stands on. */
std::optional<struct stat> backing_of(const fs::path &disk)
{
	const auto file = line_of(disk / "loop/backing_file");
	struct stat found;

	if (file.empty() || stat(file.c_str(), &found))
		return {};
	return found;
}

void collect_below(dev_t number, std::set<dev_t> &below);

void collect_below(const fs::path &sysfs, std::set<dev_t> &below)
{
	const auto disk = disk_of(sysfs);
	const auto backing = backing_of(disk);

	for (const auto &slave : entries_of(disk / "slaves"))
		collect_below(parse_number(line_of(slave / "dev")), below);
	if (backing)
		collect_below(S_ISBLK(backing->st_mode) ? backing->st_rdev :
							  backing->st_dev,
			      below);
	if (disk != fs::canonical(sysfs))
		collect_below(parse_number(line_of(disk / "dev")), below);
}

void collect_below(dev_t number, std::set<dev_t> &below)
{
	const auto sysfs = sysfs_of(number);

	/* a file system of many devices has a number that is no device's */
	if (fs::exists(sysfs) && below.insert(number).second)
		collect_below(sysfs, below);
}

/* Loop devices on this one or a partition of it: the kernel claims nothing for them. */
std::vector<std::string> loops_on(const std::set<dev_t> &numbers)
{
	std::vector<std::string> found;

	for (const auto &disk : entries_of("/sys/block")) {
		const auto backing = backing_of(disk);

		if (backing && S_ISBLK(backing->st_mode) &&
		    numbers.contains(backing->st_rdev))
			found.push_back("/dev/" + disk.filename().string());
	}
	return found;
}

class descriptor {
public:
	descriptor(const std::string &path, int flags) :
		fd_(open(path.c_str(), flags | O_CLOEXEC))
	{
	}

	~descriptor()
	{
		if (fd_ >= 0)
			close(fd_);
	}

	descriptor(const descriptor &) = delete;
	descriptor &operator=(const descriptor &) = delete;

	int get() const
	{
		return fd_;
	}

private:
	int fd_;
};

[[noreturn]] void fail(const std::string &path)
{
	throw device_error(fmt::format("{}: {}", path, std::strerror(errno)));
}

void ask_device(device_facts &facts)
{
	const descriptor device(facts.path, O_RDONLY);
	int block = 0, read_only = 0;

	if (device.get() < 0 ||
	    ioctl(device.get(), BLKGETSIZE64, &facts.bytes) ||
	    ioctl(device.get(), BLKSSZGET, &block) ||
	    ioctl(device.get(), BLKROGET, &read_only))
		fail(facts.path);
	facts.logical_block = static_cast<unsigned int>(block);
	facts.read_only = read_only != 0;

	const descriptor exclusive(facts.path, O_RDONLY | O_EXCL);

	facts.claimed = exclusive.get() < 0 && errno == EBUSY;
}

void ask_sysfs(device_facts &facts)
{
	const auto sysfs = sysfs_of(facts.number);
	const auto name = line_of(sysfs / "dm/name");

	if (!name.empty())
		facts.dm = mapped{ name, line_of(sysfs / "dm/uuid") };
	facts.where = { .disk = parse_number(line_of(disk_of(sysfs) / "dev")),
			.start = number_in(sysfs / "start"),
			.sectors = number_in(sysfs / "size") };
	collect_below(facts.number, facts.below);
	if (const auto backing = backing_of(disk_of(sysfs)))
		facts.file = { backing->st_dev, backing->st_ino };
}

/* Of the device and its partitions. */
void ask_who_uses(device_facts &facts)
{
	auto parts = partitions_of(sysfs_of(facts.number));
	std::set<dev_t> numbers;

	parts.push_back(sysfs_of(facts.number));
	for (const auto &part : parts) {
		const auto number = parse_number(line_of(part / "dev"));

		numbers.insert(number);
		for (auto &m : mounts_of(number, path_of(number)))
			facts.mounts.push_back(std::move(m));
		if (is_swap(number))
			facts.swaps.push_back(path_of(number));
		for (const auto &holder : entries_of(part / "holders"))
			facts.holders.push_back(holder_words(holder));
	}
	facts.loops = loops_on(numbers);
}

} // namespace

dev_t parse_number(const std::string &words)
{
	unsigned int major_number, minor_number;

	if (std::sscanf(words.c_str(), "%u:%u", &major_number, &minor_number) !=
	    2)
		throw device_error(fmt::format(
			"not the number of a device: \"{}\"", words));
	return makedev(major_number, minor_number);
}

dev_t number_of(const std::string &path)
{
	struct stat found;

	if (stat(path.c_str(), &found))
		fail(path);
	if (!S_ISBLK(found.st_mode))
		throw device_error(path + ": is no block device");
	return found.st_rdev;
}

std::string path_of(dev_t number)
{
	const auto sysfs = sysfs_of(number);
	const auto name = line_of(sysfs / "dm/name");
	std::error_code err;

	if (!name.empty())
		return "/dev/mapper/" + name;

	const auto real = fs::canonical(sysfs, err);

	if (err)
		return fmt::format("{}:{}", major(number), minor(number));

	auto file = real.filename().string();

	/* sysfs has no '/' in names: cciss!c0d0 */
	for (auto &c : file)
		c = c == '!' ? '/' : c;
	return "/dev/" + file;
}

std::string path_of(const std::string &number_words)
{
	return path_of(parse_number(number_words));
}

device_facts facts_of(const std::string &path)
{
	device_facts facts;

	facts.path = path;
	facts.number = number_of(path);
	ask_device(facts);
	ask_sysfs(facts);
	ask_who_uses(facts);
	facts.signatures = signatures_on(path);
	return facts;
}

void announce(const std::string &path)
{
	/* For writing: udev looks at it when it is closed. */
	const descriptor device(path, O_RDWR | O_EXCL);

	if (device.get() >= 0)
		ioctl(device.get(), BLKRRPART);
}
