# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What a script in the machine may use; begin it with
#
#	. /guest/lib.sh
#
# A script fails by leaving with a status other than 0. `set -e` is on.

set -eu
report=/dev/ttyS1

# Words for the machine's other side; with no words, what comes in.
tell() {
	if [ $# -gt 0 ]; then
		echo "$*"
	else
		cat
	fi >$report
}

# A line for the person who waits; and one that replaces itself.
say() { tell say "$@"; }
progress() { tell progress "$@"; }

fail() {
	say "failed: $*"
	echo "$*" >&2
	exit 1
}

# Leave, with a reason, because this machine can't run the test.
skip() {
	tell skip "$@"
	exit 77
}

# make_loop N MEGABYTES: /dev/loopN on a file in memory
make_loop() {
	mkdir -p /tmp/loop
	truncate -s "${2}M" "/tmp/loop/$1"
	losetup "/dev/loop$1" "/tmp/loop/$1"
}

# becomes NAME SECTORS TARGET...: this device-mapper device, from now on
becomes() {
	name=$1 length=$2
	shift 2
	dmsetup load "$name" --table "0 $length $*"
	dmsetup resume "$name"
}

# No device-mapper device is left, no null_blk of configfs, no loop device in use.
remove_devices() {
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
	rm -rf /tmp/loop
}

# Whether it is known already that what is waited for will not come. A script
# that can tell has its own.
in_vain() { false; }

# slowness: how many times as long as on an idle machine a piece of work takes
# now, as the host is busy or slow; 1 at least
slowness() {
	read -r before _ </proc/uptime
	i=0
	while [ $i -lt 10000 ]; do
		i=$((i + 1))
	done
	read -r after _ </proc/uptime
	i=$((${after%.*}${after#*.} - ${before%.*}${before#*.}))
	echo $((i / 15 + 1))
}

# wait_for SECONDS COMMAND...: until it succeeds. The seconds are those of an idle
# machine.
wait_for() {
	limit=$(($1 * 10)) tries=0
	shift
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt $limit ] ||
			[ $tries -lt $((limit * $(slowness))) ] || return 1
		! in_vain || return 1
		sleep 0.1
	done
}

# Fails if memory has been lost. kmemleak takes nothing for lost that is
# younger than 5 s, and wants to miss a thing twice.
kmemleak_check() {
	leaks=/sys/kernel/debug/kmemleak
	[ -e $leaks ] || return 0
	sleep 6
	echo scan >$leaks
	echo scan >$leaks
	[ -z "$(cat $leaks)" ] || {
		cat $leaks
		fail "kmemleak has a report"
	}
}

# try_case NAME: a function, in a process of its own; sets status. Not for use in a
# condition: that would keep `set -e` from ending the case.
try_case() {
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
}

# tell_case NAME: how the case ended that was tried last
tell_case() {
	if [ "$status" -eq 0 ]; then
		tell "case pass $1 $(($(cut -d . -f 1 /proc/uptime) - started)) s"
	else
		tell "case fail $1 $(tail -n 3 /tmp/said | tr '\n' ' ')"
		failed=$((failed + 1))
	fi
}

# run_case NAME: a case that fails adds to failed. Who has more to do has its own.
run_case() {
	try_case "$1"
	clean_up
	tell_case "$1"
}

# run_cases NAME...: all of them, though one fails. Nothing of one is left for the
# next: the script has a function clean_up.
run_cases() {
	failed=0
	for case; do
		run_case "$case"
	done
	[ $failed -eq 0 ] || exit 1
	kmemleak_check
}
