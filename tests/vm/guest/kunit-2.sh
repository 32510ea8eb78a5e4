#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# takes: 42 240
#
# One half of the KUnit suites.

# shellcheck disable=SC2034 # for kunit-suites.sh
first=2
. /guest/kunit-suites.sh
