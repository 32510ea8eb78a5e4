#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks dropin
# takes: 141
#
# ksnap: what a snapshot shows, whatever is written meanwhile.

. /guest/dropin-snapshot.sh

not_on_stock "there is no such target in the kernel"
of_target ksnap 32

data_64k_chunks_persistent() { one_snapshot P 128; }
data_1m_chunks_in_memory() { one_snapshot N 2048; }
data_1m_chunks_persistent() { one_snapshot P 2048; }

# The origin, and all its eight snapshots, are written at the same time.
data_eight_snapshots() {
	set_up 8192
	for i in 1 2 3 4 5 6 7 8; do
		snapshot $i P 16 8
	done
	start_load /dev/mapper/snap3 --threads 2
	start_load /dev/mapper/snap7 --threads 2
	load_origin 4
	stop_load /dev/mapper/snap3
	stop_load /dev/mapper/snap7
	for i in 1 2 4 5 6 8; do
		same /dev/mapper/before /dev/mapper/snap$i
	done
}

# All is read from a snapshot, again and again, while the origin is written.
data_snapshot_is_read_meanwhile() {
	set_up 8192
	snapshot 1 N 16
	start_load /dev/mapper/origin
	for _ in 1 2 3 4 5 6; do
		same /dev/mapper/before /dev/mapper/snap1
	done
	stop_load /dev/mapper/origin
	same /dev/mapper/before /dev/mapper/snap1
}

# A table of many parts, some blocks of which are full: 4 KiB chunks, all copied.
data_table_of_many_parts() {
	set_up 16384
	snapshot 1 P 8 24
	block_load --seed 2 --fill-only /dev/mapper/origin
	same /dev/mapper/before /dev/mapper/snap1
	drop_snapshot 1
	snapshot 1 P 8
	same /dev/mapper/before /dev/mapper/snap1
	# 2048 chunks, after the header and five parts
	dmsetup status snap1 | grep -q " 16432/49152 48 0$" ||
		fail "status: $(dmsetup status snap1)"
}

# What was written to a snapshot is in its store, too.
data_written_snapshot_comes_back() {
	set_up 16384
	snapshot 1 P 32
	start_load /dev/mapper/snap1
	load_origin 3
	stop_load /dev/mapper/snap1
	make_loop 8 8
	dd if=/dev/mapper/snap1 of=/dev/loop8 bs=1M 2>/dev/null
	drop_snapshot 1
	snapshot 1 P 32
	same /dev/loop8 /dev/mapper/snap1
}

# sectors_read DEVICE: so far
sectors_read() {
	number=$(dmsetup info -c --noheadings -o minor "$1" | tr -d ' ')
	awk '{ print $3 }' "/sys/block/dm-$number/stat"
}

# count_reads TARGET NUMBER: of the origin, while each chunk is written once
count_reads() {
	of_target "$1" 32
	set_up 8192
	for i in $(seq "$2"); do
		snapshot "$i" N 32 8
	done
	before=$(sectors_read base)
	block_load --seed 2 --fill-only /dev/mapper/origin
	echo $(($(sectors_read base) - before)) >/tmp/reads
	clean_up
}

# However many snapshots: what is copied is read once.
origin_is_read_once_for_all() {
	for number in 1 4 8; do
		for how in ksnap snapshot; do
			count_reads $how $number
			reads=$(cat /tmp/reads)
			say "dm-$how, $number snapshots: $reads sectors read" \
				"to copy 8192"
			[ $how = snapshot ] || [ "$reads" = 8192 ] ||
				fail "$reads sectors read for $number snapshots"
		done
	done
	of_target ksnap 32
}

# refused WORDS...: a table for a snapshot
refused() {
	# shellcheck disable=SC2154 # by set_up
	! dmsetup create refused --table "0 $sectors ksnap $*" 2>/dev/null ||
		fail "not refused: $*"
}

bad_tables_are_refused() {
	set_up 16384
	store 1 16
	store 2 16
	base=/dev/mapper/base store=/dev/mapper/store1
	refused
	refused $base $store P
	refused $base $store P 32 1
	refused $base $store PO 32
	refused $base $store P 33
	refused $base $store P 4
	refused $base $store P 4096
	refused $base $store P x
	refused $base $store P 32 x
	refused $base $store P 32 format x
	refused $base /dev/mapper/none P 32
	refused /dev/mapper/none $store P 32
	refused $base $base P 32
	snapshot 1 P 32
	[ "$(dmsetup table snap1 | cut -d ' ' -f 3,6,7)" = "ksnap P 32" ] ||
		fail "table: $(dmsetup table snap1)"
	refused $base /dev/mapper/store2 P 64
	[ "$(dmsetup status origin | cut -d ' ' -f 4,5)" = "1 1" ] ||
		fail "status: $(dmsetup status origin)"
}

# What kcopyd refuses is not a lack of memory.
bad_parameter_is_named() {
	parameter=/sys/module/kcopyd_mod/parameters/reserve_pages
	make_loop 0 8
	echo 100000000 >$parameter
	! dmsetup create origin --table "0 16384 ksnap-origin /dev/loop0" \
		2>/dev/null || fail "not refused: a reserve of 400 GB"
	dmesg | tail -n 5 | grep -q "reserve_pages is out of range" ||
		fail "the log does not name the parameter"
	echo 0 >$parameter
	dmsetup create origin --table "0 16384 ksnap-origin /dev/loop0"
}

load_target dm-ksnap dm-snapshot
run_cases data_4k_chunks_in_memory data_16k_chunks_persistent \
	data_64k_chunks_persistent data_1m_chunks_in_memory \
	data_1m_chunks_persistent data_origin_and_snapshots_are_written \
	data_snapshots_of_four_moments data_eight_snapshots \
	data_snapshot_is_read_meanwhile data_table_of_many_parts \
	data_persistent_snapshot_comes_back data_written_snapshot_comes_back \
	data_last_chunk_is_short \
	origin_is_read_once_for_all bad_tables_are_refused bad_parameter_is_named
