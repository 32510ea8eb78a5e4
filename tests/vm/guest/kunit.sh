#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loads every KUnit module in turn and reports what its suites found. Loading
# succeeds though cases fail: only the results tell.

. /guest/lib.sh

updates=/lib/modules/$(uname -r)/updates
results=/sys/kernel/debug/kunit
disks=/dev/loop0,/dev/loop1,/dev/loop2

parameters() {
	case $1 in
	kcopyd_kunit) echo "loop_devices=$disks" ;;
	esac
}

# send MODULE DIRECTORY: a suite's results, as ../kunit-results expects them.
# Only the module that is loaded has suites here.
send() {
	echo "kunit-begin $1 ${2##*/}"
	cat "$2/results"
	echo "kunit-end"
}

run_module() {
	tell kunit-module "$1"
	# shellcheck disable=SC2046 # no parameters are no word
	modprobe "$1" $(parameters "$1") && [ -d "/sys/module/$1" ] || {
		tell kunit-refused "$1"
		return 0
	}
	for suite in "$results"/*; do
		[ ! -d "$suite" ] || send "$1" "$suite" | tell
	done
	rmmod "$1"
}

# What the suites stand on was loaded with them, in the order of need.
unload_all() {
	for file in "$updates"/*.ko; do
		module=$(basename "$file" .ko | tr - _)
		[ ! -d "/sys/module/$module" ] || modprobe -r "$module"
		[ ! -d "/sys/module/$module" ] || fail "$module does not unload"
	done
}

for disk in 0 1 2; do
	make_loop $disk 16
done
for file in "$updates"/*_kunit.ko; do
	[ -e "$file" ] || fail "no KUnit module"
	run_module "$(basename "$file" .ko)"
done
unload_all
kmemleak_check
