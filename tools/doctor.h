/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcopyctl doctor: what a bug report needs, without private data
 */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include <string>
#include <vector>

#include "dm.h"
#include "exit_code.h"
#include "output.h"

exit_code doctor(output &out);

/* A line of a table as it may be shown: keys are not. */
std::string public_table(const dm::target &target);

#endif /* TOOLS_DOCTOR_H */
