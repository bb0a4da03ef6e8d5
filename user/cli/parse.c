// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/names.h"

#define PORT_MAX     65535
#define PID_MAX	     4194304 /* PID_MAX_LIMIT, include/linux/threads.h */
#define COUNT_MAX    1000000000
#define RING_KIB_MIN 4 /* a page, where pages are smallest */
#define RING_KIB_MAX (1 << 20)
#define SECONDS_MAX  1e9
#define SECONDS_MIN  1e-3 /* less would be a loop that never sleeps */

#define SIZE_ACCEPTED  "bytes, from 1, or with K, M or G, as in 100000, 64M or 2G"
#define PORTS_ACCEPTED "a port is 1 to 65535, a range N-M with N <= M, or a comma-separated list"
#define ADDRESS_ACCEPTED                                                                           \
	"ADDRESS, ADDRESS/PREFIX, ADDRESS:PORT or [IPV6]:PORT, as in 10.0.0.0/8, 10.0.0.5:3306, "  \
	"[::1]:80"
#define LISTEN_ACCEPTED "IP:PORT, [IPV6]:PORT or :PORT, as in 127.0.0.1:9878, [::1]:9878, :9878"
#define STATES_ACCEPTED                                                                            \
	"a comma-separated list of ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, "        \
	"TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING"

/* Digits up to a character that is none; false without digits or beyond `max`. */
static bool take_number(const char **text, uint32_t max, uint32_t *number)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++) {
		value = value * 10 + (uint64_t)(**text - '0');
		if (value > max)
			return false;
	}
	*number = (uint32_t)value;
	return true;
}

static bool take_port(const char **text, uint32_t *port)
{
	return take_number(text, PORT_MAX, port) && *port;
}

static bool take_range(const char **text, struct port_filter *filter)
{
	uint32_t first, last;

	if (!take_port(text, &first))
		return false;
	last = first;
	if (**text == '-') {
		(*text)++;
		if (!take_port(text, &last) || last < first)
			return false;
	}
	for (uint32_t port = first; port <= last; port++)
		filter->bitmap[port >> 3] |= (uint8_t)(1 << (port & 7));
	return true;
}

const char *parse_ports(const char *text, struct port_filter *filter)
{
	memset(filter, 0, sizeof(*filter));
	filter->active = 1;
	for (;; text++) {
		if (!take_range(&text, filter))
			return PORTS_ACCEPTED;
		if (*text != ',')
			return *text ? PORTS_ACCEPTED : NULL;
	}
}

/* `text` is an address alone, or with "/PREFIX". */
static bool parse_prefix(char *text, struct address_filter *filter)
{
	char *slash = strchr(text, '/');
	uint32_t max = 128, prefix;
	const char *digits;

	if (slash)
		*slash = 0;
	if (inet_pton(AF_INET, text, filter->address + 12) == 1) {
		memset(filter->address, 0, 10);
		memset(filter->address + 10, 0xff, 2);
		max = 32;
	} else if (inet_pton(AF_INET6, text, filter->address) != 1) {
		return false;
	}
	prefix = max;
	if (slash) {
		digits = slash + 1;
		if (!take_number(&digits, max, &prefix) || *digits)
			return false;
	}
	filter->prefix = 128 - max + prefix;
	return true;
}

/* Cuts ":PORT" off; a bare IPv6 address has colons of its own. False if the port is wrong. */
static bool cut_port(char *text, struct address_filter *filter)
{
	char *colon = strrchr(text, ':');
	const char *digits;

	if (!colon || (text[0] != '[' && strchr(text, ':') != colon))
		return true;
	if (text[0] == '[' && colon[-1] != ']')
		return text[strlen(text) - 1] == ']'; /* "[::1]" */
	digits = colon + 1;
	if (!take_port(&digits, &filter->port) || *digits)
		return false;
	*colon = 0;
	return true;
}

const char *parse_address(const char *text, struct address_filter *filter)
{
	char copy[INET6_ADDRSTRLEN + 16];
	char *address = copy;
	size_t length = strlen(text);

	memset(filter, 0, sizeof(*filter));
	if (length >= sizeof(copy) || length == 0)
		return ADDRESS_ACCEPTED;
	memcpy(copy, text, length + 1);
	if (!cut_port(copy, filter))
		return ADDRESS_ACCEPTED;
	length = strlen(copy);
	if (copy[0] == '[') {
		if (length < 2 || copy[length - 1] != ']' || !strchr(copy, ':'))
			return ADDRESS_ACCEPTED;
		copy[length - 1] = 0;
		address++;
	}
	return parse_prefix(address, filter) ? NULL : ADDRESS_ACCEPTED;
}

/* `text`, of `length`, is "", an IPv4 address, or an IPv6 one in brackets. */
static bool parse_host(const char *text, size_t length, struct listen_address *address)
{
	char host[INET6_ADDRSTRLEN];

	address->all = !length;
	if (!length)
		return true;
	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = 0;
	if (host[0] != '[') {
		memset(address->address + 10, 0xff, 2);
		return inet_pton(AF_INET, host, address->address + 12) == 1;
	}
	if (host[length - 1] != ']')
		return false;
	host[length - 1] = 0;
	return inet_pton(AF_INET6, host + 1, address->address) == 1;
}

const char *parse_listen_address(const char *text, struct listen_address *address)
{
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	uint32_t port;

	*address = (struct listen_address){0};
	if (!colon || !take_number(&digits, PORT_MAX, &port) || *digits ||
	    !parse_host(text, (size_t)(colon - text), address))
		return LISTEN_ACCEPTED;
	address->port = (uint16_t)port;
	return NULL;
}

const char *parse_states(const char *text, uint32_t *states)
{
	*states = 0;
	for (;;) {
		size_t length = strcspn(text, ",");
		char name[32] = "";
		unsigned int state;

		if (length < sizeof(name))
			memcpy(name, text, length);
		if (!tcp_state_parse(name, &state))
			return STATES_ACCEPTED;
		*states |= 1U << state;
		if (!text[length])
			return NULL;
		text += length + 1;
	}
}

const char *parse_pid(const char *text, uint32_t *pid)
{
	if (!take_number(&text, PID_MAX, pid) || *text || *pid == 0)
		return "a process id is 1 to 4194304";
	return NULL;
}

const char *parse_count(const char *text, uint32_t *count)
{
	if (!take_number(&text, COUNT_MAX, count) || *text || *count == 0)
		return "a number, 1 or more";
	return NULL;
}

const char *parse_ring_size(const char *text, uint32_t *kib)
{
	if (!take_number(&text, RING_KIB_MAX, kib) || *text || *kib < RING_KIB_MIN ||
	    *kib & (*kib - 1))
		return "KiB, a power of 2: 4 to 1048576";
	return NULL;
}

const char *parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	const char *unit;
	uint32_t number;

	if (!take_number(&text, UINT32_MAX, &number) || !number)
		return SIZE_ACCEPTED;
	unit = *text ? strchr(units, *text) : NULL;
	if (unit)
		text++;
	*bytes = (uint64_t)number << (unit ? 10 * (unit - units + 1) : 0);
	return *text ? SIZE_ACCEPTED : NULL;
}

/* Digits and a point only: strtod knows more, "inf" and "0x10" among it. */
static bool take_seconds(const char *text, double *seconds)
{
	char *end;

	if (text[strspn(text, "0123456789.")])
		return false;
	*seconds = strtod(text, &end);
	return end != text && !*end && *seconds <= SECONDS_MAX;
}

const char *parse_age(const char *text, double *seconds)
{
	return take_seconds(text, seconds)
		       ? NULL
		       : "seconds are a number from 0 to 1e9, as in 0, 0.5 or 60";
}

const char *parse_seconds(const char *text, double *seconds)
{
	if (!take_seconds(text, seconds) || *seconds < SECONDS_MIN)
		return "seconds are a number greater than 0 (from 0.001 to 1e9), as in 0.5 or 60";
	return NULL;
}

/* The folder of `path`, "." of a bare name, is one in which a file can be made. */
static bool folder_takes_files(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	char folder[PATH_MAX];

	if (length >= sizeof(folder))
		return false;
	memcpy(folder, path, length);
	folder[length] = 0;
	if (!length)
		strcpy(folder, slash ? "/" : ".");
	return access(folder, W_OK | X_OK) == 0;
}

const char *parse_new_file(const char *text)
{
	static const char accepted[] =
		"a path where a file can be written, in a folder that exists";
	size_t length = strlen(text);
	struct stat status;

	if (!length || text[length - 1] == '/')
		return accepted;
	if (stat(text, &status) == 0)
		return !S_ISDIR(status.st_mode) && access(text, W_OK) == 0 ? NULL : accepted;
	return folder_takes_files(text) ? NULL : accepted;
}
