#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G
# takes: 10 60
#
# Faults that the kernel's framework injects: reads, writes and submissions of the clients
# with a label fail, and those of no others. Promises 13, 14, 18 and 28.

. /guest/lib.sh

copy=/sys/kernel/debug/test-copy
debug=/sys/kernel/debug

is_over() {
	read -r result <$copy
	[ "$result" != busy ]
}

# expect RESULT: of a copy to two devices
expect() {
	echo "copy 2048 0 1 2" >$copy
	wait_for 60 is_over || fail "$step: the copy does not end"
	[ "$result" = "$1" ] || fail "$step: $result, not $1"
}

# inject FAULT LABEL TIMES
inject() {
	dir=$debug/fail_kcopyd_$1
	echo 0 >"$dir/verbose"
	echo 100 >"$dir/probability"
	echo "$3" >"$dir/times"
	echo "$2" >"$dir/label"
}

for disk in 0 1 2; do
	make_loop $disk 1
done
modprobe test-copy
[ -d $debug/fail_kcopyd_read ] || skip "this kernel injects no faults"
echo "open /dev/loop0 /dev/loop1 /dev/loop2" >$copy
label=$(sed -n '3s/^[0-9]* \([^ ]*\) .*/\1/p' $debug/kcopyd/clients)

step="nothing is injected"
expect "read 0 write 0"
step="other clients are hit"
for fault in read write submit; do
	inject $fault "not-$label" -1
done
expect "read 0 write 0"
step="a read fails"
inject read "$label" 1
expect "read -5 write 0"
expect "read 0 write 0"
step="a write fails"
inject write "$label" 1
expect "read 0 write 1"
expect "read 0 write 0"
step="all writes of all clients fail"
inject write "*" -1
expect "read 0 write 3"
inject write "" -1
expect "read 0 write 0"
step="a submission fails"
inject submit "$label" 1
expect "refused -22"
expect "read 0 write 0"

# The module goes, though faults are still to be injected.
inject read "*" -1
echo close >$copy
rmmod test-copy kcopyd-mod
[ ! -e $debug/fail_kcopyd_read ] || fail "debugfs still has us"
modprobe test-copy
echo "open /dev/loop0 /dev/loop1 /dev/loop2" >$copy
step="the module was loaded anew"
expect "read 0 write 0"
echo close >$copy
rmmod test-copy kcopyd-mod
remove_devices
