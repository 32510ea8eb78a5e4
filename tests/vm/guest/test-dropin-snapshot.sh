#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G timeout=600 programs=block_load,same_blocks,sector dropin
#
# dm-snapshot: what a snapshot shows, whatever is written meanwhile.

. /guest/dropin.sh

# set_up MEGABYTES: an origin that holds version 0, and a copy of it, loop9
set_up() {
	make_loop 0 "$1"
	make_loop 9 "$1"
	block_load --fill-only /dev/loop0
	block_load --fill-only /dev/loop9
	sectors=$(($1 * 2048))
	dmsetup create origin --table "0 $sectors snapshot-origin /dev/loop0"
}

# snapshot N KIND CHUNK_SECTORS MEGABYTES: snapN with its store on loopN
snapshot() {
	make_loop "$1" "$4"
	dmsetup suspend origin
	dmsetup create "snap$1" \
		--table "0 $sectors snapshot /dev/loop0 /dev/loop$1 $2 $3"
	dmsetup resume origin
}

data_one_snapshot() {
	set_up 8
	snapshot 1 N 16 16
	start_load /dev/mapper/origin
	sleep 3
	stop_load /dev/mapper/origin
	same /dev/loop9 /dev/mapper/snap1
}

load_target dm-snapshot
run_cases data_one_snapshot
