# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What the tests of the kernel's own targets share. A script defines its cases,
# functions each, and ends with
#
#	run_cases data_first_sync data_resync teardown
#
# A case runs in a process of its own, and begins and ends without devices. One
# whose name begins with data_ compares all data, and says `differ` where it is
# wrong: it must fail where the engine loses copies.
#
# The machine's command line says what the targets stand on:
#
#	kcopyd.engine=dropin	kcopyd
#	kcopyd.engine=lossy	kcopyd that acknowledges a copy in ten, and
#				does not make it
#	kcopyd.engine=stock	the kernel's dm-kcopyd

. /guest/lib.sh

# Without udev nobody else makes nodes, or says that it did.
export DM_DISABLE_UDEV=1

engine=$(sed -n 's/.*kcopyd\.engine=\([a-z]*\).*/\1/p' /proc/cmdline)
: "${engine:=stock}"

# load_target MODULE...: each must stand on the engine that was asked for
load_target() {
	for module; do
		modprobe "$module"
		holder=/sys/module/kcopyd_mod/holders/$(echo "$module" | tr - _)
		if [ "$engine" = stock ]; then
			[ ! -e "$holder" ] || fail "$module stands on kcopyd"
		else
			[ -e "$holder" ] || fail "$module does not stand on kcopyd"
		fi
	done
}

# not_on_stock WHY
not_on_stock() { [ "$engine" != stock ] || skip "$1"; }

# Data is not what it must be.
differ() {
	echo "$*" >/tmp/differ
	fail "data: $*"
}

# same FILE FILE...: all hold the same
same() {
	same_blocks "$@" >/tmp/same 2>&1 || differ "$(cat /tmp/same)"
}

# start_load DEVICE [OPTIONS...]: write at random, in the background, until
# stop_load, and check what is read; prints the number of the load
start_load() {
	block_load --seconds 1000 "$@" >"/tmp/load.$(basename "$1")" 2>&1 &
	echo $! >"/tmp/load.$(basename "$1").pid"
}

# stop_load DEVICE: it ends when it has read all it wrote, or has ended because it
# has read something else
stop_load() {
	pid=$(cat "/tmp/load.$(basename "$1").pid")
	kill -TERM "$pid" 2>/dev/null || true
	wait "$pid" || differ "$1: $(cat "/tmp/load.$(basename "$1")")"
}

# kill_loads: none of them is left then, nor what they were waiting for
kill_loads() {
	killall -9 block_load
	wait
}

# Nothing of a case is left for the next one, however it ended.
clean_up() {
	killall -9 block_load 2>/dev/null || true
	umount -a -t ext4 2>/dev/null || true
	remove_devices
	rm -rf /tmp/load.* /tmp/differ
}

# What is wrong with the data: it was said, or a load ended because of it and then
# the case waited in vain for what the load was to bring about.
mistake() {
	cat /tmp/differ 2>/dev/null ||
		grep -hE 'block_load:.* block [0-9]+ (has|version)' /tmp/load.* 2>/dev/null ||
		true
}

# A load that has ended brings nothing about any more.
in_vain() { [ "$engine" = lossy ] && [ "$(mistake)" ]; }

# run_case NAME: an engine that loses copies is for the cases about data.
run_case() {
	[ "$engine" != lossy ] || [ "${1#data_}" != "$1" ] || return 0
	try_case "$1"
	noticed=$(mistake)
	clean_up
	if [ "$engine" = lossy ] && [ "$noticed" ]; then
		tell "case pass $1 noticed: $noticed"
	elif [ "$engine" = lossy ]; then
		tell "case fail $1 copies were lost, and nobody noticed"
		failed=$((failed + 1))
	else
		tell_case "$1"
	fi
}
