# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What the tests of dm-snapshot and ksnap share: an origin on loop0, a copy of
# what it held at first on loop9, and snapshots snap1, snap2, ... with their stores
# on loop1, loop2, ...; and the cases that hold for both.

. /guest/dropin.sh

# of_target NAME CHUNK_SECTORS: "snapshot" or "ksnap", and the chunk size that a
# second snapshot has, where the first one has 32 sectors
of_target() {
	target=$1 origin_target=$1-origin other_chunk=$2
}

# On base, which is as long.
make_origin() {
	dmsetup create origin \
		--table "0 $sectors $origin_target /dev/mapper/base"
}

# set_up SECTORS: an origin that holds version 0
set_up() {
	sectors=$1
	make_loop 0 $((sectors / 2048 + 1))
	make_loop 9 $((sectors / 2048 + 1))
	for disk in 0:base 9:before; do
		dmsetup create "${disk#*:}" \
			--table "0 $sectors linear /dev/loop${disk%:*} 0"
		block_load --fill-only "/dev/mapper/${disk#*:}"
	done
	make_origin
}

# store N MEGABYTES: where snapN keeps what it must
store() {
	make_loop "$1" "$2"
	dmsetup create "store$1" \
		--table "0 $(($2 * 2048)) linear /dev/loop$1 0"
}

# snapshot N KIND CHUNK_SECTORS [MEGABYTES]
snapshot() {
	[ -e "/dev/mapper/store$1" ] || store "$1" "${4:-16}"
	dmsetup suspend origin
	dmsetup create "snap$1" --table \
		"0 $sectors $target /dev/mapper/base /dev/mapper/store$1 $2 $3"
	dmsetup resume origin
}

# reads SECTOR: snap1 gives what the origin held at first
reads() {
	sector read /dev/mapper/snap1 "$1" --to /tmp/read &&
		sector read /dev/mapper/before "$1" --to /tmp/wanted &&
		cmp /tmp/read /tmp/wanted
}

drop_snapshot() {
	dmsetup suspend origin
	dmsetup remove "snap$1"
	dmsetup resume origin
}

is_invalid() { dmsetup status "snap$1" | grep -qE 'Invalid|Overflow'; }
expect_invalid() {
	wait_for 20 is_invalid "$1" ||
		fail "snap$1 is not invalid: $(dmsetup status "snap$1")"
}
expect_valid() {
	! is_invalid "$1" || fail "snap$1 is invalid"
}

# Write to the origin for a while.
load_origin() {
	start_load /dev/mapper/origin
	sleep "${1:-3}"
	stop_load /dev/mapper/origin
}

# one_snapshot KIND CHUNK: it shows what was, while the origin is written
one_snapshot() {
	set_up 16384
	snapshot 1 "$1" "$2"
	load_origin
	same /dev/mapper/before /dev/mapper/snap1
}

data_4k_chunks_in_memory() { one_snapshot N 8; }
data_16k_chunks_persistent() { one_snapshot P 32; }

# Both are written, and both hold what was written to them.
data_origin_and_snapshots_are_written() {
	set_up 16384
	snapshot 1 N 32
	snapshot 2 P "$other_chunk"
	start_load /dev/mapper/snap1
	start_load /dev/mapper/snap2
	load_origin 5
	stop_load /dev/mapper/snap1
	stop_load /dev/mapper/snap2
}

# Each shows its own moment.
data_snapshots_of_four_moments() {
	set_up 16384
	for i in 1 2 3 4; do
		[ $i = 1 ] ||
			block_load --seed $i --fill-only /dev/mapper/origin
		make_loop 1$i 8
		dd if=/dev/mapper/origin of=/dev/loop1$i bs=1M 2>/dev/null
		snapshot $i P 32
	done
	start_load /dev/mapper/origin --seed 4
	sleep 3
	stop_load /dev/mapper/origin
	for i in 1 2 3 4; do
		same /dev/loop1$i /dev/mapper/snap$i
	done
}

data_persistent_snapshot_comes_back() {
	set_up 16384
	snapshot 1 P 32
	load_origin
	drop_snapshot 1
	dmsetup remove origin
	make_origin
	snapshot 1 P 32
	same /dev/mapper/before /dev/mapper/snap1
}

# One store is too small. The origin and the other snapshot go on.
data_overflow() {
	set_up 16384
	snapshot 1 P 32 1
	snapshot 2 P 32
	start_load /dev/mapper/origin
	expect_invalid 1
	sleep 1
	stop_load /dev/mapper/origin
	expect_valid 2
	same /dev/mapper/before /dev/mapper/snap2
}

# The last chunk is a part of one.
data_last_chunk_is_short() {
	set_up 16360
	snapshot 1 P 128
	load_origin
	same /dev/mapper/before /dev/mapper/snap1
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
	snapshot 2 N "$other_chunk"
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
		wait
		dmsetup remove origin
		clean_up
	done
}
