# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# lvm2 in a machine without udev, on RAM disks and loop devices.

mkdir -p /etc/lvm /run/lock/lvm
cat >/etc/lvm/lvm.conf <<'END'
devices {
	scan = [ "/dev" ]
	filter = [ "a|/dev/ram|", "a|/dev/loop|", "r|.*|" ]
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
