#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,replay_log dropin
# takes: 67
#
# ksnap: what is left of a persistent snapshot when the machine loses power. All
# is on one disk, whose writes are logged in the order in which they became
# stable; a replay of that log up to any entry is what the disk would hold.

. /guest/dropin-snapshot.sh

not_on_stock "there is no such target in the kernel"
of_target ksnap 32

points=25

# slices DISK PREFIX: the origin and the store, on one disk
slices() {
	dmsetup create "$2base" --table "0 $sectors linear $1 0"
	dmsetup create "$2store1" \
		--table "0 $store_sectors linear $1 $sectors"
}

# log_writes SECTORS STORE_SECTORS: base and store1 are on a disk that is logged
log_writes() {
	sectors=$1 store_sectors=$2
	make_loop 0 8
	make_loop 6 128
	make_loop 9 8
	block_load --fill-only /dev/loop9
	dmsetup create disk --table "0 16384 log-writes /dev/loop0 /dev/loop6"
	slices /dev/mapper/disk ''
	dmsetup create before --table "0 $sectors linear /dev/loop9 0"
	dd if=/dev/mapper/before of=/dev/mapper/base bs=1M 2>/dev/null
	make_origin
}

# The log ends here.
end_log() {
	dmsetup remove origin
	dmsetup remove snap1
	dmsetup remove base
	dmsetup remove store1
	dmsetup remove disk
}

# check_point: the snapshot that would be found now is right, or known to be lost
check_point() {
	dmsetup create resnap1 --table "0 $sectors ksnap \
		/dev/mapper/rebase /dev/mapper/restore1 P $chunk"
	if dmsetup status resnap1 | grep -q Invalid; then
		invalid=$((invalid + 1))
	else
		same /dev/mapper/before /dev/mapper/resnap1
	fi
	dmsetup remove resnap1
}

# replay WORDS...: sets where it ended, and how much is left
replay() {
	replay_log /dev/loop6 /dev/loop7 "$@" >/tmp/position
	read -r position left </tmp/position
}

# check_points: some of the log, from the first to the last
check_points() {
	invalid=0
	make_loop 7 8
	slices /dev/loop7 re
	replay --until start
	[ "$left" -gt "$points" ] || fail "little was written"
	step=$((left / points + 1))
	check_point
	while [ "$left" -gt 0 ]; do
		replay --at "$position" --entries $step
		check_point
	done
}

# crash CHUNK_SECTORS STORE_SECTORS [COMMAND...]: written to for a while, or until
# the command succeeds
crash() {
	chunk=$1
	log_writes 4096 "$2"
	snapshot 1 P "$chunk"
	dmsetup message disk 0 mark start
	start_load /dev/mapper/origin --threads 2
	shift 2
	if [ $# -eq 0 ]; then
		sleep 3
	else
		wait_for 30 "$@" || true
	fi
	stop_load /dev/mapper/origin
	end_log
	check_points
}

data_crash() {
	crash 8 8192
	[ "$invalid" = 0 ] || fail "the snapshot was lost in $invalid moments"
}

data_crash_with_large_chunks() {
	crash 128 8192
	[ "$invalid" = 0 ] || fail "the snapshot was lost in $invalid moments"
}

# The store is too small: the snapshot is lost then, and not before.
data_crash_when_the_store_is_full() {
	crash 8 1024 is_invalid 1
	[ "$invalid" -gt 0 ] || fail "the snapshot was never lost"
}

load_target dm-ksnap
run_cases data_crash data_crash_with_large_chunks \
	data_crash_when_the_store_is_full
