# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# In the machine: do what /files/work says, a line at a time, and report.
#
#   null NAME MEGABYTES NANOSECONDS [SECTORS [REQUESTS]]
#                        make /dev/NAME, a null_blk whose I/O takes so long; with
#                        0 it ends in the submitter. It takes so many sectors in a
#                        request, and so many requests (default, or 0: its own).
#                        One that takes a request at a time has a scheduler, and
#                        writeback throttling; others have not
#   brd NUMBER MEGABYTES make /dev/ram0 and so on
#   forget               remove all of these
#   symbols              report the kernel's functions, as "symbol ..."
#   run ID WORDS...      WORDS for the benchmark's module
#
# targets.sh, if it is in /files, has more words. What the module answers is
# reported as "result ID NAME VALUE".

. /guest/lib.sh

bench=/sys/kernel/debug/kcopyd-bench
nullb=/sys/kernel/config/nullb

make_null() {
	mkdir "$nullb/$1"
	echo "$2" >"$nullb/$1/size"
	echo 2 >"$nullb/$1/queue_mode"
	if [ "$3" = 0 ]; then
		echo 0 >"$nullb/$1/irqmode"
	else
		echo 2 >"$nullb/$1/irqmode"
		echo "$3" >"$nullb/$1/completion_nsec"
	fi
	[ "${4:-0}" = 0 ] || echo "$4" >"$nullb/$1/max_sectors"
	[ "${5:-0}" = 0 ] || echo "$5" >"$nullb/$1/hw_queue_depth"
	echo 1 >"$nullb/$1/power"
	queue=/sys/block/nullb$(cat "$nullb/$1/index")/queue
	[ -e "$queue" ] || queue=/sys/block/$1/queue
	if [ "${5:-0}" = 1 ]; then
		echo mq-deadline >"$queue/scheduler"
	else
		echo none >"$queue/scheduler"
		echo 0 >"$queue/wbt_lat_usec"
	fi
	# before 6.12 the device has a name of its own
	[ -e "/dev/$1" ] || ln -s "nullb$(cat "$nullb/$1/index")" "/dev/$1"
}

forget() {
	for device in "$nullb"/*/; do
		[ -d "$device" ] || continue
		rmdir "$device"
		rm -f "/dev/$(basename "$device")"
	done
	! grep -q '^brd ' /proc/modules || rmmod brd
}

run() {
	id=$1
	shift
	if echo "$*" >$bench; then
		sed "s/^/result $id /" $bench | tell
	else
		fail "$id: $*"
	fi
}

[ ! -e /files/targets.sh ] || . /files/targets.sh
modprobe null_blk nr_devices=0
modprobe kcopyd-bench
tell release "$(uname -r)"
while read -r word rest; do
	# shellcheck disable=SC2086 # words
	case $word in
	null) make_null $rest ;;
	brd) modprobe brd rd_nr="${rest% *}" rd_size=$((${rest#* } * 1024)) ;;
	forget) forget ;;
	symbols) sed 's/^/symbol /' /proc/kallsyms | tell ;;
	run) run $rest ;;
	targets | snapshots | mirror | thin | clone) $word $rest ;;
	*) fail "unknown: $word" ;;
	esac
done </files/work
