#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=2G disk=ext4 tools=e2fsck programs=block_load,same_blocks
# takes: 54
#
# A real file system is mirrored to two other devices while it is in use. In
# the end all three hold the same, and a consistent file system each.

. /guest/kmirror.sh

# Files come, move, grow and go, until /tmp/stop is there.
churn() {
	n=0
	while [ ! -e /tmp/stop ]; do
		mkdir "$root/new"
		find "$root/usr" -type f -size -64k | head -n 20 |
			xargs -I FILE cp FILE "$root/new/"
		cat "$root/new"/* >>"$root/grown"
		mv "$root/new" "$root/churn.$n"
		[ $n -lt 2 ] || rm -r "$root/churn.$((n - 2))"
		sync
		n=$((n + 1))
		echo $n >/tmp/rounds
		sleep 1
	done
}

got_far() { [ "$(cat /tmp/rounds)" -gt 1 ]; }

losetup /dev/loop0 /dev/vda
sectors=$(blockdev --getsz /dev/loop0)
mount -o remount,size=90% /tmp
make_loop 1 $((sectors / 2048))
make_loop 2 $((sectors / 2048))
dmsetup create m --table \
	"0 $sectors kmirror 1024 3 /dev/loop0 0 sync /dev/loop1 0 fill /dev/loop2 0 fill"
pause

root=/tmp/root
mkdir $root
mount -t ext4 /dev/mapper/m $root
say "$(df -m $root | awk 'END { print $3 }') MiB of files are mirrored in use"
truncate -s 8M $root/load
block_load --fill-only $root/load
start_load $root/load --rest 10 --threads 2
churn &
churn=$!

[ "$(synced)" -lt "$(total)" ] || fail "nothing is left to synchronise"
event=$(events)
proceed
wait_for 400 is_synced || fail "synchronisation did not end: $(synced)"
expect_event "$event"
wait_for 100 got_far || fail "the workload did not get far"
touch /tmp/stop
stop_load
wait $churn
say "meanwhile: $(cat /tmp/load)"
umount $root
expect_health AAA
dmsetup remove m

same_blocks /dev/loop0 /dev/loop1 /dev/loop2 || fail "the legs differ"
for i in 0 1 2; do
	e2fsck -fn /dev/loop$i >/tmp/e2fsck 2>&1 ||
		fail "leg $i: $(tail -n 5 /tmp/e2fsck)"
done
finish
