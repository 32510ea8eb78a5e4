/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plots, drawn by gnuplot
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <string>
#include <utility>
#include <vector>

struct curve {
	std::string name;
	std::vector<std::pair<double, double>> points;
};

/* Draw build/bench/NAME.svg; all its data stays beside it in NAME.dat. */
void draw(const std::string &name, const std::string &title,
	  const std::string &x, const std::string &y, bool logarithmic_x,
	  const std::vector<curve> &curves);

struct bar {
	std::string name;
	std::vector<double> values;
};

/* The same with groups of bars; @keys names the bars of a group. */
void draw_bars(const std::string &name, const std::string &title,
	       const std::string &y, const std::vector<std::string> &keys,
	       const std::vector<bar> &bars);

#endif /* REPORT_PLOT_H */
