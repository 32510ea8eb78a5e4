#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks
# needs: tools=lvm,cache_check dropin
# takes: 40 150
#
# Devices that are set read-only, though a target is to go on writing them: lvm2
# does that to most volumes below one that is activated read-only.

. /guest/dropin-lvm.sh

# Whatever this is an option of activates volumes read-only.
read_only='activation { read_only_volume_list = [ "vg" ] }'

# expect_read_only NAME...
expect_read_only() {
	for name; do
		[ "$(blockdev --getro "/dev/mapper/vg-$name")" = 1 ] ||
			fail "$name is not read-only"
	done
}

# make_volume NAME: it holds version 0
make_volume() {
	make_group 3
	lvm lvcreate -L 8m -n "$1" -y -Wn vg /dev/ram0
	block_load --fill-only "/dev/vg/$1"
}

# overwrite DEVICE: all that make_volume wrote
overwrite() { block_load --seed 2 --fill-only "$1"; }

# The store was made read-only with the snapshot by older versions of lvm2.
data_store_of_a_snapshot() {
	make_volume origin
	keep /dev/vg/origin
	lvm lvcreate -s -pr -L 12m -c 16k -n snap -y vg/origin
	blockdev --setro /dev/mapper/vg-snap-cow
	overwrite /dev/vg/origin
	expect_read_only snap snap-cow
	same /dev/loop9 /dev/vg/snap
	remove_group
}

# With `lvchange -pr`, lvm2 makes only the first leg read-only.
data_legs_of_a_mirror() {
	make_volume volume
	lvm lvchange -an vg/volume
	lvm lvchange -ay --config "$read_only" vg/volume
	lvm lvconvert -y --type mirror -m 2 --mirrorlog core -b \
		--config "$read_only" vg/volume
	wait_for 20 is_synced volume || fail "not synchronised"
	expect_read_only volume_mimage_0 volume_mimage_1 volume_mimage_2
	same /dev/mapper/vg-volume_mimage_0 /dev/mapper/vg-volume_mimage_1 \
		/dev/mapper/vg-volume_mimage_2
	remove_group
}

# After `lvchange -pr`, lvm2 refuses to merge.
data_origin_of_a_merge() {
	make_volume origin
	lvm lvcreate -s -L 12m -c 16k -n snap -y vg/origin
	overwrite /dev/vg/snap
	keep /dev/vg/snap
	lvm vgchange -an vg
	lvm vgchange -ay --config "$read_only" vg
	expect_read_only origin origin-real
	lvm lvconvert --merge -b --config "$read_only" vg/snap
	wait_for 20 eval '! /tools/lvm lvs vg/snap >/dev/null 2>&1' ||
		fail "the merge does not end: $(dmsetup status vg-origin)"
	expect_read_only origin
	same /dev/loop9 /dev/vg/origin
	remove_group
}

dirty() { dmsetup status vg-volume | cut -d ' ' -f 14; }
has_dirty() { [ "$(dirty)" -ge "$1" ]; }
is_clean() { [ "$(dirty)" = 0 ]; }

# `lvchange -pr` makes only the cache read-only, not what is below.
data_origin_of_a_cache() {
	make_volume volume
	lvm lvcreate --type cache-pool -L 4m -c 32k --poolmetadatasize 8m \
		-n fast -y vg /dev/ram1
	lvm lvconvert --type cache --cachepool fast --cachemode writeback \
		-y vg/volume
	# until it gets another table, idle or not
	dmsetup message vg-volume 0 migration_threshold 0
	start_load /dev/vg/volume
	wait_for 60 has_dirty 32 || fail "$(dirty) dirty blocks"
	stop_load /dev/vg/volume
	keep /dev/vg/volume
	has_dirty 32 || fail "only $(dirty) blocks are still dirty"
	lvm lvchange --refresh --config "$read_only" vg/volume
	expect_read_only volume volume_corig
	wait_for 60 is_clean || fail "not clean: $(dmsetup status vg-volume)"
	same /dev/loop9 /dev/mapper/vg-volume_corig
	remove_group
}

modprobe dm-cache-smq
load_target dm-snapshot dm-mirror dm-cache
run_cases data_store_of_a_snapshot data_legs_of_a_mirror data_origin_of_a_merge \
	data_origin_of_a_cache
