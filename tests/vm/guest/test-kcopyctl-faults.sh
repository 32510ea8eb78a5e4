#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=kcopyctl,block_load,same_blocks tools=mkfs.ext4,e2fsck
# takes: 60 240
#
# kcopyctl when something goes wrong: the device is as before, and nothing is left; or
# what is left is what the message says, and cleanup removes it.

# shellcheck source=kcopyctl.sh
. /guest/kcopyctl.sh

is_mirror() { dmsetup table "$1" 2>/dev/null | grep -q ' kmirror '; }
is_followed() { grep -qs ' % ' /tmp/out; }

# begin_clone ARGUMENTS...: in the background, slowly
begin_clone() {
	slow_writes 1 200
	rm -f /tmp/out
	kcopyctl clone --region-size 64K "$@" >/tmp/out 2>/tmp/err &
	clone=$!
}

# expect_end CODE: of that
expect_end() {
	code=0
	wait $clone || code=$?
	[ $code = "$1" ] ||
		fail "exit status $code, not $1: $(cat /tmp/out /tmp/err)"
}

begin_in_use() {
	make_used 16
	make_leg 1 16
	begin_clone /dev/mapper/used $b
	wait_for 20 is_followed || fail "no mirror: $(cat /tmp/err)"
}

begin_idle() {
	make_legs 8 2
	begin_clone $a $b
	wait_for 20 is_followed || fail "no mirror: $(cat /tmp/err)"
}

stopped_in_use() {
	make_used 16
	make_leg 1 16
	start_churn
	for signal in INT TERM HUP; do
		step=$signal
		begin_clone --force /dev/mapper/used $b
		wait_for 20 is_followed || fail "no mirror: $(cat /tmp/err)"
		kill -$signal $clone
		expect_end 5
		grep -q "$b: INCOMPLETE: .* regions were not copied" /tmp/out ||
			fail "$signal: $(cat /tmp/out)"
		expect_words /dev/mapper/used signal
		expect_used_as_before
		mend
	done
	step=''
	end_churn
	umount /tmp/used
	clean /dev/mapper/used
}

stopped_idle() {
	begin_idle
	kill -INT $clone
	expect_end 5
	expect_others
}

# The terminal goes away, and nohup said that this is no reason to stop.
goes_on_under_nohup() {
	make_used 16
	make_leg 1 16
	slow_writes 1 100
	rm -f /tmp/out
	(
		trap '' HUP
		exec kcopyctl clone --region-size 64K /dev/mapper/used $b \
			>/tmp/out 2>/tmp/err
	) &
	clone=$!
	wait_for 20 is_followed || fail "no mirror: $(cat /tmp/err)"
	kill -HUP $clone
	mend
	expect_end 0
	expect_used_as_before
	clean $b
}

killed_in_use() {
	begin_in_use
	start_churn
	kill -KILL $clone
	wait $clone || true
	is_mirror used || fail "the kernel does not go on"
	expect_code 0 status
	grep -q "/dev/mapper/used: clone, .* filling" /tmp/out ||
		fail "$(cat /tmp/out)"
	expect_code 0 cleanup
	expect_used_as_before
	end_churn
	umount /tmp/used
	clean /dev/mapper/used
}

killed_idle() {
	begin_idle
	kill -KILL $clone
	wait $clone || true
	expect_others kcopyd-leg0
	expect_code 0 cleanup
	expect_others
}

# What was killed can be waited for as well.
killed_and_finished() {
	begin_in_use
	kill -KILL $clone
	wait $clone || true
	mend
	expect_code 0 wait /dev/mapper/used
	expect_used_as_before
	clean $b
}

# Those that somebody follows, or that need nobody, are not touched.
cleanup_spares_the_living() {
	begin_in_use
	expect_code 0 cleanup
	is_mirror used || fail "cleanup ended it"
	mend
	expect_end 0
	clean $b
	expect_code 0 clone --force --keep /dev/mapper/used $b
	expect_code 0 cleanup
	is_mirror used || fail "cleanup ended a mirror"
	expect_code 0 stop /dev/mapper/used
	expect_used_as_before
}

# As it is when a process is killed between two requests.
killed_between_requests() {
	make_used 16
	make_leg 1 16
	step="hidden, not resumed"
	dmsetup create used-kcopyd -u KCOPYD-clone-used-kcopyd --notable
	expect_code 0 cleanup
	expect_used_as_before
	step="hidden"
	dmsetup create used-kcopyd -u KCOPYD-clone-used-kcopyd --table "$used_table"
	expect_code 0 cleanup
	expect_used_as_before
	step="loaded"
	hide_used
	expect_code 0 cleanup
	expect_used_as_before
	step="suspended"
	hide_used
	dmsetup suspend used
	expect_code 0 cleanup
	expect_used_as_before
	step="suspended on the mirror"
	hide_used
	dmsetup suspend used
	dmsetup resume used
	dmsetup load used --table "$used_table"
	dmsetup suspend used
	expect_code 0 cleanup
	expect_used_as_before
	step="put back"
	hide_used
	dmsetup clear used
	expect_code 0 cleanup
	expect_used_as_before
	step="idle, not resumed"
	dmsetup create kcopyd-leg1 -u KCOPYD-clone-kcopyd-leg1 --notable
	expect_code 0 cleanup
	expect_used_as_before
	step=''
}

# The table of the mirror is loaded over "used".
hide_used() {
	dmsetup create used-kcopyd -u KCOPYD-clone-used-kcopyd --table "$used_table"
	dmsetup load used --table "0 $sectors kmirror 128 2 \
		/dev/mapper/used-kcopyd 0 sync $b 0 fill"
}

# The same, by every way that a process can end.
killed_at_any_time() {
	make_used 8
	make_leg 1 8
	for delay in 0.00 0.02 0.04 0.06 0.08 0.10 0.12 0.15 0.20; do
		step="after $delay s"
		kcopyctl clone --force /dev/mapper/used $b >/dev/null 2>&1 &
		clone=$!
		sleep $delay
		kill -KILL $clone 2>/dev/null || true
		wait $clone 2>/dev/null || true
		expect_code 0 cleanup
		expect_used_as_before
	done
	step=''
}

one_of_two_fails() {
	make_used 16
	make_leg 1 16
	make_leg 2 16
	break_writes 2
	expect_code 4 clone /dev/mapper/used $b $c
	grep -q "$c has failed" /tmp/out || fail "$(cat /tmp/out)"
	grep -q "$b: holds all" /tmp/out || fail "$(cat /tmp/out)"
	grep -q "$c: INCOMPLETE: it failed a write" /tmp/out || fail "$(cat /tmp/out)"
	expect_used_as_before
	clean $b
}

the_only_one_fails() {
	make_used 16
	make_leg 1 16
	break_writes 1
	expect_code 1 clone /dev/mapper/used $b
	expect_used_as_before
	umount /tmp/used
	clean /dev/mapper/used
	make_leg 2 8
	make_leg 3 8
	break_writes 3
	expect_code 1 clone /dev/mapper/leg2 /dev/mapper/leg3
	expect_others used
}

source_is_unreadable() {
	make_legs 8 2
	fail_reads 0 4096
	expect_code 1 clone --region-size 64K $a $b
	grep -q "$b: INCOMPLETE: 1 of 128 regions" /tmp/out || fail "$(cat /tmp/out)"
	grep -q "cannot be read at sector 4096" /tmp/out || fail "$(cat /tmp/out)"
	expect_others
}

# The copies alone have what was written since: it must not go back to the source.
source_fails_a_write() {
	make_used 16
	make_leg 1 16
	expect_code 0 clone --keep /dev/mapper/used $b
	break_writes 0
	echo precious >/tmp/used/precious
	sync
	expect_code 4 status
	expect_code 6 stop /dev/mapper/used
	expect_words /dev/mapper/used "have all of it" "--force"
	is_mirror used || fail "it went back to the source"
	[ "$(cat /tmp/used/precious)" = precious ] || fail "a file is lost"
	expect_others used used-kcopyd
	umount /tmp/used
	clean $b
	mend
	expect_code 0 stop --force /dev/mapper/used
	[ "$(dmsetup table used)" = "$used_table" ] || fail "it is not put back"
	expect_others used
	mount -t ext4 $b /tmp/used
	[ "$(cat /tmp/used/precious)" = precious ] || fail "a file is lost"
}

# Neither the source nor the copy has all then.
source_fails_while_copied() {
	begin_in_use
	break_writes 0
	dd if=/dev/urandom of=/tmp/used/lost bs=64k count=32 conv=fsync \
		2>/dev/null || true
	expect_end 6
	expect_words /dev/mapper/used "lack what was not copied yet" "--force"
	is_mirror used || fail "it went back to the source"
	expect_code 6 cleanup
	umount /tmp/used
	mend
	expect_code 1 stop --force /dev/mapper/used
	[ "$(dmsetup table used)" = "$used_table" ] || fail "it is not put back"
	expect_others used
}

# LVM, say, gives the device its own table again.
replaced_by_somebody() {
	begin_in_use
	dmsetup load used --table "$used_table"
	dmsetup resume used
	expect_end 5
	expect_words /dev/mapper/used "do not use"
	expect_used_as_before
}

stopped_by_another() {
	begin_in_use
	mend
	kcopyctl stop /dev/mapper/used >/dev/null 2>&1 || true
	code=0
	wait $clone || code=$?
	# it may have been faster
	[ $code = 5 ] || [ $code = 0 ] || fail "exit status $code"
	expect_used_as_before
}

# kmirror has its own reasons, and the kernel's log tells them.
load_is_refused() {
	make_used 16
	make_leg 1 16
	rmmod dm-kmirror
	echo off >/tmp/modprobe
	echo /tmp/modprobe >/proc/sys/kernel/modprobe
	expect_code 1 clone /dev/mapper/used $b
	echo /sbin/modprobe >/proc/sys/kernel/modprobe
	expect_words "unknown target type"
	expect_used_as_before
	modprobe kmirror
}

run_cases stopped_in_use stopped_idle goes_on_under_nohup killed_in_use \
	killed_idle killed_and_finished cleanup_spares_the_living killed_between_requests \
	killed_at_any_time one_of_two_fails the_only_one_fails \
	source_is_unreadable source_fails_a_write source_fails_while_copied \
	replaced_by_somebody \
	stopped_by_another load_is_refused
finish
