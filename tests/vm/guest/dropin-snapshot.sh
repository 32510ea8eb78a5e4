# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What the tests of dm-snapshot share: an origin on loop0, a copy of what it
# held at first on loop9, and snapshots snap1, snap2, ... with their stores on
# loop1, loop2, ...

. /guest/dropin.sh

# set_up SECTORS: an origin that holds version 0
set_up() {
	sectors=$1
	make_loop 0 $((sectors / 2048 + 1))
	make_loop 9 $((sectors / 2048 + 1))
	for disk in linear:0:base linear:9:before; do
		IFS=: read -r target number name <<-END
			$disk
		END
		dmsetup create "$name" \
			--table "0 $sectors $target /dev/loop$number 0"
		block_load --fill-only "/dev/mapper/$name"
	done
	dmsetup create origin \
		--table "0 $sectors snapshot-origin /dev/mapper/base"
}

# store N MEGABYTES: where snapN keeps what it must
store() {
	make_loop "$1" "$2"
	dmsetup create "store$1" \
		--table "0 $(($2 * 2048)) linear /dev/loop$1 0"
}

# snapshot N KIND CHUNK_SECTORS [MEGABYTES]
snapshot() {
	[ -e "/dev/mapper/store$1" ] || store "$1" "${4:-16}"
	dmsetup suspend origin
	dmsetup create "snap$1" --table \
		"0 $sectors snapshot /dev/mapper/base /dev/mapper/store$1 $2 $3"
	dmsetup resume origin
}

drop_snapshot() {
	dmsetup suspend origin
	dmsetup remove "snap$1"
	dmsetup resume origin
}

is_invalid() { dmsetup status "snap$1" | grep -qE 'Invalid|Overflow'; }
expect_invalid() {
	wait_for 20 is_invalid "$1" ||
		fail "snap$1 is not invalid: $(dmsetup status "snap$1")"
}
expect_valid() {
	! is_invalid "$1" || fail "snap$1 is invalid"
}

# Write to the origin for a while.
load_origin() {
	start_load /dev/mapper/origin
	sleep "${1:-3}"
	stop_load /dev/mapper/origin
}
