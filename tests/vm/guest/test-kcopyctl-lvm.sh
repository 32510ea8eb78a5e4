#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=kcopyctl,block_load,same_blocks
# needs: tools=lvm,thin_check,cache_check,mkfs.ext4,e2fsck
# takes: 30 120
#
# kcopyctl on logical volumes in use: as lvm2 made them, and lvm2 finds them so
# afterwards.

# shellcheck source=kcopyctl.sh
. /guest/kcopyctl.sh
# shellcheck source=lvm.sh
. /guest/lvm.sh

modprobe ksnap

# "used" is a volume in two stripes, and has a file system on /tmp/used
make_volume() {
	make_loop 10 24
	make_loop 11 24
	make_leg 1 20
	make_leg 2 20
	lvm pvcreate -ff -y /dev/loop10 /dev/loop11
	lvm vgcreate -s 64k vg /dev/loop10 /dev/loop11
	lvm lvcreate -L 16m -i 2 -n used -y -Wn vg
	used_table=$(dmsetup table vg-used)
	mkfs.ext4 -q /dev/vg/used
	mkdir -p /tmp/used
	mount -t ext4 /dev/vg/used /tmp/used
}

expect_volume_as_before() {
	[ "$(dmsetup table vg-used)" = "$used_table" ] ||
		fail "the table: $(dmsetup table vg-used)"
	expect_others vg-used
	[ "$(dmsetup info -c --noheadings -o uuid vg-used | cut -c 1-4)" = LVM- ] ||
		fail "the uuid"
}

# lvm2 still has it in hand.
volume_can_grow() {
	lvm lvextend -L +1m vg/used
	umount /tmp/used
	lvm vgchange -an vg
	expect_others
	lvm vgchange -ay vg
	clean /dev/vg/used
	lvm vgremove -f vg
}

clone_in_use() {
	make_volume
	start_churn
	expect_code 0 clone /dev/vg/used $b
	end_churn
	expect_volume_as_before
	clean $b
	volume_can_grow
}

snapshot_in_use() {
	make_volume
	echo first >/tmp/used/text
	expect_code 0 snapshot create /dev/vg/used monday --store $c
	echo second >/tmp/used/text
	sync
	clean /dev/mapper/monday
	mkdir -p /tmp/snap
	mount -t ext4 -o ro /dev/mapper/monday /tmp/snap
	[ "$(cat /tmp/snap/text)" = first ] || fail "$(cat /tmp/snap/text)"
	umount /tmp/snap
	expect_code 0 snapshot remove monday
	expect_volume_as_before
	volume_can_grow
}

# It gives the volume a table of its own. The volume is as lvm2 wants it, and the copy is
# not taken for one.
lvm_replaces_the_table() {
	make_volume
	slow_writes 1 200
	rm -f /tmp/out
	kcopyctl clone --region-size 64K /dev/vg/used $b >/tmp/out 2>/tmp/err &
	clone=$!
	wait_for 20 grep -qs ' % ' /tmp/out || fail "$(cat /tmp/err)"
	lvm lvextend -L +1m vg/used
	code=0
	wait $clone || code=$?
	[ $code = 5 ] || fail "exit status $code: $(cat /tmp/out /tmp/err)"
	expect_words /dev/vg/used "do not use"
	expect_others vg-used
	echo more >/tmp/used/more
	mend
	volume_can_grow
}

clean_up() {
	touch /tmp/stop
	umount /tmp/used 2>/dev/null || true
	/tools/lvm vgremove -ff vg >/dev/null 2>&1 || true
	rm -rf /dev/vg
	remove_devices
	changed=''
}

run_cases clone_in_use snapshot_in_use lvm_replaces_the_table
rmmod dm-ksnap
finish
