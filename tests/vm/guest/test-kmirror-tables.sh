#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks,sector
# takes: 19
#
# The table: what is refused and why, what is told, a short last region,
# targets that do not begin at 0, the most legs; flushes and FUA on every leg.

. /guest/kmirror.sh

# refused TEXT TABLE: and the kernel's log says why
refused() {
	! dmsetup create m --table "$2" 2>/dev/null ||
		fail "accepted: $2"
	dmesg | tail -n 5 | grep -qF "kmirror: $1" ||
		fail "$2: no word about \"$1\" in: $(dmesg | tail -n 5)"
}

# is WORDS COMMAND...: that is what the command says
is() {
	wanted=$1
	shift
	said=$("$@")
	[ "$said" = "$wanted" ] || fail "$*: \"$said\", not \"$wanted\""
}

# of all device-mapper devices
major=$(awk '$2 == "device-mapper" { print $1 }' /proc/devices)
a=/dev/mapper/leg0 b=/dev/mapper/leg1 c=/dev/mapper/leg2
for i in 0 1 2; do
	make_leg $i 8
done

say "tables that are refused"
size="Region size must be a positive number of sectors"
refused "$size" "0 16384 kmirror"
refused "$size" "0 16384 kmirror 0 2 $a 0 sync $b 0 fill"
refused "$size" "0 16384 kmirror -8 2 $a 0 sync $b 0 fill"
refused "$size" "0 16384 kmirror 8x 2 $a 0 sync $b 0 fill"
refused "$size" "0 16384 kmirror 4294967304 2 $a 0 sync $b 0 fill"
number="Number of legs must be 2 to 8"
refused "$number" "0 16384 kmirror 128"
refused "$number" "0 16384 kmirror 128 1 $a 0 sync"
refused "$number" "0 16384 kmirror 128 9 $a 0 sync $b 0 fill $c 0 fill"
refused "$number" "0 16384 kmirror 128 two $a 0 sync $b 0 fill"
leg="A leg needs a device and an offset in sectors"
refused "$leg" "0 16384 kmirror 128 2 $a 0 sync $b"
refused "$leg" "0 16384 kmirror 128 2 $a 0 sync"
refused "$leg" "0 16384 kmirror 128 2 $a 0 sync $b x fill"
refused "$leg" "0 16384 kmirror 128 2 $a 0 sync $b -1 fill"
refused "$leg" "0 16384 kmirror 128 2 $a 0 sync $b 99999999999999999999 fill"
state="A leg's state must be sync, fill or failed"
refused "$state" "0 16384 kmirror 128 2 $a 0 sync $b 0"
refused "$state" "0 16384 kmirror 128 2 $a 0 sync $b 0 nosync"
refused "$state" "0 16384 kmirror 128 2 $a 0 $b 0"
source="One leg at least must be in sync"
refused "$source" "0 16384 kmirror 128 2 $a 0 fill $b 0 fill"
refused "$source" "0 16384 kmirror 128 2 $a 0 failed $b 0 fill"
refused "$source" "0 16384 kmirror 128 2 $a 0 failed $b 0 failed"
refused "Cannot open the device of a leg" \
	"0 16384 kmirror 128 2 $a 0 sync /dev/nonexistent 0 fill"
past="A leg ends past the end of its device"
refused "$past" "0 16384 kmirror 128 2 $a 0 sync $b 8 fill"
refused "$past" "0 16392 kmirror 128 2 $a 0 sync $b 0 fill"
refused "$past" "0 16384 kmirror 128 2 $a 0 sync $b 18446744073709551608 fill"
refused "Two legs overlap" "0 8192 kmirror 128 2 $a 0 sync $a 0 fill"
refused "Two legs overlap" \
	"0 8192 kmirror 128 3 $a 0 sync $b 0 fill $b 8184 fill"
features="Features are: rate BYTES, floor BYTES, class CLASS, jobs NUMBER"
for words in "1 nosync" "2 nosync 1" "2 rate -1" "2 rate 5X" "2 floor x" \
	"2 class middle" "2 jobs 0" "2 jobs 5" "3 rate 1 floor" \
	"4 rate 1 nosync 1"; do
	refused "$features" "0 16384 kmirror 128 2 $a 0 sync $b 0 fill $words"
done
words="Number of words about features must be 0 to 8"
refused "$words" "0 16384 kmirror 128 2 $a 0 sync $b 0 fill nosync"
refused "$words" "0 16384 kmirror 128 2 $a 0 sync $b 0 fill 9 rate 1"
refused "$words" "0 16384 kmirror 128 2 $a 0 sync $b 0 fill 2 rate"
refused "There are more arguments than the features have" \
	"0 16384 kmirror 128 2 $a 0 sync $b 0 fill 2 rate 1 floor"
losetup -r /dev/loop3 /tmp/loop/2
refused "A leg is read-only" "0 16384 kmirror 128 2 $a 0 sync /dev/loop3 0 fill"
losetup -d /dev/loop3
! dmsetup create m -r \
	--table "0 16384 kmirror 128 2 $a 0 sync $b 0 fill" 2>/dev/null ||
	fail "accepted: a read-only table"

say "a table and a status that are told"
block_load --fill-only $a
create_paused 128 sync fill fill
is "0 16384 kmirror 128 3 $major:0 0 sync $major:1 0 fill $major:2 0 fill" \
	dmsetup table m
is "0 16384 kmirror 3 $major:0 A 0 $major:1 F 0 $major:2 F 0 $(synced)/128 paused" \
	dmsetup status m
proceed
wait_for 30 is_synced || fail "not synchronised: $(synced)"
is "0 16384 kmirror 128 3 $major:0 0 sync $major:1 0 sync $major:2 0 sync" \
	dmsetup table m
is "0 16384 kmirror 3 $major:0 A 0 $major:1 A 0 $major:2 A 0 128/128 idle" \
	dmsetup status m
same_blocks $a $b $c || fail "the legs differ"
for words in stop "pause now" resume=1; do
	# shellcheck disable=SC2086 # words wanted
	! dmsetup message m 0 $words 2>/dev/null || fail "obeyed: $words"
done
dmsetup remove m

say "a mirror of two places on one device, in a larger table"
dmsetup create m --table "0 2048 linear $c 0
2048 4104 kmirror 512 2 $a 8 sync $a 8192 fill"
wait_for 30 is_synced || fail "not synchronised: $(dmsetup status m)"
table=$(dmsetup table m | tail -n 1)
is "2048 4104 kmirror 512 2 $major:0 8 sync $major:0 8192 sync" echo "$table"
block_load --fill-only --seed 5 /dev/mapper/m
start_load /dev/mapper/m --seed 5
sleep 1
stop_load
dmsetup remove m
dmsetup create first --table "0 4104 linear $a 8"
dmsetup create second --table "0 4104 linear $a 8192"
same_blocks /dev/mapper/first /dev/mapper/second || fail "the places differ"
dmsetup remove first
dmsetup remove second

say "eight legs with a short last region, and nothing behind it"
legs='' state=sync
block_load --fill-only --seed 6 $a
for i in 0 1 2 3 4 5 6 7; do
	legs="$legs $a $((i * 2048)) $state"
	state=fill
	sector read $a $((i * 2048 + 1000)) --to /tmp/behind.$i
done
dmsetup create m --table "0 1000 kmirror 384 8$legs"
wait_for 30 is_synced || fail "not synchronised: $(synced)"
is 3 total
block_load --fill-only --seed 7 --threads 1 /dev/mapper/m
dmsetup remove m
for i in 0 1 2 3 4 5 6 7; do
	dmsetup create part --table "0 1000 linear $a $((i * 2048))"
	block_load --seed 7 --threads 1 --seconds 0 /dev/mapper/part ||
		fail "leg $i does not hold what was written"
	dmsetup remove part
	sector read $a $((i * 2048 + 1000)) --to /tmp/found
	cmp /tmp/behind.$i /tmp/found || fail "leg $i was written behind"
done

say "a mirror that is not to be synchronised"
block_load --fill-only --seed 8 $a
block_load --fill-only --seed 8 $b
block_load --fill-only --seed 9 $c
event_before=$(dmesg | grep -c "synchronised .* of" || true)
create 128 sync sync sync
is "0 16384 kmirror 128 3 $major:0 0 sync $major:1 0 sync $major:2 0 sync" \
	dmsetup table m
is "0 16384 kmirror 3 $major:0 A 0 $major:1 A 0 $major:2 A 0 128/128 idle" \
	dmsetup status m
is 0 events
sleep 1
[ "$(dmesg | grep -c "synchronised .* of" || true)" = "$event_before" ] ||
	fail "it was synchronised"
block_load --seed 9 --seconds 0 $c >/dev/null || fail "leg 2 was written"
sector write /dev/mapper/m 100
for i in 1 2; do
	sector read $a 100 --to /tmp/wanted
	sector read /dev/mapper/leg$i 100 --to /tmp/found
	cmp /tmp/wanted /tmp/found || fail "leg $i was not written"
done

# traced COMMAND...: with what comes to a block device meanwhile in $trace
traced() {
	: >$trace
	echo 1 >$tracing/events/block/block_bio_queue/enable
	"$@"
	echo 0 >$tracing/events/block/block_bio_queue/enable
}

synchronise_anew() {
	create 16384 sync fill fill
	wait_for 30 is_synced || fail "not synchronised: $(synced)"
}

# seen LEG BIO: an operation and its flags, a sector, a length
seen() { grep -qF "$major,$1 $2 " $trace || fail "leg $1 did not get $2"; }

say "flushes and FUA reach every leg, and copies are flushed"
tracing=/sys/kernel/tracing
trace=$tracing/trace
traced sector write --through /dev/mapper/m 100
for i in 0 1 2; do
	seen $i "WFS 100 + 1"
done
traced sector flush /dev/mapper/m
for i in 0 1 2; do
	seen $i "FWS 0 + 0"
done
dmsetup remove m
traced synchronise_anew
for i in 1 2; do
	seen $i "FWS 0 + 0"
done

finish
