// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connections, from what the model tells of them: one row each, written when it ends. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "command/export/exporter.h"
#include "record/names.h"
#include "writer/format.h"

static struct life *life_at(const struct exporter *exporter, uint32_t number)
{
	return pool_get(&exporter->lives, number);
}

static void begin_life(struct exporter *exporter, struct life *life, uint64_t cookie)
{
	life->cookie = cookie;
	life->id = ++exporter->last_id;
	for (size_t i = 0; i < TCP_STATES; i++)
		life->in_ns[i] = UNKNOWN_NS;
}

/* One without a cookie is told once, and is nothing to be found again. */
static struct life *life_of(struct exporter *exporter, uint64_t cookie, struct life *alone)
{
	uint32_t number;

	*alone = (struct life){0};
	if (!cookie) {
		begin_life(exporter, alone, 0);
		return alone;
	}
	number = index_find(&exporter->live, cookie);
	if (number)
		return life_at(exporter, number);
	number = pool_add(&exporter->lives);
	begin_life(exporter, life_at(exporter, number), cookie);
	index_add(&exporter->live, number);
	return life_at(exporter, number);
}

static void end_life(struct exporter *exporter, uint64_t cookie)
{
	uint32_t number = index_remove(&exporter->live, cookie);

	if (number)
		pool_remove(&exporter->lives, number);
}

static bool is_first_fin(unsigned int old_state, unsigned int new_state)
{
	return new_state == TCP_FIN_WAIT1 ||
	       (new_state == TCP_CLOSE_WAIT && old_state != TCP_FIN_WAIT1);
}

static void note_beginning(struct life *life, const struct transition *transition)
{
	if (life->opened_ns)
		return;
	if (transition->old_state == TCP_CLOSE || transition->old_state == TCP_SYN_RECV)
		life->opened_ns = transition->time_ns;
	else if (transition->old_state == TCP_SYN_SENT)
		life->opened_ns = transition->since_ns;
}

static void note_time(struct life *life, const struct transition *transition)
{
	uint64_t *in_ns = &life->in_ns[transition->old_state];

	if (transition->in_old_ns != UNKNOWN_NS)
		*in_ns = (*in_ns == UNKNOWN_NS ? 0 : *in_ns) + transition->in_old_ns;
	if (!life->first_fin_ns && is_first_fin(transition->old_state, transition->new_state))
		life->first_fin_ns = transition->time_ns;
	if (transition->new_state == TCP_TIME_WAIT)
		life->time_wait_ns = transition->time_ns;
}

/* What it is like now. */
static void keep(struct exporter *exporter, struct life *life, const struct connection *connection,
		 const struct process *owner, const struct process *closer)
{
	life->tuple = connection->tuple;
	life->owner = export_process(exporter, owner);
	life->closer = export_process(exporter, closer);
	life->owner_by = connection->owner_by;
	life->direction = connection->direction;
	life->state = connection->state;
}

static void note(struct exporter *exporter, struct life *life, const struct transition *transition)
{
	keep(exporter, life, transition->connection, transition->owner, transition->closer);
	note_beginning(life, transition);
	note_time(life, transition);
	if (!transition->carried)
		return;
	life->measured = true;
	life->sent_bytes = transition->carried->sent_bytes;
	life->received_bytes = transition->carried->received_bytes;
}

/* "ECONNREFUSED"; NULL: none. */
static const char *error_of(const struct transition *transition)
{
	if (transition->failure)
		return "EADDRNOTAVAIL";
	return transition->error ? strerrorname_np(transition->error) : NULL;
}

static const char *way_of(unsigned int old_state)
{
	switch (old_state) {
	case TCP_SYN_SENT:
		return "gave_up";
	case TCP_LAST_ACK:
	case TCP_CLOSING:
	case TCP_LISTEN:
		return "closed";
	case TCP_ESTABLISHED:
	case TCP_SYN_RECV:
	case TCP_CLOSE_WAIT:
		return "reset";
	default:
		return "unknown";
	}
}

/* How a connection ended: by its minisocket's end, by an error, or by the state that it left. */
static const char *end_of(const struct transition *transition)
{
	const char *reason = end_reason_name(transition->end_reason);

	if (!reason)
		reason = error_of(transition);
	return reason ? reason : way_of(transition->old_state);
}

static void bind_port(sqlite3_stmt *statement, int place, uint16_t port)
{
	if (port)
		bind_number(statement, place, port);
}

static const char *family_name(unsigned int family)
{
	return family == AF_INET ? "ipv4" : family == AF_INET6 ? "ipv6" : NULL;
}

#define COOKIE 17

static void bind_cookie(sqlite3_stmt *statement, int place, char *text, uint64_t cookie)
{
	snprintf(text, COOKIE, "%llx", (unsigned long long)cookie);
	if (cookie)
		bind_text(statement, place, text);
}

/* Where a connection's columns are, in INSERT_CONNECTION. */
enum {
	AT_ID = 1,
	AT_COOKIE,
	AT_NETNS,
	AT_FAMILY,
	AT_LADDR,
	AT_LPORT,
	AT_RADDR,
	AT_RPORT,
	AT_DIRECTION,
	AT_OWNER,
	AT_OWNER_BY,
	AT_CLOSER,
	AT_STATE,
	AT_OPENED,
	AT_FIRST_FIN,
	AT_ENDED,
	AT_END,
	AT_DURATIONS, /* in the order of enum tcp_state, CLOSE left out */
	AT_SENT = AT_DURATIONS + TCP_STATES - 2,
	AT_RECEIVED,
};

struct texts {
	char cookie[COOKIE], laddr[INET6_ADDRSTRLEN], raddr[INET6_ADDRSTRLEN];
	char opened[FORMAT_TIME], first_fin[FORMAT_TIME], ended[FORMAT_TIME];
};

static void bind_tuple(sqlite3_stmt *statement, const struct life *life, struct texts *texts)
{
	const struct tuple *tuple = &life->tuple;

	format_address(texts->laddr, tuple->laddr);
	format_address(texts->raddr, tuple->raddr);
	bind_number(statement, AT_NETNS, tuple->netns);
	bind_text(statement, AT_FAMILY, family_name(tuple->family));
	bind_text(statement, AT_LADDR, texts->laddr);
	bind_port(statement, AT_LPORT, tuple->lport);
	if (!tuple->rport)
		return;
	bind_text(statement, AT_RADDR, texts->raddr);
	bind_port(statement, AT_RPORT, tuple->rport);
}

static void bind_durations(sqlite3_stmt *statement, const struct life *life)
{
	int place = AT_DURATIONS;

	for (unsigned int state = TCP_ESTABLISHED; state < TCP_STATES; state++)
		if (state != TCP_CLOSE)
			export_seconds(statement, place++, life->in_ns[state]);
}

/* `ended_ns` 0, `end` NULL: it has not. */
static void insert(struct exporter *exporter, const struct life *life, uint64_t ended_ns,
		   const char *end)
{
	sqlite3_stmt *statement = exporter->statements[INSERT_CONNECTION];
	struct texts texts;

	bind_number(statement, AT_ID, life->id);
	bind_cookie(statement, AT_COOKIE, texts.cookie, life->cookie);
	bind_tuple(statement, life, &texts);
	bind_text(statement, AT_DIRECTION, direction_name(life->direction));
	export_reference(statement, AT_OWNER, life->owner);
	bind_text(statement, AT_OWNER_BY, owner_by_name(life->owner_by));
	export_reference(statement, AT_CLOSER, life->closer);
	bind_text(statement, AT_STATE, tcp_state_name(life->state));
	export_time(exporter, statement, AT_OPENED, texts.opened, life->opened_ns);
	export_time(exporter, statement, AT_FIRST_FIN, texts.first_fin, life->first_fin_ns);
	export_time(exporter, statement, AT_ENDED, texts.ended, ended_ns);
	bind_text(statement, AT_END, end);
	bind_durations(statement, life);
	if (life->measured) {
		bind_number(statement, AT_SENT, life->sent_bytes);
		bind_number(statement, AT_RECEIVED, life->received_bytes);
	}
	database_step(exporter->database, statement);
}

static void insert_transition(struct exporter *exporter, const struct life *life,
			      const struct transition *transition)
{
	sqlite3_stmt *statement = exporter->statements[INSERT_TRANSITION];
	bool failed = transition->old_state == TCP_SYN_SENT && transition->new_state == TCP_CLOSE;
	char time[FORMAT_TIME];

	bind_number(statement, 1, life->id);
	export_time(exporter, statement, 2, time, transition->time_ns);
	bind_text(statement, 3, tcp_state_name(transition->old_state));
	bind_text(statement, 4, tcp_state_name(transition->new_state));
	export_seconds(statement, 5, transition->in_old_ns);
	export_reference(statement, 6, life->owner);
	bind_text(statement, 7, owner_by_name(life->owner_by));
	export_reference(statement, 8, life->closer);
	bind_text(statement, 9, end_reason_name(transition->end_reason));
	bind_text(statement, 10, failed ? error_of(transition) : NULL);
	database_step(exporter->database, statement);
}

/* `ended_ns` 0: it lasts. */
static void insert_time_wait(struct exporter *exporter, const struct life *life,
			     uint64_t entered_ns, uint64_t ended_ns, const char *reason)
{
	sqlite3_stmt *statement = exporter->statements[INSERT_TIME_WAIT];
	char cookie[COOKIE], entered[FORMAT_TIME], ended[FORMAT_TIME];

	bind_number(statement, 1, life->id);
	bind_cookie(statement, 2, cookie, life->cookie);
	export_time(exporter, statement, 3, entered, entered_ns);
	export_time(exporter, statement, 4, ended, ended_ns);
	bind_text(statement, 5, reason);
	database_step(exporter->database, statement);
}

/* What is older than the recording tells by its timer how long it has been there. */
static uint64_t entered_ns(const struct life *life, const struct transition *transition)
{
	if (life->time_wait_ns || transition->in_old_ns == UNKNOWN_NS)
		return life->time_wait_ns;
	return transition->time_ns - transition->in_old_ns;
}

void exporter_transition(struct exporter *exporter, const struct transition *transition)
{
	uint64_t cookie = transition->connection->cookie;
	struct life alone, *life = life_of(exporter, cookie, &alone);

	note(exporter, life, transition);
	insert_transition(exporter, life, transition);
	if (transition->old_state == TCP_TIME_WAIT)
		insert_time_wait(exporter, life, entered_ns(life, transition), transition->time_ns,
				 end_reason_name(transition->end_reason));
	if (transition->new_state == TCP_CLOSE)
		insert(exporter, life, transition->time_ns, end_of(transition));
	else if (!cookie)
		insert(exporter, life, 0, NULL);
	if (transition->new_state == TCP_CLOSE)
		end_life(exporter, cookie);
}

static void insert_open(struct exporter *exporter, const struct life *life, const char *end)
{
	if (life->state == TCP_TIME_WAIT)
		insert_time_wait(exporter, life, life->time_wait_ns, 0, NULL);
	insert(exporter, life, 0, end);
}

/* One that is there: also if nothing ever was told of it. */
static void export_open(void *context, struct connection *connection)
{
	struct exporter *exporter = context;
	const struct processes *processes = &exporter->watch->model.connections.processes;
	struct life alone, *life;

	if (connection->flags & CONNECTION_GONE)
		return;
	life = life_of(exporter, connection->cookie, &alone);
	if (!life->time_wait_ns && connection->state == TCP_TIME_WAIT)
		life->time_wait_ns = connection->since_ns;
	keep(exporter, life, connection, processes_get(processes, connection->owner),
	     processes_get(processes, connection->closer));
	insert_open(exporter, life, NULL);
	end_life(exporter, connection->cookie);
}

/* Those that are left were gone in a listing: how they ended, nobody saw. */
static void export_vanished(struct exporter *exporter)
{
	for (uint32_t i = 0; exporter->live.used && i <= exporter->live.mask; i++)
		if (exporter->live.slots[i].number)
			insert(exporter, life_at(exporter, exporter->live.slots[i].number), 0,
			       "unknown");
}

void export_open_connections(struct exporter *exporter)
{
	connections_each(&exporter->watch->model.connections, export_open, exporter);
	export_vanished(exporter);
}
