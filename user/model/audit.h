/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The books: for each network namespace what the kernel has counted in an interval, beside what the
 * records of the stream add up to. Pure, as the rest of the model; it takes the records as they
 * come, before any filter, and so needs a stream of all that a counter stands for.
 */
#ifndef TCPLINGER_AUDIT_H
#define TCPLINGER_AUDIT_H

#include <stdbool.h>

#include "filter.h"
#include "base/index.h"
#include "record.h"

#define AUDITED COUNTER_EMBRYONIC_RESETS /* so many: those before it */

/* Why the kernel may have counted what is not in `seen`. */
enum audit_why {
	AUDIT_FILTER,	  /* the filter leaves it out */
	AUDIT_LOST,	  /* records were lost: at most so many */
	AUDIT_PREDATES,	  /* minisockets: older than the interval */
	AUDIT_LATE,	  /* minisockets: not told when born, but met later */
	AUDIT_REQUESTS,	  /* AttemptFails: of request sockets, which are not traced */
	AUDIT_UNFOLLOWED, /* TIME_WAIT cannot be followed on this host */
	AUDIT_WHYS,
};

/* A minisocket that lives. */
struct audit_minisocket {
	uint64_t cookie; /* first, for the index */
	uint64_t netns_cookie;
	uint64_t born_ns; /* 0: not told */
	uint64_t met_ns;  /* when a record last said that it is there */
	bool filtered;
	bool may_be_young; /* a row, or a rearming, came before the record of its birth */
	bool late;	   /* counted as AUDIT_LATE */
};

/* A counter of a namespace: kernel = seen + explained + unexplained. */
struct audit_line {
	int64_t kernel;
	int64_t seen;
	int64_t explained[AUDIT_WHYS];
	int64_t unexplained;
};

/* What was seen of a counter. */
struct audit_count {
	int64_t seen;
	int64_t filtered;
	/* of the time when the kernel's were read: it may have counted them in the interval */
	int64_t edge_seen;
	int64_t edge_filtered;
};

struct audit_namespace {
	uint64_t cookie; /* of the namespace; first, for the index */
	uint32_t netns;	 /* inode number */
	bool counted;	 /* the kernel's counters at the end are known: it is still there */
	/* The interval: what is before begin_ns or after end_read_ns is not in it. */
	uint64_t begin_ns, begin_read_ns; /* 0: not found then, or younger */
	uint64_t end_ns, end_read_ns;
	uint64_t begin[COUNTERS];
	uint64_t end[COUNTERS];
	struct audit_count counts[AUDITED];
	uint64_t listed_ns;  /* when the last listing of it began */
	int64_t older_ended; /* minisockets that ended and were there before */
	int64_t edge_born, edge_ended;
	int64_t late[2];	 /* met first after their birth; [1]: filtered */
	int64_t late_present[2]; /* of these, there still */
	int64_t late_ended;  /* of these, met at their end: older, if the first listing missed them
			      */
	int64_t unlisted[2]; /* there as far as was told, but not in the last listing; [1]: older */
	struct audit_line lines[AUDITED]; /* once settled; `seen` alone if it is not `counted` */
};

enum audit_phase {
	AUDIT_BEGINS, /* counters that come are those at the beginning */
	AUDIT_RUNS,   /* those that come are of no interest */
	AUDIT_ENDS,   /* they are those at the end */
	AUDIT_IS_OVER,
};

struct audit {
	const struct tuple_filter *filter;
	enum audit_phase phase;
	struct pool namespaces;
	struct index by_cookie;
	struct pool minisockets; /* that live now */
	struct index by_socket;
	uint64_t time_ns;    /* of the newest counters */
	uint64_t listing_ns; /* when the newest listing began */
};

/* `filter` is borrowed: what does not match it is not `seen`. */
void audit_init(struct audit *audit, const struct tuple_filter *filter);
void audit_free(struct audit *audit);

/* Takes one record that record_decode has let pass, of any kind. */
void audit_record(struct audit *audit, const struct record_header *record);

/* AUDIT_ENDS and AUDIT_IS_OVER; that the interval has begun is told by the first listing's end. */
void audit_enter(struct audit *audit, enum audit_phase phase);

/*
 * Nothing more comes: makes the lines. `losses`: of the whole run; `follows_time_wait`: false if
 * minisockets were not in the stream.
 */
void audit_settle(struct audit *audit, const struct losses *losses, bool follows_time_wait);

struct audit_namespace *audit_find_namespace(const struct audit *audit, uint64_t cookie);

/* In the order in which they were met; NULL behind the last. */
const struct audit_namespace *audit_namespace_at(const struct audit *audit, uint32_t place);

/* "predates". Static. */
const char *audit_why_name(unsigned int why);

#endif
