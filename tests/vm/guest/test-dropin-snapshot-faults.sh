#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G timeout=600 programs=block_load,same_blocks,sector dropin
#
# dm-snapshot: errors below, and an end in the middle of copying.

. /guest/dropin-snapshot.sh

# becomes NAME SECTORS TARGET...: from now on
becomes() {
	name=$1 length=$2
	shift 2
	dmsetup load "$name" --table "0 $length $*"
	dmsetup resume "$name"
}

# A store fails: that snapshot is lost, nothing else.
data_store_fails_writes() {
	set_up 16384
	snapshot 1 P 32
	snapshot 2 N 32
	start_load /dev/mapper/origin
	sleep 1
	expect_valid 1
	becomes store1 32768 flakey /dev/loop1 0 0 3600 1 error_writes
	expect_invalid 1
	sleep 2
	stop_load /dev/mapper/origin
	expect_valid 2
	same /dev/mapper/before /dev/mapper/snap2
	! sector read /dev/mapper/snap1 0 || fail "an invalid snapshot is read"
}

# A chunk can't be read: what it is to be copied for is lost, the write is not.
origin_fails_reads() {
	set_up 16384
	snapshot 1 P 32
	becomes base 16384 dust /dev/loop0 0 512
	dmsetup message base 0 addbadblock 100 >/dev/null
	dmsetup message base 0 enable
	sector write /dev/mapper/origin 1000 || fail "a write failed"
	expect_valid 1
	sector write /dev/mapper/origin 97 || fail "the write failed"
	expect_invalid 1
	sector write /dev/mapper/origin 5000 || fail "a later write failed"
}

# Snapshots come and go while their stores are slow and the origin is written.
data_removal_while_copying() {
	set_up 16384
	store 1 16
	becomes store1 32768 delay /dev/loop1 0 0 /dev/loop1 0 20
	snapshot 2 N 16
	start_load /dev/mapper/origin
	for _ in 1 2 3 4 5 6 7 8; do
		snapshot 1 N 32
		sleep 0.7
		dmsetup remove snap1
	done
	stop_load /dev/mapper/origin
	same /dev/mapper/before /dev/mapper/snap2
}

# The origin goes, too, with writes that wait for copies.
removal_of_all_while_copying() {
	for i in 1 2 3 4 5; do
		set_up 8192
		store 1 16
		becomes store1 32768 delay /dev/loop1 0 0 /dev/loop1 0 $((i * 20))
		snapshot 1 P 32
		start_load /dev/mapper/origin
		sleep 0.5
		killall -9 block_load
		dmsetup suspend --noflush origin
		dmsetup resume origin
		dmsetup remove snap1
		dmsetup remove --retry origin
		wait
		clean_up
	done
}

load_target dm-snapshot
run_cases data_store_fails_writes origin_fails_reads \
	data_removal_while_copying removal_of_all_while_copying
