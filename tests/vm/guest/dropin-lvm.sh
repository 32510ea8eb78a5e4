# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What the tests of the kernel's own targets with lvm2 share: a volume group of the name
# "vg".

. /guest/dropin.sh

# shellcheck source=lvm.sh
. /guest/lvm.sh

# make_group N: the volume group "vg" of N disks. They are empty: what another case
# left there could be taken for what this one writes.
make_group() {
	disks=''
	rm -rf /dev/vg # what a case that failed has left
	rmmod brd 2>/dev/null || true
	modprobe brd rd_nr=3 rd_size=49152
	for i in $(seq 0 $(($1 - 1))); do
		lvm pvcreate -ff -y "/dev/ram$i"
		disks="$disks /dev/ram$i"
	done
	# shellcheck disable=SC2086 # words
	lvm vgcreate -s 64k vg $disks
}

remove_group() {
	lvm vgchange -an vg
	lvm vgremove -f vg
}

# keep DEVICE: a copy of what it holds, on /dev/loop9
keep() {
	make_loop 9 8
	dd if="$1" of=/dev/loop9 bs=1M 2>/dev/null
}

# is_synced LV: all of it is copied
is_synced() {
	[ "$(/tools/lvm lvs --noheadings -o copy_percent "vg/$1" |
		tr -d ' ')" = 100.00 ]
}
