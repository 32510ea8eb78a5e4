#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,replay_log,crash_points dropin
# takes: 130
#
# ksnap: what is left of a persistent snapshot when the machine loses power. All
# is on one disk, whose writes are logged in the order in which they became
# stable. The power goes during each write: what was written since the last flush is
# there in part, and the snapshot is right.

. /guest/dropin-snapshot.sh

not_on_stock "there is no such target in the kernel"
of_target ksnap 32

# Loop devices: the disk, its log, what was on it at a flush, and at a crash.
logged=0 log=6 flushed=7 crashed=8

# slices DISK PREFIX: the origin and the store, on one disk
slices() {
	dmsetup create "$2base" --table "0 $sectors linear $1 0"
	dmsetup create "$2store1" \
		--table "0 $store_sectors linear $1 $sectors"
}

# make_disks SECTORS STORE_SECTORS: empty, and what the origin is to hold first
make_disks() {
	sectors=$1 store_sectors=$2 megabytes=$((($1 + $2) / 2048 + 1))
	for number in $logged $flushed $crashed 9; do
		make_loop "$number" $megabytes
	done
	make_loop $log 32
	block_load --fill-only /dev/loop9
	dmsetup create before --table "0 $sectors linear /dev/loop9 0"
}

# begin_log: base and store1 are on a disk that is logged
begin_log() {
	dmsetup create disk --table \
		"0 $((megabytes * 2048)) log-writes /dev/loop$logged /dev/loop$log"
	slices /dev/mapper/disk ''
	[ $# -gt 0 ] ||
		dd if=/dev/mapper/before of=/dev/mapper/base bs=1M 2>/dev/null
	make_origin
	snapshot 1 P "$chunk"
	dmsetup message disk 0 mark start
}

# The log ends here.
end_log() {
	dmsetup remove origin
	dmsetup remove snap1
	dmsetup remove base
	dmsetup remove store1
	dmsetup remove disk
}

# check_moments: at each moment, the snapshot that would be found is right, or known
# to be lost; sets moments, and how often it was lost
check_moments() {
	slices "/dev/loop$crashed" re
	# keeps what is expensive to make for each moment
	dmsetup create reorigin \
		--table "0 $sectors ksnap-origin /dev/mapper/rebase"
	crash_points "/dev/loop$log" "/dev/loop$flushed" "/dev/loop$crashed" \
		"0 $sectors ksnap /dev/mapper/rebase /dev/mapper/restore1 P $chunk" \
		/dev/mapper/before >/tmp/moments
	read -r moments lost </tmp/moments
	say "the power went $moments times, and $lost times the snapshot was lost"
	dmsetup remove reorigin
	dmsetup remove rebase
	dmsetup remove restore1
}

# crash CHUNK_SECTORS SECTORS STORE_SECTORS COMMAND...: the origin is written by this
crash() {
	chunk=$1
	make_disks "$2" "$3"
	begin_log
	shift 3
	"$@"
	end_log
	check_moments
}

# The snapshot is good at each moment.
good_crash() {
	crash "$@"
	[ "$lost" = 0 ] || fail "the snapshot was lost"
}

# load_until COMMAND...: by two threads, at random, until it succeeds
load_until() {
	start_load /dev/mapper/origin --threads 2
	wait_for 30 "$@" || fail "status: $(dmsetup status snap1)"
	stop_load /dev/mapper/origin
}

# has SECTORS: so many are allocated in the store
has() {
	[ "$(dmsetup status snap1 | sed 's:.* \([0-9]*\)/.*:\1:')" -ge "$1" ]
}

overwrite() { block_load --seed 2 --fill-only /dev/mapper/origin; }

data_crash() { good_crash 8 1024 2048 load_until has 800; }

data_crash_with_large_chunks() { good_crash 128 4096 6144 load_until has 4000; }

# Many copies end together, and the table has two parts.
data_crash_of_many_copies() { good_crash 8 4096 4608 overwrite; }

# The store is too small: the snapshot is lost then, and not before.
data_crash_when_the_store_is_full() {
	crash 8 1024 512 load_until is_invalid 1
	[ "$lost" -gt 0 ] || fail "the snapshot was never lost"
}

# write_half N: of the origin
write_half() {
	dd if=/dev/zero of=/dev/mapper/origin bs=1M count=1 seek="$1" \
		conv=fsync 2>/dev/null
}

# replay WORDS...: sets where it ended, and how much is left
replay() {
	replay_log /dev/loop6 /dev/loop7 "$@" >/tmp/position
	read -r position left </tmp/position
}

# crash_at ENTRY: the power went at this entry after the position; sets entries
crash_at() {
	entries=$(replay_log /dev/loop6 /dev/loop8 --at "$position" \
		--base /dev/loop7 --torn "$1")
}

# What a first crash has left in the table is not believed after a second one. Some
# first crashes will do: there are as many second ones after each.
data_crash_after_a_crash() {
	chunk=8
	make_disks 4096 4608
	begin_log
	write_half 0
	end_log
	replay --until start
	for number in 10 17 18; do
		make_loop $number "$megabytes"
	done
	make_loop 16 32
	while [ "$left" -gt 0 ]; do
		# the last entry is the table's
		crash_at 0
		crash_at $((entries - 1))
		for to in 10 17; do
			dd if=/dev/loop8 of=/dev/loop$to bs=1M \
				conv=fsync 2>/dev/null
		done
		(
			logged=10 log=16 flushed=17 crashed=18
			begin_log again
			write_half 1
			end_log
			check_moments
		)
		for _ in 1 2 3 4 5 6; do
			[ "$left" = 0 ] || replay --at "$position" --epoch
		done
	done
}

# Devices come and go, again and again.
echo 1 >/sys/kernel/rcu_expedited
load_target dm-ksnap
run_cases data_crash data_crash_with_large_chunks data_crash_of_many_copies \
	data_crash_after_a_crash data_crash_when_the_store_is_full
