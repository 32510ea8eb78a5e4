#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# takes: 7
#
# Loading and unloading many times leaves nothing behind, and the module
# is found by its alias.

. /guest/lib.sh

i=0
while [ $i -lt 20 ]; do
	modprobe kcopyd
	[ -d /sys/module/kcopyd_mod ] || fail "the alias loaded nothing"
	rmmod kcopyd-mod
	i=$((i + 1))
done
[ ! -d /sys/module/kcopyd_mod ] || fail "the module is still there"
kmemleak_check
