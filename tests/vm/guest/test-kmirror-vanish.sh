#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# takes: 60 200
#
# Leg 1 of kmirror vanishes, shrinks or becomes read-only: in use, while it is
# filled, while others are filled from it, and before. It alone is dropped, the log
# says so once, and nothing is lost. When it is back, the documented steps bring it in
# again.

# shellcheck source=kmirror.sh
. /guest/kmirror.sh
# shellcheck source=vanish.sh
. /guest/vanish.sh

slow_leg=2
bad_sectors=4096 last=$((4096 - 1))

leg() {
	if [ "$1" = 1 ]; then
		echo "$bad"
	else
		echo "/dev/mapper/leg$1"
	fi
}

drops() { dmesg | grep -c 'leg 1 .* is dropped' || true; }

# begin TEXT STATE...: a new mirror. Legs in sync hold the same, the others not.
begin() {
	step=$1 i=0
	shift
	for state; do
		seed=1
		[ "$state" = sync ] || seed=$((i + 2))
		block_load --seed $seed --fill-only "$(leg $i)"
		i=$((i + 1))
	done
	case "$*" in
	*fill*) create_paused 32 "$@" ;;
	*) create 32 "$@" ;;
	esac
	event=$(events)
	dropped=$(drops)
}

fill() {
	proceed
	wait_in_sync
}

expect_dropped() {
	wait_for 10 has_health ADA || fail "$step: $(dmsetup status m)"
	expect_event "$event"
	[ $(($(drops) - dropped)) = 1 ] ||
		fail "$step: told $(($(drops) - dropped)) times"
	dmesg | grep 'leg 1 .* is dropped' | tail -n 1 |
		grep -qE 'sector [0-9]+, error -[0-9]+\)' || fail "not told why"
	same 0 2
}

# As the documentation has it.
come_back() {
	repair
	if [ "$stays_dead" ]; then
		reload 32 sync failed sync || fail "$step: failed is refused"
	fi
	reload 32 sync fill sync || fail "$step: fill is refused"
	fill
	expect_health AAA
	same 0 1 2
	dmsetup remove m
}

# Leg 1 has functions harm and repair.
in_trouble() {
	make_leg 0 2
	make_leg 2 2

	begin "in use" sync sync sync
	start_load /dev/mapper/m --seed 1
	# Writes in flight would make a loop device's file longer again.
	case $bad in
	/dev/loop*) dmsetup suspend m ;;
	esac
	harm
	dmsetup resume m
	wait_for 20 has_health ADA || fail "$step: $(dmsetup status m)"
	stop_load
	expect_dropped
	come_back

	begin "while it is filled" sync fill fill
	harm
	fill
	expect_dropped
	come_back

	begin "while others are filled from it" sync sync fill
	harm
	fill
	sector write /dev/mapper/m $last || fail "$step: a write failed"
	expect_dropped
	come_back

	begin "before" sync sync sync
	dmsetup remove m
	harm
	if create 32 sync sync sync 2>/dev/null; then
		sector write /dev/mapper/m $last || fail "$step: a write failed"
		expect_dropped
		dmsetup remove m
	fi
	create 32 sync failed sync
	sector write /dev/mapper/m 0 || fail "$step: a write failed"
	come_back
}

clean_up() {
	killall -9 block_load 2>/dev/null || true
	remove_bad
}

run_cases null_blk_off null_blk_read_only loop_short dm_short dm_read_only dm_error \
	scsi_deleted
finish
