#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,zoned_format
# needs: tools=blkzone dropin
#
# dm-zoned: zones that are reclaimed while they are in use. There are few
# conventional zones, so what is written at random is soon copied to sequential
# ones.

. /guest/dropin.sh

zones=24
zone_sectors=4096
nullb=/sys/kernel/config/nullb

# make_zoned: a zoned disk, prepared; sets disk and sectors
make_zoned() {
	mkdir $nullb/zoned
	for setting in zoned=1 memory_backed=1 zone_size=$((zone_sectors / 2048)) \
		zone_nr_conv=6 size=$((zones * zone_sectors / 2048)) power=1; do
		echo "${setting#*=}" >"$nullb/zoned/${setting%=*}"
	done
	disk=/dev/zoned
	[ -e $disk ] || disk=/dev/nullb$(cat $nullb/zoned/index)
	echo mq-deadline >"/sys/block/$(basename "$disk")/queue/scheduler"
	sectors=$(zoned_format "$disk" --zones $zones \
		--zone-sectors $zone_sectors)
}

zoned() {
	dmsetup create dmz --table "0 $sectors zoned $disk"
}

remove_zoned() {
	dmsetup remove dmz
	rmdir $nullb/zoned
}

# What is on it survives, and can be read after its zones were reclaimed.
comes_back() {
	make_loop 9 $((sectors / 2048 + 1))
	dd if=/dev/mapper/dmz of=/dev/loop9 bs=1M 2>/dev/null
	dmsetup remove dmz
	zoned
	same /dev/mapper/dmz /dev/loop9
}

data_reclaim_in_use() {
	make_zoned
	zoned
	block_load --fill-only /dev/mapper/dmz
	start_load /dev/mapper/dmz
	for _ in 1 2 3 4 5; do
		dmsetup message dmz 0 reclaim
		sleep 1
	done
	stop_load /dev/mapper/dmz
	comes_back
	remove_zoned
}

# Reclaim has nobody to compete with here.
data_reclaim_when_idle() {
	make_zoned
	zoned
	block_load --fill-only /dev/mapper/dmz
	start_load /dev/mapper/dmz
	sleep 2
	stop_load /dev/mapper/dmz
	dmsetup message dmz 0 reclaim
	sleep 15
	comes_back
	remove_zoned
}

# full_zones: where the first sequential zones begin that are full
full_zones() {
	blkzone report "$disk" |
		sed -n 's/.*start: \(0x[0-9a-f]*\),.*(fu) \[type: 2.*/\1/p' |
		head -n 4
}

# bad + or - FIRST_SECTOR...: these zones fail, or do no more. 6.1 takes no more than
# 512 sectors at a time.
bad() {
	sign=$1
	shift
	for start; do
		for at in $(seq $((start)) 512 $((start + zone_sectors - 1))); do
			echo "$sign$at-$((at + 511))" >$nullb/zoned/badblocks
		done
	done
}

expect_failed() {
	wait_for 20 eval "dmesg | grep -q 'I/O error.*$(basename "$disk").*($1)'" ||
		fail "no $1 has failed"
}

# For a while, of full zones. They are not written while they are bad: reclaim would
# have to read them first. They are chosen while nothing is under way, so that no zone
# is just being written again: see data_writes_fail.
data_reads_fail() {
	make_zoned
	zoned
	block_load --fill-only /dev/mapper/dmz
	start_load /dev/mapper/dmz --allow-errors
	sleep 2
	dmsetup suspend dmz
	starts=$(full_zones)
	# shellcheck disable=SC2086 # words
	bad + $starts
	dmsetup resume dmz
	expect_failed READ
	# shellcheck disable=SC2086 # words
	bad - $starts
	dmsetup message dmz 0 reclaim
	sleep 1
	stop_load /dev/mapper/dmz
	comes_back
	remove_zoned
}

has_reclaimed() { dmsetup status dmz | grep -q ' [1-9][0-9]*/4 random'; }

# What is written gets to the conventional zones, but reclaim can't empty these for
# a while. From 6.10 on the block layer refuses writes to a zone after a failed one
# until somebody asks where its write pointer is, and dm-zoned does not ask for
# reclaim, whatever engine copies: if the zone was empty, all who write wait for ever.
data_writes_fail() {
	make_zoned
	# shellcheck disable=SC2046 # words
	bad + $(seq $((6 * zone_sectors)) $zone_sectors \
		$(((zones - 1) * zone_sectors)))
	zoned
	dmsetup create part --table \
		"0 $((4 * zone_sectors)) linear /dev/mapper/dmz 0"
	block_load --fill-only /dev/mapper/part
	expect_failed WRITE
	! has_reclaimed ||
		differ "reclaim says that it has written to a zone that fails"
	# shellcheck disable=SC2046 # words
	bad - $(seq $((6 * zone_sectors)) $zone_sectors \
		$(((zones - 1) * zone_sectors)))
	blkzone report "$disk" >/dev/null
	dmsetup message dmz 0 reclaim
	wait_for 20 has_reclaimed || fail "no reclaim: $(dmsetup status dmz)"
	block_load --seconds 2 /dev/mapper/part || differ "not what was written"
	dmsetup remove part
	comes_back
	remove_zoned
}

removal_while_copying() {
	for _ in 1 2; do
		make_zoned
		zoned
		block_load --fill-only /dev/mapper/dmz
		start_load /dev/mapper/dmz
		sleep 2
		dmsetup message dmz 0 reclaim
		sleep 0.3
		kill_loads
		remove_zoned
	done
}

modprobe null_blk nr_devices=0
load_target dm-zoned
run_cases data_reclaim_in_use data_reclaim_when_idle data_reads_fail \
	data_writes_fail removal_while_copying
