/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The store of a snapshot, on its device (Documentation/ksnap.rst)
 */
#ifndef TOOLS_STORE_H
#define TOOLS_STORE_H

#include <string>

/* False if it can't be read, too. */
bool holds_store(const std::string &path);

/*
 * It will not be taken for a snapshot any more: the origin is written without it from
 * now on. A device that fails is left as it is.
 */
void forget_store(const std::string &path);

#endif /* TOOLS_STORE_H */
