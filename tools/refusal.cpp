// SPDX-License-Identifier: GPL-2.0
#include "refusal.h"

#include <fmt/format.h>

#include "layer.h"
#include "text.h"

namespace refusal {
namespace {

void add(list &to, list more)
{
	to.insert(to.end(), std::make_move_iterator(more.begin()),
		  std::make_move_iterator(more.end()));
}

/* "/dev/sdb" or "/dev/sdb: its partition /dev/sdb1" */
std::string part_words(const device_facts &facts, const std::string &part)
{
	if (path_of(facts.number) == part)
		return facts.path + ":";
	return fmt::format("{}: {}", facts.path, part);
}

list of_swap(const device_facts &facts)
{
	list found;

	for (const auto &part : facts.swaps)
		found.push_back(fmt::format("{} is swap space in use: "
					    "swapoff {} first",
					    part_words(facts, part), part));
	return found;
}

list of_holders(const device_facts &facts)
{
	list found;

	for (const auto &holder : facts.holders)
		found.push_back(fmt::format("{}: is part of {}: take it out "
					    "of that first",
					    facts.path, holder));
	for (const auto &loop : facts.loops)
		found.push_back(fmt::format("{}: the loop device {} stands on "
					    "it: losetup -d {} first",
					    facts.path, loop, loop));
	return found;
}

std::string signature_words(const signature &s)
{
	return fmt::format("{}{} at byte {}", s.type,
			   s.label.empty() ? "" :
					     fmt::format(" \"{}\"", s.label),
			   s.offset);
}

list of_signatures(const device_facts &facts)
{
	list found;

	for (const auto &s : facts.signatures)
		found.push_back(fmt::format("{}: holds data ({}), which would "
					    "be lost: --force overwrites it",
					    facts.path, signature_words(s)));
	return found;
}

/* In use by whom the kernel does not name. */
list of_claim(const device_facts &facts)
{
	if (!facts.claimed)
		return {};
	return { fmt::format("{}: is in use; the mounts of another container "
			     "and `fuser -v {}` may tell by whom",
			     facts.path, facts.path) };
}

std::string how_to_map(const device_facts &source, const mounted &m)
{
	const auto name = source.path.substr(source.path.rfind('/') + 1);

	return fmt::format(
		"To have it copied in use, now and later, mount it by way of a "
		"mapped device, and use that:\n"
		"    umount {0}\n"
		"    dmsetup create {1} --table \"0 {2} linear {3} 0\"\n"
		"    mount /dev/mapper/{1} {0}",
		m.where, "mapped-" + name, source.bytes / 512, source.path);
}

list of_mounted_source(const device_facts &source)
{
	list found;

	for (const auto &m : source.mounts)
		found.push_back(fmt::format(
			"{} is mounted on {}{}, and it is no mapped device. "
			"Unmount it for the time of the copy.{}",
			part_words(source, m.device), m.where,
			m.read_only ? " (read-only)" : "",
			m.device == path_of(source.number) ?
				" " + how_to_map(source, m) :
				""));
	return found;
}

bool overlap(const extent &a, const extent &b)
{
	return a.disk == b.disk && a.start < b.start + b.sectors &&
	       b.start < a.start + a.sectors;
}

} // namespace

list of_destination(const device_facts &dest, overwrite signatures)
{
	list found;

	for (const auto &m : dest.mounts)
		found.push_back(fmt::format("{} is mounted on {}: unmount it "
					    "first",
					    part_words(dest, m.device),
					    m.where));
	add(found, of_swap(dest));
	add(found, of_holders(dest));
	if (found.empty())
		add(found, of_claim(dest));
	if (dest.read_only)
		found.push_back(dest.path + ": is read-only");
	if (signatures == overwrite::no)
		add(found, of_signatures(dest));
	return found;
}

list of_idle_source(const device_facts &source)
{
	auto found = of_mounted_source(source);

	add(found, of_swap(source));
	add(found, of_holders(source));
	if (found.empty())
		add(found, of_claim(source));
	if (source.read_only)
		found.push_back(fmt::format(
			"{}: is read-only, and kmirror writes back what it "
			"repairs: blockdev --setrw {} first",
			source.path, source.path));
	return found;
}

list of_moving(const device_facts &source, const dm::info &device,
	       const dm::table &table)
{
	const auto type = layer::immovable(table);
	list found;

	if (type == "kmirror")
		found.push_back(
			fmt::format("{}: is a mirror: see `kcopyctl status {}`",
				    source.path, source.path));
	else if (!type.empty())
		found.push_back(fmt::format(
			"{}: is in use, and a device of the target {} cannot "
			"be moved while it is: do it when it is not in use",
			source.path, type));
	if (device.suspended)
		found.push_back(fmt::format(
			"{}: is suspended; if nobody is about to resume it: "
			"dmsetup resume {}",
			source.path, device.name));
	if (device.inactive)
		found.push_back(fmt::format(
			"{}: somebody has loaded a table that is not in use "
			"yet; if nobody is about to: dmsetup clear {}",
			source.path, device.name));
	return found;
}

list of_live_source(const device_facts &source, const dm::info &device,
		    const dm::table &table)
{
	auto found = of_swap(source);

	add(found, of_moving(source, device, table));
	if (source.read_only)
		found.push_back(source.path +
				": is read-only, and kmirror writes back what "
				"it repairs: copy it by other means");
	return found;
}

list of_unmapped_origin(const device_facts &origin)
{
	const mounted none = { origin.path, "/mnt", false };

	return { fmt::format(
		"{}: is no mapped device, so what is written to it "
		"cannot be seen. {}",
		origin.path,
		how_to_map(origin, origin.mounts.empty() ?
					   none :
					   origin.mounts.front())) };
}

list of_pair(const device_facts &a, const device_facts &b)
{
	if (a.number == b.number)
		return { a.path == b.path ?
				 fmt::format("{}: is given twice", a.path) :
				 fmt::format("{} and {} are the same device",
					     a.path, b.path) };
	if (overlap(a.where, b.where))
		return { fmt::format("{} and {} overlap: one is a part of the "
				     "other",
				     a.path, b.path) };
	if (b.below.contains(a.number))
		return { fmt::format("{} stands on {}", b.path, a.path) };
	if (a.below.contains(b.number))
		return { fmt::format("{} stands on {}", a.path, b.path) };
	if (a.file && a.file == b.file)
		return { fmt::format("{} and {} are loop devices on the same "
				     "file",
				     a.path, b.path) };
	return {};
}

list of_size(const device_facts &source, const device_facts &dest, bool live)
{
	list found;

	if (dest.bytes < source.bytes)
		found.push_back(fmt::format(
			"{}: is too small: {} has {} bytes ({}), it has {} "
			"({})",
			dest.path, source.path, source.bytes,
			text::bytes(source.bytes), dest.bytes,
			text::bytes(dest.bytes)));
	if (source.bytes % dest.logical_block)
		found.push_back(fmt::format(
			"{}: has blocks of {} bytes, and the size of {} is no "
			"multiple of that",
			dest.path, dest.logical_block, source.path));
	else if (live && dest.logical_block > source.logical_block)
		found.push_back(fmt::format(
			"{}: has blocks of {} bytes, and who uses {} may write "
			"blocks of {}: copy it when it is not in use",
			dest.path, dest.logical_block, source.path,
			source.logical_block));
	return found;
}

} // namespace refusal
