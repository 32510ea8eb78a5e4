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

# becomes NAME SECTORS TARGET...: from now on
becomes() {
	name=$1 length=$2
	shift 2
	dmsetup load "$name" --table "0 $length $*"
	dmsetup resume "$name"
}

# Nothing of a case is left for the next one, however it ended.
clean_up() {
	killall -9 block_load 2>/dev/null || true
	umount -a -t ext4 2>/dev/null || true
	tries=0
	while [ "$(dmsetup ls)" != "No devices found" ]; do
		dmsetup remove_all --force >/dev/null 2>&1 || true
		tries=$((tries + 1))
		[ $tries -lt 100 ] || {
			dmsetup info -c >&2
			fail "these devices are not to be removed:" \
				"$(dmsetup ls | tr '\n\t' '  ')"
		}
		sleep 0.1
	done
	for disk in /sys/kernel/config/nullb/*/; do
		[ ! -d "$disk" ] || rmdir "$disk"
	done
	for file in /sys/block/loop*/loop; do
		[ ! -e "$file" ] || losetup -d "/dev/$(basename "${file%/loop}")"
	done
	rm -rf /tmp/loop /tmp/load.* /tmp/differ
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

# run_case NAME: sets bad to 0 if it ended as it must, else to 1. Not for use in
# a condition: that would keep `set -e` from ending the case.
run_case() {
	started=$(cut -d . -f 1 /proc/uptime)
	{
		set +e
		(
			set -e
			"$1"
		)
		echo $? >/tmp/status
	} 2>&1 | tee /tmp/said
	status=$(cat /tmp/status)
	noticed=$(mistake)
	clean_up
	seconds=$(($(cut -d . -f 1 /proc/uptime) - started))
	bad=0
	if [ "$engine" = lossy ] && [ "$noticed" ]; then
		tell "case pass $1 noticed: $noticed"
	elif [ "$engine" = lossy ]; then
		tell "case fail $1 copies were lost, and nobody noticed"
		bad=1
	elif [ $status -eq 0 ]; then
		tell "case pass $1 $seconds s"
	else
		tell "case fail $1 $(tail -n 3 /tmp/said | tr '\n' ' ')"
		bad=1
	fi
}

# run_cases NAME...: all of them, though one fails. An engine that loses copies
# is for the cases about data.
run_cases() {
	failed=0
	for case; do
		[ "$engine" != lossy ] || [ "${case#data_}" != "$case" ] ||
			continue
		run_case "$case"
		failed=$((failed + bad))
	done
	[ $failed -eq 0 ] || exit 1
	kmemleak_check
}
