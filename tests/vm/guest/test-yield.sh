#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G
# takes: 40 120
#
# Promise 24: a background copy has all of an idle disk, steps aside for one who reads
# from it, keeps to its floor, and can be made a foreground copy at once. Who else uses
# the disk is known by its statistics alone.

. /guest/lib.sh

copy=/sys/kernel/debug/test-copy
clients=/sys/kernel/debug/kcopyd
sectors=131072 # 64 MiB

# A disk that takes 3 ms for each request.
modprobe null_blk nr_devices=0
make_disk() {
	dir=/sys/kernel/config/nullb/$1
	mkdir "$dir"
	for setting in memory_backed=1 size=64 irqmode=2 completion_nsec=3000000 \
		power=1; do
		echo "${setting#*=}" >"$dir/${setting%=*}"
	done
	name=$1
	[ -e "/dev/$1" ] || name=nullb$(cat "$dir/index")
}
make_disk source
source=/dev/$name
make_disk dest
dest=/dev/$name

is_over() {
	read -r result <$copy
	[ "$result" != busy ]
}

finish() {
	wait_for 120 is_over || fail "$step: the copy does not end"
	[ "$result" = "read 0 write 0" ] || fail "$step: $result"
}

milliseconds() {
	read -r up _ </proc/uptime
	echo $((${up%.*} * 1000 + 1${up#*.} * 10 - 1000))
}

value() { sed -n "s/^$1 //p" "$clients/$id/stats"; }

# Small reads, one after the other.
begin_reading() {
	(while :; do
		dd if=$source of=/dev/null bs=4096 count=20 iflag=direct 2>/dev/null
	done) &
	reader=$!
	sleep 0.2
}

end_reading() { kill $reader; }

# measure STEP: a copy; sets took, and how long it has yielded
measure() {
	step=$1
	yielded=$(value waited_us_yield)
	before=$(milliseconds)
	echo "copy $sectors 0 1" >$copy
	finish
	took=$(($(milliseconds) - before))
	yielded=$(($(value waited_us_yield) - ${yielded:-0}))
	say "$step: $took ms, of which it yielded $((yielded / 1000))"
}

modprobe test-copy
echo "open $source $dest" >$copy
id=$(sed -n '3s/ .*//p' $clients/clients)
echo 1 >$clients/timing

measure "foreground, idle disk"
alone=$took
echo "background 0" >$copy
[ "$(value class)" = background ] || fail "it is not a background client"
measure "background, idle disk"
[ $((yielded * 20)) -lt $((took * 1000)) ] || fail "it yields to itself"
[ $took -gt $alone ] || alone=$took

begin_reading
measure "background, readers"
[ $((yielded * 2)) -gt $((took * 1000)) ] || fail "it does not yield"
[ $took -gt $((alone * 2)) ] || fail "it yields, but is as fast as alone"
slow=$took
trace=/sys/kernel/tracing/events/kcopyd/kcopyd_wait
if [ -d $trace ]; then
	echo 1 >$trace/enable
	measure "background, readers, traced"
	echo 0 >$trace/enable
	grep -q "kcopyd_wait: client=$id reason=yield ns=[1-9]" \
		/sys/kernel/tracing/trace || fail "the trace does not say so"
fi

# More than it gets when it yields, and less than the disk has.
floor=$((sectors * 512 / slow * 2 * 1000))
echo "background $floor" >$copy
measure "background, readers, floor of $floor bytes a second"
[ $((took * 4)) -lt $((slow * 3)) ] || fail "it does not keep to its floor"

echo "background 0" >$copy
step="background, made foreground"
echo "copy $sectors 0 1" >$copy
sleep 0.3
! is_over || fail "$step: it did not yield"
echo foreground >$copy
finish
measure "foreground, readers"
[ $yielded -eq 0 ] || fail "a foreground copy yields"

# And an idle disk is taken again.
end_reading
sleep 2
echo "background 0" >$copy
measure "background, idle disk again"
[ $((yielded * 20)) -lt $((took * 1000)) ] || fail "it yields to nobody"

echo close >$copy
rmmod test-copy kcopyd-mod
remove_devices
rmmod null_blk
