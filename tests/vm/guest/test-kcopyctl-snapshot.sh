#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=kcopyctl,block_load,same_blocks tools=mkfs.ext4,e2fsck
# takes: 40 150
#
# kcopyctl snapshot: put under a file system in use, read back, taken out again; and what
# is left where that fails half way.

# shellcheck source=kcopyctl.sh
. /guest/kcopyctl.sh

modprobe ksnap

is_origin() { dmsetup table used | grep -q ' ksnap-origin '; }

# expect_list WORDS...: one snapshot has them
expect_list() {
	expect_code 0 snapshot list
	for word; do
		grep -qF -e "$word" /tmp/out || fail "no $word: $(cat /tmp/out)"
	done
}

# holds NAME TEXT: the snapshot's file system is clean, and that is in it
holds() {
	clean "/dev/mapper/$1"
	mkdir -p /tmp/snap
	mount -t ext4 -o ro "/dev/mapper/$1" /tmp/snap
	[ "$(cat /tmp/snap/text)" = "$2" ] || fail "$1: $(cat /tmp/snap/text)"
	umount /tmp/snap
}

begin() {
	make_used 16
	make_leg 1 20
	make_leg 2 20
	echo first >/tmp/used/text
}

round_trip() {
	begin
	start_churn
	expect_code 0 snapshot create /dev/mapper/used monday --store $b
	is_origin || fail "used is no origin"
	expect_others used used-kcopyd-origin monday
	echo second >/tmp/used/text
	sync
	expect_list "/dev/mapper/monday: of /dev/mapper/used, on $b, good"
	expect_code 0 snapshot create /dev/mapper/used tuesday --store $c --temporary
	echo third >/tmp/used/text
	sync
	holds monday first
	holds tuesday second
	expect_code 0 snapshot list --json /dev/mapper/used
	grep -q '"name":"tuesday","device":"/dev/mapper/tuesday","origin":"/dev/mapper/used","store":"/dev/mapper/leg2","persistent":false,"good":true,"state":"good","used":[0-9]*,"size":20971520,"unreadable_chunks":0}' \
		/tmp/out || fail "$(cat /tmp/out)"
	expect_code 0 cleanup
	expect_code 0 snapshot remove monday
	expect_others used used-kcopyd-origin tuesday
	holds tuesday second
	expect_code 0 snapshot remove /dev/mapper/tuesday
	expect_used_as_before
	end_churn
	[ "$(cat /tmp/used/text)" = third ] || fail "a file is lost"
	umount /tmp/used
	clean /dev/mapper/used
	# the stores are free
	mount -t ext4 /dev/mapper/used /tmp/used
	expect_code 0 snapshot create /dev/mapper/used monday --store $b
	expect_code 0 snapshot remove monday
	expect_used_as_before
}

# Over a restart of the machine, so to say.
existing_store() {
	begin
	expect_code 0 snapshot create /dev/mapper/used monday --store $b
	echo second >/tmp/used/text
	umount /tmp/used
	dmsetup remove monday
	dmsetup remove used
	dmsetup remove used-kcopyd-origin
	dmsetup create used --table "$used_table"
	expect_code 3 snapshot create /dev/mapper/used monday --store $b
	expect_words $b ksnap --force
	expect_code 0 snapshot create /dev/mapper/used monday --store $b --existing
	holds monday first
	mount -t ext4 /dev/mapper/used /tmp/used
	[ "$(cat /tmp/used/text)" = second ] || fail "a file is lost"
	expect_code 0 snapshot remove monday
	mount -t ext4 -o remount,ro /tmp/used
	expect_code 3 snapshot create /dev/mapper/used monday --store $b --existing
	expect_words "before its origin is mounted"
	mount -t ext4 -o remount,rw /tmp/used
	expect_used_as_before
}

refused() {
	begin
	expect_code 3 snapshot create /dev/loop1 monday --store $c
	expect_words /dev/loop1 "no mapped device" "dmsetup create"
	mkfs.ext4 -q $b
	expect_code 3 snapshot create /dev/mapper/used monday --store $b
	expect_words $b ext4 --force
	expect_code 3 snapshot create /dev/mapper/used leg1 --store $c
	expect_words leg1 exists
	expect_code 3 snapshot create /dev/mapper/used a/b --store $c
	expect_words a/b
	expect_code 3 snapshot create /dev/mapper/used monday --store /dev/mapper/used
	expect_code 3 snapshot create /dev/mapper/used monday --store $a
	expect_words "stands on $a"
	expect_code 1 snapshot remove used
	expect_words "is no snapshot"
	expect_code 2 snapshot
	expect_code 2 snapshot create /dev/mapper/used monday
	expect_used_as_before
}

in_use() {
	begin
	expect_code 0 snapshot create /dev/mapper/used monday --store $b
	mkdir -p /tmp/snap
	mount -t ext4 -o ro /dev/mapper/monday /tmp/snap
	expect_code 3 snapshot remove monday
	expect_words monday "mounted on /tmp/snap"
	umount /tmp/snap
	# one thing at a time
	expect_code 3 clone --keep /dev/mapper/monday /dev/mapper/used
	expect_code 0 snapshot remove monday
	expect_used_as_before
}

# The kernel refuses the table, when the hidden device is there already.
fails_half_way() {
	begin
	make_leg 3 20
	break_writes 1
	expect_code 1 snapshot create /dev/mapper/used monday --store $b
	expect_words monday
	expect_used_as_before
	expect_code 1 snapshot create /dev/mapper/used monday --store $c \
		--chunk-size 5000
	expect_words "power of 2"
	expect_used_as_before
	expect_code 0 snapshot create /dev/mapper/used monday --store $c
	expect_code 1 snapshot create /dev/mapper/used tuesday \
		--store /dev/mapper/leg3 --chunk-size 64K
	expect_words "another chunk size"
	expect_others used used-kcopyd-origin monday
	is_origin || fail "used is no origin"
	holds monday first
	expect_code 0 snapshot remove monday
	expect_used_as_before
}

# Its store is full: it is lost, and can be removed as any other.
overflow() {
	make_used 16
	make_leg 1 2
	expect_code 0 snapshot create /dev/mapper/used monday --store $b
	grep -q "when it is full, the snapshot is lost" /tmp/out || fail "$(cat /tmp/out)"
	dd if=/dev/urandom of=/tmp/used/large bs=64k count=96 conv=fsync 2>/dev/null
	expect_code 4 snapshot list
	grep -q "lost: its store was full" /tmp/out || fail "$(cat /tmp/out)"
	expect_code 0 snapshot remove monday
	expect_used_as_before
}

killed_at_any_time() {
	begin
	for delay in 0.00 0.02 0.04 0.06 0.08 0.10 0.12 0.15 0.20 0.30; do
		step="after $delay s"
		kcopyctl snapshot create --force /dev/mapper/used monday --store $b \
			>/dev/null 2>&1 &
		making=$!
		sleep $delay
		kill -KILL $making 2>/dev/null || true
		wait $making 2>/dev/null || true
		expect_code 0 cleanup
		# it may have been complete
		! is_origin || expect_code 0 snapshot remove monday
		expect_used_as_before
	done
	step=''
}

# A clone of an origin that has a snapshot: the snapshot goes on meanwhile.
clone_of_origin() {
	begin
	make_leg 3 16
	expect_code 0 snapshot create /dev/mapper/used monday --store $b
	echo second >/tmp/used/text
	expect_code 0 clone --keep /dev/mapper/used /dev/mapper/leg3
	echo third >/tmp/used/text
	expect_code 0 cleanup
	expect_others used used-kcopyd used-kcopyd-origin monday
	holds monday first
	expect_code 0 stop used
	is_origin || fail "used is no origin"
	clean /dev/mapper/leg3
	holds monday first
	expect_code 0 snapshot remove monday
	expect_used_as_before
}

run_cases round_trip existing_store refused in_use fails_half_way overflow \
	killed_at_any_time clone_of_origin
dmsetup remove_all
rmmod dm-ksnap
finish
