// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The sentence below a row: what was seen, then what it means. Where nothing is sure, the weaker
 * word. */
#include <string.h>

#include "base/time.h"
#include "view/leaks/leaks.h"
#include "view/threads.h"

#define ANSWER_AWAITED_NS (600 * NS_PER_S) /* so long may a slow answer take */
#define STARVED		  0.5		   /* less is a busy host */

/* What a sentence is made from. */
struct reason {
	struct sentence *sentence;
	const struct leaks *leaks;
	const struct leak_row *row;
	struct verdict_facts facts;
	const struct verdict_sockets *judged;
	struct process_facts process;
};

static void say_transient(const struct reason *reason)
{
	const struct leaks *leaks = reason->leaks;
	double age_s = (double)leaks->config.age_ns / NS_PER_S;
	uint64_t watched_ns = leaks->time_ns - leaks->begun_ns;

	if (watched_ns < leaks->config.age_ns)
		say(reason->sentence,
		    "watched for %.0f s: none is known to be %g s old, nothing to say yet",
		    (double)watched_ns / NS_PER_S, age_s);
	else
		say(reason->sentence, "none is %g s old: nothing to say yet", age_s);
}

/* Of what was accepted, and does not get more, the answer may still be on its way. */
static bool may_be_answered(const struct reason *reason)
{
	return !reason->judged->outgoing && !leaks_grows(reason->leaks, reason->row) &&
	       leaks_oldest_ns(reason->row) < ANSWER_AWAITED_NS;
}

static void say_drained(const struct reason *reason)
{
	uint32_t count = reason->judged->kinds[KIND_DRAINED];

	if (may_be_answered(reason))
		say(reason->sentence,
		    "all was read from %u peer%s, %s not closed; an answer may still come", count,
		    plural(count), count == 1 ? "it is" : "they are");
	else
		say(reason->sentence, "read everything from %u peer%s and never called close()",
		    count, plural(count));
}

static void say_forgotten(const struct reason *reason)
{
	uint32_t count = reason->judged->unwatched;

	say(reason->sentence,
	    "its event loop is idle, and %u peer%s that closed %s in none of its epoll sets: "
	    "forgotten%s",
	    count, plural(count), are(count),
	    reason->row->judgement.inferred
		    ? " (inferred: it may wait for another connection to take data)"
		    : "");
}

static void say_growing(const struct reason *reason)
{
	say(reason->sentence,
	    "%u connections of its own that the server has closed, ever more, and none goes: no "
	    "idle pool, they are forgotten%s",
	    reason->judged->outgoing,
	    reason->row->judgement.inferred ? " (inferred from their ages)" : "");
}

static void say_inherited(const struct reason *reason)
{
	const struct process *maker = leaks_maker(reason->leaks, reason->row);
	uint32_t count = reason->judged->inherited;

	say(reason->sentence, "%u %s older than the process: inherited ", count, are(count));
	if (maker && !reason->row->judgement.inferred) {
		say(reason->sentence, "from ");
		text_process(reason->sentence, maker);
		say(reason->sentence, "; no CLOEXEC");
	} else {
		say(reason->sentence, "over fork or exec; no CLOEXEC%s",
		    reason->row->judgement.inferred ? " (inferred)" : "");
	}
}

static void say_leak(const struct reason *reason)
{
	static void (*const sayings[LEAK_CAUSES])(const struct reason *reason) = {
		[LEAK_DRAINED] = say_drained,
		[LEAK_FORGOTTEN] = say_forgotten,
		[LEAK_GROWING] = say_growing,
		[LEAK_INHERITED] = say_inherited,
	};

	sayings[reason->row->judgement.cause](reason);
}

static void say_stall(const struct reason *reason)
{
	uint64_t bytes = reason->row->unread_bytes;
	uint32_t count = reason->judged->kinds[KIND_UNREAD_DATA];

	say(reason->sentence, "does not read: %llu byte%s of %u peer%s wait%s for it",
	    (unsigned long long)bytes, plural(bytes), count, plural(count), singular(bytes));
	if (reason->facts.blocked_sender == BLOCKED_YES)
		say(reason->sentence,
		    "; another connection does not take what it sends, as where a proxy's other "
		    "side is slow");
}

static void say_idle_pool(const struct reason *reason)
{
	uint32_t count = reason->judged->kinds[KIND_FIN_ONLY];

	say(reason->sentence,
	    "keeps %u connection%s of its own that the server has closed, as an idle pool does",
	    count, plural(count));
}

static void say_not_reading(const struct reason *reason)
{
	uint32_t count = reason->judged->kinds[KIND_FIN_ONLY];

	say(reason->sentence, "has not looked for the end of file of %u client%s", count,
	    plural(count));
}

static void say_backlog(const struct reason *reason)
{
	uint32_t count = reason->judged->kinds[KIND_UNACCEPTED];

	say(reason->sentence, "does not accept: %u that gave up %s in its backlog", count,
	    are(count));
}

static void say_half_closed(const struct reason *reason)
{
	uint32_t count = reason->judged->kinds[KIND_SENDING];

	say(reason->sentence, "still sends to %u peer%s that closed first: legal", count,
	    plural(count));
}

static void say_who_stopped(struct sentence *sentence, const struct process_facts *process)
{
	const struct process tracer = {.id = process->tracer};

	if (process->tracer.pid) {
		say(sentence, "traced by ");
		text_process(sentence, &tracer);
	} else if (process->traced) {
		say(sentence, "in a tracing stop");
	} else {
		say(sentence, "stopped by a signal");
	}
}

/* Of a listener all that hold it are: it takes one of them to go on. */
static void say_what_waits(const struct reason *reason)
{
	uint32_t processes =
		leaks_count_processes(leaks_listener_holders(reason->leaks, reason->row));
	uint32_t count = reason->judged->all;

	if (processes < 2)
		say(reason->sentence, ": it cannot accept %u socket%s before it goes on", count,
		    plural(count));
	else
		say(reason->sentence,
		    ", %u processes that hold a listener: it takes one of them to accept %u "
		    "socket%s",
		    processes, count, plural(count));
}

static void say_stopped(const struct reason *reason)
{
	uint32_t count = reason->judged->all + reason->row->dead;

	if (reason->facts.frozen)
		say(reason->sentence, "its cgroup is frozen");
	else
		say_who_stopped(reason->sentence, &reason->process);
	if (reason->row->listener)
		say_what_waits(reason);
	else
		say(reason->sentence, ": it cannot close %u socket%s before it goes on", count,
		    plural(count));
}

static void say_relay(const struct reason *reason)
{
	uint32_t count = reason->facts.partners;

	say(reason->sentence,
	    "has passed the end of file on, and %u connection%s to its other side %s not closed "
	    "there yet: it waits",
	    count, plural(count), are(count));
	leaks_say_peer(reason->sentence, reason->leaks, reason->row);
}

static void say_dead(const struct reason *reason)
{
	uint32_t count = reason->facts.dead;

	say(reason->sentence,
	    "%u connection%s %s gone, reset or timed out, and the descriptor%s not closed", count,
	    plural(count), are(count), count == 1 ? " is" : "s are");
}

static void say_unknown(const struct reason *reason)
{
	say(reason->sentence, "%u of kTLS, sockmap or MPTCP: what was read cannot be told",
	    reason->judged->all);
}

/* Those that were judged: a farewell and the young are not counted as what they look like. */
static void say_mixed(const struct reason *reason)
{
	const char *comma = "";

	say(reason->sentence, "%s",
	    reason->facts.looked_up ? "no kind has 80 %: " : "not looked at yet: ");
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		if (!reason->judged->kinds[kind])
			continue;
		say(reason->sentence, "%s%u %s", comma, reason->judged->kinds[kind],
		    close_wait_kind_name(kind));
		comma = ", ";
	}
}

static void (*const verdict_sayings[VERDICTS])(const struct reason *reason) = {
	[VERDICT_TRANSIENT] = say_transient,
	[VERDICT_LEAK] = say_leak,
	[VERDICT_STALL] = say_stall,
	[VERDICT_IDLE_POOL] = say_idle_pool,
	[VERDICT_NOT_READING] = say_not_reading,
	[VERDICT_BACKLOG] = say_backlog,
	[VERDICT_HALF_CLOSED] = say_half_closed,
	[VERDICT_STOPPED] = say_stopped,
	[VERDICT_RELAY] = say_relay,
	[VERDICT_DEAD] = say_dead,
	[VERDICT_UNKNOWN] = say_unknown,
	[VERDICT_MIXED] = say_mixed,
};

/* Where what the threads do is no part of it, they are not told: they may do better things. */
static bool threads_explain(enum verdict verdict)
{
	return verdict == VERDICT_STALL || verdict == VERDICT_NOT_READING ||
	       verdict == VERDICT_BACKLOG;
}

/* Blank where the kernel does not tell. */
static void say_why(const struct reason *reason)
{
	double starved = leaks_starved(reason->leaks, reason->row);

	if (!reason->process.looked || !threads_explain(leaks_verdict(reason->row)))
		return;
	threads_say(reason->sentence, &reason->process);
	if (starved > STARVED)
		say(reason->sentence, "; one waits for a CPU %.0f %% of the time", 100 * starved);
}

/* Those that the verdict is not about already. */
static void say_dead_too(const struct reason *reason)
{
	uint32_t count = reason->row->dead;

	if (count && leaks_verdict(reason->row) != VERDICT_DEAD)
		say(reason->sentence, "; %u more %s gone, reset or timed out, and not closed",
		    count, are(count));
}

void leaks_say_reason(struct sentence *sentence, const struct leaks *leaks,
		      const struct leak_row *row)
{
	struct reason reason = {
		.sentence = sentence,
		.leaks = leaks,
		.row = row,
		.facts = leaks_verdict_facts(leaks, row),
		.process = leaks_facts(leaks, row),
	};

	reason.judged = verdict_judged(&reason.facts);
	if (leaks_has_any(row)) {
		verdict_sayings[leaks_verdict(row)](&reason);
		say_why(&reason);
		say_dead_too(&reason);
	} else {
		say(sentence, "none left");
	}
	leaks_say_growth(sentence, leaks, row);
}
