// SPDX-License-Identifier: GPL-2.0
#include "role.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace {

constexpr std::string_view mirror_suffix = "-kcopyd";
constexpr std::string_view origin_suffix = "-kcopyd-origin";

constexpr std::array<std::pair<role, std::string_view>, 5> words = { {
	{ role::clone, "clone" },
	{ role::detached, "detached" },
	{ role::mirror, "mirror" },
	{ role::origin, "origin" },
	{ role::snapshot, "snapshot" },
} };

std::string prefix_of(std::string_view word)
{
	return fmt::format("KCOPYD-{}-", word);
}

} // namespace

std::string_view word_for(role r)
{
	for (const auto &[found, word] : words)
		if (found == r)
			return word;
	return {};
}

std::string uuid_of(role r, std::string_view name)
{
	return prefix_of(word_for(r)).append(name);
}

std::optional<role> role_of(std::string_view uuid)
{
	for (const auto &[r, word] : words)
		if (uuid.starts_with(prefix_of(word)))
			return r;
	return {};
}

std::string hidden_name(std::string_view device, role r)
{
	return fmt::format("{}{}", device,
			   r == role::origin ? origin_suffix : mirror_suffix);
}

std::optional<std::string> name_above(std::string_view hidden)
{
	for (const auto suffix : { origin_suffix, mirror_suffix })
		if (hidden.ends_with(suffix))
			return std::string(hidden.substr(
				0, hidden.size() - suffix.size()));
	return {};
}

std::string mirror_name(std::string_view path)
{
	return fmt::format("kcopyd-{}", path.substr(path.rfind('/') + 1));
}
