// SPDX-License-Identifier: GPL-2.0
#include "plot.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "machine.h"

namespace {

constexpr const char *common = "set terminal svg size 900,500 background "
			       "'white'\nset output '{}'\nset title '{}'\n"
			       "set grid\nset key outside below\n";

void run_gnuplot(const std::filesystem::path &script)
{
	if (std::system(("gnuplot " + script.string()).c_str()) != 0)
		throw std::runtime_error("gnuplot failed on " +
					 script.string());
}

std::filesystem::path path_of(const std::string &name, const char *extension)
{
	return output_directory() / (name + extension);
}

} // namespace

void draw(const std::string &name, const std::string &title,
	  const std::string &x, const std::string &y, bool logarithmic_x,
	  const std::vector<curve> &curves)
{
	auto data = path_of(name, ".dat"), script = path_of(name, ".gnuplot");
	{
		std::ofstream file(data);

		for (const auto &c : curves) {
			fmt::print(file, "# {}\n", c.name);
			for (const auto &[px, py] : c.points)
				fmt::print(file, "{} {}\n", px, py);
			fmt::print(file, "\n\n");
		}
	}
	{
		std::ofstream file(script);

		fmt::print(file, fmt::runtime(common),
			   path_of(name, ".svg").string(), title);
		fmt::print(file,
			   "set xlabel '{}'\nset ylabel '{}'\nset yrange "
			   "[0:]\n{}plot",
			   x, y, logarithmic_x ? "set logscale x\n" : "");
		for (std::size_t i = 0; i < curves.size(); i++)
			fmt::print(file,
				   "{} '{}' index {} with lines lw 2 "
				   "title '{}'",
				   i ? "," : "", data.string(), i,
				   curves[i].name);
		fmt::print(file, "\n");
	}
	run_gnuplot(script);
}

void draw_bars(const std::string &name, const std::string &title,
	       const std::string &y, const std::vector<std::string> &keys,
	       const std::vector<bar> &bars)
{
	auto data = path_of(name, ".dat"), script = path_of(name, ".gnuplot");
	{
		std::ofstream file(data);

		for (const auto &b : bars) {
			fmt::print(file, "\"{}\"", b.name);
			for (auto value : b.values)
				fmt::print(file, " {}", value);
			fmt::print(file, "\n");
		}
	}
	{
		std::ofstream file(script);

		fmt::print(file, fmt::runtime(common),
			   path_of(name, ".svg").string(), title);
		fmt::print(file,
			   "set style data histograms\nset style fill solid\n"
			   "set ylabel '{}'\nset yrange [0:]\n"
			   "set xtics rotate by -30\nplot",
			   y);
		for (std::size_t i = 0; i < keys.size(); i++)
			fmt::print(file, "{} '{}' using {}:xtic(1) title '{}'",
				   i ? "," : "", data.string(), i + 2, keys[i]);
		fmt::print(file, "\n");
	}
	run_gnuplot(script);
}
