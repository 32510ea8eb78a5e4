#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks
# takes: 35
#
# Pausing, suspending, replacing and removing a mirror in the middle of its
# synchronisation, dozens of times, while it is written to.

. /guest/kmirror.sh

for i in 0 1 2; do
	make_leg $i 8
done
block_load --fill-only /dev/mapper/leg0

stands_still() {
	before=$(synced)
	sleep 0.3
	[ "$(synced)" = "$before" ] || fail "$1, but it goes on: $before"
}

say "a pause stops it, and nothing but a resume continues it"
create_paused 32 sync fill fill
stands_still "paused"
pause
dmsetup suspend m
dmsetup resume m
stands_still "paused before a suspend"
dmsetup suspend m
proceed
stands_still "suspended"
[ "$(synced)" -lt "$(total)" ] || fail "it ended while it was suspended"
event=$(events)
dmsetup resume m
wait_for 60 is_synced || fail "not synchronised: $(synced)"
expect_event "$event"
same_blocks /dev/mapper/leg0 /dev/mapper/leg1 /dev/mapper/leg2 ||
	fail "the legs differ"
event=$(events)
pause
proceed
sleep 0.5
[ "$(events)" = "$event" ] || fail "an end that was none has been announced"
dmsetup remove m

say "all of it, under load; some synchronisations are cut short"
slow_writes 2
create 32 sync fill fill
table=$(dmsetup table m)
[ "$table" = "$(echo "$table" | grep ' 0 sync .* 0 fill .* 0 fill$')" ] ||
	fail "the table is not as it was given: $table"
start_load /dev/mapper/m
round=0
while [ $round -lt 4 ]; do
	dmsetup suspend m
	dmsetup resume m
	pause
	proceed
	dmsetup suspend --noflush m
	pause
	proceed
	dmsetup resume m
	# filling begins anew
	dmsetup load m --table "$table"
	dmsetup suspend --nolockfs m
	[ "$(synced)" -lt "$(total)" ] || fail "it was not cut short"
	dmsetup resume m
	round=$((round + 1))
done
mend
wait_for 60 is_synced || fail "not synchronised: $(synced)"
sleep 1
stop_load
expect_health AAA
dmsetup remove m
same_blocks /dev/mapper/leg0 /dev/mapper/leg1 /dev/mapper/leg2 ||
	fail "the legs differ"

say "removal in the middle"
slow_writes 2
round=0
while [ $round -lt 12 ]; do
	create 32 sync fill fill
	[ $((round % 2)) -eq 0 ] ||
		dd if=/dev/zero of=/dev/mapper/m bs=64k count=16 2>/dev/null
	[ "$(synced)" -lt "$(total)" ] || fail "it was not cut short"
	dmsetup remove m
	round=$((round + 1))
done
mend
create 32 sync fill fill
wait_for 60 is_synced || fail "not synchronised: $(synced)"
dmsetup remove m
same_blocks /dev/mapper/leg0 /dev/mapper/leg1 /dev/mapper/leg2 ||
	fail "the legs differ"

say "removal by force, under load"
is_open() { dmsetup info -c --noheadings -o open m | grep -q 1; }
block_load --fill-only --seed 2 /dev/mapper/leg0
slow_writes 2
create 32 sync fill fill
start_load /dev/mapper/m --seed 2 --allow-errors --rest 1
wait_for 30 is_open || fail "the load: $(cat /tmp/load)"
sleep 0.5
# it is open, so it can only be replaced by errors
! dmsetup remove --force m 2>/dev/null || fail "removed, though it was open"
end_load || true
dmsetup remove m
mend

finish
