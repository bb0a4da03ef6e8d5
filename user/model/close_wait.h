/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sockets in CLOSE_WAIT as of the last listing, who holds them, and what kind they are; those
 * that wait for their peer to close, FIN_WAIT1 and FIN_WAIT2: a relay's other legs; and the dead,
 * which were connected once and are in CLOSE now, though their descriptors are not closed.
 */
#ifndef TCPLINGER_CLOSE_WAIT_H
#define TCPLINGER_CLOSE_WAIT_H

#include "model/connection.h"
#include "model/holders.h"

enum close_wait_kind {
	KIND_UNREAD_DATA, /* the application does not read */
	KIND_FIN_ONLY,	  /* it has read all data but not the end of file */
	KIND_DRAINED,	  /* all is consumed: only close() is missing */
	KIND_SENDING,	  /* a legal half-close at work */
	KIND_UNACCEPTED,  /* in the listener's backlog */
	KIND_UNKNOWN,	  /* kTLS, sockmap, MPTCP: what was read is the kernel's figure */
	KINDS,
};

struct close_wait {
	uint64_t cookie;
	struct tuple tuple;
	uint64_t since_ns;    /* when it entered CLOSE_WAIT */
	uint64_t seen_ns;     /* when it was first listed, */
	uint64_t told_ns;     /* and as of when what is known of it is */
	uint64_t received_ns; /* when data came last; 0: not known */
	uint64_t sent_ns;     /* when it sent data last; 0: never, or not known */
	uint64_t dead_ns;     /* in CLOSE: since when each listing has shown it so */
	uint64_t inode;	      /* of its descriptors; 0: none, or not told */
	uint64_t listener;    /* cookie of whose queue it waits in to be accepted; 0: not known */
	uint32_t recvq;	      /* as the kernel shows it: the FIN counts 1 */
	uint32_t owner;	      /* number in `processes`; 0: unknown */
	uint32_t first;	      /* the holder that began first, of all it ever had; 0: none */
	uint32_t listed;      /* the last listing that showed it */
	uint32_t held_in;     /* the last listing that showed who holds it: so many descriptors, */
	uint32_t held;
	uint32_t held_at; /* from this place in `holders` on */
	uint8_t owner_by;
	uint8_t direction;
	uint8_t kind; /* in CLOSE_WAIT */
	uint8_t state;
	bool at_least;	/* it may have entered earlier than `since_ns` */
	bool loose;	/* nobody held it, nor was it in an accept queue: only tables tell of it */
	bool died;	/* dead, and was seen in CLOSE_WAIT before */
	uint16_t flags; /* enum socket_flags */
};

struct close_waits {
	struct pool pool;
	struct index index;
	struct connections *connections; /* the listeners and the processes */
	struct holders holders;		 /* of the last listing, */
	struct holders holders_before;	 /* and of the one before it */
	struct close_wait *gone; /* that left CLOSE_WAIT with the last listing, and were closed */
	size_t gone_count;
	size_t gone_capacity;
	uint32_t in_close_wait; /* of the last listing */
	uint32_t states;	/* 1 << state: there are any in it; without one nobody looks */
	bool active;		/* a listing runs */
	bool broken;		/* the last listing was: what it did not show may well exist */
	uint32_t listing;	/* counts listings */
	uint64_t time_ns;	/* when the last one began: what ages are as of */
	uint64_t before_ns;	/* when the one before it did; 0: there was none */
	uint64_t first_ns;	/* when the first one did */
};

/* `connections` is borrowed. */
void close_waits_init(struct close_waits *close_waits, struct connections *connections);
void close_waits_free(struct close_waits *close_waits);

/* The records of a listing: it begins, rows and holders in any order, it ends. Holders that another
 * listing shows are none of these. */
void close_waits_listing(struct close_waits *close_waits, const struct record_listing *record);
void close_waits_socket(struct close_waits *close_waits, const struct record_socket *record);
void close_waits_holder(struct close_waits *close_waits, const struct record_holder *record);

/* How long it has been in CLOSE_WAIT; a lower bound where it says `at_least`. */
uint64_t close_wait_age_ns(const struct close_waits *close_waits,
			   const struct close_wait *close_wait);

/*
 * Whether it has been in CLOSE_WAIT for `age_ns`. One that was there when the tool began, whose age
 * is a lower bound, counts by its last data, if it was there still STILL_NS later.
 */
bool close_wait_is_of_age(const struct close_waits *close_waits,
			  const struct close_wait *close_wait, uint64_t age_ns);

/* The same of one that is gone, as of the listing that showed it last. */
bool close_wait_was_of_age(const struct close_waits *close_waits,
			   const struct close_wait *close_wait, uint64_t age_ns);

/* True where that cannot be said yet: it is to be listed once more. */
bool close_wait_is_in_doubt(const struct close_waits *close_waits,
			    const struct close_wait *close_wait, uint64_t age_ns);

/* Its kind, if what was sent after `recent_ns` counts as sending still. */
enum close_wait_kind close_wait_kind(const struct close_wait *close_wait, uint64_t recent_ns);

/*
 * What a peer says before it leaves, which is read when the connection is used next: a TLS
 * close_notify, a database's last packet. At most 512 bytes, just before the FIN, to who asked and
 * was answered.
 */
bool close_wait_is_farewell(const struct close_wait *close_wait);

/* Who holds the socket, or its listener where nobody has accepted it. After the listing's end. */
struct holder_range close_waits_holders(const struct close_waits *close_waits,
					const struct close_wait *close_wait);

/* Who holds the socket of a cookie, one of the above or a listener: who began first, first. */
struct holder_range close_waits_holders_of(const struct close_waits *close_waits, uint64_t cookie);

/* In whose queue it waits to be accepted: as the kernel told, or the likeliest. NULL: nobody's. */
const struct connection *close_waits_listener(const struct close_waits *close_waits,
					      const struct close_wait *close_wait);

/*
 * Who held it as of the listing before: of one that is gone, who has closed it. Empty where holders
 * were not listed then.
 */
struct holder_range close_waits_holders_before(const struct close_waits *close_waits,
					       const struct close_wait *close_wait);

/* True for one that every listing of the last `age_ns` showed dead. */
bool close_wait_is_dead(const struct close_waits *close_waits, const struct close_wait *close_wait,
			uint64_t age_ns);

/* True for one that was dead already when the first listing was made. */
bool close_wait_died_before(const struct close_waits *close_waits,
			    const struct close_wait *close_wait);

/* The states that are kept here beside the dead: bit 1 << state. */
#define CLOSE_WAIT_STATES (1U << TCP_CLOSE_WAIT | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2)

/* Calls `visit` for each in FIN_WAIT1 or FIN_WAIT2 that the last listing showed, likewise. */
void close_waits_each_partner(const struct close_waits *close_waits,
			      void (*visit)(void *context, const struct close_wait *close_wait),
			      void *context);

/* Calls `visit` for each that the last listing showed in CLOSE_WAIT; it must not change anything.
 */
void close_waits_each(const struct close_waits *close_waits,
		      void (*visit)(void *context, const struct close_wait *close_wait),
		      void *context);

/* Calls `visit` for each that the last listing showed dead, for however long, likewise. */
void close_waits_each_dead(const struct close_waits *close_waits,
			   void (*visit)(void *context, const struct close_wait *close_wait),
			   void *context);

/*
 * Calls `visit` for each that was in CLOSE_WAIT in the listing before and was closed since: the
 * last one shows it neither in CLOSE_WAIT nor dead, nor has it a descriptor still. None where that
 * one broke off, which says nothing of what it does not show.
 */
void close_waits_each_gone(const struct close_waits *close_waits,
			   void (*visit)(void *context, const struct close_wait *close_wait),
			   void *context);

#endif
