/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that should have become a minisocket and did not. That may be tcp_max_tw_buckets, or
 * an abort that leaves no trace: the kernel's counter of the namespace, TCPTimeWaitOverflow, says
 * how many of them were refused.
 */
#ifndef TCPLINGER_OVERFLOW_H
#define TCPLINGER_OVERFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct overflow_claim {
	uint32_t netns;
	uint64_t key; /* the claimant's own: of a row */
	uint64_t count;
};

struct overflow_namespace {
	uint32_t netns;
	uint64_t counter; /* as it was read last */
	uint64_t credit;  /* counted by the kernel, claimed by nobody yet */
};

/* All zero: nothing claimed. */
struct overflows {
	struct overflow_claim *claims;
	size_t claim_count;
	struct overflow_namespace *namespaces;
	size_t namespace_count;
	bool listed; /* a namespace first met after this began at 0 */
};

void overflows_free(struct overflows *overflows);

/* One more connection of `key` in this namespace should have become a minisocket. */
void overflows_claim(struct overflows *overflows, uint32_t netns, uint64_t key);

/* What the kernel has counted in this namespace, up to now. */
void overflows_count(struct overflows *overflows, uint32_t netns, uint64_t counter);

/* All namespaces that exist have been counted once. */
void overflows_listed(struct overflows *overflows);

/* A namespace with claims, to be settled now; false if there is none. */
bool overflows_next(const struct overflows *overflows, uint32_t *netns);

/* Calls `visit` with the namespace of each claim: to be counted before they are settled. */
void overflows_each(const struct overflows *overflows, void (*visit)(void *context, uint32_t netns),
		    void *context);

/*
 * Settles the claims of a namespace that was just counted: calls `refused` with those that the
 * kernel confirms, and drops the others.
 */
void overflows_settle(struct overflows *overflows, uint32_t netns,
		      void (*refused)(void *context, uint64_t key, uint64_t count), void *context);

#endif
