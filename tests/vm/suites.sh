# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # `work` is the directory of who sources it
#
# Packages of newer suites of the mirror that apt uses. The suite's Release file
# must bear Debian's signature, and all else its checksums. Sourced; files are put
# below $work.

suites=(trixie-backports trixie forky-backports forky sid experimental)

# fetch URL FILE [SHA256]: with apt's own methods and settings
fetch() {
	/usr/lib/apt/apt-helper download-file "$1" "$2" ${3:+"SHA256:$3"} \
		>>"$work/log" 2>&1
}

# release SUITE: its Release file, if Debian signed it
release() {
	fetch "$(mirror)/dists/$1/InRelease" "$work/InRelease" &&
		gpgv -q --keyring /usr/share/keyrings/debian-archive-keyring.gpg \
			-o "$work/Release" "$work/InRelease" 2>>"$work/log"
}

# index SUITE NAME: the suite's list of packages of that name, in $work/index.xz;
# its Release file is there. By its hash: under its name it may be newer.
index() {
	local sum

	sum=$(awk -v f="$2.xz" '$3 == f && length($1) == 64 { print $1; exit }' \
		"$work/Release")
	rm -f "$work/index.xz"
	[[ $sum ]] && fetch "$(mirror)/dists/$1/${2%/*}/by-hash/SHA256/$sum" \
		"$work/index.xz" "$sum"
}

# entry PACKAGE: its newest entry in $work/index.xz
entry() {
	xz -dc "$work/index.xz" | awk -v RS= -v package="$1" '
		$1 == "Package:" && $2 == package { newest = $0 }
		END { print newest }'
}

# field NAME: of the entry on stdin
field() {
	sed -n "s/^$1: //p"
}
