#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# needs: mem=1G programs=block_load,same_blocks dropin
# needs: tools=depmod,modprobe
#
# A running machine changes from the kernel's own dm-snapshot to the one on
# kcopyd, and back, as Documentation/dropin.rst tells; its snapshots go along.

. /guest/dropin-snapshot.sh

of_target snapshot 128

# As a distribution has them; the shell would take busybox's.
depmod() { /tools/depmod; }
modprobe() { /tools/modprobe "$@"; }
updates=/lib/modules/$(uname -r)/updates

not_on_stock "there is nothing to change over to"

stands_on_kcopyd() { [ -e /sys/module/kcopyd_mod/holders/dm_snapshot ]; }

deactivate() {
	dmsetup remove "$@" origin
}

# activate N...: the origin, and the snapshots that are in the stores
activate() {
	make_origin
	for snap; do
		snapshot "$snap" P 32
	done
}

# What stood on the other engine is unloaded with it.
use_kcopyd() {
	mv /tmp/updates "$updates"
	depmod
	modprobe -r dm-snapshot
	modprobe dm-snapshot
	stands_on_kcopyd || fail "dm-snapshot does not stand on kcopyd"
}

use_stock() {
	modprobe -r dm-snapshot
	mv "$updates" /tmp/updates
	depmod
	modprobe dm-snapshot
	[ ! -d /sys/module/kcopyd_mod ] || fail "kcopyd is still loaded"
}

# overwrite MEGABYTE: four of them
overwrite() {
	dd if=/dev/zero of=/dev/mapper/origin bs=1M seek="$1" count=4 \
		conv=fsync 2>/dev/null
}

compare() {
	same /dev/mapper/before /dev/mapper/snap1
	same /dev/loop12 /dev/mapper/snap2
}

# Each engine goes on with the snapshots that the other one has begun.
data_replaced_and_back() {
	use_stock
	set_up 16384
	snapshot 1 P 32
	load_origin
	make_loop 12 8
	dd if=/dev/mapper/origin of=/dev/loop12 bs=1M 2>/dev/null
	snapshot 2 P 32
	deactivate snap1 snap2

	use_kcopyd
	activate 1 2
	overwrite 0
	compare
	deactivate snap1 snap2

	use_stock
	activate 1 2
	compare
	overwrite 4
	compare
}

run_cases data_replaced_and_back
