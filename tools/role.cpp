// SPDX-License-Identifier: GPL-2.0
#include "role.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace {

constexpr std::string_view hidden_suffix = "-kcopyd";

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

std::string hidden_name(std::string_view device)
{
	return fmt::format("{}{}", device, hidden_suffix);
}

std::optional<std::string> name_above(std::string_view hidden)
{
	if (!hidden.ends_with(hidden_suffix))
		return {};
	hidden.remove_suffix(hidden_suffix.size());
	return std::string(hidden);
}

std::string mirror_name(std::string_view path)
{
	return fmt::format("kcopyd-{}", path.substr(path.rfind('/') + 1));
}
