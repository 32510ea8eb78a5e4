# SPDX-License-Identifier: GPL-2.0
#
# For the Kbuild file of a module that uses kcopyd, so that it finds the header,
# and the symbols of the kcopyd that is installed for this kernel:
#
#	include $(shell pkg-config --variable=kbuild kcopyd)
#	obj-m := my-module.o
#
# A target that is written for the kernel's dm-kcopyd adds, before the include,
#
#	KCOPYD_DROPIN := y

kcopyd_mk := $(realpath $(lastword $(MAKEFILE_LIST)))
kcopyd_include := $(realpath $(dir $(kcopyd_mk))../../include/kcopyd)

ccflags-y += -I$(kcopyd_include)

# This header must come before the kernel's.
ifeq ($(KCOPYD_DROPIN),y)
LINUXINCLUDE := -I$(kcopyd_include)/dropin $(LINUXINCLUDE)
endif

# The release is what the kernel was compiled with: Debian 12 has another one in
# include/config/kernel.release. `make install` puts the symbols beside the
# modules, DKMS keeps them in its own tree.
kcopyd_release := $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"$$/\1/p' \
	$(objtree)/include/generated/utsrelease.h 2>/dev/null)
kcopyd_symvers := $(firstword $(wildcard \
	$(INSTALL_MOD_PATH)/lib/modules/$(kcopyd_release)/updates/kcopyd.symvers \
	/var/lib/dkms/kcopyd/kernel-$(kcopyd_release)-*/module/Module.symvers))

ifneq ($(kcopyd_symvers),)
KBUILD_EXTRA_SYMBOLS += $(kcopyd_symvers)
else
$(warning kcopyd is not installed for Linux $(kcopyd_release): its symbols will not be found)
endif
