#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G timeout=600 programs=block_load,same_blocks,zoned_format dropin
#
# dm-zoned: zones that are reclaimed while they are in use. There are few
# conventional zones, so what is written at random is soon copied to sequential
# ones.

. /guest/dropin.sh

zones=24
zone_sectors=8192
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
	dmsetup create dmz --table "0 $sectors zoned ${1:-$disk}"
}

remove_zoned() {
	! dmsetup info dmz >/dev/null 2>&1 || dmsetup remove --retry dmz
	rmdir $nullb/zoned
}

# What is on it survives, and can be read after its zones were reclaimed.
comes_back() {
	make_loop 9 $((sectors / 2048 + 1))
	dd if=/dev/mapper/dmz of=/dev/loop9 bs=1M 2>/dev/null
	dmsetup remove --retry dmz
	zoned "$@"
	same /dev/mapper/dmz /dev/loop9
}

data_reclaim_in_use() {
	make_zoned
	zoned
	block_load --fill-only /dev/mapper/dmz
	start_load /dev/mapper/dmz
	for _ in 1 2 3 4 5 6 7 8; do
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

removal_while_copying() {
	for _ in 1 2 3; do
		make_zoned
		zoned
		start_load /dev/mapper/dmz
		sleep 2
		dmsetup message dmz 0 reclaim
		sleep 0.3
		killall -9 block_load
		remove_zoned
	done
}

modprobe null_blk nr_devices=0
load_target dm-zoned
run_cases data_reclaim_in_use data_reclaim_when_idle removal_while_copying
