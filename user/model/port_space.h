/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ports that connect() may choose, by network namespace: the range, what is reserved, what
 * bind() has taken. Arithmetic that mirrors __inet_hash_connect (net/ipv4/inet_hashtables.c).
 */
#ifndef TCPLINGER_PORT_SPACE_H
#define TCPLINGER_PORT_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/process.h"
#include "record.h"

#define PORT_BITMAP (PORTS / 8)

/* What a destination's connections may choose from. */
struct port_supply {
	uint16_t low;
	uint16_t high;
	uint32_t reserved; /* inside the range */
	uint32_t blocked;  /* taken by bind(), and not reserved */
	uint32_t supply;
};

struct port_space {
	uint32_t netns;
	uint16_t low;
	uint16_t high;
	uint32_t tw_reuse;
	uint64_t tw_reuse_delay_ns;
	uint8_t reserved[PORT_BITMAP];
	uint8_t bound[PORT_BITMAP];   /* as of the last listing */
	uint8_t listing[PORT_BITMAP]; /* as of the one that runs */
	struct port_supply whole;     /* of sockets without a range of their own */
	bool known;		      /* listed once, to its end */
	bool listed;
};

/* A process that holds a socket whose port bind() took. */
struct bound_holder {
	uint32_t netns;
	uint16_t port;
	uint32_t process; /* number in `processes`, referred to */
};

struct port_spaces {
	struct processes *processes; /* borrowed */
	struct port_space *spaces;
	size_t space_count;
	struct bound_holder *holders; /* as of the last listing, sorted by process, or the one that
					 runs */
	size_t holder_count;
	size_t holder_capacity;
};

void port_spaces_init(struct port_spaces *ports, struct processes *processes);
void port_spaces_free(struct port_spaces *ports);

/* The records of a listing: settings, bound ports with their holders (0: none known), marks. */
void port_spaces_settings(struct port_spaces *ports, const struct record_ports *record);
void port_spaces_bound(struct port_spaces *ports, uint32_t netns, uint16_t port, uint32_t process);
void port_spaces_listing(struct port_spaces *ports, const struct record_listing *record);

/* NULL for a namespace that was not listed yet. Valid until the next record. */
const struct port_space *port_spaces_find(const struct port_spaces *ports, uint32_t netns);

/* What a process holds of the ports that bind() blocks. */
struct port_blocker {
	uint32_t process; /* number in `processes` */
	uint32_t ports;
};

/*
 * Who holds the sockets of the ports that bind() blocks, as of the last listing: those of most, at
 * most `max`, the greatest first; how many.
 */
size_t port_spaces_blockers(const struct port_spaces *ports, uint32_t netns,
			    const struct port_supply *supply, struct port_blocker *blockers,
			    size_t max);

/* Who holds a port that bind() took, likewise; 0: nobody known. */
uint32_t port_spaces_holder(const struct port_spaces *ports, uint32_t netns, uint16_t port);

/* True if `port` is one of the range and not reserved, whoever has taken it. */
bool port_in_range(const struct port_space *space, const struct port_supply *supply, uint16_t port);

/*
 * What there is in the range of the namespace, narrowed by the socket's own (0, 0: none) as
 * inet_sk_get_local_port_range does.
 */
void port_supply(const struct port_space *space, uint16_t own_low, uint16_t own_high,
		 struct port_supply *supply);

/* True if `port` is one of the supply. */
bool port_supplied(const struct port_space *space, const struct port_supply *supply, uint16_t port);

/* 127.0.0.0/8, ::1 */
bool address_is_loopback(const uint8_t *address);

/* True if connect() would take a TIME_WAIT of this tuple, timestamps and age (tcp_twsk_unique). */
bool port_reusable(const struct port_space *space, const struct tuple *tuple, bool timestamps,
		   uint64_t age_ns);

#endif
