#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=kcopyctl,block_load,same_blocks tools=mkfs.ext4,e2fsck
# takes: 60 200
#
# kcopyctl clone: the copies are equal, those of a file system in use are clean, and
# nothing is left but the copies.

# shellcheck source=kcopyctl.sh
. /guest/kcopyctl.sh

idle_device() {
	make_legs 8 3
	expect_code 0 clone $a $b $c
	expect_others
	same_blocks $a $b $c || fail "the copies differ"
	grep -q "$b: holds all 8.0 MiB of $a" /tmp/out || fail "$(cat /tmp/out)"
}

# No multiple of a region, and a destination that is larger.
odd_size() {
	mkdir -p /tmp/loop
	for i in 0 1; do
		truncate -s $(((5 * 2048 + 3 + i * 8) * 512)) /tmp/loop/$i
		losetup /dev/loop$i /tmp/loop/$i
	done
	dd if=/dev/urandom of=/tmp/random bs=512 count=$((5 * 2048 + 3)) 2>/dev/null
	dd if=/tmp/random of=/dev/loop0 conv=fsync 2>/dev/null
	expect_code 0 clone --region-size 64K /dev/loop0 /dev/loop1
	cmp -n $(((5 * 2048 + 3) * 512)) /dev/loop0 /dev/loop1 ||
		fail "the copy differs"
	expect_others
}

# Behind the copy there is what a RAID would be assembled from: a superblock of md,
# version 1.0, at its sector 16368 of 16384.
larger_destination() {
	make_loop 0 4
	make_loop 1 8
	block_load --seed 1 --fill-only /dev/loop0
	at=$((16368 * 512))
	printf '\374\116\053\251\001\000\000\000' >/tmp/start
	printf '\360\077' >/tmp/offset
	dd if=/tmp/start of=/dev/loop1 bs=1 seek=$at conv=fsync 2>/dev/null
	dd if=/tmp/offset of=/dev/loop1 bs=1 seek=$((at + 144)) conv=fsync 2>/dev/null
	expect_code 3 clone /dev/loop0 /dev/loop1
	expect_words /dev/loop1 linux_raid_member "byte $at"
	expect_code 0 clone --force /dev/loop0 /dev/loop1
	grep -q "/dev/loop1: still has linux_raid_member at byte $at.*wipefs" /tmp/out ||
		fail "$(cat /tmp/out)"
	expect_others
}

seven_copies() {
	make_legs 2 8
	expect_code 0 clone $a /dev/mapper/leg1 /dev/mapper/leg2 /dev/mapper/leg3 \
		/dev/mapper/leg4 /dev/mapper/leg5 /dev/mapper/leg6 /dev/mapper/leg7
	same 0 1 2 3 4 5 6 7
}

in_use() {
	make_used 24
	make_leg 1 24
	make_leg 2 24
	start_churn
	expect_code 0 clone /dev/mapper/used $b $c
	expect_used_as_before
	end_churn
	clean $b $c
	same 1 2
	umount /tmp/used
	clean /dev/mapper/used
}

# What was there at the moment of the freeze is in the copy, and what came later is
# not.
moment() {
	make_used 16
	make_leg 1 16
	slow_writes 1 20
	kcopyctl clone -i 0.1 /dev/mapper/used $b >/tmp/out 2>&1 &
	clone=$!
	wait_for 20 is_mirror used || fail "no mirror: $(cat /tmp/out)"
	echo during >/tmp/used/during
	mend
	wait $clone || fail "$(cat /tmp/out)"
	echo later >/tmp/used/later
	sync
	mkdir -p /tmp/copy
	mount -t ext4 -o ro $b /tmp/copy
	[ "$(cat /tmp/copy/during)" = during ] || fail "a file is missing"
	[ ! -e /tmp/copy/later ] || fail "a file is too much"
	umount /tmp/copy
	expect_used_as_before
}

is_mirror() { dmsetup table "$1" | grep -q ' kmirror '; }

keep_in_use() {
	make_used 16
	make_leg 1 16
	start_churn
	expect_code 0 clone --keep /dev/mapper/used $b
	expect_others used used-kcopyd
	is_mirror used || fail "it is no mirror"
	expect_code 0 stop used
	expect_used_as_before
	end_churn
	clean $b
}

keep_idle() {
	make_legs 8 2
	expect_code 0 clone --keep $a $b
	# what is mapped keeps its name
	is_mirror leg0 || fail "it is no mirror"
	block_load --seed 7 --fill-only $a
	expect_code 0 stop $a
	same 0 1
	make_loop 5 8
	make_loop 6 8
	expect_code 0 clone --keep /dev/loop5 /dev/loop6
	expect_others kcopyd-loop5
	block_load --seed 8 --fill-only /dev/mapper/kcopyd-loop5
	expect_code 0 stop /dev/loop5
	expect_others
	same_blocks /dev/loop5 /dev/loop6 || fail "they differ"
}

detach_and_wait_idle() {
	make_legs 8 2
	expect_code 0 clone --detach $a $b
	expect_code 0 wait $a
	expect_others
	same 0 1
}

detach_and_wait() {
	make_used 16
	make_leg 1 16
	slow_writes 1 20
	expect_code 0 clone --detach /dev/mapper/used $b
	is_mirror used || fail "it is no mirror"
	expect_code 0 cleanup
	is_mirror used || fail "cleanup ended it"
	expect_code 0 status
	grep -q '/dev/mapper/used: detached' /tmp/out || fail "$(cat /tmp/out)"
	mend
	expect_code 0 wait used
	expect_used_as_before
	clean $b
}

# As in the environment of a machine where no udev runs and nobody says so.
without_udev() {
	make_used 8
	make_leg 1 8
	(
		unset DM_DISABLE_UDEV
		expect_code 0 clone /dev/mapper/used $b
	)
	expect_used_as_before
	clean $b
}

json() {
	make_legs 8 3
	slow_writes 1 50
	expect_code 0 clone --json -i 0.1 --region-size 128K $a $b $c
	! grep -v '^{"event":"[a-z]*".*}$' /tmp/out || fail "that is no object"
	grep -q '"event":"progress","device":"/dev/mapper/leg0",.*"bytes":[0-9]*,"total":8388608,"percent":[0-9]*,.*"rate":[0-9.e+]*,"seconds_left":[0-9]*}$' \
		/tmp/out || fail "no progress: $(cat /tmp/out)"
	grep -q '{"device":"/dev/mapper/leg1","complete":true,' /tmp/out ||
		fail "no result: $(cat /tmp/out)"
	mend
}

run_cases idle_device odd_size larger_destination seven_copies in_use moment \
	keep_in_use keep_idle \
	detach_and_wait detach_and_wait_idle without_udev json
finish
