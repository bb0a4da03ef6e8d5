// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macros.h"
#include "base/time.h"

#define MINUTE 60ULL
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

double ticks_step(double most, unsigned int count, int whole)
{
	static const double factors[] = {1, 2, 5, 10};
	double least = most / count, power = pow(10, floor(log10(least)));

	for (size_t i = 0; i < LENGTH(factors); i++) {
		double step = factors[i] * power;

		/* a step that is short of it by rounding alone is one */
		if (step * (1 + 1e-9) >= least)
			return whole && step < 1 ? 1 : step;
	}
	return whole && power < 0.1 ? 1 : 10 * power;
}

uint64_t ticks_time_step_ns(uint64_t span_ns, unsigned int count)
{
	static const uint64_t steps_s[] = {
		1,	2,	    5,		10,	     15,	  30,
		MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
		HOUR,	2 * HOUR,   3 * HOUR,	6 * HOUR,    12 * HOUR,
	};
	uint64_t least_s = span_ns / NS_PER_S / count, days;

	for (size_t i = 0; i < LENGTH(steps_s); i++)
		if (steps_s[i] * NS_PER_S * count >= span_ns)
			return steps_s[i] * NS_PER_S;
	days = least_s / DAY + 1;
	return days * DAY * NS_PER_S;
}

/* "1234567" to "1,234,567", in place. */
static void group_digits(char *text)
{
	size_t length = strlen(text);

	for (size_t place = length; place > 3; place -= 3) {
		memmove(text + place - 2, text + place - 3, length - (place - 3) + 1);
		text[place - 3] = ',';
		length++;
	}
}

void tick_number(char *text, double number)
{
	if (number >= 1e6)
		snprintf(text, TICK_TEXT, "%.4g M", number / 1e6);
	else if (number >= 100 || number == floor(number))
		snprintf(text, TICK_TEXT, "%.0f", number);
	else
		snprintf(text, TICK_TEXT, "%.3g", number);
	if (number >= 1000 && number < 1e6)
		group_digits(text);
}

void tick_time(char *text, uint64_t realtime_ns, uint64_t step_ns)
{
	time_t seconds = (time_t)(realtime_ns / NS_PER_S);
	const char *format = "%H:%M";
	struct tm time;

	gmtime_r(&seconds, &time);
	if (step_ns < MINUTE * NS_PER_S)
		format = "%H:%M:%S";
	else if (step_ns >= 12 * HOUR * NS_PER_S)
		format = "%b %d %H:%M";
	strftime(text, TICK_TEXT, format, &time);
}
