#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=kcopyctl,block_load,same_blocks tools=script,mkfs.ext4,e2fsck
# takes: 20 80
#
# kcopyctl on a terminal: one line that changes and keeps to the terminal's width, and
# Ctrl-C from the keyboard.

# shellcheck source=kcopyctl.sh
. /guest/kcopyctl.sh

# on_terminal COLUMNS COMMAND: what it shows is in /tmp/shown
on_terminal() {
	code=0
	script -qefc "stty cols $1 rows 24; $2" /tmp/shown </tmp/keys \
		>/dev/null 2>&1 || code=$?
}

# The keyboard: nobody types, but it is there.
open_keyboard() {
	rm -f /tmp/keys
	mkfifo /tmp/keys
	exec 8<>/tmp/keys
}

# What a line was at each time that it changed, without what erases it.
changes() { tr '\r' '\n' </tmp/shown | sed -n "s/^$(printf '\033')\[K//p"; }

one_line_changes() {
	open_keyboard
	make_legs 8 3
	slow_writes 1 100
	on_terminal 110 "kcopyctl clone --region-size 64K $a $b $c"
	[ $code = 0 ] || fail "exit status $code: $(cat /tmp/shown)"
	[ "$(changes | grep -c ' % \[')" -gt 2 ] || fail "no bar: $(cat /tmp/shown)"
	# lines that stay: the first, the last of the bar, and the result
	[ "$(tr -d '\r' </tmp/shown | grep -c 'of 8.0 MiB')" -le 2 ] ||
		fail "the line does not replace itself"
	changes | tail -n 1 | grep -q '^leg0 100 % .* in 0:' ||
		fail "the end: $(changes | tail -n 1)"
	grep -q "$b: holds all" /tmp/shown || fail "no result"
	mend
}

# A line that is as wide as the terminal wraps, and is not replaced then.
keeps_to_the_width() {
	open_keyboard
	make_legs 8 2
	slow_writes 1 100
	on_terminal 100 "kcopyctl clone --region-size 64K $a $b"
	[ $code = 0 ] || fail "exit status $code: $(cat /tmp/shown)"
	changes | grep ' % \[' >/tmp/lines || fail "no bar: $(cat /tmp/shown)"
	while IFS= read -r line; do
		[ ${#line} -eq 99 ] || fail "${#line} columns: $line"
	done </tmp/lines
	mend
}

ctrl_c() {
	open_keyboard
	make_used 16
	make_leg 1 16
	slow_writes 1 200
	rm -f /tmp/shown
	(
		wait_for 20 grep -qs ' % ' /tmp/shown
		printf '\003' >/tmp/keys
	) &
	on_terminal 80 "kcopyctl clone --region-size 64K /dev/mapper/used $b"
	wait $!
	[ $code = 5 ] || fail "exit status $code: $(cat /tmp/shown)"
	grep -q 'stopped by a signal' /tmp/shown || fail "$(cat /tmp/shown)"
	expect_used_as_before
}

# Who reads the lines may go away; the copy goes on.
reader_goes_away() {
	make_legs 8 2
	slow_writes 1 100
	kcopyctl clone --region-size 64K -i 0.1 $a $b | head -n 2 >/tmp/out
	grep -q ' % ' /tmp/out || fail "$(cat /tmp/out)"
	expect_others
	same 0 1
	mend
}

run_cases one_line_changes keeps_to_the_width ctrl_c reader_goes_away
finish
