// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "doctor.h"

namespace {

/* Their arguments are numbers of devices, and numbers. */
constexpr std::array<std::string_view, 5> harmless = {
	"kmirror", "ksnap", "ksnap-origin", "linear", "striped",
};

} // namespace

std::string public_table(const dm::target &target)
{
	const bool shown = std::find(harmless.begin(), harmless.end(),
				     target.type) != harmless.end();

	return fmt::format("{} {} {}{}", target.start, target.sectors,
			   target.type,
			   shown ? " " + target.params : " (not shown)");
}
