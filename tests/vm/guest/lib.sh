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
