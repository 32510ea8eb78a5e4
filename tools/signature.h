/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the data on a device says it is
 */
#ifndef TOOLS_SIGNATURE_H
#define TOOLS_SIGNATURE_H

#include "device.h"

/* By libblkid, and those of ksnap. Throws device_error. */
std::vector<signature> signatures_on(const std::string &path);

#endif /* TOOLS_SIGNATURE_H */
