#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The machine's part of `make demo`: /dev/vda holds an ext4 filesystem. A mapped
# device on it is copied to two others, mounted and written to meanwhile; then it gets a
# snapshot. The copies and the snapshot are compared and checked.
#
# From the kernel's command line: terminal (yes or no), columns.

. /guest/lib.sh
: "${terminal:=no}" "${columns:=80}"

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

# Lines of kcopyctl; on a terminal those of progress replace each other.
show_progress() {
	last=''
	while IFS= read -r now; do
		case $now in
		*" % "*)
			last=$now
			if [ "$terminal" = yes ]; then
				progress "  $now"
			else
				say "  $now"
			fi
			;;
		*)
			[ -z "$last" ] || [ "$terminal" = no ] || say "  $last"
			last=''
			say "  $now"
			;;
		esac
	done
}

clone() {
	interval=2
	[ "$terminal" = no ] || interval=0.2
	COLUMNS=$columns kcopyctl clone --interval $interval /dev/mapper/demo \
		/dev/loop1 /dev/loop2 >/tmp/out 2>/tmp/err
	echo $? >/tmp/code
}

# The pipe is read from while the copy runs.
follow() {
	rm -f /tmp/out
	mkfifo /tmp/out
	clone &
	show_progress </tmp/out
	wait $!
	[ "$(cat /tmp/code)" = 0 ] || fail "$(cat /tmp/err)"
}

# run ARGUMENTS...: kcopyctl, with its words
run() {
	kcopyctl "$@" >/tmp/said 2>&1 || fail "$(cat /tmp/said)"
	while IFS= read -r now; do
		say "  $now"
	done </tmp/said
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
modprobe ksnap
line machine "$(processors), started in $(($(now) / 100)) s"

sectors=$(blockdev --getsz /dev/vda)
losetup /dev/loop0 /dev/vda
for i in 1 2 3; do
	make_loop $i $((sectors / 2048 + 4))
done
dmsetup create demo --table "0 $sectors linear /dev/loop0 0"
demo_table=$(dmsetup table demo)
mkdir -p /mnt /copy
mount -t ext4 /dev/mapper/demo /mnt
write_files &
writer=$!
line volume "/dev/mapper/demo is mounted, and being written to"
say ""
say "  # kcopyctl clone /dev/mapper/demo /dev/loop1 /dev/loop2"

start=$(now)
follow
fact time $(($(now) - start))

# The clone is finished. The writer goes on.
say ""
say "  # kcopyctl snapshot create /dev/mapper/demo monday --store /dev/loop3"
mkdir /mnt/moment
echo before >/mnt/moment/file
run snapshot create /dev/mapper/demo monday --store /dev/loop3
echo after >/mnt/moment/file
touch /tmp/stop
wait $writer
fact written "$(cat /tmp/written)"
sync
say ""
doing compared "reading /dev/loop1 and /dev/loop2"
same_blocks /dev/loop1 /dev/loop2 || fail "/dev/loop2 differs"
line compared "/dev/loop1 and loop2 are equal, byte for byte"
for i in 1 2; do
	doing checked "the filesystem on /dev/loop$i"
	check_filesystem /dev/loop$i
done
line checked "e2fsck -fn finds no fault on any of them"
doing compared "the files that were there before"
mount -t ext4 -o ro /dev/loop1 /copy
diff -r /mnt/usr /copy/usr >/tmp/diff 2>&1 || {
	head -n 20 /tmp/diff
	fail "files differ"
}
umount /copy
line compared "its files are those that were there before"

doing checked "the snapshot"
check_filesystem /dev/mapper/monday
mount -t ext4 -o ro /dev/mapper/monday /copy
[ "$(cat /copy/moment/file) $(cat /mnt/moment/file)" = "before after" ] ||
	fail "the snapshot is not of its moment"
umount /copy
line checked "the snapshot is clean, and has nothing that came later"
run snapshot remove monday
umount /mnt
[ "$(dmsetup table demo)" = "$demo_table" ] || fail "demo is not as before"
line undone "/dev/mapper/demo is as it was before"
dmsetup remove demo
rmmod dm-kmirror dm-ksnap kcopyd-mod
