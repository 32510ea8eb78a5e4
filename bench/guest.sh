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
#   halves NAME MEGABYTES NANOSECONDS THROTTLES
#                        make /dev/NAME0 and NAME1, the halves of such a null_blk, with
#                        writeback throttling ("on") or without ("off")
#   brd NUMBER MEGABYTES make /dev/ram0 and so on
#   forget               remove all of these
#   symbols              report the kernel's functions, as "symbol ..."
#   run ID WORDS...      WORDS for the benchmark's module
#
# targets.sh, if it is in /files, has more words. What the module answers is
# reported as "result ID NAME VALUE".

. /guest/lib.sh

export DM_DISABLE_UDEV=1
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
	queue=/sys/block/$(null_name "$1")/queue
	if [ "${5:-0}" = 1 ]; then
		echo mq-deadline >"$queue/scheduler"
	else
		echo none >"$queue/scheduler"
		echo 0 >"$queue/wbt_lat_usec"
	fi
	[ -e "/dev/$1" ] || ln -s "$(null_name "$1")" "/dev/$1"
}

# In sysfs; before 6.12 the device has a name of its own.
null_name() {
	name=nullb$(cat "$nullb/$1/index")
	[ -e "/sys/block/$name" ] || name=$1
	echo "$name"
}

make_halves() {
	make_null "$1" $(($2 * 2)) "$3"
	case $4 in
	on) echo 2000 ;;
	off) echo 0 ;;
	esac >"/sys/block/$(null_name "$1")/queue/wbt_lat_usec"
	for i in 0 1; do
		dmsetup create "$1$i" --table \
			"0 $(($2 * 2048)) linear /dev/$1 $((i * $2 * 2048))"
		ln -s "mapper/$1$i" "/dev/$1$i"
	done
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
	halves) make_halves $rest ;;
	brd) modprobe brd rd_nr="${rest% *}" rd_size=$((${rest#* } * 1024)) ;;
	forget) forget ;;
	symbols) sed 's/^/symbol /' /proc/kallsyms | tell ;;
	run) run $rest ;;
	targets | snapshots | mirror | thin | clone | settled | unsettle)
		$word $rest
		;;
	*) fail "unknown: $word" ;;
	esac
done </files/work
