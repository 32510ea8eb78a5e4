# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034 # used by those who source it
#
# What the tests of kcopyctl share. leg0, leg1, ... are devices as in the tests of
# kmirror; leg0 is what is copied, as a rule.

# shellcheck source=kmirror.sh
. /guest/kmirror.sh

a=/dev/mapper/leg0 b=/dev/mapper/leg1 c=/dev/mapper/leg2

# expect_code CODE ARGUMENTS...: of kcopyctl. What it says is in /tmp/out and
# /tmp/err.
expect_code() {
	wanted=$1 code=0
	shift
	kcopyctl "$@" >/tmp/out 2>/tmp/err || code=$?
	[ "$code" = "$wanted" ] || {
		cat /tmp/out /tmp/err
		fail "kcopyctl $*: exit status $code, not $wanted"
	}
}

# expect_in FILE WORDS...: all of them are in the file
expect_in() {
	file=$1
	shift
	for word; do
		grep -qF -e "$word" "$file" || {
			cat "$file"
			fail "it does not say \"$word\""
		}
	done
}

# Of what it said, and of what it said to standard error.
expect_out() { expect_in /tmp/out "$@"; }
expect_words() { expect_in /tmp/err "$@"; }

# Device-mapper devices that are not legs.
others() { dmsetup ls | sed -n 's/^\([^\t]*\)\t.*/\1/p' | grep -v '^leg[0-9]*$' || true; }

# expect_others NAME...: these are there, in any order, and no more
expect_others() {
	[ "$(others | sort | tr '\n' ' ')" = "$(for i; do echo "$i"; done | sort |
		tr '\n' ' ')" ] || fail "${step:+$step: }there are: $(others)"
}

# make_legs MEGABYTES NUMBER: leg0 holds something, the others something else
make_legs() {
	i=0
	while [ $i -lt "$2" ]; do
		make_leg $i "$1"
		i=$((i + 1))
	done
	block_load --seed 1 --fill-only $a
}

# make_used MEGABYTES: "used", a mapped device on leg0 with a file system on it that is
# mounted on /tmp/used
make_used() {
	make_leg 0 "$1"
	used_table="0 $sectors linear $(number $a) 0"
	dmsetup create used --table "$used_table"
	mkfs.ext4 -q /dev/mapper/used
	mkdir -p /tmp/used
	mount -t ext4 /dev/mapper/used /tmp/used
}

# number PATH: "253:1"
number() {
	echo "$(($(stat -L -c 0x%t "$1"))):$(($(stat -L -c 0x%T "$1")))"
}

# What a device that was copied in use must be again.
expect_used_as_before() {
	[ "$(dmsetup table used)" = "$used_table" ] ||
		fail "the table of used: $(dmsetup table used)"
	dmsetup info used | grep -q 'State: *ACTIVE' || fail "used is suspended"
	dmsetup info used | grep -q 'Tables present: *LIVE$' ||
		fail "a table is left over"
	expect_others used
	touch /tmp/used/written
	sync
}

# Files come, grow and go in /tmp/used, until end_churn.
start_churn() {
	rm -f /tmp/stop
	churn_files &
	churn=$!
}

churn_files() {
	n=0
	while [ ! -e /tmp/stop ]; do
		dd if=/dev/urandom of="/tmp/used/file.$((n % 8))" bs=16k count=4 \
			2>/dev/null
		cat /tmp/used/file.* >/tmp/used/all
		rm -f "/tmp/used/file.$(((n + 3) % 8))"
		[ $((n % 4)) -gt 0 ] || sync
		n=$((n + 1))
	done
}

end_churn() {
	touch /tmp/stop
	wait $churn
}

# clean PATH...: a file system that was unmounted, or frozen
clean() {
	for i; do
		e2fsck -fn "$i" >/tmp/e2fsck 2>&1 || {
			cat /tmp/e2fsck
			fail "${step:+$step: }$i: e2fsck finds faults"
		}
		! grep -qi 'journal' /tmp/e2fsck || {
			cat /tmp/e2fsck
			fail "${step:+$step: }$i: was not clean"
		}
	done
}

clean_up() {
	touch /tmp/stop
	for file in $(grep -ls '^/tmp/used' /sys/block/loop*/loop/backing_file); do
		losetup -d "/dev/$(echo "$file" | sed 's|/sys/block/||; s|/.*||')"
	done
	umount /tmp/used 2>/dev/null || true
	remove_devices
	changed=''
}
