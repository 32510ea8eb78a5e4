// SPDX-License-Identifier: GPL-2.0
#include "output.h"

#include <clocale>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>
#include <langinfo.h>

#include "display.h"
#include "text.h"

namespace {

constexpr const char *program = "kcopyctl";

void print(std::FILE *to, const std::string &line)
{
	const auto whole = line + "\n";

	std::fwrite(whole.data(), 1, whole.size(), to);
	std::fflush(to);
}

text::bar_style style_of_locale()
{
	std::setlocale(LC_CTYPE, "");
	return std::string_view(nl_langinfo(CODESET)) == "UTF-8" ?
		       text::bar_style::lines :
		       text::bar_style::ascii;
}

std::string short_name(const std::string &device)
{
	return device.substr(device.rfind('/') + 1);
}

class for_people final : public output {
public:
	for_people() : display_(style_of_locale())
	{
	}

	void progress(const view &v) override
	{
		const auto why = words::why_still(v);

		if (why != told_ && !why.empty())
			display_.say(why);
		told_ = why;
		display_.show({ .name = short_name(v.device),
				.done = v.done,
				.all = v.all,
				.rate = v.rate,
				.time = words::time(v),
				.legs = words::legs(v) });
	}

	void status(const view &v) override
	{
		for (const auto &line : words::status(v))
			say(line);
	}

	void snapshot(const snapshot_view &v) override
	{
		say(words::snapshot(v));
	}

	void say(const std::string &line) override
	{
		display_.say(line);
	}

	void result(const summary &s) override
	{
		display_.end();
		for (const auto &line : words::result(s))
			say(line);
	}

	void error(const std::string &line) override
	{
		display_.end();
		print(stderr, fmt::format("{}: {}", program, line));
	}

private:
	display display_;
	std::string told_; /* why it stands still */
};

class for_programs final : public output {
public:
	void progress(const view &v) override
	{
		print(stdout, json::progress(v));
	}

	void status(const view &v) override
	{
		print(stdout, json::status(v));
	}

	void snapshot(const snapshot_view &v) override
	{
		print(stdout, json::snapshot(v));
	}

	void say(const std::string &line) override
	{
		print(stdout, json::message(line));
	}

	void result(const summary &s) override
	{
		print(stdout, json::result(s));
	}

	void error(const std::string &line) override
	{
		print(stdout, json::error(line));
		print(stderr, fmt::format("{}: {}", program, line));
	}
};

} // namespace

std::unique_ptr<output> output_for_people()
{
	return std::make_unique<for_people>();
}

std::unique_ptr<output> output_for_programs()
{
	return std::make_unique<for_programs>();
}
