# SPDX-License-Identifier: GPL-2.0
#
# The person's part: what to type. The kernel's part is Kbuild.

KVERSION ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVERSION)/build
MODULES := $(MAKE) -C $(KDIR) M=$(CURDIR) KCOPYD_NO_TESTS=1
# Newer headers make Kbuild add type data, which fails without pahole. Modules
# work as well without.
MODULES += $(if $(shell command -v pahole),,CONFIG_DEBUG_INFO_BTF_MODULES=)
RELEASE = $(shell ./kernel-release $(KDIR))
VERSION := $(shell sed -n 's/^.define KCOPYD_VERSION "\(.*\)"$$/\1/p' version.h)
VM := tests/vm
SHELL := /bin/bash

# "make check KERNELS=..." is read by the recipes below only
unexport KDIR KERNELS

all: kdir
	$(MODULES) modules

# Where the kernel can't be built against, say so and how to get there.
kdir:
	@test -e $(KDIR)/Makefile || { \
		echo "There is nothing to build modules with in $(KDIR)."; \
		echo "For the running kernel:  sudo apt-get install linux-headers-$(KVERSION)"; \
		echo "For another kernel:      make KDIR=/path/to/its/build/tree"; \
		echo "To try it in a machine:  make demo"; \
		exit 1; } >&2

include packaging/install.mk

clean:
	@test ! -e $(KDIR)/Makefile || $(MODULES) clean
	rm -rf build

check:
	@$(VM)/check $(KERNELS)

check-quick:
	@ONLY='kunit-*' $(VM)/check $(KERNELS)

# The kernel's own targets on kcopyd, on the kernel of this distribution.
check-dropin:
	@. $(VM)/lib.sh; ONLY='test-dropin-*' $(VM)/check $(or $(KERNELS),$$(own_series))

check-full:
	@$(VM)/check-full

# The Debian packages, in build/deb.
deb:
	@packaging/deb

# for packages, and for whoever asks
version:
	@echo $(VERSION)

# Does it work with the newest kernel that Debian has anywhere?
check-newest:
	@$(VM)/check-newest

newest:
	@. $(VM)/lib.sh; newest_series

# Does each test of data notice that copies are lost?
check-lossy:
	@. $(VM)/lib.sh; ONLY='*' ENGINE=lossy $(VM)/check $(or $(KERNELS),$$(own_series))

# Does a clone of this tree work on a fresh Debian?
check-distros:
	@$(VM)/check-distros $(DISTROS)

# With KDIR=, for a kernel of yours; else for the test kernels.
dropin:
	@dropin/make $(if $(filter command environment,$(origin KDIR)),$(KDIR))

lint:
	@$(VM)/lint $(KERNELS)

demo:
	@$(VM)/demo

# build/report/kcopyd-bench measures and reports
BENCH := build/report/kcopyd-bench

report:
	@$(VM)/deps --bench
	@$(MAKE) -s -C bench/report BUILD=$(CURDIR)/build/report

bench: report
	@$(BENCH) tables $(TABLES)

bench-quick: report
	@$(BENCH) tables core

bench-check: report
	@$(BENCH) check bench/core.txt

bench-profile: report
	@$(BENCH) profile $(PROFILE)

bench-targets: report
	@$(BENCH) targets $(firstword $(KERNELS)) --only '$(TARGETS)'

bench-save: report
	@$(BENCH) save bench/core.txt

shell:
	@$(VM)/shell $(firstword $(KERNELS))

kernels:
	@$(VM)/deps
	@. $(VM)/lib.sh; for kernel in $$(kernels $(KERNELS)); do \
		$(VM)/kernel $$(split_kernel $$kernel) || exit; done

help:
	@echo 'make          build kcopyd and its targets for the running kernel'
	@echo 'make install  install them, the header and the programs that were built'
	@echo '    (make -C tools); PREFIX=/usr/local DESTDIR= INSTALL_MOD_PATH='
	@echo 'make uninstall  remove what that installed'
	@echo 'make clean    remove what was built here'
	@echo 'make deb      Debian packages of all this, in build/deb'
	@echo 'make version  print the version of this tree'
	@echo
	@echo 'make demo     copy real disks in a virtual machine'
	@echo 'make shell    a prompt in such a machine, kcopyd loaded'
	@echo 'make check    the tests of the engine, kmirror and ksnap'
	@echo 'make check-quick   the KUnit suites only'
	@echo 'make check-dropin  the kernel'"'"'s own targets on kcopyd'
	@echo 'make check-full    all tests, on all kernels; hours'
	@echo 'make bench    what copies cost, beside dm-kcopyd and bare bios'
	@echo '    TABLES="core writeback" measures these only'
	@echo 'make bench-quick  the core table of it'
	@echo 'make bench-profile  instructions of a copy by function;'
	@echo '    PROFILE="--engine floor --bytes 64K --dests 3 --depth 32"'
	@echo 'make bench-targets  the kernel'"'"'s own targets on either engine;'
	@echo '    TARGETS=dm-mirror measures those with this in their name only'
	@echo 'make bench-check  has the cost grown? make bench-save keeps it'
	@echo 'make check-lossy  do the tests of data notice lost copies?'
	@echo 'make check-distros  demo, check, install in fresh chroots of Debian 12,'
	@echo '    13 and testing, as root; DISTROS="trixie" PARTS="demo install packages"'
	@echo 'make check-newest  some tests on the newest kernel that Debian has in any suite;'
	@echo '    a kernel newer than those of compat.h is built for with KCOPYD_UNTESTED=1'
	@echo 'make dropin   the targets of the kernel itself, on kcopyd: dm-snapshot,'
	@echo '    dm-mirror, ...; for a kernel of yours: KSRC=DIR KDIR=DIR'
	@echo 'make lint     all style checks, and sparse'
	@echo 'make kernels  build the kernels of KERNELS now, not when needed'
	@echo
	@echo 'KDIR=DIR      build for this kernel tree; W=1 and C=1 work, too'
	@echo 'KERNELS="6.1 6.12:light"  kernels for check, lint, shell, kernels; each may'
	@echo '    name its configuration (tests/vm/kernel); "all" is all that are tested'
	@echo 'KSRC=DIR      take this kernel source for its series'
	@echo 'ONLY=PATTERN  check: only these scripts of tests/vm/guest'
	@echo 'KCOPYD_CACHE=DIR  kernels are kept here (~/.cache/kcopyd)'

.PHONY: all kdir clean check check-quick check-dropin check-full check-lossy \
	check-distros check-newest deb version newest dropin lint demo report bench bench-quick \
	bench-check bench-profile bench-save bench-targets shell kernels help
