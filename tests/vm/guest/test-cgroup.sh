#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G
# takes: 40 120
#
# Promise 23: the bios of a copy count for the cgroup of the task that submitted it, and
# a cgroup that is limited does not hold up a copy of another one by the same client.

. /guest/lib.sh

copy=/sys/kernel/debug/test-copy
beside=/sys/kernel/debug/test-copy-beside
clients=/sys/kernel/debug/kcopyd
groups=/sys/fs/cgroup
slow=$groups/slow
mega=2048 # sectors

[ -e $groups/cgroup.controllers ] || mount -t cgroup2 cgroup2 $groups ||
	skip "there is no cgroup v2"
grep -qw io $groups/cgroup.controllers || skip "cgroups have no io controller"
echo +io >$groups/cgroup.subtree_control
mkdir $slow

# A disk with a queue, on which all controllers work.
modprobe null_blk nr_devices=0
make_disk() {
	disk_dir=/sys/kernel/config/nullb/$1
	mkdir "$disk_dir"
	for setting in memory_backed=1 size=16 irqmode=1 power=1; do
		echo "${setting#*=}" >"$disk_dir/${setting%=*}"
	done
	name=$1
	[ -e "/dev/$1" ] || name=nullb$(cat "$disk_dir/index")
	number=$(cat "/sys/block/$name/dev")
}
make_disk source
source=/dev/$name source_number=$number
make_disk dest
dest=/dev/$name dest_number=$number

# in_slow COMMAND...: by a task in that cgroup
in_slow() {
	sh -c "echo \$\$ >$slow/cgroup.procs; $*"
}

# moved KEY DEVICE: bytes that slow's I/O has moved there
moved() {
	sed -n "s/^$2 .*\b$1=\([0-9]*\).*/\1/p" $slow/io.stat
}

is_over() {
	read -r result <"$1"
	[ "$result" != busy ]
}

finish() {
	wait_for 60 is_over "$1" || fail "$step: the copy does not end"
	[ "$result" = "read 0 write 0" ] || fail "$step: $result"
}

# Nothing of an earlier step counts.
begin() {
	step=$1
	read_before=$(moved rbytes $source_number)
	written_before=$(moved wbytes $dest_number)
}

expect_counted() {
	read_now=$(($(moved rbytes $source_number) - ${read_before:-0}))
	written_now=$(($(moved wbytes $dest_number) - ${written_before:-0}))
	[ "$read_now" -eq "$1" ] || fail "$step: slow has read $read_now, not $1"
	[ "$written_now" -eq "$1" ] ||
		fail "$step: slow has written $written_now, not $1"
}

milliseconds() {
	read -r up _ </proc/uptime
	echo $((${up%.*} * 1000 + 1${up#*.} * 10 - 1000))
}

modprobe test-copy
echo "open $source $dest" >$copy
id=$(sed -n '3s/ .*//p' $clients/clients)

begin "a copy of the root"
echo "copy $((4 * mega)) 0 1" >$copy
finish $copy
[ ! "$(moved wbytes $dest_number)" ] || fail "$step counts for slow"

begin "a copy of slow"
in_slow "echo copy $((4 * mega)) 0 1 >$copy"
finish $copy
expect_counted 4194304

# beside_slow: while slow copies, the root's copy of 4 KiB and one of 4 MiB are done
# at once; sets waited
beside_slow() {
	in_slow "echo copy $1 0 1 >$copy"
	sleep 0.3
	! is_over $copy || fail "$step: slow is not limited"
	before=$(milliseconds)
	for sectors in 8 $((4 * mega)); do
		echo "copy $sectors 0 1" >$beside
		finish $beside
	done
	waited=$(($(milliseconds) - before))
	! is_over $copy || fail "$step: the root waited for slow"
}

begin "io.max"
for number in $source_number $dest_number; do
	echo "$number rbps=1048576 wbps=1048576" >$slow/io.max
done
before=$(milliseconds)
beside_slow $((4 * mega))
finish $copy
took=$(($(milliseconds) - before))
[ $took -gt 2500 ] || fail "$step: 4 MiB at 1 MiB a second took $took ms"
expect_counted 4194304
[ $((waited * 3)) -lt $took ] ||
	fail "$step: the root's copies took $waited ms beside slow's, of $took ms"
say "$step: the root's copies took $waited ms beside slow's, which took $took ms"
for number in $source_number $dest_number; do
	echo "$number rbps=max wbps=max" >$slow/io.max
done

# This one sleeps in submit_bio(), when a cgroup has run into debt. Where locks are
# checked, turning it on makes a report that has nothing to do with copies.
begin "iocost"
if [ -e $groups/io.cost.qos ] && [ ! -e /proc/lockdep ]; then
	for number in $source_number $dest_number; do
		echo "$number ctrl=user model=linear rbps=262144 rseqiops=64 rrandiops=64 wbps=262144 wseqiops=64 wrandiops=64" \
			>$groups/io.cost.model
		echo "$number enable=1 ctrl=user min=100 max=100" >$groups/io.cost.qos
	done
	beside_slow $((4 * mega))
	said=$(sed -n 's/^waits_for //p' "$clients/$id/stats")
	say "$step: the root's copies took $waited ms; slow waits for: $said"
	for number in $source_number $dest_number; do
		echo "$number enable=0" >$groups/io.cost.qos
	done
	finish $copy
	expect_counted 4194304
fi

# Its submitter is gone, and the cgroup is removed, while it copies.
begin "a cgroup that goes"
for number in $source_number $dest_number; do
	echo "$number rbps=1048576 wbps=1048576" >$slow/io.max
done
in_slow "echo copy $((2 * mega)) 0 1 >$copy"
rmdir $slow
finish $copy

echo close >$copy
rmmod test-copy kcopyd-mod
remove_devices
rmmod null_blk
