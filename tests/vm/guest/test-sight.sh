#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G
# takes: 60 150
#
# Promise 28: what debugfs and the tracepoints tell of clients and jobs, and that a job
# without progress is noticed.

. /guest/lib.sh

copy=/sys/kernel/debug/test-copy
clients=/sys/kernel/debug/kcopyd
trace=/sys/kernel/tracing

is_over() {
	read -r result <$copy
	[ "$result" != busy ]
}

copy_all() {
	echo "copy 16384 0 1" >$copy
	wait_for 60 is_over || fail "the copy does not end"
	[ "$result" = "read 0 write 0" ] || fail "$result"
}

# value NAME: of the client's statistics
value() {
	sed -n "s/^$1 //p" "$clients/$id/stats"
}

expect() {
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}

# All files have a version, and say nothing of addresses.
check_form() {
	for file in "$clients/clients" "$clients/$id"/*; do
		expect "the first line of $file" "$(head -n 1 "$file")" "version 1"
		! grep -E '0x|[0-9a-f]{16}|\(null\)|\(ptrval\)' "$file" ||
			fail "$file tells an address"
		# shellcheck disable=SC2012 # a name without blanks
		expect "mode of $file" "$(ls -l "$file" | cut -c 1-10)" -r--------
	done
}

make_loop 0 8
make_loop 1 8
dmsetup create gate --table "0 16384 linear /dev/loop1 0"
modprobe test-copy
echo "open /dev/loop0 /dev/mapper/gate" >$copy
id=$(sed -n '3s/ .*//p' $clients/clients)
[ -d "$clients/$id" ] || fail "client $id has no folder"
expect "the label" "$(value label)" "$(sed -n '3s/^[0-9]* \([^ ]*\) .*/\1/p' $clients/clients)"
check_form

# Times only when wanted.
copy_all
grep -q '^total count 0 ' "$clients/$id/latency" || fail "times were taken"
echo 1 >$clients/timing
copy_all
echo 0 >$clients/timing
copy_all
grep -q '^total count 1 ' "$clients/$id/latency" || fail "no times were taken"
# Where memory is scattered, pieces are shorter, and more.
reads=$(sed -n 's/^read count \([0-9]*\) .*/\1/p' "$clients/$id/latency")
[ "$reads" -ge 32 ] || fail "$reads reads were timed"
expect "sectors written" "$(value sectors_written)" $((3 * 16384))
check_form

# The tracepoints.
mount -t tracefs tracefs $trace 2>/dev/null || true
if [ -d $trace/events/kcopyd ]; then
	echo 1 >$trace/events/kcopyd/enable
	copy_all
	echo 0 >$trace/events/kcopyd/enable
	grep kcopyd_ $trace/trace >/tmp/trace
	echo >$trace/trace
	expect "jobs queued" "$(grep -c kcopyd_job_queued: /tmp/trace)" 1
	expect "jobs started" "$(grep -c kcopyd_job_started: /tmp/trace)" 1
	grep -q "kcopyd_job_finished: client=$id .*bytes=8388608 read_err=0 write_err=0x0 queued_ns=[0-9]* run_ns=[1-9]" \
		/tmp/trace || fail "the end of the job is not told"
	reads=$(grep -c 'kcopyd_io: .*op=read .*error=0' /tmp/trace)
	[ "$reads" -ge 32 ] || fail "$reads reads were told"
	expect "writes" "$(grep -c 'kcopyd_io: .*op=write .*error=0' /tmp/trace)" "$reads"
	! grep 'kcopyd_io: .* ns=0 ' /tmp/trace || fail "I/O took no time"
else
	say "no tracepoints here"
fi

# A device that does not answer: the job is seen, and after 30 seconds marked.
dmsetup suspend gate
echo "copy 16384 0 1" >$copy
sleep 1
waits_for() {
	sed -n '3p' "$clients/$id/jobs" | cut -d ' ' -f 8
}
expect "what the job waits for" "$(waits_for)" device
expect "what the client waits for" "$(value waits_for)" pages
is_stalled() { sed -n '3p' "$clients/$id/jobs" | grep -q ' stalled$'; }
! is_stalled || fail "too soon"
wait_for 60 is_stalled || fail "the stall is not noticed"
expect "stalls" "$(value jobs_stalled)" 1
dmesg | grep -q "kcopyd: client $id .*without progress: 1;.*for: device" ||
	fail "the stall is not in the log"
sleep 15
expect "stalls, later" "$(value jobs_stalled)" 1
expect "warnings" "$(dmesg | grep -c 'without progress')" 1
dmsetup resume gate
wait_for 60 is_over || fail "the copy does not end"
expect "jobs pending" "$(value jobs_pending)" 0
expect "what nobody waits for" "$(value waits_for)" none

# Who reads all the time disturbs nobody, and may have a file open at the end.
(while :; do cat $clients/clients "$clients/$id"/* >/dev/null 2>&1 || :; done) &
reader=$!
for _ in 1 2 3 4 5; do
	copy_all
done
exec 3<"$clients/$id/jobs"
echo close >$copy
kill $reader
exec 3<&-
[ ! -e "$clients/$id" ] || fail "the folder is still there"
expect "clients" "$(wc -l <$clients/clients)" 2
rmmod test-copy
dmsetup remove gate
rmmod kcopyd-mod
[ ! -e $clients ] || fail "debugfs still has us"
