// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/threads.h"

#include <string.h>

#include "view/objects.h"

bool threads_are_stopped(const struct process_facts *facts)
{
	return facts->looked && facts->looked_at && facts->stopped == facts->looked_at;
}

bool threads_are_frozen(const struct process_facts *facts)
{
	return facts->looked && facts->looked_at && facts->frozen == facts->looked_at;
}

double threads_share(const struct process_facts *facts, uint64_t ns)
{
	if (!facts->looked || !facts->looked_for_ns || ns == FACTS_UNKNOWN)
		return -1;
	return (double)ns / (double)facts->looked_for_ns;
}

/* What is found out of threads: null where nobody looked. */
static void thread_number(struct json *json, const char *key, const struct process_facts *facts,
			  uint32_t number)
{
	if (facts->looked)
		json_number(json, key, number);
	else
		json_null(json, key);
}

static void thread_bool(struct json *json, const char *key, const struct process_facts *facts,
			bool truth)
{
	if (facts->looked)
		json_bool(json, key, truth);
	else
		json_null(json, key);
}

static void thread_place(struct json *json, const char *key, const struct process_facts *facts,
			 const char *place)
{
	json_string(json, key, facts->looked && place[0] ? place : NULL, FACTS_NAME);
}

void threads_write_names(struct json *json, const struct process_facts *facts)
{
	if (!facts->looked) {
		json_null(json, "names");
		return;
	}
	json_open(json, "names", '[');
	for (size_t i = 0; i < FACTS_NAMES && facts->names[i].threads; i++) {
		const struct thread_name *name = &facts->names[i];

		json_open(json, NULL, '{');
		json_string(json, "name", name->name, sizeof(name->name));
		json_number(json, "threads", name->threads);
		thread_place(json, "waiting_in", facts, name->waiting_in);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void share(struct json *json, const char *key, double share)
{
	if (share < 0)
		json_null(json, key);
	else
		json_real(json, key, share);
}

void threads_write(struct json *json, const struct process_facts *facts,
		   const struct clock_offsets *clocks)
{
	const struct process tracer = {.id = facts->tracer};
	const char state[2] = {(char)facts->state, 0};

	thread_number(json, "threads", facts, facts->threads);
	thread_number(json, "looked_at", facts, facts->looked_at);
	thread_number(json, "waiting", facts, facts->waiting);
	json_plain(json, "state", facts->looked && state[0] ? state : NULL);
	thread_place(json, "wchan", facts, facts->wchan);
	thread_place(json, "syscall", facts, facts->syscall);
	threads_write_names(json, facts);
	thread_bool(json, "idle_loop", facts, facts->idle_loop);
	thread_bool(json, "stopped", facts, threads_are_stopped(facts));
	object_process(json, "tracer", facts->looked && tracer.id.pid ? &tracer : NULL, clocks);
	thread_bool(json, "frozen", facts, threads_are_frozen(facts));
	share(json, "cpu_share", threads_share(facts, facts->ran_ns));
	share(json, "starved", threads_share(facts, facts->starved_ns));
}

/* "5 of 6 threads", or of how many there are where not all were looked at. */
static void say_threads(struct sentence *sentence, const struct process_facts *process)
{
	say(sentence, "; %u of ", process->waiting);
	if (process->looked_at == process->threads)
		say(sentence, "%u thread%s", process->threads, plural(process->threads));
	else
		say(sentence, "the %u threads looked at, of %u,", process->looked_at,
		    process->threads);
}

/* The name that most of them have, if there are several. */
static void say_name(struct sentence *sentence, const struct process_facts *process,
		     const char *place)
{
	char name[sizeof(process->names[0].name) + 1] = "";

	if (process->names_total < 2)
		return;
	for (size_t i = 0; i < FACTS_NAMES && process->names[i].threads && !name[0]; i++)
		if (strcmp(process->names[i].waiting_in, place) == 0)
			memcpy(name, process->names[i].name, sizeof(process->names[i].name));
	if (name[0])
		say(sentence, ", most of them %s", name);
}

void threads_say(struct sentence *sentence, const struct process_facts *process)
{
	const char *place = process->syscall[0] ? process->syscall : process->wchan;

	if (place[0]) {
		say_threads(sentence, process);
		say(sentence, " wait%s in %s", singular(process->waiting), place);
		say_name(sentence, process, place);
	} else if (process->state == 'R') {
		say_threads(sentence, process);
		say(sentence, " run%s", singular(process->waiting));
	}
}
