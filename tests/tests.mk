# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The tests and the benchmark: included by the Makefile.

# Builds within a target take all CPUs, unless the user said how many.
BUILD_ALL = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

LOAD_SOURCES := $(sort $(wildcard tests/bench/load*.c))
# the traffic of the live tests
LOADS := $(BUILD)/tests/load $(BUILD)/tests/crowd $(BUILD)/tests/refuse.so $(BUILD)/tests/together

$(BUILD)/tests/load: $(LOAD_SOURCES) $(wildcard tests/bench/load*.h)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=c11 -D_GNU_SOURCE $(WARNINGS) $(LOAD_SOURCES) -o $@ -pthread

$(BUILD)/tests/crowd: tests/live/lib/crowd.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=c11 -D_GNU_SOURCE $(WARNINGS) $< -o $@

# a host that refuses programs by name
$(BUILD)/tests/refuse.so: tests/live/lib/refuse.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=c11 -D_GNU_SOURCE $(WARNINGS) -shared -fPIC $< -o $@ -ldl

# the tool, with several views on one stream
$(BUILD)/tests/together: tests/live/lib/together.c $(BUILD)/unit/libtcplinger.a
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(USER_CFLAGS) -MF $@.d $(filter %.c %.a,$^) -o $@ $(LIBRARIES)

$(BUILD)/tests/floor: tests/bench/floor.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=c11 -D_GNU_SOURCE $(WARNINGS) $< -o $@ -lbpf

$(BUILD)/tests/floor.bpf.o: tests/bench/floor.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -O2 -g $(WARNINGS) -target bpf -c $< -o $@

# What the tool costs. BENCH_ARGS: see tests/bench/bench.py --help.
bench: deps-test
	$(Q)tests/install-packages libbpf-tools bpftrace
	$(Q)$(BUILD_ALL) all $(BUILD)/tests/load $(BUILD)/tests/together $(BUILD)/tests/floor \
		$(BUILD)/tests/floor.bpf.o
	$(Q)$(PYTHON) tests/bench/refresh.py --build $(BUILD)
	$(Q)$(PYTHON) tests/bench/bench.py --build $(BUILD) $(BENCH_ARGS)

# A million connections, counted by the kernel and by the tool. AUDIT_ARGS: see tests/bench/audit.py --help.
audit: deps-test
	$(Q)$(BUILD_ALL) all $(BUILD)/tests/load
	$(Q)$(PYTHON) tests/bench/audit.py --build $(BUILD) $(AUDIT_ARGS)

# A day in twenty minutes: every view at a high rate, and nothing of it grows. SOAK_ARGS: see
# tests/soak/soak.py --help.
soak: deps-test
	$(Q)$(BUILD_ALL) all $(LOADS)
	$(Q)$(PYTHON) -B tests/soak/soak.py --build $(BUILD) $(SOAK_ARGS)

# Every layer runs whatever the others say; the summary of all is the last line.
test: deps-test
	$(Q)$(BUILD_ALL) all
	$(Q)rm -rf $(BUILD)/results; mkdir -p $(BUILD)/results
	$(Q)for layer in check-vmlinux lint test-tools test-unit test-fuzz test-live test-vm-quick; do \
		$(MAKE) --no-print-directory $$layer || echo "$$layer failed"; \
	done
	$(Q)$(PYTHON) tests/summarize.py $(BUILD)/results

# What can be found by looking. What is missing, lint.py tells.
.PHONY: lint deps-lint

PACKAGES_LINT := clang-format shellcheck pyflakes3 git

lint: deps-lint $(SKELETON)
	$(Q)$(PYTHON) -B tests/lint.py $(BUILD)/results $(filter-out -MD -MP -Werror,$(USER_CFLAGS))
deps-lint: deps-build
	-$(Q)tests/install-packages $(PACKAGES_LINT)

# What installs the packages that all this takes, what lints; the command lines in the docs.
.PHONY: test-tools
test-tools: deps-test
	$(Q)$(BUILD_ALL) all $(BUILD)/share/.made
	$(Q)mkdir -p $(BUILD)/results
	$(Q)TCPLINGER=$(abspath $(BUILD))/tcplinger $(PYTHON) -B -m pytest -p no:cacheprovider -q --junitxml=$(BUILD)/results/tools.xml tests/tools

# Unit tests and fuzzing. Both link what user/ is made of, main.o left out; what a sanitizer is in
# has a tree of objects of its own.
.PHONY: test-unit test-fuzz fuzz unit-tests fuzzers

LIBRARY_OBJECTS := $(filter-out $(BUILD)/user/main.o,$(USER_OBJECTS))
ASAN_OBJECTS := $(LIBRARY_OBJECTS:$(BUILD)/%=$(BUILD)/asan/%)
UNIT_NAMES := $(basename $(notdir $(sort $(wildcard tests/unit/test_*.c))))
UNIT_TESTS := $(UNIT_NAMES:%=$(BUILD)/unit/%)
ASAN_TESTS := $(UNIT_NAMES:%=$(BUILD)/asan/unit/%)
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

FUZZ_SOURCES := $(filter-out user/main.c,$(USER_SOURCES))
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%.o)
FUZZ_NAMES := $(basename $(notdir $(sort $(wildcard tests/fuzz/fuzz_*.c))))
FUZZERS := $(FUZZ_NAMES:%=$(BUILD)/fuzz/%)
FUZZ_SECONDS ?= 600
# tables that grow early: inputs are small, and many
FUZZ_SIZES := -DCHUNK=8 -DFIRST_SLOTS=4
# does clang have libFuzzer's runtime?
FUZZ_PROBE = echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' | \
	$(CLANG) -x c -fsanitize=fuzzer,address - -o $(BUILD)/fuzz-probe 2>/dev/null

test-unit: deps-test
	$(Q)$(BUILD_ALL) unit-tests
	$(Q)status=0; \
	$(PYTHON) tests/unit/run.py $(BUILD)/results unit $(UNIT_TESTS) || status=1; \
	$(PYTHON) tests/unit/run.py $(BUILD)/results asan $(ASAN_TESTS) || status=1; \
	exit $$status

test-fuzz: deps-test
	$(Q)mkdir -p $(BUILD); if $(FUZZ_PROBE); then \
		$(BUILD_ALL) fuzzers && \
		$(PYTHON) tests/fuzz/run.py $(BUILD)/results $(FUZZERS); \
	else \
		$(PYTHON) tests/fuzz/run.py $(BUILD)/results --skip \
			"$(CLANG) has no libFuzzer (package libclang-rt-VERSION-dev)" $(FUZZERS); \
	fi

# FUZZ_SECONDS each; what is found worth keeping stays in the corpus.
fuzz: fuzzers
	$(Q)for name in $(FUZZ_NAMES:fuzz_%=%); do \
		mkdir -p tests/fuzz/corpus/$$name; \
		$(BUILD)/fuzz/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -timeout=5 -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/fuzz/ tests/fuzz/corpus/$$name || exit 1; \
	done

unit-tests: $(UNIT_TESTS) $(ASAN_TESTS)
fuzzers: $(FUZZERS)

$(BUILD)/unit/libtcplinger.a: $(LIBRARY_OBJECTS) $(EMBEDDED)
$(BUILD)/asan/unit/libtcplinger.a: $(ASAN_OBJECTS) $(EMBEDDED)
$(BUILD)/fuzz/libtcplinger.a: $(FUZZ_OBJECTS) $(EMBEDDED)
%/libtcplinger.a:
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^

$(BUILD)/asan/user/%.o: user/%.c | $(SKELETON)
	$(call say,CC,"$< (sanitized)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) $(USER_CFLAGS) -c $< -o $@

# What several tests have in common is linked to each that wants it.
define with # tests, their helpers
$(1:%=$(BUILD)/unit/%): $(2:%=$(BUILD)/unit/%.o)
$(1:%=$(BUILD)/asan/unit/%): $(2:%=$(BUILD)/asan/unit/%.o)
endef
tests_with = $(notdir $(basename $(shell grep -l '"$(1).h"' tests/unit/test_*.c)))
$(eval $(call with,$(call tests_with,world),world))
$(eval $(call with,$(call tests_with,books),books))
$(eval $(call with,$(call tests_with,specimen),specimen))
$(eval $(call with,$(call tests_with,leaks_screen),leaks_screen world))
$(eval $(call with,$(call tests_with,closing_screen),closing_screen world))
$(eval $(call with,$(call tests_with,ports_screen),ports_screen world))
$(eval $(call with,$(call tests_with,time_waits_screen),time_waits_screen world))
$(eval $(call with,$(call tests_with,advice_screen),advice_screen world))
$(eval $(call with,$(call tests_with,stage),stage record_list traffic))

UNIT_HELPERS := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))

$(BUILD)/unit/%.o: tests/unit/%.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(USER_CFLAGS) -Itests/unit -c $< -o $@

$(BUILD)/asan/unit/%.o: tests/unit/%.c
	$(call say,CC,"$< (sanitized)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) $(USER_CFLAGS) -Itests/unit -c $< -o $@

$(BUILD)/unit/test_%: tests/unit/test_%.c $(BUILD)/unit/libtcplinger.a
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS) $(USER_CFLAGS) -MF $@.d -Itests/unit $(filter %.c %.o,$^) $(filter %.a,$^) -o $@ \
		-lcmocka $(LIBRARIES)

$(BUILD)/asan/unit/test_%: tests/unit/test_%.c $(BUILD)/asan/unit/libtcplinger.a
	$(call say,TEST,$@)
	$(Q)$(CC) $(SANITIZE) $(USER_CFLAGS) -MF $@.d -Itests/unit $(filter %.c %.o,$^) $(filter %.a,$^) -o $@ \
		-lcmocka $(LIBRARIES)

$(BUILD)/fuzz/user/%.o: user/%.c | $(SKELETON)
	$(call say,CC,"$< (fuzzed)")
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(SANITIZE) -fsanitize=fuzzer-no-link $(FUZZ_SIZES) $(USER_CFLAGS) \
		-Wno-missing-field-initializers -c $< -o $@

$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/fuzz/libtcplinger.a
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $(USER_CFLAGS) -MF $@.d $(filter %.c %.a,$^) -o $@ \
		-Wl,--wrap=netns_resolve,--wrap=cgroup_resolve $(LIBRARIES) -lm

-include $(UNIT_HELPERS:tests/%.c=$(BUILD)/%.d) $(UNIT_HELPERS:tests/%.c=$(BUILD)/asan/%.d)
-include $(BUILD)/tests/together.d $(ASAN_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d)
-include $(UNIT_TESTS:%=%.d) $(ASAN_TESTS:%=%.d) $(FUZZERS:%=%.d)

# Live tests: real sockets and processes, the binary as it is. Most of them wait most of the time:
# they run three at once, each in namespaces of its own. What takes all of the machine runs alone.
# There are hosts whose kernel runs no BPF program at all while certain threads of theirs are current,
# which no tracer and no counter can tell: a test that fails is tried once more, and named (RERUN).
.PHONY: test-live

LIVE = TCPLINGER=$(abspath $(BUILD))/tcplinger $(PYTHON) -B -m pytest -p no:cacheprovider -q -rsR \
	--reruns 1 $(LIVE_ARGS) tests/live

test-live: deps-test
	$(Q)$(BUILD_ALL) all $(LOADS)
	$(Q)mkdir -p $(BUILD)/results
	$(Q)status=0; \
	$(LIVE) -n 3 -m "not alone" --junitxml=$(BUILD)/results/live.xml || status=1; \
	$(LIVE) -m alone --junitxml=$(BUILD)/results/live-alone.xml || status=1; \
	exit $$status

include tests/vm.mk
