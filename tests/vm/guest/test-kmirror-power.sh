#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# takes: 60
#
# Legs with a volatile cache, which a power cut empties: what was flushed is on
# each leg, and a region counts as synchronised only when it is. And legs that
# lose their power while they are in use, and come back.

. /guest/kmirror.sh

megabytes=8
sectors=$((megabytes * 2048))
nullb=/sys/kernel/config/nullb

# new_disk N...: /dev/mapper/legN, as long as its power is on. The cache of null_blk
# has what was never flushed; what overwrites something that was does not enter it.
# So each test begins with disks that are empty.
new_disk() {
	for leg; do
		[ ! -d "$nullb/leg$leg" ] || rmdir "$nullb/leg$leg"
		make_disk "$leg"
	done
}
make_disk() {
	mkdir "$nullb/leg$1"
	echo $megabytes >"$nullb/leg$1/size"
	echo 1 >"$nullb/leg$1/memory_backed"
	echo $megabytes >"$nullb/leg$1/cache_size"
	echo 512 >"$nullb/leg$1/blocksize"
	echo 1 >"$nullb/leg$1/power"
	link "$1"
}

# Before 6.12 the device has a name of its own.
disk_of() {
	if [ -b "/dev/leg$1" ]; then
		echo "/dev/leg$1"
	else
		echo "/dev/nullb$(cat "$nullb/leg$1/index")"
	fi
}
link() {
	wait_for 10 test -b "$(disk_of "$1")" || fail "no disk $1"
	mkdir -p /dev/mapper
	ln -sf "$(disk_of "$1")" "/dev/mapper/leg$1"
}

power_off() { echo 0 >"$nullb/leg$1/power"; }

# power_on N: what was not flushed is gone
power_on() {
	echo 1 >"$nullb/leg$1/power"
	link "$1"
}

power_cut() {
	for leg; do
		power_off "$leg"
		power_on "$leg"
	done
}

# fill N...: and have it on stable media
fill() {
	for leg; do
		block_load --fill-only "/dev/mapper/leg$leg"
		sector flush "/dev/mapper/leg$leg"
	done
}

# reload_with LEG STATE: the others are in sync
reload_with() {
	states=''
	for i in 0 1 2; do
		[ $i = "$1" ] && states="$states $2" || states="$states sync"
	done
	# shellcheck disable=SC2086 # words
	reload 128 $states
}

# same_sectors COUNT LEG LEG
first_sectors() { head -c $(($1 * 512)) "/dev/mapper/leg$2" | md5sum; }
same_sectors() {
	[ "$(first_sectors "$1" "$2")" = "$(first_sectors "$1" "$3")" ] ||
		fail "legs $2 and $3 differ in the first $1 sectors"
}

modprobe null_blk nr_devices=0

say "the disks lose what was not flushed"
new_disk 0
sector write /dev/mapper/leg0 100
sector read /dev/mapper/leg0 100 --to /tmp/before
power_cut 0
sector read /dev/mapper/leg0 100 --to /tmp/after
! cmp -s /tmp/before /tmp/after || fail "the power cut lost nothing"

say "a leg that was filled has it all after a power cut"
new_disk 0 1
fill 0
create 128 sync fill
wait_for 60 is_synced || fail "not synchronised: $(synced)"
dmsetup remove m
power_cut 1
same_sectors $sectors 0 1

# Copies in flight are given up by the pause, so a few regions below the last one
# may be missing.
for round in 1 2 3 4; do
	say "a power cut in the middle, round $round"
	new_disk 1
	create 32 sync fill
	wait_for 60 eval "[ \$(synced) -ge $((round * 100)) ]" ||
		fail "not synchronised: $(synced)"
	pause
	filled=$(($(synced) - 4))
	dmsetup remove m
	power_cut 1
	same_sectors $((filled * 32)) 0 1
done

say "what was flushed is on each leg"
new_disk 0 1
create 128 sync sync
for sector in 0 5000 $((sectors - 1)); do
	sector write /dev/mapper/m $sector
	sector read /dev/mapper/m $sector --to /tmp/written.$sector
done
sector flush /dev/mapper/m
sector write --through /dev/mapper/m 7000
sector read /dev/mapper/m 7000 --to /tmp/written.7000
dmsetup remove m
power_cut 0 1
for sector in 0 5000 $((sectors - 1)) 7000; do
	for leg in 0 1; do
		sector read /dev/mapper/leg$leg $sector --to /tmp/found
		cmp /tmp/written.$sector /tmp/found ||
			fail "leg $leg has lost sector $sector"
	done
done

say "a leg loses its power under load, and is filled again"
new_disk 0 1 2
fill 0 1 2
create 128 sync sync sync
start_load /dev/mapper/m --rest 2
for leg in 1 0 2; do
	sleep 0.5
	event=$(events)
	power_off $leg
	wait_for 20 eval "health | cut -c $((leg + 1)) | grep -q D" ||
		fail "leg $leg: $(dmsetup status m)"
	expect_event "$event"
	power_on $leg
	! reload 128 sync sync sync || fail "a stale leg was taken for a good one"
	# The number is the same, and the old table has the dead disk open.
	reload_with $leg failed || fail "refused, though leg $leg is failed"
	reload_with $leg fill || fail "refused, though leg $leg is to be filled"
	wait_for 60 is_synced || fail "not synchronised: $(synced)"
	expect_health AAA
done
stop_load
dmsetup remove m
same_blocks /dev/mapper/leg0 /dev/mapper/leg1 /dev/mapper/leg2 ||
	fail "the legs differ"

say "all legs lose their power"
create 128 sync sync
power_off 0
power_off 1
! sector write /dev/mapper/m 0 || fail "a write to nowhere succeeded"
! sector read /dev/mapper/m 0 || fail "a read from nowhere succeeded"
! sector flush /dev/mapper/m || fail "a flush of nothing succeeded"
expect_health DD

dmsetup remove_all
rmdir "$nullb"/leg*
finish
