#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G disk=16M programs=kcopyctl,block_load,same_blocks
# needs: tools=mkfs.ext4,e2fsck
# takes: 30 120
#
# What kcopyctl clone refuses: it says why, of which device, and what to do, and changes
# nothing.

# shellcheck source=kcopyctl.sh
. /guest/kcopyctl.sh

s=/dev/loop0 d=/dev/loop1

# Sums of the two devices, and the tables of all.
state() {
	md5sum $s $d
	dmsetup table
}

# two_loops: what is copied, and where it is to go
two_loops() {
	make_loop 0 4
	make_loop 1 4
	block_load --seed 1 --fill-only $s
	state >/tmp/before
}

# /dev/ubda1 and /dev/ubda2, of /dev/vda
make_partitions() {
	printf 'o\nn\np\n1\n\n+8M\nn\np\n2\n\n\nw\n' |
		fdisk -u /dev/vda >/tmp/fdisk 2>&1
	[ -e /dev/ubda2 ] || blockdev --rereadpt /dev/vda
	[ -e /dev/ubda2 ] || fail "no partitions: $(cat /tmp/fdisk)"
}

# expect_refusal WORDS... -- ARGUMENTS...
expect_refusal() {
	words=''
	while [ "$1" != -- ]; do
		words="$words $1"
		shift
	done
	shift
	state >/tmp/before
	expect_code 3 clone "$@"
	# shellcheck disable=SC2086 # words wanted
	expect_words $words "nothing was changed"
	state >/tmp/after
	cmp /tmp/before /tmp/after || fail "something was changed"
}

dest_mounted() {
	two_loops
	mkfs.ext4 -q $d
	mkdir -p /tmp/used
	mount -t ext4 $d /tmp/used
	expect_refusal $d mounted /tmp/used unmount -- --force $s $d
}

dest_has_mounted_partition() {
	two_loops
	make_partitions
	mkfs.ext4 -q /dev/ubda1
	mkdir -p /tmp/used
	mount -t ext4 /dev/ubda1 /tmp/used
	expect_refusal /dev/vda /dev/ubda1 /tmp/used -- --force $s /dev/vda
}

dest_is_swap() {
	two_loops
	mkswap $d >/dev/null
	swapon $d
	expect_refusal $d swap swapoff -- --force $s $d
	swapoff $d
}

dest_is_part_of_a_mapped_device() {
	two_loops
	dmsetup create holder --table "0 2048 linear $d 0"
	expect_refusal $d "holder" -- --force $s $d
}

dest_is_below_a_loop() {
	two_loops
	losetup /dev/loop9 $d
	expect_refusal $d /dev/loop9 losetup -- --force $s $d
	losetup -d /dev/loop9
}

dest_holds_data() {
	two_loops
	mkfs.ext4 -q -L precious $d
	expect_refusal $d ext4 precious "byte 1080" "--force" -- $s $d
	expect_code 0 clone --force $s $d
	same_blocks $s $d || fail "they differ"
}

dest_holds_a_partition_table() {
	two_loops
	printf 'o\nn\np\n1\n\n\nw\n' | fdisk $d >/dev/null 2>&1 || true
	expect_refusal $d dos "byte 510" "--force" -- $s $d
}

dest_holds_a_snapshot() {
	two_loops
	printf 'kcopyd snapshot\0' | dd of=$d conv=notrunc,fsync 2>/dev/null
	expect_refusal $d ksnap "--force" -- $s $d
}

dest_is_too_small() {
	two_loops
	make_loop 2 3
	expect_refusal /dev/loop2 "too small" 4194304 3145728 -- $s /dev/loop2
}

dest_is_read_only() {
	two_loops
	blockdev --setro $d
	expect_refusal $d read-only -- $s $d
	blockdev --setrw $d
}

dest_is_the_source() {
	two_loops
	expect_refusal $s twice -- $s $s
	ln -s $s /tmp/other
	expect_refusal $s /tmp/other "the same" -- $s /tmp/other
	rm /tmp/other
	losetup /dev/loop9 /tmp/loop/0
	expect_refusal /dev/loop9 "same file" -- $s /dev/loop9
	losetup -d /dev/loop9
}

dest_is_a_partition_of_the_source() {
	two_loops
	make_partitions
	expect_refusal /dev/vda /dev/ubda2 "part of" -- --force /dev/vda /dev/ubda2
	expect_refusal /dev/vda /dev/ubda2 "part of" -- --force /dev/ubda2 /dev/vda
}

dest_is_given_twice() {
	two_loops
	expect_refusal $d twice -- $s $d $d
}

# It would be frozen with the file system that it is on.
dest_is_on_the_source() {
	make_used 16
	truncate -s 16M /tmp/used/image
	losetup $d /tmp/used/image
	expect_code 3 clone /dev/mapper/used $d
	expect_words "$d stands on /dev/mapper/used" "nothing was changed"
	losetup -d $d
	expect_used_as_before
}

source_is_mounted() {
	two_loops
	mkfs.ext4 -q $s
	mkdir -p /tmp/used
	mount -t ext4 $s /tmp/used
	sync
	expect_refusal $s /tmp/used "dmsetup create" "mount /dev/mapper/" -- $s $d
	mount -o remount,ro /tmp/used
	expect_refusal $s /tmp/used "(read-only)" -- $s $d
}

source_is_held() {
	two_loops
	dmsetup create holder --table "0 2048 linear $s 0"
	expect_refusal $s holder -- $s $d
}

source_is_swap() {
	two_loops
	mkswap $s >/dev/null
	swapon $s
	expect_refusal $s swap -- $s $d
	swapoff $s
}

source_is_read_only() {
	two_loops
	blockdev --setro $s
	expect_refusal $s read-only setrw -- $s $d
	blockdev --setrw $s
}

# Its state is more than its table.
source_cannot_move() {
	two_loops
	make_leg 2 4
	make_leg 3 4
	dmsetup create used --table "0 $sectors kmirror 64 2 /dev/mapper/leg2 0 sync /dev/mapper/leg3 0 sync"
	exec 9</dev/mapper/used
	expect_refusal used "kcopyctl status" -- /dev/mapper/used $d
	exec 9<&-
	dmsetup remove used
	dmsetup create used --table "0 $sectors linear /dev/mapper/leg2 0"
	exec 9</dev/mapper/used
	dmsetup load used --table "0 $sectors linear /dev/mapper/leg3 0"
	expect_refusal used "dmsetup clear used" -- /dev/mapper/used $d
	exec 9<&-
}

# All that is wrong is said at once.
several_reasons() {
	two_loops
	mkfs.ext4 -q $d
	make_loop 2 3
	expect_refusal $d ext4 /dev/loop2 "too small" -- $s $d /dev/loop2
}

not_understood() {
	two_loops
	expect_code 2 clone
	expect_code 2 clone $s
	expect_code 2 clone --nothing $s $d
	expect_code 2 clone --region-size 12 $s $d
	expect_code 2 none
	expect_code 1 clone /dev/none $d
	expect_words /dev/none
	expect_code 1 clone /tmp/loop/0 $d
	expect_words "no block device"
	expect_code 1 status /dev/loop0
	expect_words /dev/loop0 "kcopyctl status"
	expect_code 0 --help
	state >/tmp/after
	cmp /tmp/before /tmp/after || fail "something was changed"
}

run_cases dest_mounted dest_has_mounted_partition dest_is_swap \
	dest_is_part_of_a_mapped_device dest_is_below_a_loop dest_holds_data \
	dest_holds_a_partition_table dest_holds_a_snapshot dest_is_too_small \
	dest_is_read_only dest_is_the_source dest_is_a_partition_of_the_source \
	dest_is_given_twice dest_is_on_the_source source_is_mounted source_is_held \
	source_is_swap source_is_read_only source_cannot_move several_reasons \
	not_understood
finish
