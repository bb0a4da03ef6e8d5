/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How times, addresses and hostile strings look, in text and JSON alike. */
#ifndef TCPLINGER_FORMAT_H
#define TCPLINGER_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_DIGITS 20 /* of any uint64_t, at most */

/* Decimal digits of `number`, not terminated; how many. `text`: FORMAT_DIGITS. */
size_t format_number(char *text, uint64_t number);

/* The last `digits` of it, with zeros in front. */
void format_digits(char *text, uint64_t number, size_t digits);

/*
 * An address without port, v4-mapped ones folded to IPv4. `text`: INET6_ADDRSTRLEN. Returns its
 * length.
 */
size_t format_address(char *text, const uint8_t *address);

/*
 * "10.0.0.5:80", "[2001:db8::1]:80", "*" for a port of 0. `text`: FORMAT_ENDPOINT. Returns its
 * length.
 */
#define FORMAT_ENDPOINT 56
size_t format_endpoint(char *text, const uint8_t *address, uint16_t port);

/*
 * RFC 3339 in UTC with microseconds, of nanoseconds since the epoch. `text`: FORMAT_TIME. Its
 * length.
 */
#define FORMAT_TIME 32
size_t format_time(char *text, uint64_t realtime_ns);

/* "HH:MM:SS.mmm", local time. `text`: FORMAT_TIME. Its length. */
size_t format_clock(char *text, uint64_t realtime_ns);

/*
 * The last second that was formatted: most times are of the same one as those before, and take a
 * copy then. All zero: none yet.
 */
struct format_second {
	uint64_t second;
	char text[FORMAT_TIME];
};

/* The same, by what `last` has; it is the caller's, one for each of them. */
size_t format_time_after(struct format_second *last, char *text, uint64_t realtime_ns);
size_t format_clock_after(struct format_second *last, char *text, uint64_t realtime_ns);

/*
 * A string of the kernel's or of another program, made harmless for a terminal: control and format
 * characters and broken UTF-8 become \xNN. At most `size` bytes of `bytes`, or up to its NUL. Cut
 * to `columns` of a terminal, the last one `~` if it was cut. Returns the columns taken. `text`
 * needs 4 * columns + 1 bytes.
 */
size_t format_harmless(char *text, const char *bytes, size_t size, size_t columns);

/* Cuts a long endpoint in its middle to `columns`, keeping both ends: "[2001:db8:~:1]:443". */
void format_shorten(char *text, size_t columns);

#endif
