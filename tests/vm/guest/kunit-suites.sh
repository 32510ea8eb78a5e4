# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Loads every second KUnit module in turn, from the one whose number is $first (1 or
# 2) on, and reports what its suites found: so two machines share the suites. Loading
# succeeds though cases fail: only the results tell.

. /guest/lib.sh

updates=/lib/modules/$(uname -r)/updates
results=/sys/kernel/debug/kunit

# send MODULE DIRECTORY: a suite's results, as ../kunit-results expects them.
# Only the module that is loaded has suites here.
send() {
	echo "kunit-begin $1 ${2##*/}"
	cat "$2/results"
	echo "kunit-end"
}

run_module() {
	tell kunit-module "$1"
	modprobe "$1" && [ -d "/sys/module/$1" ] || {
		tell kunit-refused "$1"
		return 0
	}
	for suite in "$results"/*; do
		[ ! -d "$suite" ] || send "$1" "$suite" | tell
	done
	rmmod "$1"
}

# What is loaded of our modules.
loaded() {
	for file in "$updates"/*.ko; do
		module=$(basename "$file" .ko | tr - _)
		[ ! -d "/sys/module/$module" ] || echo "$module"
	done
}

# What the suites stand on; each round frees what the next one can unload.
unload_all() {
	before=
	while now=$(loaded) && [ "$now" ]; do
		[ "$now" != "$before" ] || fail "these do not unload:" $now
		before=$now
		for module in $now; do
			rmmod "$module" 2>/dev/null || true
		done
	done
}

# Suites starve the slab allocator by marking a task (make_it_fail); no other
# task gets less, and a failure leaves no trace in the log.
allow_famine() {
	failslab=/sys/kernel/debug/failslab
	[ -d $failslab ] || return 0
	echo Y >$failslab/task-filter
	echo N >$failslab/ignore-gfp-wait
	echo 0 >$failslab/verbose
	echo 100 >$failslab/probability
	echo -1 >$failslab/times
}

for disk in 0 1 2; do
	make_loop $disk 16
done
allow_famine
modprobe kcopyd_test loop_devices=/dev/loop0,/dev/loop1,/dev/loop2
number=0
for file in "$updates"/*_kunit.ko; do
	[ -e "$file" ] || fail "no KUnit module"
	number=$((number + 1))
	# shellcheck disable=SC2154 # from the script
	[ $((number % 2)) != $((first % 2)) ] || run_module "$(basename "$file" .ko)"
done
unload_all
kmemleak_check
