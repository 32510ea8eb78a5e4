/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The version of everything: modules, programs, packages
 *
 * It is written here only. What can't include this file asks `make version`; the
 * files that must repeat it, CHANGELOG.md and debian/changelog, are compared by
 * `make lint`.
 */
#ifndef KCOPYD_VERSION_H
#define KCOPYD_VERSION_H

#define KCOPYD_VERSION "1.0.0"

#endif /* KCOPYD_VERSION_H */
