#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks
# takes: 60 200
#
# Devices of the kernel that vanish, shrink, become read-only, and come back:
# before they are opened, between two copies, and during a copy. Promise 20: as one
# of three destinations such a device fails alone; as a source it writes nothing
# wrong; when it is back, copies succeed.

. /guest/lib.sh
# shellcheck source=vanish.sh
. /guest/vanish.sh

copy=/sys/kernel/debug/test-copy
sectors=4096 bad_sectors=4096

# Devices are open for copies under these numbers: 0, new data; 1, a good device;
# 2, the one that is in trouble; 3, a good one at which a copy can be stopped; 4, old
# data, which the three hold between the steps of a case.
new=/dev/ram0 first=/dev/mapper/first bad='' gate=/dev/mapper/gate old=/dev/ram1
nothing=/dev/ram4 zeroes=''

hold() { echo "open $new $first $bad $gate $old" >$copy; }
let_go() { echo close >$copy; }

# start FROM TO...
start() { echo "copy $sectors $*" >$copy; }

is_over() {
	read -r result <$copy
	[ "$result" != busy ]
}

# expect PATTERN: how the copy ends; sets result
expect() {
	wait_for 60 is_over || fail "$step: the copy does not end"
	# shellcheck disable=SC2254 # a pattern
	case $result in
	$1) ;;
	*) fail "$step: $result, not $1" ;;
	esac
}

# same_in BLOCKS [--or OTHER] DISK DISK...
same_in() { same_blocks --blocks "$@" || fail "$step: wrong data"; }
same() { same_in $((sectors / 8)) "$@"; }

# good_copy FROM TO...: that succeeds
good_copy() {
	start "$@"
	expect 'read 0 write 0'
	disks=''
	for number; do
		case $number in
		0) disks="$disks $new" ;;
		1) disks="$disks $first" ;;
		2) disks="$disks $bad" ;;
		3) disks="$disks $gate" ;;
		4) disks="$disks $old" ;;
		esac
	done
	# shellcheck disable=SC2086 # words wanted
	same $disks
}

# To all three and from the one that was in trouble; they hold what is old then.
copies_succeed() {
	good_copy 0 1 2 3
	good_copy 4 1 3
	good_copy 2 1 3
	good_copy 4 1 2 3
}

# check_from_bad DISK: a copy from the bad device, which held new data, to two that
# held old data. If it succeeded they are as DISK; or empty, where zeroes may be read.
check_from_bad() {
	case $result in
	'read 0 write 0') same ${zeroes:+--or $nothing} "$1" $first $gate ;;
	*) same ${zeroes:+--or $nothing} --or $new $old $first $gate ;;
	esac
}

# Writes to the gate wait there. A copy has two pieces in flight, so it stops in
# the middle; all other writes of these pieces have been submitted then.
shut_gate() { becomes gate $sectors delay /dev/ram3 0 0 /dev/ram3 0 3600000; }
open_gate() { becomes gate $sectors linear /dev/ram3 0; }

# dm-delay tells how many reads, writes and flushes it has now.
at_gate() { [ "$(dmsetup status gate | cut -d ' ' -f 5)" -ge 2 ]; }

# start_and_stop FROM TO...: the last one is the gate
start_and_stop() {
	shut_gate
	start "$@"
	wait_for 60 at_gate || fail "$step: not at the gate: $result"
}

# All that one can do with a device in trouble; it is not touched.
try_all() {
	start 0 1 2 3
	expect "$as_dest"
	same $new $first $gate
	start 0 2
	expect "$alone"
	good_copy 0 1 3
	start 2 1 3
	expect "$as_source"
	case $as_source in
	'read 0 write 0') same $old $first $gate ;;
	*) same $new $first $gate ;;
	esac
}

# Where the device is another one now, first show that the dead one stays dead.
repair_and_copy() {
	repair
	if [ "$stays_dead" ]; then
		good_copy 4 1 3
		start 0 1 2 3
		expect 'read 0 write 2'
		same $new $first $gate
		let_go
		hold
	fi
	copies_succeed
}

between() {
	step='trouble between copies'
	harm
	try_all
	repair
	same_in $kept $old "$bad"
	repair_and_copy
}

during() {
	step='trouble during a copy to it'
	start_and_stop 0 1 2 3
	harm
	open_gate
	expect "$as_dest"
	same $new $first $gate
	repair_and_copy
	step='trouble during a copy from it'
	good_copy 0 2
	start_and_stop 2 1 3
	harm
	open_gate
	expect "$in_copy"
	check_from_bad $new
	repair_and_copy
}

repair_and_reopen() {
	repair
	if [ "$stays_dead" ]; then
		let_go
		hold
	fi
}

# I/O of the device is in flight, where that takes time.
at_any_moment() {
	step='trouble at any moment'
	for _ in 1 2 3; do
		start 0 1 2 3
		harm
		expect 'read 0 write [02]'
		same $new $first $gate
		repair_and_reopen
		case $result in
		'read 0 write 0') same_in $kept $new "$bad" ;;
		*) same_in $kept --or $old $new "$bad" ;;
		esac
		good_copy 4 1 3
		good_copy 0 2
		start 2 1 3
		harm
		expect 'read * write 0'
		check_from_bad $new
		repair_and_reopen
		good_copy 4 1 2 3
	done
}

before() {
	step='trouble before'
	let_go
	harm
	if [ "$opens" ]; then
		hold
		try_all
		repair_and_copy
	else
		! hold 2>/dev/null || fail "$step: it could be opened"
		repair
		hold
		copies_succeed
	fi
}

make_good() {
	dmsetup create first --table "0 $sectors linear /dev/ram2 0"
	dmsetup create gate --table "0 $sectors linear /dev/ram3 0"
}

# What comes of copies to it and two others, to it alone, from it, and from it when that
# has begun.
in_trouble() {
	as_dest='read 0 write 2'
	case $trouble in
	gone) alone='refused -22' as_source='refused -22' ;;
	read-only) alone='refused -30' as_source='read 0 write 0' ;;
	errors) alone='read 0 write 1' as_source='read -5 write 0' ;;
	esac
	in_copy='read -5 write 0'
	[ "$trouble" != read-only ] || in_copy=$as_source
	step='no trouble'
	make_good
	hold
	copies_succeed
	between
	during
	at_any_moment
	before
	let_go
}

# The device does not know. What is read there is zeroes or fails, by the kernel, and
# what is written makes the file longer again.
loop_truncated() {
	make_good
	look_for_zeroes
	make_bad_loop
	harm() { truncate -s 1M /tmp/loop/7; }
	step='short between copies'
	hold
	copies_succeed
	good_copy 0 2
	harm
	start 2 1 3
	expect 'read * write 0'
	check_from_bad $bad
	harm
	good_copy 0 1 2 3
	step='short during a copy from it'
	good_copy 4 1 3
	start_and_stop 2 1 3
	harm
	open_gate
	expect 'read * write 0'
	case $result in
	'read 0 write 0') same ${zeroes:+--or $nothing} --or $new $bad $first $gate ;;
	*) same ${zeroes:+--or $nothing} --or $new $old $first $gate ;;
	esac
	step='short during a copy to it'
	good_copy 4 1 2 3
	start_and_stop 0 1 2 3
	harm
	open_gate
	expect 'read 0 write 0'
	same $new $first $bad $gate
	let_go
}

is_empty() { [ "$(cat /sys/block/loop7/size)" = 0 ]; }

# The kernel detaches it when nobody has it open any more. It can be opened then,
# and is empty.
loop_detached() {
	make_good
	make_bad_loop
	step='detached during a copy'
	hold
	good_copy 4 1 2 3
	start_and_stop 0 1 2 3
	losetup -d $bad
	open_gate
	expect 'read 0 write 0'
	same $new $first $bad $gate
	step='detached while it is open'
	good_copy 4 1 2 3
	copies_succeed
	let_go
	step='detached'
	wait_for 10 is_empty || fail "$step: but not empty"
	as_dest='read 0 write 2' alone='refused -22' as_source='refused -22'
	hold
	try_all
	step='attached again'
	losetup $bad /tmp/loop/7
	copies_succeed
	let_go
}

# None of the destinations can be written, for one reason or for several.
no_destination() {
	make_good
	make_dm
	step='no destination'
	hold
	dm_becomes_read_only bad /dev/loop7
	dm_becomes_read_only first /dev/ram2
	start 0 1 2
	expect 'refused -30'
	becomes first 2048 linear /dev/ram2 0
	start 0 1 2
	expect 'refused -22'
	becomes bad 2048 linear /dev/loop7 0
	start 0 1 2
	expect 'refused -22'
	becomes first $sectors error
	start 0 1 2
	expect 'read 0 write 3'
	becomes bad $sectors linear /dev/loop7 0
	becomes first $sectors linear /dev/ram2 0
	copies_succeed
	let_go
}

clean_up() {
	! dmsetup info gate >/dev/null 2>&1 || open_gate
	let_go
	remove_bad
}

modprobe test-copy
modprobe brd rd_nr=5 rd_size=$((sectors / 2))
block_load --seed 1 --fill-only $old
block_load --seed 2 --fill-only $new
run_cases null_blk_off null_blk_read_only loop_short loop_truncated \
	loop_detached dm_short dm_read_only dm_error no_destination scsi_deleted \
	scsi_partition_deleted
rmmod test-copy
rmmod kcopyd-mod
