#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# needs: tools=thin_check dropin
#
# dm-thin-pool: blocks that are shared, until one of those who share them writes.

. /guest/dropin.sh

# make_pool BLOCK_SECTORS MEGABYTES [FEATURES...]: its data device, "data", holds
# something already
make_pool() {
	block=$1 megabytes=$2
	shift 2
	make_loop 0 "$megabytes"
	make_loop 6 4
	block_load --seed 7 --fill-only /dev/loop0
	dmsetup create data \
		--table "0 $((megabytes * 2048)) linear /dev/loop0 0"
	dmsetup create pool --table "0 $((megabytes * 2048)) thin-pool \
		/dev/loop6 /dev/mapper/data $block 0 $# $*"
}

data_becomes() {
	becomes data $((megabytes * 2048)) "$@"
}

# grow_pool MEGABYTES: to that size
grow_pool() {
	megabytes=$1
	truncate -s "${1}M" /tmp/loop/0
	losetup -c /dev/loop0
	data_becomes linear /dev/loop0 0
	becomes pool $((megabytes * 2048)) \
		"$(dmsetup table pool | cut -d ' ' -f 3-)"
}

# used_blocks: of the pool's data
used_blocks() {
	dmsetup status pool | awk '{ sub("/.*", "", $6); print $6 }'
}

# make_thin N SECTORS [EXTERNAL_ORIGIN]
make_thin() {
	dmsetup message pool 0 "create_thin $1"
	dmsetup create "thin$1" \
		--table "0 $2 thin /dev/mapper/pool $1${3:+ $3}"
}

# snapshot N ORIGIN SECTORS
snapshot() {
	dmsetup suspend "thin$2"
	dmsetup message pool 0 "create_snap $1 $2"
	dmsetup resume "thin$2"
	dmsetup create "thin$1" --table "0 $3 thin /dev/mapper/pool $1"
}

# The metadata is whole. (No thin device is in use.)
check_metadata() {
	for thin in /dev/mapper/thin*; do
		dmsetup remove "$(basename "$thin")"
	done
	dmsetup remove pool
	thin_check -q /dev/loop6 || fail "the metadata is damaged"
}

# share SECTORS: thin0 and its snapshot thin1, which both hold version 0
share() {
	make_thin 0 "$1"
	block_load --fill-only /dev/mapper/thin0
	snapshot 1 0 "$1"
}

# load_both SECONDS [OPTIONS...]: both are written, and hold what was written
load_both() {
	seconds=$1
	shift
	start_load /dev/mapper/thin0 "$@"
	start_load /dev/mapper/thin1 "$@"
	sleep "$seconds"
}

stop_both() {
	stop_load /dev/mapper/thin0
	stop_load /dev/mapper/thin1
}

break_sharing() {
	make_pool "$1" 24
	share 16384
	load_both 3
	stop_both
	check_metadata
}

data_blocks_of_64k() { break_sharing 128; }
data_blocks_of_256k() { break_sharing 512; }

# Blocks come from a device outside of the pool; its end is inside of a block.
data_external_origin() {
	make_pool 128 16
	make_loop 1 8
	dmsetup create outside --readonly \
		--table "0 16344 linear /dev/loop1 0"
	block_load --fill-only /dev/loop1
	make_thin 0 16344 /dev/mapper/outside
	start_load /dev/mapper/thin0
	sleep 3
	stop_load /dev/mapper/thin0
	make_loop 2 8
	block_load --fill-only /dev/loop2
	same /dev/loop2 /dev/loop1
}

# zeroes DEVICE FIRST COUNT: these sectors hold nothing else
zeroes() {
	dd if="$1" bs=512 skip="$2" count="$3" 2>/dev/null |
		cmp -n $(($3 * 512)) - /dev/zero >/dev/null ||
		fail "sectors $2 to $(($2 + $3 - 1)) of $1 are not all zero"
}

new_blocks_are_zeroed() {
	make_pool 128 16
	make_thin 0 16384
	for i in 0 1 2 3 60 127; do
		sector write /dev/mapper/thin0 $((i * 128 + 40))
	done
	for i in 0 1 2 3 60 127; do
		zeroes /dev/mapper/thin0 $((i * 128)) 40
		zeroes /dev/mapper/thin0 $((i * 128 + 41)) 87
	done
}

behind_an_external_origin_is_nothing() {
	make_pool 128 16
	make_loop 1 4
	block_load --fill-only /dev/loop1
	dmsetup create outside --table "0 4136 linear /dev/loop1 0"
	make_thin 0 8192 /dev/mapper/outside
	sector write /dev/mapper/thin0 4100
	zeroes /dev/mapper/thin0 4136 88
	zeroes /dev/mapper/thin0 5000 1000
}

# No block is left to copy to, and who has one of his own goes on; then there is more
# space, and all do.
#
# Without space, dm-thin itself may write into a block that is shared: where a write
# comes just after a read of the same block, which it waits for,
# __process_bio_read_only() has it follow the read. So nothing is read until the end.
data_out_of_space() {
	make_pool 128 12 error_if_no_space
	share 16384
	load_both 3 --allow-errors --write-only
	wait_for 20 eval 'dmsetup status pool | grep -q out_of_data_space' ||
		fail "there is still space: $(dmsetup status pool)"
	grow_pool 36
	sleep 1
	stop_both
	[ "$(used_blocks)" -gt 192 ] ||
		fail "nobody got more space: $(dmsetup status pool)"
	check_metadata
}

# A block that can't be read can't be shared out; nobody else is concerned.
data_reads_fail() {
	make_pool 128 24
	share 16384
	data_becomes dust /dev/loop0 0 512
	for i in 1000 4500 10000; do
		dmsetup message data 0 addbadblock $i >/dev/null
	done
	dmsetup message data 0 enable
	load_both 2 --allow-errors
	dmsetup message data 0 disable
	stop_both
	check_metadata
}

# Writes of some sectors fail, thrice each.
data_writes_fail() {
	make_pool 128 24
	share 16384
	data_becomes dust /dev/loop0 0 512
	for i in $(seq 16500 3557 35000); do
		dmsetup message data 0 addbadblock "$i" 3 >/dev/null
	done
	dmsetup message data 0 enable
	load_both 3 --allow-errors
	dmsetup message data 0 disable
	stop_both
	check_metadata
}

removal_while_copying() {
	for i in 1 2 3; do
		make_pool 128 12
		share 8192
		data_becomes delay /dev/loop0 0 0 /dev/loop0 0 $((i * 10))
		load_both 0.5 --allow-errors
		dmsetup wipe_table --noflush --nolockfs thin0
		dmsetup wipe_table --noflush --nolockfs thin1
		kill_loads
		check_metadata
		clean_up
	done
}

load_target dm-thin-pool
run_cases data_blocks_of_64k data_blocks_of_256k data_external_origin \
	new_blocks_are_zeroed behind_an_external_origin_is_nothing \
	data_out_of_space data_reads_fail data_writes_fail \
	removal_while_copying
