#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# takes: 60
#
# What is known of each leg, and what follows: where reads, copies and flushes go,
# which tables are refused, devices that vanish, shrink or become read-only, and
# caches that are lost.

. /guest/kmirror.sh

for i in 0 1 2; do
	make_leg $i 4
done
# shellcheck disable=SC2154 # by make_leg
last=$((sectors - 1))

# begin TEXT STATE...: a new mirror. Legs in sync hold the same, the others not.
begin() {
	say "$1"
	shift
	! dmsetup info m >/dev/null 2>&1 || dmsetup remove m
	mend
	i=0
	for state; do
		seed=1
		[ "$state" = sync ] || seed=$((i + 2))
		block_load --seed $seed --fill-only /dev/mapper/leg$i
		i=$((i + 1))
	done
	case "$*" in
	*fill*) create_paused 32 "$@" ;;
	*) create 32 "$@" ;;
	esac
	event=$(events)
}

# refused STATE...: and the log says that a leg is not in sync
refused() {
	! reload 32 "$@" || fail "accepted: $*"
	dmesg | tail -n 5 | grep -q 'called in sync that is not' ||
		fail "refused without a word: $*"
	dmsetup clear m
}

# shrinks LEG: it becomes half as long
shrinks() {
	dmsetup load "leg$1" --table "0 $((sectors / 2)) linear /dev/loop$1 0"
	dmsetup resume "leg$1"
	changed="$changed $1"
}

# becomes_read_only LEG
becomes_read_only() {
	dmsetup load "leg$1" --readonly --table "0 $sectors linear /dev/loop$1 0"
	dmsetup resume "leg$1"
	changed="$changed $1"
}

begin "a leg is filled from any leg in sync" sync fill sync
fail_reads 0 $((210 * 32)) $((240 * 32)) # these are read from leg 0 first
proceed
wait_in_sync
expect_health AAA
[ "$(read_errors 0)" -gt 0 ] || fail "leg 0 was not read"
mend
same 0 1 2

begin "the last leg in sync but one fails while a leg is filled" sync fill sync
start_load /dev/mapper/m --seed 1 --rest 2
break_writes 0
sleep 1
proceed
wait_in_sync
expect_health DAA
stop_load
same 1 2

for change in shrinks becomes_read_only break_writes; do
	begin "a leg that is being filled: $change" sync fill fill
	$change 1
	proceed
	wait_in_sync
	expect_health ADA
	expect_event "$event"
	same 0 2
	dmesg | tail -n 20 | grep -q "leg 1 .* is dropped" || fail "no word of it"

	begin "a leg in sync: $change" sync sync sync
	start_load /dev/mapper/m --seed 1
	$change 1
	expect_health ADA
	expect_event "$event"
	stop_load
	same 0 2
done

begin "the source shrinks while a leg is filled" sync fill sync
shrinks 0
proceed
wait_in_sync
expect_health AAA
[ "$(read_errors 0)" -gt 0 ] || fail "leg 0 was not read"
mend
same 0 1 2

begin "a leg comes in: the redundancy that there was stays" sync sync
slow_writes 2 500
reload 32 sync sync fill || fail "refused"
pause
mend
break_writes 0
! sector write /dev/mapper/leg0 $last || fail "leg 0 takes a write"
sector write /dev/mapper/m $last || fail "the write failed"
sector flush /dev/mapper/m || fail "the flush failed"
expect_health DAF
for i in 0 100 $last; do
	sector read /dev/mapper/m $i || fail "sector $i was not read"
done
proceed
wait_in_sync
same 1 2

begin "a stale leg is not taken for one in sync" sync sync sync
break_writes 1
sector write /dev/mapper/m 100 || fail "the write failed"
expect_health ADA
mend
refused sync sync sync
refused fill sync fill
expect_health ADA
reload 32 sync failed sync || fail "refused, though it is failed"
expect_health ADA
refused sync sync sync
table=$(dmsetup table m)
dmsetup load m --table "$table" || fail "its own table is refused"
dmsetup clear m
reload 32 sync fill sync || fail "refused, though it is to be filled"
wait_in_sync
same 0 1 2

begin "a leg that is not filled yet is not taken for one in sync" sync fill
refused sync sync
refused fill sync
reload 32 sync fill || fail "refused"

begin "a leg fails after the table was loaded" sync sync sync
dmsetup load m --table "$(table 32 sync sync sync)"
break_writes 1
sector write /dev/mapper/m 100 || fail "the write failed"
mend
dmsetup suspend m
dmsetup resume m
expect_health ADA
sector read /dev/mapper/m 100 || fail "the read failed"
[ "$(read_errors 1)" = 0 ] || fail "leg 1 was read"

begin "a leg that is gone is called failed" sync sync
dmsetup remove m
dmsetup create m --table "0 $sectors kmirror 32 3 /dev/mapper/leg0 0 sync \
/dev/nonexistent 0 failed /dev/mapper/leg1 0 fill" || fail "refused"
wait_in_sync
expect_health ADA
same 0 1

# Regions of 32 sectors: those with an odd number are read from leg 1.
begin "reads are left to a leg that has less to do" sync sync
dmsetup suspend --nolockfs leg1
for i in $(seq 64); do
	sector read /dev/mapper/m $((i * 64 + 32)) &&
		touch "/tmp/read.$i" || touch "/tmp/failed.$i" &
done
read_by_the_other() { [ "$(find /tmp -name 'read.*' | wc -l)" -ge 40 ]; }
wait_for 60 read_by_the_other || fail "reads wait for a leg that hangs"
dmsetup resume leg1
wait
[ "$(find /tmp -name 'read.*' | wc -l)" = 64 ] || fail "reads failed"
expect_health AA

# The flush is held by leg 0 until all is copied to leg 1, and then fails.
begin "a flush does not vouch for what was copied meanwhile" sync fill
dmsetup create under --table "0 $sectors linear /dev/loop0 0"
dmsetup load leg0 --table "0 $sectors delay /dev/mapper/under 0 0 \
/dev/mapper/under 0 0 /dev/mapper/under 0 3600000"
dmsetup resume leg0
sector flush /dev/mapper/m && echo succeeded >/tmp/flush || echo failed >/tmp/flush &
flush=$!
flushes() { grep -q "State:.D" "/proc/$(pidof sector)/status"; }
wait_for 60 flushes || fail "the flush has not begun"
proceed
wait_in_sync
dmsetup load under \
	--table "0 $sectors flakey /dev/loop0 0 0 3600 1 error_writes"
dmsetup suspend --nolockfs under
dmsetup resume under
leg_becomes 0 linear 0
wait $flush
[ "$(cat /tmp/flush)" = failed ] || fail "the flush has succeeded"
expect_health DA
dmsetup remove m
dmsetup remove under

finish
