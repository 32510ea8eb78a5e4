/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mounts and swap space, by libmount
 */
#ifndef TOOLS_IN_USE_H
#define TOOLS_IN_USE_H

#include "device.h"

/* Of a file system on this device. */
std::vector<mounted> mounts_of(dev_t number, const std::string &path);

bool is_swap(dev_t number);

#endif /* TOOLS_IN_USE_H */
