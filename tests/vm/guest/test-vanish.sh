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

copy=/sys/kernel/debug/test-copy
sectors=4096

# Devices are open for copies under these numbers: 0, new data; 1, a good device;
# 2, the one that is in trouble; 3, a good one at which a copy can be stopped; 4, old
# data, which the three hold between the steps of a case.
new=/dev/ram0 first=/dev/mapper/first bad='' gate=/dev/mapper/gate old=/dev/ram1

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
# held old data. If it succeeded they are as DISK.
check_from_bad() {
	case $result in
	'read 0 write 0') same "$1" $first $gate ;;
	*) same --or $new $old $first $gate ;;
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
mend_and_copy() {
	mend
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
	mend
	same_in $kept $old "$bad"
	mend_and_copy
}

during() {
	step='trouble during a copy to it'
	start_and_stop 0 1 2 3
	harm
	open_gate
	expect "$as_dest"
	same $new $first $gate
	mend_and_copy
	step='trouble during a copy from it'
	good_copy 0 2
	start_and_stop 2 1 3
	harm
	open_gate
	expect "$in_copy"
	check_from_bad $new
	mend_and_copy
}

mend_and_reopen() {
	mend
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
		mend_and_reopen
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
		mend_and_reopen
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
		mend_and_copy
	else
		! hold 2>/dev/null || fail "$step: it could be opened"
		mend
		hold
		copies_succeed
	fi
}

# A device in trouble has functions harm and mend, and says how copies end then: to
# it and two others, to it alone, from it, and from it when that has begun.
in_trouble() {
	as_dest=$1 alone=$2 as_source=$3 in_copy=$4
	step='no trouble'
	hold
	copies_succeed
	between
	during
	at_any_moment
	before
	let_go
}

# What is so of most: how many blocks survive the trouble, whether the device can be
# opened in trouble, and whether it is another one when it comes back.
kept=$((sectors / 8)) opens='' stays_dead=''

make_good() {
	dmsetup create first --table "0 $sectors linear /dev/ram2 0"
	dmsetup create gate --table "0 $sectors linear /dev/ram3 0"
}

# Each request takes 10 ms.
make_null() {
	make_good
	null=/sys/kernel/config/nullb/bad
	mkdir $null
	for setting in memory_backed=1 size=$((sectors / 2048)) irqmode=2 \
		completion_nsec=10000000 power=1; do
		echo "${setting#*=}" >"$null/${setting%=*}"
	done
	bad=/dev/bad
	[ -e $bad ] || bad=/dev/nullb$(cat $null/index)
}

make_bad_loop() {
	make_good
	make_loop 7 $((sectors / 2048))
	bad=/dev/loop7
}

make_dm() {
	make_good
	dmsetup create bad --table "0 $sectors linear /dev/ram4 0"
	bad=/dev/mapper/bad
}

becomes_read_only() {
	dmsetup load --readonly "$1" --table "0 $sectors linear $2 0"
	dmsetup resume "$1"
}

null_blk_off() {
	make_null
	stays_dead=yes
	harm() { echo 0 >$null/power; }
	mend() { echo 1 >$null/power; }
	in_trouble 'read 0 write 2' 'refused -22' 'refused -22' \
		'read -5 write 0'
}

null_blk_read_only() {
	make_null
	harm() { blockdev --setro $bad; }
	mend() { blockdev --setrw $bad; }
	in_trouble 'read 0 write 2' 'refused -30' 'read 0 write 0' \
		'read 0 write 0'
}

loop_short() {
	make_bad_loop
	kept=256 opens=yes
	harm() {
		truncate -s 1M /tmp/loop/7
		losetup -c $bad
	}
	mend() {
		truncate -s $((sectors * 512)) /tmp/loop/7
		losetup -c $bad
	}
	in_trouble 'read 0 write 2' 'refused -22' 'refused -22' \
		'read -5 write 0'
}

# The device does not know. What is read there is zeroes or fails, and what is
# written makes the file longer again.
loop_truncated() {
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
	check_from_bad $bad
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

dm_short() {
	make_dm
	opens=yes
	harm() { becomes bad 2048 linear /dev/ram4 0; }
	mend() { becomes bad $sectors linear /dev/ram4 0; }
	in_trouble 'read 0 write 2' 'refused -22' 'refused -22' \
		'read -5 write 0'
}

dm_read_only() {
	make_dm
	harm() { becomes_read_only bad /dev/ram4; }
	mend() { becomes bad $sectors linear /dev/ram4 0; }
	in_trouble 'read 0 write 2' 'refused -30' 'read 0 write 0' \
		'read 0 write 0'
}

dm_error() {
	make_dm
	opens=yes
	harm() { becomes bad $sectors error; }
	mend() { becomes bad $sectors linear /dev/ram4 0; }
	in_trouble 'read 0 write 2' 'read 0 write 1' 'read -5 write 0' \
		'read -5 write 0'
}

# None of the destinations can be written, for one reason or for several.
no_destination() {
	make_dm
	step='no destination'
	hold
	becomes_read_only bad /dev/ram4
	becomes_read_only first /dev/ram2
	start 0 1 2
	expect 'refused -30'
	becomes first 2048 linear /dev/ram2 0
	start 0 1 2
	expect 'refused -22'
	becomes bad 2048 linear /dev/ram4 0
	start 0 1 2
	expect 'refused -22'
	becomes first $sectors error
	start 0 1 2
	expect 'read 0 write 3'
	becomes bad $sectors linear /dev/ram4 0
	becomes first $sectors linear /dev/ram2 0
	copies_succeed
	let_go
}

# find_scsi_disk: sets scsi, and bad to it or to its first partition
find_scsi_disk() {
	for disk in /sys/bus/pseudo/devices/adapter0/host*/target*/*/block/*; do
		scsi=$(basename "$disk")
		bad=/dev/$scsi$partition
		[ ! -b "$bad" ] || return 0
	done
	return 1
}

# scsi_disk_deleted MEGABYTES [PARTITION]
scsi_disk_deleted() {
	partition=${2:-}
	make_good
	modprobe scsi_debug dev_size_mb="$1" num_parts="${partition:-0}"
	wait_for 60 find_scsi_disk || fail "no SCSI disk"
	stays_dead=yes
	harm() { echo 1 >"/sys/block/$scsi/device/delete"; }
	mend() {
		for host in /sys/bus/pseudo/devices/adapter0/host*/scsi_host/*; do
			echo '- - -' >"$host/scan"
		done
		wait_for 60 find_scsi_disk || fail "$step: no SCSI disk"
	}
	in_trouble 'read 0 write 2' 'refused -22' 'refused -22' \
		'read -5 write 0'
}

scsi_deleted() { scsi_disk_deleted $((sectors / 2048)); }
scsi_partition_deleted() { scsi_disk_deleted $((sectors / 1024)) 1; }

clean_up() {
	! dmsetup info gate >/dev/null 2>&1 || open_gate
	let_go
	rmmod scsi_debug 2>/dev/null || true
	remove_devices
}

modprobe test-copy
modprobe brd rd_nr=5 rd_size=$((sectors / 2))
modprobe null_blk nr_devices=0
block_load --seed 1 --fill-only $old
block_load --seed 2 --fill-only $new
run_cases null_blk_off null_blk_read_only loop_short loop_truncated \
	loop_detached dm_short dm_read_only dm_error no_destination scsi_deleted \
	scsi_partition_deleted
rmmod test-copy
rmmod kcopyd-mod
