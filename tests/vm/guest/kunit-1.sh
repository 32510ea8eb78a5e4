#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# takes: 34 200
#
# One half of the KUnit suites.

# shellcheck disable=SC2034 # for kunit-suites.sh
first=1
. /guest/kunit-suites.sh
