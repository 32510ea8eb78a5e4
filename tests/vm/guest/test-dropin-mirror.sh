#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks dropin
#
# dm-mirror: all legs hold the same, and what was written.

. /guest/dropin.sh

sectors=16384
features='1 handle_errors'

# make_legs N: leg0, leg1, ...; what they hold differs, leg0 holds version 0.
# They are no loop devices: where a flush of these ends while their queue looks
# for requests that take too long, lockdep dislikes what dm-region-hash does
# then, whatever engine copies.
make_legs() {
	legs=$1 i=0
	while [ $i -lt "$legs" ]; do
		leg_becomes $i linear /dev/ram$i 0
		block_load --seed $((i + 1)) --fill-only /dev/mapper/leg$i
		i=$((i + 1))
	done
}

# leg_becomes N TARGET...: from now on
leg_becomes() {
	leg=leg$1
	shift
	[ -e "/dev/mapper/$leg" ] || dmsetup create "$leg" --notable
	becomes "$leg" $sectors "$@"
	dmsetup mknodes "$leg"
}

# table LOG LEG...: of a mirror
table() {
	log=$1
	shift
	echo "0 $sectors mirror $log $#"
	for i; do
		echo "/dev/mapper/leg$i 0"
	done
	echo "$features"
}

# mirror LOG: m, of all legs
mirror() {
	# shellcheck disable=SC2046 # words
	table "$1" $(seq 0 $((legs - 1))) | tr '\n' ' ' | dmsetup create m
}

# regions: how many of how many are in sync
regions() { dmsetup status m | grep -oE ' [0-9]+/[0-9]+ ' | tr -d ' '; }
has_regions() { [ "$(regions)" = "$1" ]; }
expect_regions() {
	wait_for 60 has_regions "$1" || fail "in sync are $(regions), not $1"
}
is_synced() { dmsetup status m | grep -qE ' ([0-9]+)/\1 '; }
wait_synced() {
	wait_for 60 is_synced || fail "not synchronised: $(dmsetup status m)"
}
health() { dmsetup status m | grep -oE ' [ADSRU]+ ' | tr -d ' '; }
has_health() { [ "$(health)" = "$1" ]; }
expect_health() {
	wait_for 20 has_health "$1" || fail "health is $(health), not $1"
}

# same_legs N...: and hold what the load on m wrote, says its end
same_legs() {
	legs_list=''
	for i; do
		legs_list="$legs_list /dev/mapper/leg$i"
	done
	# shellcheck disable=SC2086 # words
	same $legs_list
}

# first_sync LEGS REGION_SECTORS: under load
first_sync() {
	make_legs "$1"
	mirror "core 1 $2"
	start_load /dev/mapper/m --rest 2
	wait_synced
	stop_load /dev/mapper/m
	# shellcheck disable=SC2046 # words
	same_legs $(seq 0 $(($1 - 1)))
}

data_two_legs() { first_sync 2 64; }
data_eight_legs() { first_sync 8 128; }
data_region_of_a_mebibyte() {
	sectors=65536
	first_sync 2 2048
}

# A mirror that was in sync, and whose second leg was changed, is told so.
data_resync_with_a_log_on_disk() {
	make_legs 2
	make_loop 8 4
	mirror "disk 2 /dev/loop8 64"
	wait_synced
	dmsetup remove m
	same_legs 0 1
	block_load --seed 5 --fill-only /dev/mapper/leg1
	mirror "disk 3 /dev/loop8 64 sync"
	start_load /dev/mapper/m --rest 2
	wait_synced
	stop_load /dev/mapper/m
	same_legs 0 1
}

data_suspended_again_and_again() {
	make_legs 3
	mirror "core 1 64"
	start_load /dev/mapper/m --rest 2
	for _ in 1 2 3 4 5 6 7 8; do
		sleep 0.1
		dmsetup suspend m
		dmsetup resume m
	done
	wait_synced
	stop_load /dev/mapper/m
	same_legs 0 1 2
}

# A leg fails while it is synchronised: who watches takes it out of the mirror.
data_leg_fails_writes() {
	make_legs 3
	leg_becomes 1 delay /dev/ram1 0 0 /dev/ram1 0 2
	mirror "core 1 64"
	start_load /dev/mapper/m --rest 2
	sleep 0.5
	! is_synced || fail "synchronised too soon"
	leg_becomes 1 flakey /dev/ram1 0 0 3600 1 error_writes
	wait_for 20 eval 'health | grep -q "A[DS]A"' ||
		fail "health is $(health)"
	table "core 1 64" 0 2 | tr '\n' ' ' | dmsetup load m
	dmsetup suspend --noflush m
	dmsetup resume m
	wait_synced
	stop_load /dev/mapper/m
	same_legs 0 2
}

# three_legs FEATURES: leg1 hangs after a quarter, until it becomes something else
three_legs() {
	features=$1
	make_legs 3
	dmsetup load leg1 <<-END
		0 4096 linear /dev/ram1 0
		4096 12288 delay /dev/ram1 4096 0 /dev/ram1 4096 3600000
	END
	dmsetup resume leg1
	mirror "core 1 64"
	# 65 if the engine has lost the copy that would hang
	wait_for 60 eval 'regions | grep -q "^6[45]/"' ||
		fail "in sync are $(regions)"
}

are_same() { same_blocks "$@" >/dev/null 2>&1; }

# leg1_becomes_shorter: leg2 gets all
leg1_becomes_shorter() {
	becomes leg1 8192 linear /dev/ram1 0
	wait_for 20 are_same /dev/mapper/leg0 /dev/mapper/leg2 ||
		differ "leg2 did not get all"
	same --blocks 1024 /dev/mapper/leg0 /dev/mapper/leg1
}

# How many regions are in sync is not certain: a leg that hangs does what it is asked to
# while it is suspended. But the device below has those.
data_leg_becomes_shorter() {
	three_legs "1 handle_errors"
	leg1_becomes_shorter
	expect_health ASA
	in_sync=$(regions)
	in_sync=${in_sync%/*}
	[ "$in_sync" -ge 128 ] && [ "$in_sync" -lt 256 ] ||
		fail "$in_sync regions are in sync, not 128 to 255"
	same --blocks $((in_sync * 8)) /dev/mapper/leg0 /dev/ram1
}

# A mirror that is not to handle errors forgets them at the end.
data_leg_becomes_shorter_and_nobody_cares() {
	three_legs ""
	leg1_becomes_shorter
	expect_regions 256/256
	expect_health AAA
}

# leg_becomes_read_only FEATURES: and is written nevertheless
leg_becomes_read_only() {
	three_legs "$1"
	dmsetup load leg1 --readonly --table "0 $sectors linear /dev/ram1 0"
	dmsetup resume leg1
	[ "$(blockdev --getro /dev/mapper/leg1)" = 1 ] ||
		fail "leg1 is not read-only"
	start_load /dev/mapper/m --rest 2
	wait_synced
	stop_load /dev/mapper/m
	same_legs 0 1 2
	expect_health AAA
}

data_leg_becomes_read_only() { leg_becomes_read_only "1 handle_errors"; }
data_leg_becomes_read_only_and_nobody_cares() { leg_becomes_read_only ""; }

# Without a region, the rest.
source_fails_a_read() {
	make_legs 2
	leg_becomes 0 dust /dev/ram0 0 512
	dmsetup message leg0 0 addbadblock 3300 >/dev/null
	dmsetup message leg0 0 enable
	mirror "core 1 64"
	expect_health SA
	! is_synced || fail "synchronised, without having read all"
}

removal_while_copying() {
	make_legs 3
	for i in 1 3 6; do
		leg_becomes 1 delay /dev/ram1 0 0 /dev/ram1 0 $((i * 5))
		mirror "core 1 64"
		sleep 0.3
		! is_synced || fail "synchronised too soon"
		dmsetup remove m
	done
}

modprobe brd rd_nr=8 rd_size=32768
load_target dm-mirror
run_cases data_two_legs data_eight_legs data_region_of_a_mebibyte \
	data_resync_with_a_log_on_disk data_suspended_again_and_again \
	data_leg_fails_writes data_leg_becomes_shorter \
	data_leg_becomes_shorter_and_nobody_cares data_leg_becomes_read_only \
	data_leg_becomes_read_only_and_nobody_cares source_fails_a_read \
	removal_while_copying
