#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G dropin
# needs: programs=block_load,same_blocks,replace_table
#
# dm-cache with its policy smq: what is promoted, demoted and written back.

. /guest/dropin.sh

sectors=16384
fast_sectors=4096
block=64

# set_up [MODE]: a device that holds version 0, behind a cache that has a quarter of
# its size and holds other things
set_up() {
	make_loop 0 4
	make_loop 1 $((sectors / 2048))
	make_loop 6 4
	block_load --fill-only /dev/loop1
	block_load --seed 7 --fill-only /dev/loop0
	dmsetup create fast \
		--table "0 $fast_sectors linear /dev/loop0 0"
	dmsetup create slow --table "0 $sectors linear /dev/loop1 0"
	cache "${1:-writeback}" smq
}

# table MODE POLICY
table() {
	echo "0 $sectors cache /dev/loop6 /dev/mapper/fast /dev/mapper/slow" \
		"$block 1 $1 $2 0"
}

cache() {
	dmsetup create cache --table "$(table "$1" "$2")"
	dmsetup message cache 0 migration_threshold 100000
}

# status_field NAME
field() {
	# shellcheck disable=SC2046 # words
	set -- "$1" $(dmsetup status cache)
	case $1 in
	demotions) echo "${13}" ;;
	promotions) echo "${14}" ;;
	dirty) echo "${15}" ;;
	esac
}

has_moved() { [ "$(field "$1")" -ge "$2" ]; }

# use_until WHAT NUMBER: write until so many blocks have moved; then all must be
# as written
use_until() {
	start_load /dev/mapper/cache
	wait_for 60 has_moved "$1" "$2" ||
		fail "$(field "$1") $1: $(dmsetup status cache)"
	sleep 1
	stop_load /dev/mapper/cache
}

is_clean() { has_moved dirty 0 && [ "$(field dirty)" = 0 ]; }

# All that was written gets to the device behind.
write_back() {
	make_loop 9 $((sectors / 2048))
	dd if=/dev/mapper/cache of=/dev/loop9 bs=1M 2>/dev/null
	replace_table cache "$(table writeback cleaner)"
	wait_for 60 is_clean || fail "not clean: $(dmsetup status cache)"
	dmsetup remove cache
	same /dev/loop9 /dev/loop1
}

data_promotion() {
	set_up
	use_until promotions 50
}

# A full cache.
data_demotion() {
	fast_sectors=1024
	set_up
	use_until demotions 10
	write_back
}

data_write_back() {
	set_up
	use_until promotions 50
	[ "$(field dirty)" -gt 15 ] || fail "$(field dirty) dirty blocks"
	write_back
}

data_written_through() {
	set_up writethrough
	start_load /dev/mapper/cache --copy /dev/loop1
	wait_for 60 has_moved promotions 30 ||
		fail "$(field promotions) promotions"
	stop_load /dev/mapper/cache
}

# The cache becomes twice as large while it is in use.
data_cache_grows() {
	set_up
	start_load /dev/mapper/cache
	wait_for 60 has_moved promotions 20 ||
		fail "$(field promotions) promotions"
	dmsetup suspend cache
	becomes fast $((2 * fast_sectors)) linear /dev/loop0 0
	replace_table cache "$(table writeback smq)"
	sleep 2
	stop_load /dev/mapper/cache
	write_back
}

# What can't be read is not promoted; all else is right.
data_reads_fail() {
	set_up
	becomes slow $sectors dust /dev/loop1 0 512
	for i in 1000 4500 10000; do
		dmsetup message slow 0 addbadblock $i >/dev/null
	done
	dmsetup message slow 0 enable
	start_load /dev/mapper/cache --allow-errors
	wait_for 60 has_moved promotions 30 ||
		fail "$(field promotions) promotions"
	dmsetup message slow 0 disable
	stop_load /dev/mapper/cache
}

# What can't be written to the cache stays where it was.
data_writes_fail() {
	set_up
	becomes fast $fast_sectors dust /dev/loop0 0 512
	for i in $(seq 100 311 $fast_sectors); do
		dmsetup message fast 0 addbadblock "$i" 2 >/dev/null
	done
	dmsetup message fast 0 enable
	start_load /dev/mapper/cache --allow-errors
	wait_for 60 has_moved promotions 30 ||
		fail "$(field promotions) promotions"
	dmsetup message fast 0 disable
	stop_load /dev/mapper/cache
}

removal_while_copying() {
	for i in 1 2 3; do
		set_up
		becomes slow $sectors delay /dev/loop1 0 0 /dev/loop1 0 $((i * 5))
		start_load /dev/mapper/cache
		sleep 1.5
		kill_loads
		dmsetup remove cache
		clean_up
	done
}

modprobe dm-cache-smq
load_target dm-cache
run_cases data_promotion data_demotion data_write_back data_written_through \
	data_cache_grows data_reads_fail data_writes_fail removal_while_copying
