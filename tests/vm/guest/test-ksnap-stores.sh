#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector dropin
# takes: 60
#
# ksnap: which devices are taken for stores, and which are not. What is refused is
# not changed; and the kernel's log says why.

. /guest/dropin-snapshot.sh

not_on_stock "there is no such target in the kernel"
of_target ksnap 32
base=/dev/mapper/base store=/dev/mapper/store1

# refused WHY WORDS...: a table for a snapshot; its store is as it was
refused() {
	why=$1
	shift
	md5sum <$store >/tmp/before
	! dmsetup create refused --table "0 $sectors ksnap $*" 2>/dev/null ||
		fail "not refused: $*"
	dmesg | tail -n 5 | grep -q "$why" ||
		fail "not \"$why\", but: $(dmesg | tail -n 3)"
	# what was read before
	echo 1 >/proc/sys/vm/drop_caches
	[ "$(md5sum <$store)" = "$(cat /tmp/before)" ] || fail "it was written"
}

# put BYTES OFFSET: into the store, at this place
put() {
	printf '%b' "$1" | dd of=$store bs=1 seek="$2" conv=notrunc 2>/dev/null
	sync
}

# get OFFSET BYTES
get() { dd if=$store bs=1 skip="$1" count="$2" 2>/dev/null; }

# wipe: the store is as a new one
wipe() { dd if=/dev/zero of=$store bs=1M count=1 conv=fsync 2>/dev/null; }

# begin [P|N]: an origin that has a snapshot with some chunks, which is removed
begin() {
	set_up 16384
	snapshot 1 "${1:-P}" 32
	for sector in 0 1000 5000 9000; do
		sector write /dev/mapper/origin $sector
	done
	drop_snapshot 1
}

foreign_data_is_refused() {
	set_up 16384
	store 1 16
	# a partition table, LVM, ext4, swap, btrfs; the last byte that is looked at
	for what in '\125\252 510' 'LABELONE 512' '\123\357 1080' \
		'SWAPSPACE2 4086' '_BHRfS_M 65600' 'x 131071'; do
		put "${what% *}" "${what#* }"
		for kind in P N; do
			refused "holds something else" $base $store $kind 32
		done
		wipe
	done
	put x 131072
	snapshot 1 P 32
	expect_valid 1
}

format_overwrites_what_is_there() {
	for kind in P N; do
		set_up 16384
		store 1 16
		block_load --fill-only $store
		refused "holds something else" $base $store $kind 32
		snapshot 1 "$kind" "32 format"
		case $(dmsetup table snap1) in
		*format*) fail "the next reload would format it" ;;
		esac
		block_load --seed 2 --fill-only /dev/mapper/origin
		same /dev/mapper/before /dev/mapper/snap1
		clean_up
	done
}

# A snapshot in memory leaves a store that can be used again, for either kind.
store_is_used_again() {
	begin N
	snapshot 1 N 32
	drop_snapshot 1
	snapshot 1 P 32
	block_load --seed 2 --fill-only /dev/mapper/origin
	expect_valid 1
	drop_snapshot 1
	refused "has a persistent snapshot" $base $store N 32
	snapshot 1 N "32 format"
	[ "$(dmsetup status snap1 | cut -d ' ' -f 4)" = 64/32768 ] ||
		fail "status: $(dmsetup status snap1)"
}

store_of_another_snapshot_is_refused() {
	begin
	refused "another chunk size" $base $store P 64
	# another origin of that size: other blocks are not the same
	block_load --seed 3 --fill-only /dev/mapper/before
	refused "another origin" /dev/mapper/before $store P 32
	# one that was written where the snapshot has no copy
	sector write $base 16376
	refused "written without its snapshot" $base $store P 32
}

origin_of_another_size_is_refused() {
	begin
	dmsetup create shorter --table "0 16376 linear /dev/loop0 0"
	dmsetup remove origin
	dmsetup remove base
	sectors=16376
	refused "another size" /dev/mapper/shorter $store P 32
}

# Also by way of another device.
device_in_use_is_refused() {
	begin
	dmsetup create alias --table "0 32768 linear /dev/loop1 0"
	dmsetup create over --table "0 32768 linear $store 0"
	snapshot 1 P 32
	for again in $store /dev/loop1 /dev/mapper/alias /dev/mapper/over; do
		refused "in use" $base "$again" P 32
		refused "in use" $base "$again" P 32 format
	done
	dmsetup create origin_alias --table "0 16384 linear $base 0"
	refused "overlap" $base /dev/mapper/origin_alias P 32 format
	refused "in use as an origin" /dev/mapper/before $base P 32 format
	sectors=8192
	refused "in use as a store" $store /dev/mapper/before P 32 format
	! dmsetup create o --table "0 32768 ksnap-origin $store" 2>/dev/null ||
		fail "a store is an origin"
	block_load --seed 2 --fill-only /dev/mapper/origin
	expect_valid 1
}

damage_is_found() {
	begin
	# the version, a feature, the size of a chunk, a sample; of the table the number
	# of entries, a sequence number, the chunk and the slot of an entry
	for where in 20 24 56 100 16388 16392 16416 16420; do
		why="newer\|damaged"
		[ $where -lt 16384 ] || why="table of the store is damaged"
		was=$(get $where 1 | od -An -to1 | tr -d ' ')
		put '\003' $where
		refused "$why" $base $store P 32
		put "\\$was" $where
	done
	snapshot 1 P 32
	expect_valid 1
}

stores_of_before_are_refused() {
	set_up 16384
	dmsetup remove origin
	of_target snapshot 32
	make_origin
	snapshot 1 P 32
	drop_snapshot 1
	of_target ksnap 32
	refused "dm-snapshot" $base $store P 32
	refused "dm-snapshot" $base $store N 32
}

# holds CHUNKS: the snapshot has copies of so many, of 8 sectors; its table one slot
holds() {
	[ "$(dmsetup status snap1 | cut -d ' ' -f 4)" = $((($1 + 2) * 8))/32768 ] ||
		fail "not $1 chunks: $(dmsetup status snap1)"
}

# write_chunks FIRST LAST
write_chunks() {
	for i in $(seq "$1" "$2"); do
		sector write /dev/mapper/origin $((i * 8))
	done
}

# The power goes while a write fills two blocks of the table, and leaves the second
# one only. Then it goes during the write that fills the first one.
data_block_left_by_a_crash_is_not_believed() {
	set_up 16384
	snapshot 1 P 8
	drop_snapshot 1
	dd if=$store of=/tmp/empty bs=1M count=1 2>/dev/null
	snapshot 1 P 8
	write_chunks 0 63
	holds 64
	sector write /dev/mapper/snap1 480 # chunk 60, the first one in the second block
	drop_snapshot 1
	dd if=$store of=/tmp/block bs=512 skip=9 count=1 2>/dev/null
	for crash in first second; do
		if [ $crash = first ]; then
			dd if=/dev/mapper/before of=$base bs=1M conv=fsync \
				2>/dev/null
			dd if=/tmp/empty of=$store bs=1M conv=notrunc 2>/dev/null
		fi
		dd if=/tmp/block of=$store bs=512 seek=9 conv=notrunc,fsync \
			2>/dev/null
		snapshot 1 P 8
		[ $crash = second ] || write_chunks 100 159
		holds 60
		same /dev/mapper/before /dev/mapper/snap1
		drop_snapshot 1
	done
}

# resize_store MEGABYTES
resize_store() {
	becomes store1 $(($1 * 2048)) linear /dev/loop1 0
}

# What was behind the end is not taken for a part of the table.
data_store_grows() {
	set_up 16384
	make_loop 1 16
	block_load --fill-only /dev/loop1
	# 480 chunks are full together with the first part of the table
	dmsetup create store1 --table "0 3856 linear /dev/loop1 0"
	snapshot 1 P "8 format"
	for i in $(seq 0 479); do
		sector write /dev/mapper/origin $((i * 8))
	done
	expect_valid 1
	drop_snapshot 1
	resize_store 16
	snapshot 1 P 8
	drop_snapshot 1
	snapshot 1 P 8
	block_load --seed 2 --fill-only /dev/mapper/origin
	same /dev/mapper/before /dev/mapper/snap1
	drop_snapshot 1
	snapshot 1 P 8
	same /dev/mapper/before /dev/mapper/snap1
	drop_snapshot 1
	resize_store 15
	refused "smaller" $base $store P 8
}

# memory: free, in KiB
memory() {
	echo 3 >/proc/sys/vm/drop_caches
	sed -n 's/^MemFree: *\([0-9]*\) .*/\1/p' /proc/meminfo
}

# Memory is for what is used, not for what could be.
large_store_takes_little_memory() {
	set_up 16384
	truncate -s 2048G /tmp/loop/1
	losetup /dev/loop1 /tmp/loop/1
	dmsetup create store1 --table "0 4294967296 linear /dev/loop1 0"
	before=$(memory)
	snapshot 1 P 8
	after=$(memory)
	[ $((before - after)) -lt 2048 ] ||
		fail "it takes $((before - after)) KiB"
	block_load --seed 2 --fill-only /dev/mapper/origin
	same /dev/mapper/before /dev/mapper/snap1
	drop_snapshot 1
	truncate -s 9216G /tmp/loop/1
	losetup -c /dev/loop1
	becomes store1 19327352832 linear /dev/loop1 0
	! dmsetup create refused --table "0 16384 ksnap $base $store P 8" \
		2>/dev/null || fail "not refused: too many chunks"
}

load_target dm-ksnap dm-snapshot
run_cases foreign_data_is_refused format_overwrites_what_is_there \
	store_is_used_again store_of_another_snapshot_is_refused \
	origin_of_another_size_is_refused device_in_use_is_refused \
	damage_is_found data_block_left_by_a_crash_is_not_believed \
	stores_of_before_are_refused data_store_grows large_store_takes_little_memory
