#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,vdo_format dropin
#
# dm-vdo: what it copies is its own. When it gets more room it moves its journal and
# the summary of its slabs to the end of that, and when it is rebuilt it writes zeroes
# to the journals of the slabs. What that is worth shows when it starts the next time,
# above all after a crash. Data goes through neither, but would be lost with them.

. /guest/dropin.sh

# Of 4 KiB. A volume has slabs of 8 MiB, and more is needed than what moves.
logical=1024
physical=10240
more=3072

# store_is WORDS...: the device below, from now on
store_is() { becomes store $((physical * 8)) "$@"; }

# set_up: a new volume that holds version 0
set_up() {
	logical=1024 physical=10240
	make_loop 0 256
	dmsetup create store --table "0 $((physical * 8)) linear /dev/loop0 0"
	first_slab=$(vdo_format /dev/mapper/store --logical $logical)
	start
	fill vdo
}

# fill NAME: it holds version 0
fill() {
	block_load --fill-only "/dev/mapper/$1" || differ "$1 can't be written to"
}

# table [DEVICE]
table() {
	echo "0 $((logical * 8)) vdo V4 ${1:-/dev/mapper/store} $physical 4096" \
		"4096 128 deduplication off"
}

# start [NAME DEVICE]
start() { dmsetup create "${1:-vdo}" --table "$(table "${2:-}")"; }

# mode NAME: normal, recovering or read-only
mode() { dmsetup status "$1" | cut -d ' ' -f 5; }

is_normal() { [ "$(mode "$1")" = normal ]; }

# wait_until_normal NAME: it isn't if it finds its own data wrong
wait_until_normal() {
	wait_for 60 is_normal "$1" || differ "not normal: $(dmsetup status "$1")"
}

start_again() {
	dmsetup remove vdo
	start
	wait_until_normal vdo
}

# keep: what the volume holds is on loop9
keep() {
	make_loop 9 $((logical / 256))
	dd if=/dev/mapper/vdo of=/dev/loop9 bs=1M 2>/dev/null
}

forget() {
	losetup -d /dev/loop9
	rm /tmp/loop/9
}

# use NAME SECONDS: it is right, whatever it has held before
use() {
	fill "$1"
	start_load "/dev/mapper/$1"
	sleep "$2"
	stop_load "/dev/mapper/$1"
}

# prepare_to_grow: the table is loaded
prepare_to_grow() {
	physical=$((physical + more))
	dmsetup suspend --noflush store
	dmsetup load store --table "0 $((physical * 8)) linear /dev/loop0 0"
	dmsetup resume store
	dmsetup load vdo --table "$(table)"
}

grow() {
	prepare_to_grow
	dmsetup resume vdo
	wait_until_normal vdo
}

# moving_part BLOCKS: what moves when a volume of that size grows, its journal and
# the summary. What is in loop0 is read from its file: nobody who writes to it passes
# the cache of the device.
moving_part() {
	dd if=/tmp/loop/0 bs=4k skip=$(($1 - 576)) count=576 2>/dev/null
}

# has_moved: as long as nothing is written, it is as it was where it was
has_moved() {
	moving_part $((physical - more)) >/tmp/old
	moving_part $physical | cmp -s - /tmp/old ||
		differ "the journal or the summary is not what it was"
}

# crash: vdo2 is what is found if power fails now
crash() {
	dmsetup suspend --noflush store
	dd if=/tmp/loop/0 of=/tmp/loop/7 bs=1M count=$((physical / 256)) \
		2>/dev/null
	dmsetup resume store
	make_loop 7 $((physical / 256))
	start vdo2 /dev/loop7
	wait_until_normal vdo2
}

forget_crash() {
	dmsetup remove vdo2
	losetup -d /dev/loop7
	rm /tmp/loop/7
}

# A growth makes two copies, so of five one is lost where one in ten is. A volume that
# has lost its summary works until it frees a block; then it tells of it with traces.
data_grows() {
	set_up
	keep
	for _ in 1 2 3 4 5; do
		grow
		has_moved
		start_again
		same /dev/mapper/vdo /dev/loop9
	done
	use vdo 1
}

# Suspended without a flush, what was written is in the journal only.
data_crash_after_growth() {
	set_up
	for _ in 1 2 3 4; do
		grow
		has_moved
	done
	use vdo 1
	keep
	prepare_to_grow
	dmsetup suspend --noflush vdo
	dmsetup resume vdo
	has_moved
	crash
	same /dev/loop9 /dev/mapper/vdo2
	use vdo2 1
	forget_crash
}

grows_in_use() {
	set_up
	start_load /dev/mapper/vdo
	for _ in 1 2 3; do
		sleep 0.5
		grow
	done
	stop_load /dev/mapper/vdo
	keep
	start_again
	same /dev/mapper/vdo /dev/loop9
}

# The new part is empty, the old one as before.
grows_for_its_users() {
	set_up
	keep
	logical=2048
	dmsetup load vdo --table "$(table)"
	dmsetup resume vdo
	same /dev/loop9 /dev/mapper/vdo
	use vdo 2
	start_again
	use vdo 1
}

# The first half is flushed and left alone then, the second half in use. What was
# flushed is there, and the slabs are scrubbed.
crash_in_use() {
	set_up
	half=$((logical * 4))
	for slice in kept:0 used:$half; do
		dmsetup create "${slice%:*}" --table \
			"0 $half linear /dev/mapper/vdo ${slice#*:}"
	done
	use kept 1
	fill used
	start_load /dev/mapper/used
	for _ in 1 2; do
		sleep 1
		crash
		same_blocks --blocks $((half / 8)) /dev/mapper/kept \
			/dev/mapper/vdo2 || differ "what was flushed is lost"
		use vdo2 1
		forget_crash
	done
	stop_load /dev/mapper/used
	dmsetup remove kept used
}

# slab_journals: what is in them
slab_journals() {
	slab=$first_slab
	while [ $((slab + 2048)) -le $((physical - 576)) ]; do
		dd if=/tmp/loop/0 bs=4k skip=$((slab + 2048 - 32)) count=32 2>/dev/null
		slab=$((slab + 2048))
	done
}
are_empty() { [ "$(slab_journals | tr -d '\0' | wc -c)" = 0 ]; }

stop_for_rebuild() {
	dmsetup remove vdo
	vdo_format /dev/mapper/store --rebuild >/dev/null
	! are_empty || fail "there is nothing in the journals of the slabs"
}

# As after vdoforcerebuild.
rebuilt() {
	set_up
	use vdo 2
	keep
	stop_for_rebuild
	start
	wait_until_normal vdo
	are_empty || differ "the journals of the slabs are not zeroed"
	same /dev/mapper/vdo /dev/loop9
	use vdo 2
	start_again
	use vdo 1
}

# It is not started, and can be rebuilt when it is written to again.
rebuild_writes_fail() {
	set_up
	use vdo 1
	keep
	stop_for_rebuild
	store_is dust /dev/loop0 0 512
	dmsetup message store 0 addbadblock $(((first_slab + 4096 - 10) * 8)) 1 \
		>/dev/null
	dmsetup message store 0 enable
	! start || [ "$(mode vdo)" = read-only ] || fail "it is $(mode vdo)"
	dmsetup remove vdo
	store_is linear /dev/loop0 0
	vdo_format /dev/mapper/store --rebuild >/dev/null
	start
	wait_until_normal vdo
	same /dev/mapper/vdo /dev/loop9
	use vdo 1
}

# growth_fails DIRECTION BLOCK: it does not grow, what it holds stays, and after a
# rebuild all is well
growth_fails() {
	old=$physical
	prepare_to_grow
	dmsetup suspend vdo
	store_is "$@"
	! dmsetup resume vdo || fail "has grown"
	dmsetup remove vdo
	store_is linear /dev/loop0 0
	physical=$old
	vdo_format /dev/mapper/store --rebuild >/dev/null
	start
	wait_until_normal vdo
	same /dev/mapper/vdo /dev/loop9
	use vdo 1
	forget
	grow
	use vdo 1
	start_again
	use vdo 1
}

growth_reads_fail() {
	set_up
	use vdo 1
	keep
	growth_fails flakey /dev/loop0 0 0 3600 1 error_reads
}

growth_writes_fail() {
	set_up
	use vdo 1
	keep
	growth_fails flakey /dev/loop0 0 0 3600 1 error_writes
}

removal_while_copying() {
	for i in 1 2; do
		set_up
		store_is delay /dev/loop0 0 0 /dev/loop0 0 $((i * 5))
		start_load /dev/mapper/vdo
		sleep 1
		grow
		kill_loads
		dmsetup remove vdo
		clean_up
	done
}

load_target dm-vdo
run_cases data_grows data_crash_after_growth grows_in_use grows_for_its_users \
	crash_in_use rebuilt rebuild_writes_fail growth_reads_fail \
	growth_writes_fail removal_while_copying
