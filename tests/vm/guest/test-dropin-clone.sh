#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks dropin
#
# dm-clone: a device that is used while it is still being copied.

. /guest/dropin.sh

sectors=16384

# set_up: a source that holds version 0, a destination that holds other things,
# and room for metadata
set_up() {
	make_loop 0 $((sectors / 2048))
	make_loop 1 $((sectors / 2048))
	make_loop 6 4
	block_load --fill-only /dev/loop1
	block_load --seed 7 --fill-only /dev/loop0
	for device in 0:to 1:from; do
		dmsetup create "${device#*:}" \
			--table "0 $sectors linear /dev/loop${device%:*} 0"
	done
}

# clone REGION_SECTORS [FEATURES...]
clone() {
	region=$1
	shift
	dmsetup create clone --table "0 $sectors clone /dev/loop6 \
		/dev/mapper/to /dev/mapper/from $region $# $*"
}

is_hydrated() {
	dmsetup status clone | grep -qE " $region ([0-9]+)/\1 "
}
wait_hydrated() {
	wait_for 90 is_hydrated || fail "not hydrated: $(dmsetup status clone)"
}

# in_use REGION_SECTORS: hydrated while it is written
in_use() {
	set_up
	clone "$1"
	start_load /dev/mapper/clone --copy /dev/loop0 --rest 2
	wait_hydrated
	stop_load /dev/mapper/clone
}

data_regions_of_4k_in_use() {
	sectors=4096
	in_use 8
}
data_regions_of_32k_in_use() { in_use 64; }
data_regions_of_256k_in_use() { in_use 512; }

data_hydration_alone() {
	set_up
	clone 64
	wait_hydrated
	same /dev/loop1 /dev/loop0
}

# Only what is written to is copied.
data_hydration_on_demand() {
	set_up
	clone 64 no_hydration
	start_load /dev/mapper/clone
	sleep 2
	stop_load /dev/mapper/clone
}

# It goes on where it was interrupted.
data_created_again() {
	set_up
	becomes to $sectors delay /dev/loop0 0 0 /dev/loop0 0 20
	clone 64
	sleep 0.5
	! is_hydrated || fail "hydrated too soon"
	dmsetup remove clone
	becomes to $sectors linear /dev/loop0 0
	clone 64
	wait_hydrated
	same /dev/loop1 /dev/loop0
}

# A region that can't be read is tried again, when that can help.
data_source_fails_reads() {
	set_up
	becomes from $sectors dust /dev/loop1 0 512
	dmsetup message from 0 addbadblock 9000 >/dev/null
	dmsetup message from 0 enable
	clone 64
	# what a write covers as a whole is not read any more
	sleep 2
	! is_hydrated || fail "hydrated, without having read all"
	start_load /dev/mapper/clone --copy /dev/loop0 --allow-errors --rest 2
	sleep 2
	becomes from $sectors linear /dev/loop1 0
	wait_hydrated
	stop_load /dev/mapper/clone
}

data_destination_fails_writes() {
	set_up
	becomes to $sectors flakey /dev/loop0 0 0 3600 1 error_writes
	clone 64
	start_load /dev/mapper/clone --copy /dev/loop0 --allow-errors --rest 2
	sleep 2
	! is_hydrated || fail "hydrated, without having written all"
	becomes to $sectors linear /dev/loop0 0
	wait_hydrated
	stop_load /dev/mapper/clone
}

removal_while_copying() {
	for i in 1 2 3; do
		set_up
		becomes to $sectors delay /dev/loop0 0 0 /dev/loop0 0 $((i * 10))
		clone 64
		start_load /dev/mapper/clone
		sleep 0.5
		kill_loads
		! is_hydrated || fail "hydrated too soon"
		dmsetup remove clone
		clean_up
	done
}

load_target dm-clone
run_cases data_regions_of_4k_in_use data_regions_of_32k_in_use \
	data_regions_of_256k_in_use data_hydration_alone \
	data_hydration_on_demand data_created_again data_source_fails_reads \
	data_destination_fails_writes removal_while_copying
