/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where an axis has its ticks, and what is written at them: round numbers, round times. */
#ifndef TCPLINGER_TICKS_H
#define TCPLINGER_TICKS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The step, 1, 2 or 5 times a power of ten, of at most `count` ticks above 0 up to `most`, which is
 * more than 0. `whole`: not below 1.
 */
double ticks_step(double most, unsigned int count, int whole);

/* A step of a clock (1 s, 2 s, 5 s, .. 12 h, then days), at most `count` of which are in a span. */
uint64_t ticks_time_step_ns(uint64_t span_ns, unsigned int count);

#define TICK_TEXT 32

/* "12,345", "0.25", "1.2 M". */
void tick_number(char *text, double number);

/* "14:05", with seconds below a step of a minute, with the day from a step of twelve hours on. UTC.
 */
void tick_time(char *text, uint64_t realtime_ns, uint64_t step_ns);

#endif
