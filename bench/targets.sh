# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# In the machine, read by guest.sh: targets that copy, on either engine.
#
#   targets ENGINE       load them: the kernel's own, as they are, for dm-kcopyd, or
#                        from /files for kcopyd; or this repository's, "own"
#   snapshots ID WHAT DISK CHUNK_SECTORS COUNT WRITES [in-order]
#                        random writes to an origin with so many snapshots; or in
#                        order, through the page cache
#   mirror ID WHAT DISK LEGS REGION_SECTORS MEGABYTES
#                        first synchronisation
#   thin ID WHAT DISK BLOCK_SECTORS WRITES
#                        random writes to a thin device that a snapshot shares
#   clone ID WHAT DISK REGION_SECTORS REGIONS_AT_ONCE BATCH MEGABYTES
#                        hydration
#   settled TARGET       make /dev/mapper/settled, of a target that has nothing left to
#                        copy, on disks that complete at once
#   unsettle             remove it
#
# All data is on null_blk devices, which keep nothing; metadata is on a ram disk. DISK is
# their latency in nanoseconds, and as with most disks requests have up to 1280 KiB; or
# NANOSECONDS/1, for one that takes a request at a time, with the scheduler and the
# writeback throttling that a disk has in Debian's kernels.
#
# WHAT is counted: time, or pages. Time begins with the first write, or when the device
# is resumed, and ends with the last write; pages are counted from before the targets
# exist. Requests that reached the null_blk devices are always counted.

watch=/sys/kernel/debug/kcopyd-watch
loaded=''
# dm-persistent-data needs it, where it is a module
modprobe -q libcrc32c || true
# fio leaves the output of commands here
cd /tmp || exit

# load DIRECTORY NAME...
load() {
	directory=$1
	shift
	for module; do
		insmod "$(find "$directory" -name "$module.ko")"
		loaded="$module $loaded"
	done
}

targets() {
	for module in $loaded; do
		rmmod "$module"
	done
	loaded=''
	engine=$1
	case $engine in
	dm-kcopyd) directory=/lib/modules/$(uname -r)/kernel ;;
	kcopyd) directory=/files ;;
	own)
		load /files dm-ksnap dm-kmirror
		return
		;;
	esac
	load "$directory" dm-bufio dm-bio-prison dm-persistent-data dm-log \
		dm-region-hash dm-snapshot dm-mirror dm-thin-pool dm-clone
}

# make_disk NAME MEGABYTES DISK
make_disk() {
	case $3 in
	*/*) make_null "$1" "$2" "${3%/*}" 2560 "${3#*/}" ;;
	*) make_null "$1" "$2" "$3" 2560 ;;
	esac
}

# begin WHAT: the targets do not exist yet
begin() {
	what=$1
	[ "$what" = time ] || echo pages >$watch
}

# The work begins.
start() {
	[ "$what" = pages ] || echo time >$watch
}

# All that the null_blk devices have done, and how much.
# shellcheck disable=SC2154 # from guest.sh
requests() {
	for device in "$nullb"/*/; do
		cat "/sys/block/$(null_name "$(basename "$device")")/stat"
	done | awk '{ nr += $1 + $5; sectors += $3 + $7 }
		END { print "requests", nr; print "sectors", sectors }'
}

# finish ID DEVICE...: report, and remove all devices, those on top first
finish() {
	{
		cat $watch
		requests
	} | sed "s/^/result $1 /" | tell
	shift
	dmsetup remove "$@"
	forget
}

# write_with_fio DEVICE MEGABYTES WRITES OPTIONS...: what is counted is between the
# commands that fio calls; it redirects their output itself
write_with_fio() {
	device=$1 megabytes=$2 writes=$3
	shift 3
	fio --name=writes --filename="$device" --size="${megabytes}m" --bs=4k \
		--number_ios="$writes" "$@" --invalidate=0 \
		--fadvise_hint=0 --thread --output=/tmp/fio \
		--exec_prerun="{ [ $what = pages ] || echo time >$watch; }" \
		--exec_postrun="{ echo end >$watch; }" >/dev/null ||
		fail "fio: $(cat /tmp/fio)"
}

write_at_random() {
	write_with_fio "$@" --rw=randwrite --norandommap --direct=1 \
		--ioengine=libaio --iodepth=32
}

write_in_order() {
	write_with_fio "$@" --rw=write --ioengine=psync --end_fsync=1
}

# wait_written DEVICE MEGABYTES: the work ends with that
wait_written() {
	echo "wait $1 $(($2 * 2048))" >$watch
	echo end >$watch
}

origin_megabytes=65536

# add_snapshot N CHUNK_SECTORS WRITES DISK: its store has room for a quarter more
# chunks than there are writes
add_snapshot() {
	make_disk "store$1" $(($2 * $3 * 5 / 4 / 2048 + 1)) "$4"
	dmsetup create "snap$1" --table "0 $((origin_megabytes * 2048)) \
		$snapshot /dev/base /dev/store$1 N $2 $format"
	names="$names snap$1"
}

snapshots() {
	case $engine in
	own) snapshot=ksnap origin=ksnap-origin format=format ;;
	*) snapshot=snapshot origin=snapshot-origin format='' ;;
	esac
	make_disk base $origin_megabytes "$3"
	begin "$2"
	names=origin
	for i in $(seq "$5"); do
		add_snapshot "$i" "$4" "$6" "$3"
	done
	dmsetup create origin --table \
		"0 $((origin_megabytes * 2048)) $origin /dev/base"
	case ${7:-} in
	in-order) write_in_order /dev/mapper/origin $origin_megabytes "$6" ;;
	*) write_at_random /dev/mapper/origin $origin_megabytes "$6" ;;
	esac
	# shellcheck disable=SC2086 # words
	finish "$1" $names
}

mirror() {
	case $engine in
	own) table="kmirror $5 $4" ;;
	*) table="mirror core 1 $5 $4" ;;
	esac
	state=sync
	for i in $(seq "$4"); do
		make_disk "leg$i" "$6" "$3"
		table="$table /dev/leg$i 0"
		[ "$engine" != own ] || table="$table $state"
		state=fill
	done
	[ "$engine" = own ] || table="$table 1 handle_errors"
	begin "$2"
	dmsetup create --notable mirror
	dmsetup load mirror --table "0 $(($6 * 2048)) $table"
	start
	dmsetup resume mirror
	wait_written "/dev/leg$4" "$6"
	finish "$1" mirror
}

thin_megabytes=2048

pool() {
	dmsetup create pool --table "0 $((thin_megabytes * 4096)) thin-pool \
		/dev/ram0 /dev/data $1 0 1 skip_block_zeroing"
}

# make_thin BLOCK_SECTORS: a thin device whose blocks all exist; its metadata is
# kept for all that are to begin with it
make_thin() {
	modprobe brd rd_nr=1 rd_size=16384
	make_null data $((thin_megabytes * 2)) 0
	pool "$1"
	dmsetup message pool 0 "create_thin 0"
	dmsetup create thin \
		--table "0 $((thin_megabytes * 2048)) thin /dev/mapper/pool 0"
	fio --name=fill --filename=/dev/mapper/thin --bs=1m --rw=write \
		--direct=1 --invalidate=0 --fadvise_hint=0 --thread \
		--output=/tmp/fio
	dmsetup remove thin pool
	dd if=/dev/ram0 of="/tmp/metadata.$1" bs=1M 2>/dev/null
	forget
}

thin() {
	[ -e "/tmp/metadata.$4" ] || make_thin "$4"
	modprobe brd rd_nr=1 rd_size=16384
	dd if="/tmp/metadata.$4" of=/dev/ram0 bs=1M conv=fsync 2>/dev/null
	make_disk data $((thin_megabytes * 2)) "$3"
	begin "$2"
	pool "$4"
	dmsetup message pool 0 "create_snap 1 0"
	dmsetup create thin \
		--table "0 $((thin_megabytes * 2048)) thin /dev/mapper/pool 0"
	write_at_random /dev/mapper/thin $thin_megabytes "$5"
	finish "$1" thin pool
}

clone() {
	modprobe brd rd_nr=1 rd_size=16384
	make_disk from "$7" "$3"
	make_disk to "$7" "$3"
	begin "$2"
	dmsetup create --notable clone
	dmsetup load clone --table "0 $(($7 * 2048)) clone /dev/ram0 /dev/to \
		/dev/from $4 0 4 hydration_threshold $5 hydration_batch_size $6"
	start
	dmsetup resume clone
	wait_written /dev/to "$7"
	finish "$1" clone
}

settled_megabytes=64

# A mirror of the kernel's md driver; without metadata, it takes no mdadm.
make_md() {
	modprobe -a md-mod raid1
	echo md0 >/sys/module/md_mod/parameters/new_array
	md=/sys/block/md0/md
	echo none >$md/metadata_version
	echo raid1 >$md/level
	echo 2 >$md/raid_disks
	for i in 1 2; do
		cat "/sys/block/$(null_name "leg$i")/dev" >$md/new_dev
	done
	echo $((settled_megabytes * 1024)) >$md/component_size
	i=0
	for member in $md/dev-*; do
		echo $i >"$member/slot"
		i=$((i + 1))
	done
	echo none >$md/resync_start
	echo active >$md/array_state
}

# All that is written is in the snapshot already.
make_settled_origin() {
	make_null store $((settled_megabytes * 2)) 0
	dmsetup create snap --table \
		"0 $((settled_megabytes * 2048)) $1 /dev/leg1 /dev/store N 32 ${2:-}"
	dmsetup create settled --table \
		"0 $((settled_megabytes * 2048)) $1-origin /dev/leg1"
	dd if=/dev/zero of=/dev/mapper/settled bs=1M oflag=direct \
		count=$settled_megabytes conv=notrunc 2>/dev/null
}

settled() {
	size=$((settled_megabytes * 2048))
	make_null leg1 $settled_megabytes 0
	make_null leg2 $settled_megabytes 0
	case $1 in
	linear) table="linear /dev/leg1 0" ;;
	mirror) table="mirror core 2 1024 nosync 2 /dev/leg1 0 /dev/leg2 0" ;;
	kmirror) table="kmirror 1024 2 /dev/leg1 0 sync /dev/leg2 0 sync" ;;
	esac
	case $1 in
	md)
		make_md
		ln -s ../md0 /dev/mapper/settled
		;;
	snapshot) make_settled_origin snapshot ;;
	ksnap) make_settled_origin ksnap format ;;
	linear | *mirror) dmsetup create settled --table "0 $size $table" ;;
	esac
}

unsettle() {
	if [ -e /sys/block/md0 ]; then
		echo clear >/sys/block/md0/md/array_state
		rm /dev/mapper/settled
	else
		dmsetup remove settled
		[ ! -e /dev/mapper/snap ] || dmsetup remove snap
	fi
	forget
}
