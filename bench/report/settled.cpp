// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "machine.h"
#include "sections.h"
#include "work.h"

namespace {

constexpr unsigned int jobs = 8000;
constexpr unsigned int depth = 32;

/* Targets that have nothing to copy, and whose modules they are. */
struct target {
	const char *name;
	const char *title;
	const char *modules;
};

constexpr target all_targets[] = {
	{ "linear", "dm-linear", "dm-kcopyd" },
	{ "mirror", "dm-mirror, 2 legs", "dm-kcopyd" },
	{ "md", "md raid1, 2 disks", "dm-kcopyd" },
	{ "kmirror", "kmirror, 2 legs", "own" },
	{ "snapshot", "dm-snapshot, origin", "dm-kcopyd" },
	{ "ksnap", "ksnap, origin", "own" },
};

constexpr unsigned int all_submitters[] = { 1, 2, 4 };

constexpr const char *directions[] = { "read", "write" };

std::string id(const target &t, const std::string &direction)
{
	return fmt::format("{}.{}", t.name, direction);
}

std::vector<std::string> plan(unsigned int submitters)
{
	std::vector<std::string> lines;

	for (const auto &t : all_targets) {
		lines.push_back(fmt::format("targets {}", t.modules));
		lines.push_back(fmt::format("settled {}", t.name));
		for (const auto *d : directions)
			lines.push_back(fmt::format(
				"run {} engine={} bytes=4096 depth={} jobs={} "
				"clients={} apart plugged to=/dev/mapper/settled",
				id(t, d), d, depth, jobs, submitters));
		lines.emplace_back("unsettle");
	}
	return lines;
}

} // namespace

table measure_settled()
{
	table t{ .title = "Targets that have nothing to copy",
		 .how = "",
		 .head = { "target", "I/O" },
		 .rows = {} };
	std::vector<results> measured;
	auto machine = with_targets(counting);
	const auto options = machine.options;

	for (auto submitters : all_submitters) {
		machine.options = fmt::format("{} -c {}", options, submitters);
		measured.push_back(run_in(machine,
					  fmt::format("settled-{}", submitters),
					  plan(submitters)));
		t.head.push_back(fmt::format("{} submitter{}", submitters,
					     submitters == 1 ? "" : "s"));
		t.head.emplace_back("to dm-linear");
	}
	t.how = fmt::format(
		"Instructions of a read or write of 4 KiB, {} at a time of each "
		"submitter, which plugs them, on as many processors as\nthere are submitters. "
		"Linux {}, null_blk that completes at once. ``make bench``",
		depth, measured[0].release());

	for (const auto *d : directions)
		for (const auto &target : all_targets) {
			std::vector<std::string> row{ target.title, d };

			for (std::size_t i = 0; i < measured.size(); i++) {
				auto cost = [&](const struct target &of) {
					return measured[i].value(id(of, d),
								 "ns") /
					       (jobs * all_submitters[i]);
				};
				auto ours = cost(target);

				row.push_back(number(ours));
				row.push_back(fmt::format(
					"{:.2f}", ours / cost(all_targets[0])));
			}
			t.rows.push_back(std::move(row));
		}
	return t;
}
