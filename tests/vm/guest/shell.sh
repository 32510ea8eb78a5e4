# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# The stage of `make shell`: kcopyd loaded, three loop devices, a prompt.

. /guest/lib.sh
set +eu

modprobe kcopyd && echo "kcopyd is loaded"
modprobe dm-kmirror 2>/dev/null && echo "the target kmirror is loaded"
for i in 0 1 2; do
	make_loop $i 64
done
echo "/dev/loop0, loop1, loop2: 64 MiB each; dmsetup is in the path"
echo "modules are in /lib/modules/$(uname -r)/updates; Ctrl-D powers off"
PS1='kcopyd# '
export PS1
sh -i
