#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=kcopyctl,block_load,same_blocks tools=mkfs.ext4,e2fsck
# takes: 30 120
#
# kcopyctl status, pause, resume, stop, wait, replace-leg: on what kcopyctl has begun, and
# on mirrors that dmsetup has made.

# shellcheck source=kcopyctl.sh
. /guest/kcopyctl.sh

begin() {
	make_used 16
	make_leg 1 16
	make_leg 2 16
	slow_writes 1 200
	expect_code 0 clone "$@" --region-size 64K /dev/mapper/used $b
}

nothing_runs() {
	make_legs 4 1
	expect_code 0 status
	[ ! -s /tmp/out ] || fail "there is something: $(cat /tmp/out)"
	expect_code 1 status $a
	expect_code 1 pause leg0
	expect_words leg0
	expect_code 1 stop none
}

pause_and_resume() {
	begin --detach
	expect_code 0 pause /dev/mapper/used
	expect_code 0 status used
	expect_out "/dev/mapper/used: detached" "paused" \
		"kcopyctl resume /dev/mapper/used"
	expect_code 0 status --json $b
	expect_out '"event":"status"' '"activity":"paused"' '"health":"filling"'
	mend
	expect_code 0 resume $b
	expect_code 0 wait used
	expect_used_as_before
	clean $b
}

# While it is followed: the one who follows says why it stands still.
paused_while_followed() {
	make_used 16
	make_leg 1 16
	slow_writes 1 200
	rm -f /tmp/said
	kcopyctl clone --region-size 64K -i 0.1 /dev/mapper/used $b >/tmp/said 2>&1 &
	clone=$!
	wait_for 20 grep -qs ' % ' /tmp/said || fail "$(cat /tmp/said)"
	expect_code 0 pause used
	wait_for 20 grep -q 'kcopyctl resume /dev/mapper/used' /tmp/said ||
		fail "it does not say why: $(cat /tmp/said)"
	mend
	expect_code 0 resume used
	wait $clone || fail "$(cat /tmp/said)"
	clean $b
}

stop_while_filling() {
	begin --detach
	expect_code 1 stop used
	expect_out "$b: INCOMPLETE"
	expect_used_as_before
}

replace_destination() {
	begin --keep --detach
	expect_code 0 replace-leg used $b $c
	expect_out "$c takes the place of $b"
	expect_code 0 wait used
	expect_out "$c: holds all"
	expect_code 0 status used
	expect_out "/dev/mapper/used: mirror" "$c: in sync"
	expect_code 0 stop used
	expect_used_as_before
	clean $c
}

replacing_is_refused() {
	begin --keep --detach
	mkfs.ext4 -q $c
	expect_code 3 replace-leg used $b $c
	expect_words $c ext4 --force
	expect_code 3 replace-leg used $c $b
	expect_words "$c: is no leg"
	expect_code 3 replace-leg used /dev/mapper/used-kcopyd $c
	expect_words source
	expect_code 3 replace-leg --force used $b /dev/mapper/leg0
	expect_words "stands on /dev/mapper/leg0"
	expect_code 1 stop used
	expect_used_as_before
}

# The other one fails as well in the end: no leg in sync is left but the source.
failed_leg_is_shown() {
	begin --keep --detach
	mend
	expect_code 0 wait used
	break_writes 1
	touch /tmp/used/more
	sync
	expect_code 4 status used
	expect_out "$b: failed"
	mend
	expect_code 0 replace-leg used $b $c
	expect_code 0 wait used
	expect_code 0 stop used
	clean $c
}

# One that dmsetup has made is shown and waited for, and not ended.
not_ours() {
	make_legs 8 2
	create_paused 128 sync fill
	expect_code 0 status m
	expect_out "/dev/mapper/m: kmirror"
	expect_code 0 resume m
	expect_code 0 wait m
	expect_out "$b: holds all"
	expect_code 3 stop m
	expect_words m dmsetup
	expect_code 0 cleanup
	same 0 1
	expect_others m
}

wait_is_interrupted() {
	begin --detach
	rm -f /tmp/out
	kcopyctl wait used >/tmp/out 2>&1 &
	waiting=$!
	wait_for 20 grep -qs ' % ' /tmp/out || fail "$(cat /tmp/out)"
	kill -INT $waiting
	code=0
	wait $waiting || code=$?
	[ $code = 5 ] || fail "exit status $code"
	expect_code 0 status used
	expect_out filling
	mend
	expect_code 0 wait used
	expect_used_as_before
}

# What a bug report needs is there, what is private is not.
doctor_tells() {
	expect_code 0 doctor
	expect_out "kernel: $(uname -r)" "device-mapper: driver" "taint:"
	grep -q '^dm-kmirror: loaded, .*dm-kmirror.ko, not signed' /tmp/out ||
		fail "no module: $(cat /tmp/out)"
	begin --detach
	expect_code 0 doctor
	expect_out "device $(number /dev/mapper/used): not made by kcopyctl" \
		"table of $(number /dev/mapper/used): 0 32768 kmirror 128 2" \
		"device $(number /dev/mapper/used-kcopyd): detached" \
		"log: device-mapper: kmirror:"
	! grep -q 'used' /tmp/out || fail "a name: $(grep used /tmp/out)"
	mend
	expect_code 0 wait used
	rmmod dm-kmirror
	mv "/lib/modules/$(uname -r)/modules.dep" /tmp/dep
	expect_code 0 doctor
	mv /tmp/dep "/lib/modules/$(uname -r)/modules.dep"
	expect_out "dm-kmirror: not loaded; NOT FOUND"
	modprobe kmirror
}

run_cases nothing_runs pause_and_resume paused_while_followed stop_while_filling \
	replace_destination replacing_is_refused failed_leg_is_shown not_ours \
	wait_is_interrupted doctor_tells
finish
