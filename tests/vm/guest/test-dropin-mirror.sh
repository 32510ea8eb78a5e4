#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks dropin
#
# dm-mirror: all legs hold the same, and what was written.

. /guest/dropin.sh

sectors=16384

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
	echo "1 handle_errors"
}

# mirror LOG: m, of all legs
mirror() {
	# shellcheck disable=SC2046 # words
	table "$1" $(seq 0 $((legs - 1))) | tr '\n' ' ' | dmsetup create m
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
	data_leg_fails_writes source_fails_a_read removal_while_copying
