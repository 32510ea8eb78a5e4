#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The machine's part of `make demo`: /dev/vda holds an ext4 filesystem. A loop
# device on it is mirrored on two others, mounted and written to meanwhile.
# Then all three are compared and checked.
#
# From the kernel's command line: terminal (yes or no), columns, bar.

. /guest/lib.sh
: "${terminal:=no}" "${columns:=80}" "${bar:=ascii}"

line() { say "$(printf '  %-11s %s' "$1" "$2")"; }
doing() { progress "$(printf '  %-11s %s' "$1" "$2")"; }

# For the summary.
fact() { tell fact "$@"; }

# Hundredths of a second since the start of the machine.
now() {
	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}"
}

# Files of 64 KiB are written until /tmp/stop is there; /tmp/written says how
# many.
write_files() {
	n=0
	mkdir /mnt/new
	while [ ! -e /tmp/stop ]; do
		dd if=/dev/urandom of="/mnt/new/$((n % 64))" bs=64k count=1 \
			2>/dev/null
		n=$((n + 1))
		[ $((n % 16)) -gt 0 ] || sync
	done
	echo $n >/tmp/written
}

# Lines of kmirror-progress; on a terminal each replaces the one before, and
# the last one stays.
show_progress() {
	while IFS= read -r now; do
		last=$now
		if [ "$terminal" = yes ]; then
			progress "  $now"
		else
			say "  $now"
		fi
	done
	[ "$terminal" = no ] || say "  $last"
}

follow() {
	every=10
	[ "$terminal" = no ] || every=0
	kmirror-progress --every $every --width "$columns" --bar "$bar" demo |
		show_progress
	kmirror-progress --once demo >/dev/null
}

processors() {
	kind=''
	! grep -q 'QEMU TCG' /proc/cpuinfo || kind=emulated
	fact processors $kind
	echo "$(nproc) ${kind:+$kind }processors"
}

check_filesystem() {
	e2fsck -fn "$1" >/tmp/e2fsck 2>&1 || {
		cat /tmp/e2fsck
		fail "e2fsck finds faults on $1"
	}
}

doing machine "loading modules"
wait_for 10 [ -e /dev/vda ] || fail "no /dev/vda"
modprobe kmirror
line machine "$(processors), started in $(($(now) / 100)) s"

sectors=$(cat /sys/block/vda/size)
losetup /dev/loop0 /dev/vda
for i in 1 2; do
	make_loop $i $((sectors / 2048))
done
line mirror "/dev/loop0 on loop1 and loop2; mounted, and being written to"
say ""

# Nothing is to be copied before there is somebody to watch and to disturb it.
dmsetup create demo --table "0 $sectors kmirror 2048 3 \
	/dev/loop0 0 sync /dev/loop1 0 fill /dev/loop2 0 fill"
dmsetup message demo 0 pause
mkdir -p /mnt
mount -t ext4 /dev/mapper/demo /mnt
write_files &
start=$(now)
dmsetup message demo 0 resume
follow || fail "the mirror is not in sync: $(dmsetup status demo)"
fact time $(($(now) - start))
touch /tmp/stop
wait
umount /mnt
dmsetup remove demo
fact written "$(cat /tmp/written)"

say ""
for i in 1 2; do
	doing compared "reading /dev/loop0 and loop$i"
	same_blocks /dev/loop0 /dev/loop$i || fail "/dev/loop$i differs"
done
line compared "/dev/loop1 and loop2 are equal to /dev/loop0, byte for byte"
for i in 0 1 2; do
	doing checked "the filesystem on /dev/loop$i"
	check_filesystem /dev/loop$i
done
line checked "e2fsck -fn finds no fault on any of them"
rmmod dm-kmirror kcopyd-mod
