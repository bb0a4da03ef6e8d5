// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whom and where, in words: behind what was seen and what it means. */
#include "view/leaks/leaks.h"
#include "writer/format.h"

#define PLACES_SAID  3 /* the greatest; the JSON has more */
#define HOLDERS_SAID 3

/* "to 10.0.0.2:80", of what was accepted "at 10.0.0.1:80". */
static void say_place(struct sentence *sentence, const struct count *count)
{
	const struct tuple *tuple = &count->example->tuple;
	char place[FORMAT_ENDPOINT];

	if (count->example->direction == DIRECTION_IN)
		format_endpoint(place, tuple->laddr, tuple->lport);
	else
		format_endpoint(place, tuple->raddr, tuple->rport);
	say(sentence, "%s %s", count->example->direction == DIRECTION_IN ? "at" : "to", place);
}

static void say_places(struct sentence *sentence, const struct leak_row *row)
{
	uint32_t others = row->sockets;

	for (size_t i = 0; i < PLACES_SAID && row->places.counts[i]; i++) {
		const struct count *count = row->places.counts[i];

		say(sentence, "%s %u ", i ? "," : ";", count->sockets);
		say_place(sentence, count);
		others -= count->sockets;
	}
	if (others)
		say(sentence, ", %u elsewhere", others);
}

static void say_listener(struct sentence *sentence, const struct leaks *leaks,
			 const struct leak_row *row)
{
	const struct connection *listener = leaks_listener(leaks, row);
	uint32_t processes = leaks_count_processes(leaks_listener_holders(leaks, row));
	char place[FORMAT_ENDPOINT];

	if (!listener)
		return;
	format_endpoint(place, listener->tuple.laddr, listener->tuple.lport);
	say(sentence, "; queue at %s: %u of %u%s", place, listener->queue, listener->queue_limit,
	    listener->queue > listener->queue_limit ? ", full" : "");
	if (processes > 1)
		say(sentence, "; %u processes hold it", processes);
	if (row->looked && processes > LEAKS_LISTENER_LOOKS)
		say(sentence, ", %u of them were looked at", LEAKS_LISTENER_LOOKS);
}

/* They are as old as that only if nothing came later than the kernel says. */
static void say_at_most(struct sentence *sentence, const struct leak_row *row)
{
	char age[TEXT_AGE];

	if (!row->at_most)
		return;
	text_age(age, row->at_most_ns);
	say(sentence, "; by %s last data %u %s at most %s old", row->at_most == 1 ? "its" : "their",
	    row->at_most, are(row->at_most), age);
}

static void say_whose(struct sentence *sentence, const struct leak_row *row)
{
	if (row->owner_by.mixed || row->owner_by.value != OWNER_LISTEN)
		return;
	say(sentence, "; no descriptor of %s was found: charged to who listens there",
	    row->sockets == 1 ? "it" : "them");
}

void leaks_say_where(struct sentence *sentence, const struct leaks *leaks,
		     const struct leak_row *row)
{
	if (!row->sockets)
		return;
	say_at_most(sentence, row);
	if (row->listener) {
		say_listener(sentence, leaks, row);
		return;
	}
	say_whose(sentence, row);
	say_places(sentence, row);
}

static void say_who(struct sentence *sentence, const struct leaks *leaks,
		    const struct leak_peer *peer)
{
	uint32_t said = peer->holders_shown < HOLDERS_SAID ? peer->holders_shown : HOLDERS_SAID;

	for (uint32_t i = 0; i < said; i++) {
		say(sentence, "%s", i ? ", " : "; there ");
		text_process(sentence, leaks_process(leaks, peer->holders[i]->process));
	}
	if (!said)
		return;
	if (peer->holders_total > said)
		say(sentence, " and %u more", peer->holders_total - said);
	say(sentence, " %s not closed", peer->holders_total == 1 ? "has" : "have");
}

void leaks_say_peer(struct sentence *sentence, const struct leaks *leaks,
		    const struct leak_row *row)
{
	const struct leak_peer *peer = row->peer;

	if (!peer || !peer->legs)
		return;
	say(sentence, " (%u ", peer->legs->sockets);
	say_place(sentence, peer->legs);
	say(sentence, ")");
	say_who(sentence, leaks, peer);
}
