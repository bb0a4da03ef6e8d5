/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmocka, and what it wants included before it. */
#ifndef TCPLINGER_UNIT_H
#define TCPLINGER_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A source of numbers that are the same in every run. */
static inline uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/*
 * Fails with the case's name in the message: cmocka's asserts know only the line. It is compared
 * with "" since what is printed beside an assert does not reach the JUnit XML.
 */
__attribute__((format(printf, 4, 5))) static inline void
check_at(const char *file, int line, bool condition, const char *format, ...)
{
	char wrong[1024] = "";
	va_list arguments;

	va_start(arguments, format);
	if (!condition)
		vsnprintf(wrong, sizeof(wrong), format, arguments);
	va_end(arguments);
	_assert_string_equal(wrong, "", file, line);
}

#define check(condition, ...) check_at(__FILE__, __LINE__, condition, __VA_ARGS__)

#endif
