#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks dropin
#
# dm-snapshot: what a snapshot shows, whatever is written meanwhile.

. /guest/dropin-snapshot.sh

of_target snapshot 128

data_64k_chunks_with_overflow() { one_snapshot PO 128; }

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
	dmsetup load origin --table "0 16384 snapshot-merge \
		/dev/mapper/base /dev/mapper/store1 P 8"
	dmsetup resume origin
	start_load /dev/mapper/origin --seed 2 --copy /dev/mapper/base
	wait_for 60 is_merged || fail "not merged: $(dmsetup status origin)"
	stop_load /dev/mapper/origin
}

load_target dm-snapshot
run_cases data_4k_chunks_in_memory data_16k_chunks_persistent \
	data_64k_chunks_with_overflow data_origin_and_snapshots_are_written \
	data_snapshots_of_four_moments data_persistent_snapshot_comes_back \
	data_merge data_overflow data_last_chunk_is_short
