# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
#   sudo make run     install what is missing, build, show the tool at work (ARGS="trace -p 1234")
#   sudo make test    install what is missing, build, run every test
#   sudo make test-vm the live tests on other kernels, under QEMU; audit-vm: make audit there
#   make bench        what the tool costs     make check-vmlinux   vmlinux/ against this kernel
#   make lint         format, analyzer, scripts
#   sudo make soak    20 minutes at a high rate: does anything grow?
#   make install      PREFIX, DESTDIR         make clean

PREFIX ?= /usr/local
BUILD ?= build
ARCH ?= $(shell uname -m)
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-6s %s\n' $(1) $(2))

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
# Ubuntu's /usr/sbin/bpftool is a wrapper that wants a package for the running kernel
OBJCOPY ?= objcopy
BPFTOOL ?= $(firstword $(wildcard /usr/lib/linux-tools/*/bpftool) /usr/sbin/bpftool)
PYTHON := /usr/bin/python3
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)

# What bpf_tracing.h and the kernel call the architecture.
BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(ARCH)))

PACKAGES_BUILD := gcc make clang llvm libbpf-dev bpftool libelf-dev zlib1g-dev libmnl-dev libcap-dev \
	libseccomp-dev libunistring-dev libdw-dev libiberty-dev libzstd-dev libncurses-dev gettext
# serve: HTTP and TLS, its configuration file, the hashes of passwords
PACKAGES_BUILD += libmicrohttpd-dev libgnutls28-dev libyaml-dev libcrypt-dev
# record: packing (libzstd, above), other addresses in place of the real ones
PACKAGES_BUILD += nettle-dev
# export: databases
PACKAGES_BUILD += libsqlite3-dev
# with all that a live test would be skipped without: servers, and what asks them
PACKAGES_TEST := g++ libcmocka-dev libclang-rt-14-dev python3 python3-pytest python3-pytest-xdist \
	python3-pytest-rerunfailures iproute2 nftables libcap2-bin procps nodejs perl nginx apache2-utils \
	redis-server redis-tools haproxy apache2 php-fpm postgresql gunicorn python3-requests \
	default-jdk-headless golang-go openssl mariadb-server php-redis tmux \
	chromium chromium-driver python3-selenium
# serve: what scrapes it; what contrib/ is made of, and checked by
PACKAGES_TEST += prometheus jsonnet python3-yaml systemd
# export: what reads it
PACKAGES_TEST += sqlite3
# manual pages: what checks them; completions: the shells
PACKAGES_TEST += mandoc bash zsh fish

WARNINGS := -Wall -Wextra -Werror
INCLUDES := -Iuser -Ibpf -isystem $(BUILD)
CFLAGS ?= -O2 -g
# -MD, not -MMD: the skeleton is a system header to the compiler, and must be rebuilt for like any other
USER_CFLAGS := -std=c11 -D_GNU_SOURCE -DTCPLINGER_VERSION='"$(VERSION)"' $(WARNINGS) $(INCLUDES) -MD -MP
LIBRARIES := -lbpf -lelf -lz -lmnl -lcap -lseccomp -lunistring -lncursesw -ltinfo -lzstd -ldw -liberty -lm
LIBRARIES += -lmicrohttpd -lgnutls -lyaml -lcrypt -lpthread # serve
LIBRARIES += -lnettle # record
LIBRARIES += -lsqlite3 # export
BPF_CFLAGS := -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(BPF_ARCH) $(WARNINGS) \
	-Wno-unused-parameter -Ivmlinux -Ibpf -MMD -MP

# The maps come first: the static linker of libbpf 1.1 misplaces maps that are defined after their use.
BPF_SOURCES := bpf/maps.bpf.c $(filter-out bpf/maps.bpf.c,$(sort $(wildcard bpf/*.bpf.c)))
BPF_OBJECTS := $(BPF_SOURCES:%.c=$(BUILD)/%.o)
USER_SOURCES := $(sort $(wildcard user/*/*.c user/*/*/*.c)) user/main.c
USER_OBJECTS := $(USER_SOURCES:%.c=$(BUILD)/%.o)
# Files that are part of the binary, as they are: _binary_NAME_start to _binary_NAME_end.
CATALOGUES := $(patsubst po/%.po,$(BUILD)/po/%.mo,$(wildcard po/*.po))
TEXTS := $(patsubst %,$(BUILD)/%,$(foreach end,css html js sql,$(wildcard user/*/*/*.$(end))))
EMBEDDED := $(patsubst %,%.embedded.o,$(CATALOGUES) $(TEXTS))
SKELETON := $(BUILD)/tcplinger.skel.h $(BUILD)/selftest.skel.h

.DELETE_ON_ERROR:
.SECONDARY: $(SKELETON) $(CATALOGUES)
.PHONY: FORCE all bpf run test bench audit soak install clean deps-build deps-test check-vmlinux format

all: $(BUILD)/tcplinger

bpf: $(BUILD)/tcplinger.bpf.o

$(BUILD)/tcplinger: $(USER_OBJECTS) $(EMBEDDED)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(LIBRARIES)

$(BUILD)/user/%.o: user/%.c | $(SKELETON)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(USER_CFLAGS) -c $< -o $@

$(BUILD)/po/%.mo: po/%.po
	$(call say,MO,$<)
	$(Q)mkdir -p $(@D)
	$(Q)msgfmt --check --no-hash --endianness=little -o $@ $<

$(TEXTS): $(BUILD)/%: %
	$(Q)mkdir -p $(@D); cp $< $@

$(BUILD)/%.embedded.o: $(BUILD)/%
	$(call say,EMBED,$<)
	$(Q)cd $(<D) && $(LD) -r -b binary -z noexecstack -o $(@F) $(<F)
	$(Q)$(OBJCOPY) --rename-section .data=.rodata,alloc,load,readonly,data,contents $@

# Written anew when it changes: version.c is compiled again then.
$(BUILD)/version: FORCE
	$(Q)mkdir -p $(@D); echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

$(BUILD)/user/cli/version.o: $(BUILD)/version

$(BUILD)/bpf/%.o: bpf/%.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/tcplinger.bpf.o: $(BPF_OBJECTS)
	$(call say,BPFLD,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(BUILD)/selftest.bpf.o: $(BUILD)/bpf/selftest/selftest.bpf.o
	$(call say,BPFLD,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

include tests/tests.mk

# Installs what is missing, or names it in one line where it cannot.
deps-build:
	$(Q)tests/install-packages $(PACKAGES_BUILD)
deps-test: deps-build
	$(Q)tests/install-packages $(PACKAGES_TEST)

# Without ARGS there is something to see on an idle host too: a few connections of our own. A host that
# refuses BPF gets the summary instead.
run: deps-build
	$(Q)$(BUILD_ALL) all $(BUILD)/tests/load
ifdef ARGS
	$(Q)$(BUILD)/tcplinger $(ARGS)
else
	$(Q)tests/demo $(BUILD)
endif

check-vmlinux: $(BUILD)/tcplinger.bpf.o
	$(Q)$(PYTHON) tests/check_vmlinux.py $(BPFTOOL) $< $(BUILD)/results

# Manual pages and completions, of the tables of commands and options.
PAPER_SOURCES := $(sort $(wildcard contrib/paper/*.c))
PAPER_DATE := $(or $(shell LC_ALL=C git log -1 --date=format:'%B %-d, %Y' --format=%cd 2>/dev/null),November 28, 2026)

$(BUILD)/paper: $(PAPER_SOURCES) contrib/paper/paper.h $(BUILD)/unit/libtcplinger.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(USER_CFLAGS) -MF $@.d $(filter %.c %.a,$^) -o $@ $(LIBRARIES)

$(BUILD)/share/.made: $(BUILD)/paper
	$(call say,PAPER,$(@D))
	$(Q)mkdir -p $(@D); cd $(@D)/.. && mkdir -p share/man/man8 share/bash-completion/completions \
		share/zsh/site-functions share/fish/vendor_completions.d
	$(Q)$< $(@D) '$(PAPER_DATE)' && touch $@

install: all $(BUILD)/share/.made
	install -D -m 755 $(BUILD)/tcplinger $(DESTDIR)$(PREFIX)/bin/tcplinger
	cd $(BUILD)/share && find . -type f ! -name .made -exec install -D -m 644 {} $(abspath $(DESTDIR)$(PREFIX)/share)/{} \;

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD)

-include $(BUILD)/paper.d $(USER_OBJECTS:.o=.d) $(BPF_OBJECTS:.o=.d) $(BUILD)/bpf/selftest/selftest.bpf.d
