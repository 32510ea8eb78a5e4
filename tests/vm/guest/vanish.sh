# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Devices that get into trouble, and come back: cases for a script that has set
# $bad_sectors, calls remove_bad at the end of a case, and has a function in_trouble. That
# finds a device $bad of so many sectors, and:
#
#	harm, repair	the trouble comes, and goes
#	trouble		what it is: "gone" (or too short), "read-only" or "errors"
#	stays_dead	not empty if who has it open has a dead one from then on
#	opens		not empty if it can be opened in trouble
#	kept		how many blocks of 4 KiB survive
#	zeroes		not empty if zeroes may be read in trouble, with success

# shellcheck disable=SC2034,SC2154 # for the script, and from it
begin_trouble() {
	trouble=$1 stays_dead='' opens='' kept=$((bad_sectors / 8)) zeroes=''
}

# Each request takes 10 ms.
make_null_blk() {
	modprobe null_blk nr_devices=0
	null=/sys/kernel/config/nullb/bad
	mkdir $null
	for setting in memory_backed=1 size=$((bad_sectors / 2048)) irqmode=2 \
		completion_nsec=10000000 power=1; do
		echo "${setting#*=}" >"$null/${setting%=*}"
	done
	bad=/dev/bad
	[ -e $bad ] || bad=/dev/nullb$(cat $null/index)
}

null_blk_off() {
	begin_trouble gone
	make_null_blk
	stays_dead=yes
	harm() { echo 0 >$null/power; }
	repair() { echo 1 >$null/power; }
	in_trouble
}

null_blk_read_only() {
	begin_trouble read-only
	make_null_blk
	harm() { blockdev --setro "$bad"; }
	repair() { blockdev --setrw "$bad"; }
	in_trouble
}

make_bad_loop() {
	make_loop 7 $((bad_sectors / 2048))
	bad=/dev/loop7
}

# Sets zeroes where a read across the end of a truncated file gives zeroes in place of
# what is before the end, and succeeds: until the device is told of the new length,
# older kernels do that.
look_for_zeroes() {
	make_loop 6 1
	block_load --seed 1 --fill-only /dev/loop6
	dd if=/dev/loop6 bs=64k count=1 iflag=direct 2>/dev/null |
		head -c 32768 >/tmp/before
	truncate -s 32k /tmp/loop/6
	dd if=/dev/loop6 bs=64k count=1 iflag=direct 2>/dev/null |
		head -c 32768 >/tmp/across
	losetup -d /dev/loop6
	zeroes=''
	cmp -s /tmp/before /tmp/across || [ ! -s /tmp/across ] || zeroes=yes
}

loop_short() {
	begin_trouble gone
	look_for_zeroes
	make_bad_loop
	kept=256 opens=yes
	harm() {
		truncate -s 1M /tmp/loop/7
		losetup -c "$bad"
	}
	repair() {
		truncate -s $((bad_sectors * 512)) /tmp/loop/7
		losetup -c "$bad"
	}
	in_trouble
}

make_dm() {
	make_loop 7 $((bad_sectors / 2048))
	dmsetup create bad --table "0 $bad_sectors linear /dev/loop7 0"
	bad=/dev/mapper/bad
	repair() { becomes bad "$bad_sectors" linear /dev/loop7 0; }
}

# dm_becomes_read_only NAME DEVICE
dm_becomes_read_only() {
	dmsetup load --readonly "$1" --table "0 $bad_sectors linear $2 0"
	dmsetup resume "$1"
}

dm_short() {
	begin_trouble gone
	make_dm
	opens=yes
	harm() { becomes bad 2048 linear /dev/loop7 0; }
	in_trouble
}

dm_read_only() {
	begin_trouble read-only
	make_dm
	harm() { dm_becomes_read_only bad /dev/loop7; }
	in_trouble
}

dm_error() {
	begin_trouble errors
	make_dm
	opens=yes
	harm() { becomes bad "$bad_sectors" error; }
	in_trouble
}

# find_scsi_disk: sets scsi, and bad to it or to its first partition; when its node
# appears, it can't be opened yet
find_scsi_disk() {
	for found in /sys/bus/pseudo/devices/adapter0/host*/target*/*/block/*; do
		scsi=$(basename "$found")
		bad=/dev/$scsi$partition
		! blockdev --getsz "$bad" >/dev/null 2>&1 || return 0
	done
	return 1
}

# delete_scsi_disk MEGABYTES [PARTITION]
delete_scsi_disk() {
	begin_trouble gone
	partition=${2:-}
	modprobe scsi_debug dev_size_mb="$1" num_parts="${partition:-0}"
	wait_for 60 find_scsi_disk || fail "no SCSI disk"
	stays_dead=yes
	harm() { echo 1 >"/sys/block/$scsi/device/delete"; }
	repair() {
		for host in /sys/bus/pseudo/devices/adapter0/host*/scsi_host/*; do
			echo '- - -' >"$host/scan"
		done
		wait_for 60 find_scsi_disk || fail "no SCSI disk"
	}
	in_trouble
}

scsi_deleted() { delete_scsi_disk $((bad_sectors / 2048)); }
scsi_partition_deleted() { delete_scsi_disk $((bad_sectors / 1024)) 1; }

unload_scsi_debug() {
	[ ! -d /sys/module/scsi_debug ] || rmmod scsi_debug 2>/dev/null
}

remove_bad() {
	remove_devices
	wait_for 10 unload_scsi_debug
}
