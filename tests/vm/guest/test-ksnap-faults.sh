#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector dropin
# takes: 55
#
# ksnap: errors below, a store that is full, and an end in the middle of copying.

. /guest/dropin-snapshot.sh

not_on_stock "there is no such target in the kernel"
of_target ksnap 32

# A chunk can't be read, and it is the snapshot that is written: only that write
# fails.
write_to_snapshot_needs_what_cannot_be_read() {
	set_up 16384
	snapshot 1 P 32
	becomes base 16384 dust /dev/loop0 0 512
	dmsetup message base 0 addbadblock 100 >/dev/null
	dmsetup message base 0 enable
	! sector write /dev/mapper/snap1 97 || fail "a write succeeded"
	sector write /dev/mapper/snap1 1000 || fail "a write failed"
	expect_valid 1
	sector write /dev/mapper/origin 97 || fail "the write failed"
	expect_invalid 1
}

# Lost is lost, also after it was removed.
lost_snapshot_stays_lost() {
	set_up 16384
	snapshot 1 P 32 1
	block_load --seed 2 --fill-only /dev/mapper/origin
	dmsetup status snap1 | grep -q ' Overflow$' ||
		fail "status: $(dmsetup status snap1)"
	! sector write /dev/mapper/snap1 0 || fail "a write succeeded"
	drop_snapshot 1
	snapshot 1 P 32
	dmsetup status snap1 | grep -q ' Invalid$' ||
		fail "status: $(dmsetup status snap1)"
	! sector read /dev/mapper/snap1 0 || fail "a read succeeded"
	drop_snapshot 1
	dd if=/dev/zero of=/dev/mapper/store1 bs=4096 count=1 2>/dev/null
	snapshot 1 P 32
	expect_valid 1
}

load_target dm-ksnap
run_cases data_overflow data_store_fails_writes origin_fails_reads \
	write_to_snapshot_needs_what_cannot_be_read lost_snapshot_stays_lost \
	data_removal_while_copying removal_of_all_while_copying
