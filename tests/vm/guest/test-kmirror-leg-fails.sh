#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# takes: 60
#
# A leg that fails a write is dropped, shown and announced, and the data stays
# good; a leg that fails a read is kept. During synchronisation and after it.

. /guest/kmirror.sh

seed=0

# begin TEXT [in sync]: a new mirror of three good legs. All hold the same if they
# are in sync; else leg 0 only has data, and synchronisation is paused early.
begin() {
	say "$1"
	shift
	! dmsetup info m >/dev/null 2>&1 || dmsetup remove m
	seed=$((seed + 1))
	mend
	for i in 0 1 2; do
		[ $i -eq 0 ] || [ "$*" ] || continue
		block_load --seed $seed --fill-only /dev/mapper/leg$i
	done
	if [ "$*" ]; then
		create 32 sync sync sync
	else
		create_paused 32 sync fill fill
	fi
	event=$(events)
}

load() { start_load /dev/mapper/m --seed $seed --rest 2; }

check_load() {
	load
	sleep 1
	stop_load
}

synchronise() {
	proceed
	wait_for 60 is_synced || fail "not synchronised: $(synced)"
}

for i in 0 1 2; do
	make_leg $i 4
done
# shellcheck disable=SC2154 # by make_leg
last=$((sectors - 1))
bad=$((sectors - 1000))

begin "leg 1 fails writes while it is synchronised, under load"
load
proceed
break_writes 1
wait_for 60 is_synced || fail "not synchronised: $(synced)"
expect_health ADA
expect_event "$event"
stop_load
same 0 2

begin "leg 2 fails one write of the synchronisation"
fail_write 2 $last
synchronise
expect_health AAD
expect_event "$event"
check_load
same 0 1

begin "leg 0 fails writes when all is synchronised, under load"
synchronise
load
break_writes 0
expect_health DAA
expect_event "$event"
stop_load
same 1 2
sector flush /dev/mapper/m || fail "a flush failed, but leg 0 was not needed"

begin "one leg after the other fails a write" in sync
fail_write 2 40
sector write /dev/mapper/m 40 || fail "the write failed"
expect_health AAD
expect_event "$event"
same 0 1
event=$(events)
break_writes 1
sector flush /dev/mapper/m || fail "the flush failed"
expect_health ADD
expect_event "$event"
event=$(events)
break_writes 0
! sector write /dev/mapper/m 1 || fail "a write to no leg succeeded"
expect_health DDD
expect_event "$event"
! sector read /dev/mapper/m 1 || fail "a read from no leg succeeded"
! sector flush /dev/mapper/m || fail "a flush of no leg succeeded"

begin "leg 0 fails a write before all is synchronised"
[ "$(synced)" -gt 0 ] || fail "nothing is synchronised yet"
break_writes 0
! sector write /dev/mapper/m $last || fail "a lost write succeeded"
expect_health DFF
expect_activity "stopped no-source"
! sector read /dev/mapper/m $last || fail "a region without copy was read"
! sector flush /dev/mapper/m || fail "a flush vouched for lost regions"
sector read /dev/mapper/m 1 || fail "a synchronised region was not read"
sector write /dev/mapper/m 1 || fail "a synchronised region was not written"
before=$(synced)
proceed
sleep 0.5
[ "$(synced)" = "$before" ] || fail "it was copied from a leg that is dropped"

# Reads of regions 0 and 3 try leg 0 first, then leg 1. Leg 0 gets back what it lacks.
begin "a read that fails is retried on the others, and the leg repaired" in sync
fail_reads 0 0 40 100
fail_reads 1 0 40
fail_reads 2 40
for sector in 0 100; do
	! sector read /dev/mapper/leg0 $sector || fail "leg 0 reads all"
	sector read /dev/mapper/m $sector --to /tmp/read ||
		fail "sector $sector: no retry"
	sector read /dev/loop0 $sector --to /tmp/wanted
	cmp /tmp/read /tmp/wanted || fail "sector $sector: wrong data"
	wait_for 60 sector read /dev/mapper/leg0 $sector --to /tmp/read ||
		fail "sector $sector of leg 0 is not repaired"
	cmp /tmp/read /tmp/wanted || fail "sector $sector: repaired wrongly"
done
sector read /dev/mapper/leg1 0 || fail "sector 0 of leg 1 is not repaired"
[ "$(read_errors 0) $(read_errors 1) $(read_errors 2)" = "2 1 0" ] ||
	fail "read errors: $(dmsetup status m)"
expect_event "$event"
! sector read /dev/mapper/m 40 || fail "sector 40 was read from nowhere"
sector read /dev/mapper/m 41 || fail "a sector beside it was not read"
expect_health AAA
# a write mends the sector
sector write /dev/mapper/m 40 || fail "the write failed"
sector read /dev/mapper/m 40 || fail "what was written can't be read"
expect_health AAA
mend
same 0 1 2

begin "a leg that cannot be repaired is dropped" in sync
break_sectors 0 8
sector read /dev/mapper/m 0 || fail "sector 0: no retry"
expect_health DAA
same 1 2

# Each leg in an area of its own: what all legs fail to read is lost.
begin "a leg is repaired under load" in sync
load
for round in 1 2 3 4 5; do
	leg=$((round % 3))
	# shellcheck disable=SC2046 # words
	fail_reads $leg $(seq $((leg * 1000)) 50 $((leg * 1000 + 900)))
	sleep 1
done
stop_load
expect_health AAA
for i in 0 1 2; do
	[ "$(read_errors $i)" -gt 0 ] || fail "leg $i failed no read"
done
mend
same 0 1 2

begin "leg 0 fails a read of the synchronisation"
fail_reads 0 $bad
proceed
expect_event "$event"
expect_activity "stopped unreadable $((bad / 32 * 32))"
[ "$(synced)" = $(($(total) - 1)) ] || fail "$(synced) regions of $(total)"
expect_health AFF
! sector read /dev/mapper/m $bad || fail "the bad sector was read"
sector read /dev/mapper/m $((bad - 1)) || fail "a sector beside it was not read"
sector write /dev/mapper/m $bad || fail "the write failed"
event=$(events)
pause
synchronise
expect_event "$event"
expect_health AAA
same 0 1 2

finish
