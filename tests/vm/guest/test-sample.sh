#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: programs=block_load,same_blocks sample
# takes: 20
#
# The sample of the tutorial, built against a kcopyd that was installed: its image is
# the origin as it was, though that is written meanwhile; errors spoil the image and
# not the device; it can be suspended at any moment.

. /guest/lib.sh

sectors=65536
origin=/dev/mapper/origin image=/dev/mapper/image was=/dev/loop2
modprobe dm-kimage

# Copies take so long that most regions are written before their turn comes, and
# many while they are read.
slow_copies() {
	becomes origin $sectors delay /dev/loop0 0 50 /dev/loop0 0 0
	becomes image $sectors delay /dev/loop1 0 50
}

set_up() {
	for i in 0 1 2; do
		make_loop $i $((sectors / 2048))
	done
	dmsetup create origin --table "0 $sectors linear /dev/loop0 0"
	dmsetup create image --table "0 $sectors linear /dev/loop1 0"
	block_load --fill-only --seed 5 $origin
	block_load --fill-only --seed 5 $was
}

clean_up() { remove_devices; }

create() { dmsetup create m --table "0 $sectors kimage $origin $image $1"; }

# it_says PATTERN: as its status, after the length
it_says() { dmsetup status m | grep -q "kimage $1\$"; }
expect() {
	wait_for 60 it_says "$1" || fail "status $(dmsetup status m), not $1"
}

start_load() {
	block_load --seconds 1000 --seed 5 --threads 16 --write-only \
		/dev/mapper/m >/tmp/load 2>&1 &
	load=$!
}

# All that was written is there.
stop_load() {
	kill -TERM $load
	wait $load || fail "the load: $(cat /tmp/load)"
}

same() {
	same_blocks $was $image || fail "the image is not what the origin was"
	! same_blocks $was $origin 2>/dev/null || fail "nothing was written"
}

image_of_a_device_in_use() {
	set_up
	slow_copies
	create 1024
	start_load
	expect "64/64 good"
	stop_load
	same
}

# REGION that does not divide the length
short_last_region() {
	set_up
	dmsetup create m --table "0 65000 kimage $origin $image 16384"
	expect "4/4 good"
	dmsetup remove m
	same_blocks --blocks 8125 $was $image || fail "the image is wrong"
	[ "$(tail -c 262144 $image | tr -d '\0' | wc -c)" -eq 0 ] ||
		fail "it copied more than its length"
}

suspended_meanwhile() {
	set_up
	slow_copies
	create 1024
	start_load
	for i in 1 2 3 4 5; do
		sleep 0.2
		dmsetup suspend m
		before=$(dmsetup status --noflush m)
		sleep 0.2
		[ "$(dmsetup status --noflush m)" = "$before" ] ||
			fail "it copies while it is suspended"
		dmsetup resume m
	done
	expect "64/64 good"
	stop_load
	same
}

removed_meanwhile() {
	set_up
	slow_copies
	for i in 1 2 3; do
		create 128
		sleep 0.2
		dmsetup remove m
	done
	create 1024
	expect "64/64 good"
	same_blocks $was $image || fail "the image is wrong"
}

image_fails() {
	set_up
	becomes image $sectors error
	start=$(dmsetup create m --table "0 $sectors kimage $origin $image 128" &&
		dmsetup info -c --noheadings -o events m)
	start_load
	expect "[0-9]*/512 failed"
	sleep 1
	stop_load
	dmesg | grep -q "kimage: the image of .* is of no use: region .* written" ||
		fail "the log says nothing"
	[ "$(dmsetup info -c --noheadings -o events m)" -gt "$start" ] ||
		[ "$start" -gt 0 ] || fail "no event was raised"
}

origin_fails() {
	set_up
	dmsetup load origin --table "0 32768 linear /dev/loop0 0
32768 128 error
32896 32640 linear /dev/loop0 32896"
	dmsetup resume origin
	create 128
	expect "[0-9]*/512 failed"
	dmesg | grep -q "kimage: the image of .* is of no use: region 256 .* read" ||
		fail "the log says nothing"
	dd if=/dev/urandom of=/dev/mapper/m bs=64k count=4 conv=fsync \
		2>/dev/null || fail "the device does not go on"
}

# refused WORDS TABLE
refused() {
	! dmsetup create m --table "$2" 2>/dev/null || fail "accepted: $2"
	dmesg | tail -n 5 | grep -qF "kimage: $1" ||
		fail "$2: no word about \"$1\""
}

tables_that_are_refused() {
	set_up
	usage="Usage: ORIGIN IMAGE REGION"
	refused "$usage" "0 $sectors kimage $origin $image"
	refused "$usage" "0 $sectors kimage $origin $image 100"
	refused "$usage" "0 $sectors kimage $origin $image 4"
	refused "$usage" "0 $sectors kimage $origin $image 131072"
	refused "$usage" "0 $sectors kimage $origin $image x"
	refused "Cannot open the origin" "0 $sectors kimage /dev/none $image 128"
	refused "Cannot open the device for" \
		"0 $sectors kimage $origin /dev/none 128"
	refused "The image can't be on the origin" \
		"0 $sectors kimage $origin $origin 128"
	! dmsetup create m --table "0 65544 kimage $origin $image 128" \
		2>/dev/null || fail "accepted: longer than its devices"
}

run_cases image_of_a_device_in_use short_last_region suspended_meanwhile \
	removed_meanwhile image_fails origin_fails tables_that_are_refused
rmmod dm-kimage kcopyd-mod
