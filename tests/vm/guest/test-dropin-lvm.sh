#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks
# needs: tools=lvm,thin_check,cache_check,mkfs.ext4,e2fsck dropin
#
# What a person does with lvm2: snapshots and their merge, mirrors, pvmove, thin
# pools and caches.

. /guest/dropin-lvm.sh

data_snapshot_and_merge() {
	make_group 2
	lvm lvcreate -L 8m -n origin -y -Wn vg
	block_load --fill-only /dev/vg/origin
	keep /dev/vg/origin
	lvm lvcreate -s -L 12m -c 16k -n snap -y vg/origin
	lvm lvcreate -s -pr -L 12m -c 16k -n reader -y vg/origin
	start_load /dev/vg/origin
	sleep 3
	stop_load /dev/vg/origin
	same /dev/loop9 /dev/vg/snap
	same /dev/loop9 /dev/vg/reader
	lvm lvremove -f vg/reader
	lvm lvconvert --merge vg/snap
	wait_for 60 eval '! /tools/lvm lvs vg/snap >/dev/null 2>&1' ||
		fail "the merge does not end"
	same /dev/loop9 /dev/vg/origin
	remove_group
}

# A volume in use becomes a mirror of three legs.
data_mirror_of_a_volume_in_use() {
	make_group 3
	lvm lvcreate -L 8m -n volume -y -Wn vg /dev/ram0
	block_load --fill-only /dev/vg/volume
	start_load /dev/vg/volume --rest 2
	lvm lvconvert -y --type mirror -m 2 --mirrorlog core -b vg/volume
	wait_for 60 is_synced volume || fail "not synchronised"
	stop_load /dev/vg/volume
	same /dev/mapper/vg-volume_mimage_0 /dev/mapper/vg-volume_mimage_1 \
		/dev/mapper/vg-volume_mimage_2
	remove_group
}

# What is moved is in use, and what it leaves behind is overwritten.
data_pvmove() {
	make_group 2
	lvm lvcreate -L 8m -n volume -y -Wn vg /dev/ram0
	block_load --fill-only /dev/vg/volume
	start_load /dev/vg/volume --rest 2
	lvm pvmove /dev/ram0 /dev/ram1
	lvm vgreduce vg /dev/ram0
	dd if=/dev/zero of=/dev/ram0 bs=1M 2>/dev/null || true # to its end
	stop_load /dev/vg/volume
	remove_group
}

# It stays where it was.
pvmove_is_given_up() {
	make_group 2
	lvm lvcreate -L 16m -n volume -y -Wn vg /dev/ram0
	block_load --fill-only /dev/vg/volume
	start_load /dev/vg/volume
	echo 1 >/sys/module/dm_mirror/parameters/raid1_resync_throttle
	lvm pvmove -b /dev/ram0 /dev/ram1
	sleep 1
	lvm pvmove --abort
	echo 100 >/sys/module/dm_mirror/parameters/raid1_resync_throttle
	lvm vgreduce vg /dev/ram1
	stop_load /dev/vg/volume
	remove_group
}

data_thin_snapshot() {
	make_group 2
	lvm lvcreate --type thin-pool -L 24m -c 64k --poolmetadatasize 4m \
		-n pool -y vg
	lvm lvcreate -V 8m --thinpool pool -n thin -y -Wn vg
	block_load --fill-only /dev/vg/thin
	lvm lvcreate -s -n snap -kn -y vg/thin
	start_load /dev/vg/thin
	start_load /dev/vg/snap
	sleep 3
	stop_load /dev/vg/thin
	stop_load /dev/vg/snap
	remove_group
}

# A cache is put before a volume, used, and taken away again.
data_cache() {
	make_group 2
	lvm lvcreate -L 16m -n volume -y -Wn vg /dev/ram0
	block_load --fill-only /dev/vg/volume
	lvm lvcreate --type cache-pool -L 8m -c 32k --poolmetadatasize 8m \
		-n fast -y vg /dev/ram1
	lvm lvconvert --type cache --cachepool fast --cachemode writeback \
		-y vg/volume
	start_load /dev/vg/volume
	sleep 5
	stop_load /dev/vg/volume
	make_loop 9 16
	dd if=/dev/vg/volume of=/dev/loop9 bs=1M 2>/dev/null
	lvm lvconvert --splitcache -y vg/volume
	same /dev/loop9 /dev/vg/volume
	remove_group
}

# A file system and a snapshot of it, both in use.
data_files() {
	make_group 2
	lvm lvcreate -L 32m -n volume -y -Wn vg
	mkfs.ext4 -q /dev/vg/volume
	mkdir -p /tmp/files /tmp/before
	mount /dev/vg/volume /tmp/files
	cp -r /lib/modules /tmp/files/
	sync
	lvm lvcreate -s -L 32m -c 16k -n snap -y vg/volume
	find /tmp/files/modules -type f -exec sh -c 'echo more >>"$1"' - {} \;
	cp -r /guest /tmp/files/modules/
	sync
	e2fsck -fy /dev/vg/snap >/dev/null || [ $? -le 1 ] ||
		differ "the snapshot's file system is damaged"
	mount /dev/vg/snap /tmp/before
	diff -r /lib/modules /tmp/before/modules >/dev/null ||
		differ "files of the snapshot are not as they were"
	umount /tmp/before
	umount /tmp/files
	remove_group
}

modprobe dm-cache-smq
load_target dm-snapshot dm-mirror dm-thin-pool dm-cache
run_cases data_snapshot_and_merge data_mirror_of_a_volume_in_use data_pvmove \
	pvmove_is_given_up data_thin_snapshot data_cache data_files
