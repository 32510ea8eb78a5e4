#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G timeout=600 programs=block_load,same_blocks dropin
#
# dm-snapshot: what a snapshot shows, whatever is written meanwhile.

. /guest/dropin-snapshot.sh

# one_snapshot KIND CHUNK: it shows what was, while the origin is written
one_snapshot() {
	set_up 16384
	snapshot 1 "$1" "$2"
	load_origin
	same /dev/mapper/before /dev/mapper/snap1
}

data_4k_chunks_in_memory() { one_snapshot N 8; }
data_16k_chunks_persistent() { one_snapshot P 32; }
data_64k_chunks_with_overflow() { one_snapshot PO 128; }

# Both are written, and both hold what was written to them.
data_origin_and_snapshots_are_written() {
	set_up 16384
	snapshot 1 N 32
	snapshot 2 P 128
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
	dmsetup create origin \
		--table "0 $sectors snapshot-origin /dev/mapper/base"
	snapshot 1 P 32
	same /dev/mapper/before /dev/mapper/snap1
}

is_merged() {
	dmsetup status origin | {
		read -r _ _ _ used metadata
		[ "${used%/*}" = "$metadata" ]
	}
}

# What is in the snapshot goes to the origin, which is in use meanwhile. The
# first load is for exceptions without order: neighbours are merged together.
data_merge() {
	set_up 16384
	snapshot 1 P 8
	start_load /dev/mapper/snap1
	sleep 3
	stop_load /dev/mapper/snap1
	block_load --seed 2 --fill-only /dev/mapper/snap1
	dmsetup remove snap1
	dmsetup suspend origin
	dmsetup load origin --table "0 $sectors snapshot-merge \
		/dev/mapper/base /dev/mapper/store1 P 8"
	dmsetup resume origin
	start_load /dev/mapper/origin --seed 2 --copy /dev/mapper/base
	wait_for 60 is_merged || fail "not merged: $(dmsetup status origin)"
	stop_load /dev/mapper/origin
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

load_target dm-snapshot
run_cases data_4k_chunks_in_memory data_16k_chunks_persistent \
	data_64k_chunks_with_overflow data_origin_and_snapshots_are_written \
	data_snapshots_of_four_moments data_persistent_snapshot_comes_back \
	data_merge data_overflow data_last_chunk_is_short
