// SPDX-License-Identifier: GPL-2.0
#include "signature.h"

#include <cstdlib>
#include <memory>

#include <blkid/blkid.h>

#include "store.h"

namespace {

struct free_probe {
	void operator()(blkid_struct_probe *p) const
	{
		blkid_free_probe(p);
	}
};

std::string value_of(blkid_probe probe, const char *name)
{
	const char *value = nullptr;

	return blkid_probe_lookup_value(probe, name, &value, nullptr) ? "" :
									value;
}

signature found_by(blkid_probe probe)
{
	const auto partitions = value_of(probe, "PTTYPE");
	const bool is_table = !partitions.empty();
	const auto offset = value_of(probe, is_table ? "PTMAGIC_OFFSET" :
						       "SBMAGIC_OFFSET");

	return { .type = is_table ? partitions : value_of(probe, "TYPE"),
		 .label = value_of(probe, "LABEL"),
		 .offset = std::strtoull(offset.c_str(), nullptr, 10) };
}

} // namespace

std::vector<signature> signatures_on(const std::string &path)
{
	const std::unique_ptr<blkid_struct_probe, free_probe> probe(
		blkid_new_probe_from_filename(path.c_str()));
	std::vector<signature> found;

	if (!probe)
		throw device_error(path + ": cannot be read");
	blkid_probe_enable_superblocks(probe.get(), 1);
	blkid_probe_set_superblocks_flags(
		probe.get(),
		BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_MAGIC);
	blkid_probe_enable_partitions(probe.get(), 1);
	blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_MAGIC);
	while (!blkid_do_probe(probe.get()))
		found.push_back(found_by(probe.get()));
	if (holds_store(path))
		found.push_back({ .type = "ksnap", .label = {}, .offset = 0 });
	return found;
}
