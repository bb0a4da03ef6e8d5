# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The tests and the benchmark: included by the Makefile.

$(BUILD)/tests/load: tests/bench/load.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=c11 -D_GNU_SOURCE $(WARNINGS) $< -o $@
