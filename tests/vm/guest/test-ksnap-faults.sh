#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector dropin
# takes: 55
#
# ksnap: errors below, a store that is full, and an end in the middle of copying.

# shellcheck source=dropin-snapshot.sh
. /guest/dropin-snapshot.sh

not_on_stock "there is no such target in the kernel"
of_target ksnap 32

# bad_sector SECTOR: of the origin, for reads
bad_sector() {
	becomes base 16384 dust /dev/loop0 0 512
	dmsetup message base 0 addbadblock "$1" >/dev/null
	dmsetup message base 0 enable
}

# A chunk can't be read: the snapshots lack it, and that is all.
data_origin_fails_reads() {
	set_up 16384
	snapshot 1 P 32
	snapshot 2 N 32
	bad_sector 100
	! sector read /dev/mapper/snap1 100 || fail "a bad sector was read"
	reads 99 || fail "a sector beside it was not read"
	sector write /dev/mapper/origin 97 || fail "the write failed"
	sector write /dev/mapper/origin 5000 || fail "a later write failed"
	for _ in 1 2; do
		expect_valid 1
		for sector in 96 99 127; do
			! reads $sector || fail "what was not copied was read"
			! sector write /dev/mapper/snap1 $sector ||
				fail "a write to nowhere succeeded"
		done
		for sector in 95 128 5000; do
			reads $sector || fail "sector $sector was not read"
		done
		dmsetup status snap1 | grep -q " 1$" ||
			fail "status: $(dmsetup status snap1)"
		# it is remembered
		drop_snapshot 1
		snapshot 1 P 32
	done
	expect_valid 2
	[ "$(dmesg | grep -c 'sector 96: the copy of a chunk failed: error -5')" = 1 ] ||
		fail "the log does not say which sector, once"
}

# A chunk can't be read, and it is the snapshot that is written: only that write
# fails, and takes nothing from the store.
write_to_snapshot_needs_what_cannot_be_read() {
	set_up 16384
	snapshot 1 P 32
	bad_sector 100
	for _ in 1 2 3 4 5 6 7 8 9; do
		! sector write /dev/mapper/snap1 97 || fail "a write succeeded"
	done
	sector write /dev/mapper/snap1 1000 || fail "a write failed"
	expect_valid 1
	dmsetup status snap1 | grep -q " 96/32768 " ||
		fail "status: $(dmsetup status snap1)"
}

# Something is being read from base.
is_read() {
	number=$(dmsetup info -c --noheadings -o minor base | tr -d ' ')
	read -r reads _ <"/sys/block/dm-$number/inflight"
	[ "$reads" -gt 0 ]
}

# A snapshot is lost while it reads from the origin: what it reads may be new.
read_in_flight_when_the_snapshot_is_lost() {
	set_up 16384
	snapshot 1 N 32
	dmsetup create held --table "0 32 linear /dev/loop0 0"
	printf '%s\n' "0 32 linear /dev/mapper/held 0" \
		"32 16352 linear /dev/loop0 32" | dmsetup load base
	dmsetup resume base
	dmsetup suspend held
	sector read /dev/mapper/snap1 0 &
	reader=$!
	wait_for 20 is_read || fail "nothing is read"
	becomes store1 32768 error
	sector write /dev/mapper/origin 1000
	expect_invalid 1
	dmsetup resume held
	! wait $reader || fail "it was read: may be old, may be new"
}

# A store vanishes: that snapshot is lost. When it is back, it is still lost.
data_store_vanishes() {
	for how in '32768 error' '64 linear /dev/loop1 0'; do
		set_up 16384
		snapshot 1 P 32
		snapshot 2 P 32
		snapshot 3 N 32
		start_load /dev/mapper/origin
		sleep 1
		expect_valid 1
		# shellcheck disable=SC2086 # words wanted
		becomes store1 $how
		expect_invalid 1
		stop_load /dev/mapper/origin
		expect_valid 2
		expect_valid 3
		[ "$(dmsetup status origin | cut -d ' ' -f 4,5)" = "3 2" ] ||
			fail "status: $(dmsetup status origin)"
		same /dev/mapper/before /dev/mapper/snap2
		same /dev/mapper/before /dev/mapper/snap3
		drop_snapshot 1
		becomes store1 32768 linear /dev/loop1 0
		snapshot 1 P 32
		is_invalid 1 || fail "what was lost is good again"
		# as the documentation has it
		drop_snapshot 1
		dd if=/dev/mapper/origin of=/dev/mapper/before bs=1M \
			conv=fsync 2>/dev/null
		snapshot 1 P "32 format"
		block_load --seed 2 --fill-only /dev/mapper/origin
		same /dev/mapper/before /dev/mapper/snap1
		clean_up
	done
}

# Lost is lost, also after it was removed.
lost_snapshot_stays_lost() {
	set_up 16384
	snapshot 1 P 32 1
	block_load --seed 2 --fill-only /dev/mapper/origin
	dmsetup status snap1 | grep -q ' Overflow$' ||
		fail "status: $(dmsetup status snap1)"
	! sector write /dev/mapper/snap1 0 || fail "a write succeeded"
	drop_snapshot 1
	snapshot 1 P 32
	dmsetup status snap1 | grep -q ' Invalid$' ||
		fail "status: $(dmsetup status snap1)"
	! sector read /dev/mapper/snap1 0 || fail "a read succeeded"
	drop_snapshot 1
	snapshot 1 P "32 format"
	expect_valid 1
}

store_is_given_up() { dmesg | grep -q "can't be marked: error -5"; }

# The store is looked at when the table is loaded, and first written at the resume.
store_cannot_be_taken_into_use() {
	set_up 16384
	store 1 16
	store 2 16
	dmesg -c >/dev/null
	dmsetup create snap1 --notable
	dmsetup load snap1 --table \
		"0 $sectors ksnap /dev/mapper/base /dev/mapper/store1 P 32"
	becomes store1 32768 flakey /dev/loop1 0 0 3600 1 error_writes
	! dmsetup resume snap1 2>/dev/null || fail "it was resumed"
	wait_for 20 store_is_given_up || fail "no word of it"
	dmesg | grep 'the snapshot is lost' | grep -q 'header: error -5$' ||
		fail "not told why: $(dmesg | grep 'snapshot is lost')"
	[ "$(dmesg | grep -c 'its store ')" = 2 ] ||
		fail "told more than once: $(dmesg | grep 'its store ')"
	snapshot 2 P 32
	block_load --seed 2 --fill-only /dev/mapper/origin
	same /dev/mapper/before /dev/mapper/snap2
}

load_target dm-ksnap
run_cases data_overflow data_store_fails_writes data_store_vanishes \
	data_origin_fails_reads read_in_flight_when_the_snapshot_is_lost \
	write_to_snapshot_needs_what_cannot_be_read lost_snapshot_stays_lost \
	store_cannot_be_taken_into_use \
	data_removal_while_copying removal_of_all_while_copying
