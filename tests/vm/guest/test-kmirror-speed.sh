#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# takes: 40 120
#
# How fast legs are filled, while they are: the rate, the class, the floor and the number
# of jobs, by the table and by messages. Promises 21 and 24.

. /guest/kmirror.sh

message() { dmsetup message m 0 "$@"; }

# What is told of filling: how fast it is, and what it waits for.
speed_now() { activity | sed -n 's/^filling \([0-9]*\) .*/\1/p'; }
waits_for() { activity | sed -n 's/^filling [0-9]* //p'; }

features() { dmsetup table m | sed -n 's/.* 0 [a-z]*\( [0-9] [a-z].*\)$/\1/p'; }

expect_features() {
	[ "$(features)" = "$1" ] || fail "$step: \"$(features)\", not \"$1\""
}

milliseconds() {
	read -r up _ </proc/uptime
	echo $((${up%.*} * 1000 + 1${up#*.} * 10 - 1000))
}

# begin_slowly: leg 1 is filled anew, a block at a time
begin_slowly() {
	dmsetup load m --table "$(table 1024 sync fill) 2 rate 1"
	dmsetup suspend m
	dmsetup resume m
}

make_leg 0 32
make_leg 1 32
block_load --fill-only "$(leg 0)"

step="a rate in the table"
before=$(milliseconds)
dmsetup create m --table "$(table 1024 sync fill) 2 rate 8M"
expect_features " 2 rate 8388608"
wait_for 10 some_synced || fail "$step: nothing is synchronised"
seen=''
for _ in 1 2 3 4 5 6; do
	[ "$(waits_for)" != rate ] || seen=yes
	sleep 0.3
done
[ "$seen" ] || fail "$step: $(activity), but nothing about the rate"
now=$(speed_now)
[ "$now" -le 9500000 ] || fail "$step: $now bytes a second"
wait_in_sync
took=$(($(milliseconds) - before))
[ $took -ge 3600 ] || fail "$step: 32 MiB took $took ms"
same 0 1
say "$step: $now bytes a second, in all $took ms"

step="a rate that is changed"
begin_slowly
message floor 1M
expect_features " 4 rate 1 floor 1048576"
is_slow() { [ "$(waits_for)" = rate ]; }
wait_for 10 is_slow || fail "$step: $(activity)"
[ "$(synced)" -lt "$(total)" ] || fail "$step: too late"
message rate 0
message floor 10m
wait_in_sync
expect_features ""
same 0 1

step="the users of the mirror are active"
begin_slowly
pause
message rate 0
message floor 0
message jobs 2
expect_features " 4 floor 0 jobs 2"
start_load /dev/mapper/m
slow_writes 1
proceed
yields() { [ "$(waits_for)" = yield ]; }
wait_for 20 yields || fail "$step: $(activity)"
mend
message class foreground
expect_features " 6 floor 0 class foreground jobs 2"
wait_in_sync
stop_load
same 0 1

step="messages that are refused"
for words in "rate" "rate fast" "rate -1" "jobs 0" "jobs 5" "class idle" \
	"floor 1X" "speed 5" "rate 5 6"; do
	# shellcheck disable=SC2086 # words wanted
	! message $words 2>/dev/null || fail "accepted: $words"
done
expect_features " 6 floor 0 class foreground jobs 2"
finish
