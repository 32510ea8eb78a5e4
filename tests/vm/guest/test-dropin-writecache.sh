#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks dropin
#
# dm-writecache on a disk: what is written back. Neighbours are written back by
# one copy, so what is to be copied one by one is written at random.
#
# And block by block: of a write of two blocks whose second is in the cache already,
# dm-writecache makes a second entry for that one (writecache_bio_copy_ssd()). Its
# writeback can then commit the older entry, which frees it, and goes on with it: the
# kernel tells of list_del corruption, whatever engine copies.

. /guest/dropin.sh

sectors=16384

# set_up [OPTIONS...]: a device that holds version 0, some of it in a cache of 4 MiB
set_up() {
	make_loop 0 4
	make_loop 1 $((sectors / 2048))
	dmsetup create fast --table "0 8192 linear /dev/loop0 0"
	dmsetup create slow --table "0 $sectors linear /dev/loop1 0"
	cache "$@"
	block_load --fill-only /dev/mapper/cache
}

# It does not wait until the device behind is idle.
cache() {
	dmsetup create cache --table "0 $sectors writecache s \
		/dev/mapper/slow /dev/mapper/fast 4096 $(($# + 2)) \
		pause_writeback 0 $*"
}

# load [OPTIONS...]
load() { start_load /dev/mapper/cache --blocks 1 "$@"; }

# is_idle: nothing is being written back
is_idle() {
	# shellcheck disable=SC2046 # words
	set -- $(dmsetup status cache)
	[ "$7" = 0 ]
}

wait_until_idle() {
	wait_for 20 is_idle || fail "not idle: $(dmsetup status cache)"
}

# All of it gets to the device behind.
flush() {
	make_loop 9 $((sectors / 2048))
	dd if=/dev/mapper/cache of=/dev/loop9 bs=1M 2>/dev/null
	wait_until_idle
	dmsetup message cache 0 flush
	dmsetup remove cache
	same /dev/loop9 /dev/loop1
}

# use SECONDS: what was written can be read
use() {
	load --rest 1
	sleep "$1"
	stop_load /dev/mapper/cache
}

data_flush() {
	set_up
	use 2
	flush
}

# It is written back while it is in use, all the time.
data_write_back_in_use() {
	set_up high_watermark 20 low_watermark 10
	use 4
	flush
}

data_cleaner() {
	set_up
	load --rest 2
	sleep 2
	dmsetup message cache 0 cleaner
	sleep 2
	stop_load /dev/mapper/cache
	flush
}

# What was not written back is still there.
data_created_again() {
	set_up high_watermark 60 low_watermark 30
	use 2
	make_loop 8 $((sectors / 2048))
	dd if=/dev/mapper/cache of=/dev/loop8 bs=1M 2>/dev/null
	wait_until_idle
	dmsetup remove cache
	cache
	same /dev/loop8 /dev/mapper/cache
	flush
}

# Not at once, and without a flush before: dm-writecache forgets to wake who waits for
# copies that fail, whatever engine makes them.
remove_failed() {
	sleep 1
	dmsetup remove cache
}

tells_error() { dmsetup status cache | grep -qE " writecache -?[1-9]"; }

# A block that can't be written back: the cache is given up, and says so.
writes_fail() {
	set_up high_watermark 20 low_watermark 10
	becomes slow $sectors flakey /dev/loop1 0 0 3600 1 error_writes
	load --allow-errors --rest 1
	wait_for 20 tells_error || fail "no error is told: $(dmsetup status cache)"
	kill_loads
	remove_failed
}

# Nor can one that is not to be read any more.
reads_fail() {
	set_up high_watermark 60 low_watermark 30
	use 2
	becomes fast 8192 dust /dev/loop0 0 512
	for i in $(seq 1000 500 8000); do
		dmsetup message fast 0 addbadblock "$i" >/dev/null
	done
	dmsetup message fast 0 enable
	dmsetup message cache 0 cleaner
	wait_for 20 tells_error || fail "no error is told: $(dmsetup status cache)"
	remove_failed
}

removal_while_copying() {
	for i in 1 2 3; do
		set_up high_watermark 90 low_watermark 80
		becomes slow $sectors delay /dev/loop1 0 0 /dev/loop1 0 $((i * 30))
		load --rest 1
		sleep 1
		kill_loads
		dmsetup message cache 0 cleaner
		sleep 0.1
		dmsetup remove cache
		clean_up
	done
}

load_target dm-writecache
run_cases data_flush data_write_back_in_use data_cleaner data_created_again \
	writes_fail reads_fail removal_while_copying
