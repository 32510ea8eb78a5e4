#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector dropin
# takes: 60 200
#
# ksnap: the store of a snapshot, or the origin, vanishes, shrinks or becomes
# read-only. Only the snapshot whose store it was is lost, and it stays lost when the
# device is back; what the origin holds, and what the others do, is as it was.

. /guest/dropin-snapshot.sh
# shellcheck source=vanish.sh
. /guest/vanish.sh

not_on_stock "there is no such target in the kernel"
of_target ksnap 32

# It may have another name when it is back.
bad_is() { ln -sf "$bad" "/dev/mapper/$1"; }

overwrite() { block_load --seed "$1" --fill-only /dev/mapper/origin; }

told() { dmesg | grep -c 'the snapshot is lost' || true; }

store_in_trouble() {
	step='a store in use'
	set_up $((bad_sectors / 2))
	bad_is store1
	store 2 4
	snapshot 1 P 32
	snapshot 2 P 32
	sector write /dev/mapper/origin 0
	expect_valid 1
	before=$(told)
	harm
	overwrite 2
	expect_invalid 1
	[ $(($(told) - before)) = 1 ] ||
		fail "$step: told $(($(told) - before)) times"
	expect_valid 2
	same /dev/mapper/before /dev/mapper/snap2
	! sector read /dev/mapper/snap1 0 || fail "$step: the snapshot is read"

	step='a store that is back'
	drop_snapshot 1
	repair
	bad_is store1
	snapshot 1 P 32
	is_invalid 1 || fail "$step: what was lost is good again"
	# as the documentation has it
	drop_snapshot 1
	dd if=/dev/mapper/origin of=/dev/mapper/before bs=1M conv=fsync \
		2>/dev/null
	snapshot 1 P "32 format"
	overwrite 3
	same /dev/mapper/before /dev/mapper/snap1

	step='a store that is not in use'
	drop_snapshot 1
	harm
	! dmsetup create snap1 --table \
		"0 $sectors ksnap /dev/mapper/base $bad P 32" 2>/dev/null ||
		fail "$step: it is not refused"
	repair
	bad_is store1
	snapshot 1 P 32
	expect_valid 1
	# a file that was cut off has lost data, which nobody can know
	[ "$kept" -lt $((bad_sectors / 8)) ] ||
		same /dev/mapper/before /dev/mapper/snap1
}

# The origin: snapshots read what they have, and what they have not when it is back.
origin_in_trouble() {
	step='an origin in use'
	sectors=$bad_sectors
	make_loop 9 $((sectors / 2048))
	dmsetup create before --table "0 $sectors linear /dev/loop9 0"
	block_load --fill-only /dev/mapper/before
	block_load --fill-only "$bad"
	bad_is base
	make_origin
	snapshot 1 P 32
	sector write /dev/mapper/origin 0
	harm
	reads 0 || fail "$step: what was copied is not read"
	last=$((sectors - 8))
	if [ "$trouble" != read-only ]; then
		! sector read /dev/mapper/origin $last ||
			fail "$step: it is read"
		! sector read /dev/mapper/snap1 $last ||
			fail "$step: the snapshot reads what is gone"
		! sector write /dev/mapper/origin $last ||
			fail "$step: it is written"
	fi
	expect_valid 1
	step='an origin that is back'
	dmsetup remove snap1
	dmsetup remove origin
	repair
	bad_is base
	make_origin
	if [ "$kept" -lt $((bad_sectors / 8)) ]; then
		! dmsetup create snap1 --table \
			"0 $sectors ksnap /dev/mapper/base /dev/mapper/store1 P 32" \
			2>/dev/null ||
			fail "$step: a part of it is lost, and nobody noticed"
		return
	fi
	snapshot 1 P 32
	expect_valid 1
	for sector in 0 1000 2040; do
		reads $sector || fail "$step: sector $sector is not read"
	done
	overwrite 2
	expect_valid 1
	for sector in 0 1000 2040; do
		reads $sector || fail "$step: sector $sector is not read"
	done
}

in_trouble() {
	store_in_trouble
	dmsetup remove snap1
	dmsetup remove snap2
	dmsetup remove origin
	dmsetup remove base
	dmsetup remove before
	losetup -d /dev/loop9
	rm -f /dev/mapper/store1
	origin_in_trouble
}

clean_up() {
	killall -9 block_load 2>/dev/null || true
	rm -f /dev/mapper/store1
	[ ! -h /dev/mapper/base ] || rm /dev/mapper/base
	remove_bad
	rm -rf /tmp/load.* /tmp/differ
}

bad_sectors=4096
load_target dm-ksnap
run_cases null_blk_off null_blk_read_only loop_short dm_short dm_read_only dm_error \
	scsi_deleted
