# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Other kernels, under QEMU: included by tests.mk. VM_ARGS: see tests/vm/run.py --help.
.PHONY: test-vm test-vm-quick audit-vm deps-vm

PACKAGES_VM := qemu-system-x86 busybox-static

# Every kernel that Debian's archive still has, and lockdown.
test-vm: deps-vm
	$(Q)$(BUILD_ALL) all $(LOADS)
	$(Q)$(PYTHON) -B tests/vm/run.py --build $(BUILD) $(VM_ARGS)

# The oldest that is supported, and the newest; skipped where it cannot be had.
test-vm-quick: deps-vm
	$(Q)$(BUILD_ALL) all $(LOADS)
	$(Q)$(PYTHON) -B tests/vm/run.py --build $(BUILD) --quick $(VM_ARGS)

# make audit, slowly, where no host's peculiarities get in.
audit-vm: deps-vm
	$(Q)$(BUILD_ALL) all $(LOADS)
	$(Q)$(PYTHON) -B tests/vm/run.py --build $(BUILD) --audit --limit 7200 $(VM_ARGS)

# Without QEMU's windows and sounds, which it recommends. What is missing, run.py tells.
deps-vm: deps-test
	-$(Q)APT_OPTIONS=--no-install-recommends tests/install-packages $(PACKAGES_VM)
