# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What the tests with lvm2 share: its configuration, and a volume group of the name
# "vg".

. /guest/dropin.sh

mkdir -p /etc/lvm /run/lock/lvm
cat >/etc/lvm/lvm.conf <<'END'
devices {
	scan = [ "/dev" ]
	filter = [ "a|/dev/ram|", "r|.*|" ]
	obtain_device_list_from_udev = 0
	external_device_info_source = "none"
	use_devicesfile = 0
	write_cache_state = 0
}
backup {
	backup = 0
	archive = 0
}
global {
	use_lvmpolld = 0
	thin_check_executable = "/tools/thin_check"
	thin_check_options = [ "-q" ]
	cache_check_executable = "/tools/cache_check"
	cache_check_options = [ "-q" ]
	locking_dir = "/run/lock/lvm"
	system_id_source = "none"
	event_activation = 0
	use_aio = 0 # User Mode Linux may report a lack of locks where that ends
}
activation {
	udev_sync = 0
	udev_rules = 0
	verify_udev_operations = 1
	monitoring = 0
	polling_interval = 1
	raid_region_size = 64 # of mirrors: many copies, not few large ones
}
END

lvm() { /tools/lvm "$@" >/tmp/lvm 2>&1 || fail "lvm $*: $(cat /tmp/lvm)"; }

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
