# SPDX-License-Identifier: GPL-2.0
#
# What `make install` puts where; `make uninstall` removes the same.
#
#   DESTDIR           goes before every path; for packages. depmod is not run then
#   PREFIX            of all but the modules (/usr/local)
#   INSTALL_MOD_PATH  goes before /lib/modules (DESTDIR)

PREFIX ?= /usr/local
INSTALL_MOD_PATH ?= $(DESTDIR)
prefix_dir = $(DESTDIR)$(abspath $(PREFIX))
modules_dir = $(INSTALL_MOD_PATH)/lib/modules/$(RELEASE)

install: install-modules install-dev install-tools
uninstall: uninstall-modules uninstall-dev uninstall-tools

# The modules, to updates/, which wins over modules of the same name in the kernel;
# and what their symbols are, for modules that are built on them.

MODULE_NAMES = $(shell sed -n 's/^obj-m += \([a-z-]*\)\.o$$/\1/p' \
	Kbuild targets/Kbuild)
symvers = $(modules_dir)/updates/kcopyd.symvers

run_depmod = $(if $(DESTDIR),,PATH=$$PATH:/usr/sbin:/sbin depmod \
	$(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(RELEASE))

install-modules: all
	$(MODULES) INSTALL_MOD_PATH=$(INSTALL_MOD_PATH) INSTALL_MOD_DIR=updates \
		KERNELRELEASE=$(RELEASE) DEPMOD=true modules_install
	install -m 644 Module.symvers $(symvers)
	$(run_depmod)

uninstall-modules: kdir
	rm -f $(symvers) $(foreach name,$(MODULE_NAMES),\
		$(wildcard $(modules_dir)/updates/$(name).ko* \
			$(modules_dir)/updates/targets/$(name).ko*))
	$(call remove_empty,$(modules_dir)/updates/targets $(modules_dir)/updates)
	$(run_depmod)

remove_empty = for dir in $1; do test ! -d $$dir || \
	rmdir --ignore-fail-on-non-empty $$dir; done

# What a module of somebody else is built with.

install-dev:
	install -D -m 644 -t $(prefix_dir)/include/kcopyd kcopyd.h
	install -D -m 644 -t $(prefix_dir)/include/kcopyd/dropin/linux \
		include/linux/dm-kcopyd.h
	install -D -m 644 -t $(prefix_dir)/share/kcopyd packaging/kcopyd.mk
	install -d $(prefix_dir)/share/pkgconfig
	sed -e 's|@PREFIX@|$(abspath $(PREFIX))|' -e 's|@VERSION@|$(VERSION)|' \
		packaging/kcopyd.pc.in >$(prefix_dir)/share/pkgconfig/kcopyd.pc

uninstall-dev:
	rm -f $(prefix_dir)/share/pkgconfig/kcopyd.pc
	rm -rf $(prefix_dir)/include/kcopyd $(prefix_dir)/share/kcopyd

# The programs, their manual pages and completion: those that are in build/tools.

TOOLS := build/tools
TOOL_FILES = kcopyctl:sbin/kcopyctl:755 \
	kcopyctl.8:share/man/man8/kcopyctl.8:644 \
	kcopyctl.bash:share/bash-completion/completions/kcopyctl:644 \
	kcopyctl.zsh:share/zsh/site-functions/_kcopyctl:644 \
	kcopyctl.fish:share/fish/vendor_completions.d/kcopyctl.fish:644
part = $(word $1,$(subst :, ,$2))

install-tools:
	$(if $(wildcard $(TOOLS)/kcopyctl),,@echo "The programs are not installed;\
		\`make -C tools\` builds them.")
	$(foreach file,$(TOOL_FILES),$(if $(wildcard $(TOOLS)/$(call part,1,$(file))),\
		install -D -m $(call part,3,$(file)) $(TOOLS)/$(call part,1,$(file)) \
			$(prefix_dir)/$(call part,2,$(file)) &&)) true

uninstall-tools:
	rm -f $(foreach file,$(TOOL_FILES),$(prefix_dir)/$(call part,2,$(file)))

.PHONY: install install-modules install-dev install-tools uninstall \
	uninstall-modules uninstall-dev uninstall-tools
