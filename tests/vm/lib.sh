# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used by those who source it
#
# What the scripts of this directory share: places, messages, the machine.
# Sourced, after `set -euo pipefail`.

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
top=$(realpath "$here/../..")
log_dir=$top/build/log

# Sources and built kernels live outside the tree and survive `make clean`.
cache=${KCOPYD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kcopyd}

# `make check W=1` must not reach the builds that the scripts start.
unset MAKEFLAGS MFLAGS MAKELEVEL

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Progress goes to stderr: stdout carries a script's answer.
note() {
	echo "$*" >&2
}

# 75 -> 1:15
clock() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# series_that_are WHAT: those that compat.h calls "tested" or "built", the oldest
# first
series_that_are() {
	sed -n "s/^#define KCOPYD_LINUX_.* KERNEL_VERSION(\([0-9]*\), \([0-9]*\), 0) .*\b$1\b.*/\1.\2/p" \
		"$top/compat.h"
}

newest_series() {
	series_that_are tested | tail -n 1
}

# kernels [SERIES[:CONFIG]...]: prints them, one a line, with CONFIG; "all" stands
# for all that are tested, nothing for the newest as User Mode Linux, which runs
# at the speed of the processor.
kernels() {
	(($#)) || set -- "$(newest_series):${CONFIG:-quick}"
	# shellcheck disable=SC2046 # words wanted
	[[ $1 != all ]] || set -- $(series_that_are tested)
	for kernel; do
		[[ $kernel == *:* ]] || kernel+=:${CONFIG:-debug}
		echo "$kernel"
	done
}

# "6.1:debug" -> two words
split_kernel() {
	echo "${1%:*} ${1#*:}"
}

# The kernel series that this distribution's own linux-source package has.
own_series() {
	local series

	series=$(apt-cache depends linux-source 2>/dev/null |
		sed -n 's/.*Depends: linux-source-//p' | head -n 1)
	[[ $series ]] || die "apt knows no linux-source package; name KERNELS"
	echo "$series"
}

# The Debian mirror that apt uses.
mirror() {
	local mirror

	mirror=$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Component: main' 'Label: Debian' |
		head -n 1)
	[[ $mirror ]] || die "apt names no Debian mirror"
	echo "${mirror%/}"
}

# External modules are built beside their sources, so each build has a copy.
# What is excluded here is protected from --delete: the products stay, and an
# unchanged file is not compiled again.
copy_sources() {
	mkdir -p "$1"
	rsync -a --delete --prune-empty-dirs \
		--exclude=/build --exclude=/tools --exclude=/bench/report \
		--exclude=/packaging --exclude=/debian --exclude=/samples \
		--exclude=/.git --exclude=/tests/vm --exclude='*.mod.c' \
		--include='*/' --include='*.[chS]' --include=Kbuild \
		--exclude='*' "$top/" "$1/"
}

# watch_job PID COUNT_COMMAND WHAT: report on a background job until it ends,
# one updating line on a terminal and a line every 30 s elsewhere; its status.
watch_job() {
	local pid=$1 count=$2 what=$3 start=$SECONDS last=0 now

	while kill -0 "$pid" 2>/dev/null; do
		now=$((SECONDS - start))
		if [[ -t 2 ]]; then
			printf '\r  %s: %s, %s ' "$what" "$($count)" \
				"$(clock $now)" >&2
		elif ((now - last >= 30)); then
			note "  $what: $($count), $(clock $now)"
			last=$now
		fi
		sleep 1
	done
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
	wait "$pid"
}
