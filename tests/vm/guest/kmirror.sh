# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What the tests of kmirror share. The mirror under test is named m; its legs
# are leg0, leg1, ...: devices that can be told to fail, on /dev/loop0, ...

. /guest/lib.sh

sectors=0 changed='' step=''
modprobe kmirror

# leg N: its device
leg() { echo "/dev/mapper/leg$1"; }

# table REGION_SECTORS STATE...: of $sectors on legs 0, 1, ... in these states
table() {
	table="0 $sectors kmirror $1 $(($# - 1))" i=0
	shift
	for state; do
		table="$table $(leg $i) 0 $state"
		i=$((i + 1))
	done
	echo "$table"
}

# create REGION_SECTORS STATE...: m
create() { dmsetup create m --table "$(table "$@")"; }

# reload REGION_SECTORS STATE...: m gets another table
reload() {
	dmsetup load m --table "$(table "$@")" 2>/dev/null || return 1
	dmsetup suspend m
	dmsetup resume m
}

# Synchronisation stops, and goes on.
pause() { dmsetup message m 0 pause; }
proceed() { dmsetup message m 0 resume; }

some_synced() { [ "$(synced)" -gt 0 ]; }

# A leg that create_paused is to fill.
slow_leg=1

# create_paused REGION_SECTORS STATE...: most of it is still to be synchronised.
# Copies are so slow that few end while dmsetup starts, however long that takes.
create_paused() {
	slow_writes $slow_leg 500
	create "$@"
	wait_for 60 some_synced || fail "nothing is synchronised"
	pause
	mend
	[ $(($(synced) * 2)) -lt "$(total)" ] ||
		fail "$(synced) regions were synchronised too soon"
}

# A letter for each leg.
health() {
	dmsetup status m |
		awk '{ for (i = 6; i <= 3 + 3 * $4; i += 3) printf "%s", $i }'
}

# read_errors LEG
read_errors() {
	dmsetup status m | awk -v leg="$1" '{ print $(7 + 3 * leg) }'
}

# Regions, in all and those synchronised.
total() { dmsetup status m | sed -n '$s|.*/\([0-9]*\) .*|\1|p'; }
synced() { dmsetup status m | sed -n '$s|.* \([0-9]*\)/.*|\1|p'; }

# What comes last: what the mirror does, or why not.
activity() { dmsetup status m | sed -n '$s|.*/[0-9]* ||p'; }

is_synced() { [ "$(synced)" = "$(total)" ]; }
has_health() { [ "$(health)" = "$1" ]; }

events() { dmsetup info -c --noheadings -o events m | tr -d ' '; }

# expect_event NUMBER: one has been raised since events() said NUMBER
has_event() { [ "$(events)" -gt "$1" ]; }
expect_event() {
	wait_for 10 has_event "$1" || fail "no event was raised"
}

has_activity() { [ "$(activity)" = "$1" ]; }
expect_activity() {
	wait_for 60 has_activity "$1" || fail "it is \"$(activity)\", not \"$1\""
}

in_sync() { [ "$(activity)" = idle ]; }
wait_in_sync() {
	wait_for 60 in_sync || fail "${step:+$step: }not in sync: $(dmsetup status m)"
}

# same LEG LEG...: they hold the same
same() {
	legs=''
	for i; do
		legs="$legs $(leg "$i")"
	done
	# shellcheck disable=SC2086 # words wanted
	same_blocks $legs || fail "${step:+$step: }legs $* differ"
}

expect_health() {
	wait_for 10 has_health "$1" || fail "health $(health), not $1"
}

# make_leg N MEGABYTES: legN, which is all of a new /dev/loopN
make_leg() {
	sectors=$(($2 * 2048))
	make_loop "$1" "$2"
	dmsetup create "leg$1" --table "0 $sectors linear /dev/loop$1 0"
}

# leg_becomes N TARGET ARGUMENTS...: from now on; sizes stay
leg_becomes() {
	leg=$1 target=$2
	shift 2
	dmsetup load "leg$leg" --table "0 $sectors $target /dev/loop$leg $*"
	dmsetup resume "leg$leg"
	changed="$changed $leg"
}

# All legs are good again.
mend() {
	for leg in $changed; do
		leg_becomes "$leg" linear 0
	done
	changed=''
}

# slow_writes N [MILLISECONDS]
slow_writes() { leg_becomes "$1" delay "0 0 /dev/loop$1 0 ${2:-50}"; }
break_writes() { leg_becomes "$1" flakey 0 0 3600 1 error_writes; }

# fail_reads N SECTOR...: until these sectors are written
fail_reads() {
	leg_becomes "$1" dust 0 512
	leg=leg$1
	shift
	for sector; do
		dmsetup message "$leg" 0 addbadblock "$sector" >/dev/null
	done
	dmsetup message "$leg" 0 enable
}

# break_sectors N COUNT: the first ones can neither be read nor written
break_sectors() {
	dmsetup load "leg$1" --table "0 $2 error
$2 $((sectors - $2)) linear /dev/loop$1 $2"
	dmsetup resume "leg$1"
	changed="$changed $1"
}

# fail_write N SECTOR: the next one, of this sector
fail_write() {
	leg_becomes "$1" dust 0 512
	dmsetup message "leg$1" 0 addbadblock "$2" 1 >/dev/null
	dmsetup message "leg$1" 0 enable
}

# start_load FILE [OPTIONS...]: write to it at random, and check what is read
start_load() {
	block_load --seconds 1000 "$@" >/tmp/load 2>&1 &
	load=$!
}

# Ends when the load has read all it wrote.
end_load() {
	kill -TERM "$load"
	wait "$load"
}

stop_load() {
	end_load || fail "the load: $(cat /tmp/load)"
}

# The last words of every test.
finish() {
	dmsetup remove_all
	rmmod dm-kmirror
	rmmod kcopyd-mod
	kmemleak_check
}
