// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is in the way of a port that was asked for by number. */
#include <string.h>

#include "base/time.h"
#include "view/ports/internal.h"

/* The best so far. */
struct search {
	const struct port_failure *failure;
	const struct connection *found;
};

static bool is_any(const uint8_t *address)
{
	static const uint8_t v6[16], v4[16] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, v6, 16) == 0 || memcmp(address, v4, 16) == 0;
}

static bool is_live(const struct connection *connection)
{
	return !(connection->flags & CONNECTION_GONE) && connection->state != TCP_CLOSE;
}

/* connect(): the same tuple, of another socket. */
static bool has_tuple(const struct port_failure *failure, const struct connection *connection)
{
	const struct tuple *asked = &failure->tuple, *has = &connection->tuple;

	return asked->netns == has->netns && asked->lport == has->lport &&
	       asked->rport == has->rport && memcmp(asked->raddr, has->raddr, 16) == 0 &&
	       memcmp(asked->laddr, has->laddr, 16) == 0;
}

/* bind(): the same port, of an address that is the same, or stands for all (inet_rcv_saddr_equal).
 */
static bool has_port(const struct port_failure *failure, const struct connection *connection)
{
	const struct tuple *asked = &failure->tuple, *has = &connection->tuple;

	return asked->netns == has->netns && asked->lport == has->lport &&
	       (memcmp(asked->laddr, has->laddr, 16) == 0 || is_any(asked->laddr) ||
		is_any(has->laddr));
}

/* A listener first: what it has accepted has its port as well; then what lives. */
static unsigned int rank(const struct connection *connection)
{
	if (connection->state == TCP_LISTEN)
		return 2;
	return !(connection->flags & CONNECTION_MINISOCKET);
}

static void look(void *context, struct connection *connection)
{
	struct search *search = context;
	bool matches = ports_failed_to_bind(search->failure)
			       ? has_port(search->failure, connection)
			       : has_tuple(search->failure, connection);

	if (!matches || !is_live(connection))
		return;
	if (!search->found || rank(connection) > rank(search->found))
		search->found = connection;
}

static uint64_t remaining_ns(const struct ports *view, const struct connection *connection)
{
	uint64_t end_ns = connection->since_ns + view->model->timewait_ns;

	if (connection->state != TCP_TIME_WAIT || !connection->since_ns)
		return UNKNOWN_NS;
	return end_ns > view->time_ns ? end_ns - view->time_ns : 0;
}

/* One that is bound and nothing more: a listing of descriptors tells of it. */
static struct in_the_way bound_only(const struct ports *view, const struct port_failure *failure)
{
	uint32_t process =
		port_spaces_holder(&view->model->ports, failure->tuple.netns, failure->tuple.lport);

	return (struct in_the_way){.found = process != 0,
				   .state = TCP_CLOSE,
				   .process = process,
				   .remaining_ns = UNKNOWN_NS};
}

struct in_the_way ports_find_in_the_way(struct ports *view, const struct port_failure *failure)
{
	struct search search = {.failure = failure};

	connections_each(&view->model->connections, look, &search);
	if (!search.found)
		return bound_only(view, failure);
	return (struct in_the_way){
		.found = true,
		.state = search.found->state,
		.process = search.found->owner,
		.remaining_ns = remaining_ns(view, search.found),
	};
}
