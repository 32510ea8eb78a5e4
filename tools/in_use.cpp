// SPDX-License-Identifier: GPL-2.0
#include "in_use.h"

#include <memory>

#include <libmount/libmount.h>
#include <sys/stat.h>

namespace {

struct unref {
	void operator()(libmnt_table *table) const
	{
		mnt_unref_table(table);
	}

	void operator()(libmnt_iter *i) const
	{
		mnt_free_iter(i);
	}
};

using table = std::unique_ptr<libmnt_table, unref>;

table read_table(const char *file, int (*parse)(libmnt_table *, const char *))
{
	table found(mnt_new_table());

	if (!found || parse(found.get(), file))
		throw device_error(std::string(file) + ": cannot be read");
	return found;
}

/* The number of the device that a path stands for, or 0. */
dev_t number_at(const char *path)
{
	struct stat found;

	return path && !stat(path, &found) && S_ISBLK(found.st_mode) ?
		       found.st_rdev :
		       0;
}

template <typename visit>
void for_each(const table &entries, visit see)
{
	const std::unique_ptr<libmnt_iter, unref> i(
		mnt_new_iter(MNT_ITER_FORWARD));
	libmnt_fs *entry = nullptr;

	while (i && !mnt_table_next_fs(entries.get(), i.get(), &entry))
		see(entry);
}

bool is_read_only(libmnt_fs *entry)
{
	return mnt_fs_match_options(entry, "ro") != 0;
}

} // namespace

std::vector<mounted> mounts_of(dev_t number, const std::string &path)
{
	const auto entries = read_table("/proc/self/mountinfo",
					mnt_table_parse_file);
	std::vector<mounted> found;

	for_each(entries, [&](libmnt_fs *entry) {
		/* a file system of many devices has a number of its own */
		if (mnt_fs_get_devno(entry) == number ||
		    number_at(mnt_fs_get_source(entry)) == number)
			found.push_back({ path, mnt_fs_get_target(entry),
					  is_read_only(entry) });
	});
	return found;
}

bool is_swap(dev_t number)
{
	const auto entries = read_table("/proc/swaps", mnt_table_parse_swaps);
	bool found = false;

	for_each(entries, [&](libmnt_fs *entry) {
		found |= number_at(mnt_fs_get_source(entry)) == number;
	});
	return found;
}
