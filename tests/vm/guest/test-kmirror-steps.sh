#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# takes: 40 150
#
# What the documentation of kmirror says under "What to do", command by command: after
# each kind of failure, these steps lead back to legs that hold the same, and nothing
# that was written is lost.

# shellcheck source=kmirror.sh
. /guest/kmirror.sh

a=/dev/mapper/leg0 b=/dev/mapper/leg1 c=/dev/mapper/leg2

# begin STATE STATE: a mirror of a and b; those in sync hold the same
begin() {
	make_leg 0 4
	make_leg 1 4
	make_leg 2 4
	block_load --seed 1 --fill-only $a
	[ "$2" = fill ] || block_load --seed 1 --fill-only $b
	block_load --seed 2 --fill-only $c
	create 64 "$@"
}

# load_table LEGS...: over the running one
load_table() {
	size=$(blockdev --getsz /dev/mapper/m)
	dmsetup load m --table "0 $size kmirror 64 $(($# / 3)) $*"
	dmsetup suspend m
	dmsetup resume m
}

# good_again LEG LEG: in sync, with what was written in trouble
good_again() {
	wait_in_sync
	expect_health AA
	same_blocks "$@" || fail "$* differ"
	sector read "$1" 100 --to /tmp/read
	cmp /tmp/read /tmp/written || fail "what was written in trouble is lost"
}

# write_in_trouble: a sector, which the mirror takes
write_in_trouble() {
	sector write /dev/mapper/m 100 || fail "the write failed"
	sector read /dev/mapper/m 100 --to /tmp/written
}

leg_is_replaced() {
	begin sync sync
	break_writes 1
	write_in_trouble
	expect_health AD
	load_table $a 0 sync $c 0 fill
	good_again $a $c
}

leg_was_a_loose_cable() {
	begin sync sync
	break_writes 1
	write_in_trouble
	expect_health AD
	mend
	load_table $a 0 sync $b 0 fill
	good_again $a $b
}

# It has its old number, and the running table has a dead one open, which is too
# short.
leg_is_back_under_its_old_number() {
	begin sync sync
	dmsetup load leg1 --table "0 8 linear /dev/loop1 0"
	dmsetup resume leg1
	write_in_trouble
	expect_health AD
	! dmsetup load m --table "0 8192 kmirror 64 2 $a 0 sync $b 0 fill" \
		2>/dev/null || fail "a leg that is too short is taken"
	load_table $a 0 sync $b 0 failed
	leg_becomes 1 linear 0
	load_table $a 0 sync $b 0 fill
	good_again $a $b
}

another_leg_comes_in() {
	begin sync sync
	write_in_trouble
	load_table $a 0 sync $b 0 sync $c 0 fill
	wait_in_sync
	expect_health AAA
	same_blocks $a $b $c || fail "they differ"
}

# First the successor comes in, then the old one goes.
leg_with_read_errors_is_replaced() {
	begin sync sync
	fail_reads 0 0 8 16
	for sector in 0 8 16; do
		sector read /dev/mapper/m $sector || fail "a read failed"
	done
	[ "$(read_errors 0)" -gt 0 ] || fail "no read error is counted"
	expect_health AA
	write_in_trouble
	load_table $a 0 sync $b 0 sync $c 0 fill
	wait_in_sync
	load_table $b 0 sync $c 0 sync
	good_again $b $c
}

filling_has_stopped() {
	begin sync fill
	dmsetup remove m
	fail_reads 0 4096
	create 64 sync fill
	expect_activity "stopped unreadable 4096"
	sector write /dev/mapper/m 4096 || fail "the write failed"
	write_in_trouble
	pause
	proceed
	good_again $a $b
}

# Its fault is gone, and it has the latest data.
last_leg_in_sync_has_failed() {
	begin sync sync
	dmsetup remove m
	block_load --seed 3 --fill-only $b
	create_paused 64 sync fill
	write_in_trouble
	break_writes 0
	! sector write /dev/mapper/m 8191 || fail "a lost write succeeded"
	expect_activity "stopped no-source"
	dmsetup remove m
	mend
	create 64 sync fill
	good_again $a $b
}

# Of one leg a write was in flight that did not get to the other.
machine_has_crashed() {
	begin sync sync
	write_in_trouble
	table=$(dmsetup table m)
	dmsetup remove m
	sector write $b 200
	! same_blocks $a $b 2>/dev/null || fail "they do not differ"
	case $table in
	*sync*sync) ;;
	*) fail "the table says: $table" ;;
	esac
	create 64 sync fill
	good_again $a $b
}

clean_up() {
	remove_devices
	changed=''
}

run_cases leg_is_replaced leg_was_a_loose_cable leg_is_back_under_its_old_number \
	another_leg_comes_in leg_with_read_errors_is_replaced filling_has_stopped \
	last_leg_in_sync_has_failed machine_has_crashed
finish
