/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values of options. Each parser takes all of `text` or nothing: it returns NULL, or what would
 * have been accepted ("1 to 65535, ...") for the complaint, and then leaves what it was to fill
 * undefined.
 */
#ifndef TCPLINGER_PARSE_H
#define TCPLINGER_PARSE_H

#include "filter.h"

#include <stdbool.h>
#include <stdint.h>

/* "80", "80,443", "8000-8999,80". */
const char *parse_ports(const char *text, struct port_filter *filter);

/* "10.0.0.5", "10.0.0.0/8", "10.0.0.5:3306", "::1", "[::1]:80", "[2001:db8::/32]:80". */
const char *parse_address(const char *text, struct address_filter *filter);

/* "TIME_WAIT,close-wait": bits 1 << state. */
const char *parse_states(const char *text, uint32_t *states);

/* Where to listen. */
struct listen_address {
	uint8_t address[16]; /* an IPv4 one mapped to IPv6 */
	bool all;	     /* of both families, whatever the address */
	uint16_t port;	     /* 0: any that is free */
};

/* "127.0.0.1:9878", "[::1]:9878"; ":9878": on all addresses. */
const char *parse_listen_address(const char *text, struct listen_address *address);

const char *parse_pid(const char *text, uint32_t *pid);

/* "20": 1 or more. */
const char *parse_count(const char *text, uint32_t *count);

/* KiB of a ring buffer: a power of 2, as the kernel wants it. */
const char *parse_ring_size(const char *text, uint32_t *kib);

/* Seconds, 0 included. */
const char *parse_age(const char *text, double *seconds);
const char *parse_seconds(const char *text, double *seconds);

/* The path of a file that is to be made, or written anew, later: nothing is made of it yet. */
const char *parse_new_file(const char *text);

/* "100000", "100K", "64M", "2G": bytes. */
const char *parse_size(const char *text, uint64_t *bytes);

#endif
