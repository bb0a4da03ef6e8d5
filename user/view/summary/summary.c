// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/summary/summary.h"

#include "base/memory.h"
#include "record/names.h"

#define SHOWN_NAMESPACES 6 /* of them, all are in the JSON */
#define TOTAL_COLUMNS	 23
#define EACH_COLUMNS	 12

static struct summary_namespace *namespace_of(struct summary *summary, uint32_t netns)
{
	for (size_t i = 0; i < summary->namespace_count; i++)
		if (summary->namespaces[i].netns == netns)
			return &summary->namespaces[i];
	summary->namespaces = memory_resize(summary->namespaces, summary->namespace_count + 1,
					    sizeof(*summary->namespaces));
	summary->namespaces[summary->namespace_count] = (struct summary_namespace){.netns = netns};
	return &summary->namespaces[summary->namespace_count++];
}

static void add(struct summary_namespace *namespace, unsigned int state)
{
	namespace->states[state]++;
	namespace->sockets++;
}

static void count(void *context, struct connection *connection)
{
	struct summary *summary = context;

	if (!filter_tuple(summary->tuples, &connection->tuple, 1) ||
	    !model_concerns(summary->model, connection, summary->processes))
		return;
	add(&summary->all, connection->state);
	add(namespace_of(summary, connection->tuple.netns), connection->state);
}

static int fuller(const void *a, const void *b)
{
	const struct summary_namespace *left = a, *right = b;

	return (left->sockets < right->sockets) - (left->sockets > right->sockets);
}

void summary_count(struct summary *summary, const struct model *model,
		   const struct tuple_filter *tuples, const struct process_filter *processes,
		   uint64_t time_ns)
{
	summary_free(summary);
	*summary = (struct summary){
		.model = model, .tuples = tuples, .processes = processes, .time_ns = time_ns};
	connections_each(&model->connections, count, summary);
	if (summary->namespace_count)
		qsort(summary->namespaces, summary->namespace_count, sizeof(*summary->namespaces),
		      fuller);
}

void summary_free(struct summary *summary)
{
	free(summary->namespaces);
}

static void states_json(struct json *json, const struct summary_namespace *namespace)
{
	json_open(json, "states", '{');
	for (unsigned int state = TCP_ESTABLISHED; state < TCP_STATES; state++)
		json_number(json, tcp_state_name(state), namespace->states[state]);
	json_close(json, '}');
}

static void worst_json(struct json *json, const struct summary_worst *worst)
{
	if (!worst->row) {
		json_null(json, worst->key);
		return;
	}
	json_open(json, worst->key, '{');
	json_plain(json, "type", worst->table->type);
	table_write(worst->table, json, worst->view, worst->row);
	json_close(json, '}');
}

void summary_json(const struct summary *summary, struct output *output,
		  const struct summary_worst *worst, size_t count)
{
	struct json json;

	object_begin(&json, output, "summary", summary->time_ns, &summary->model->clocks);
	states_json(&json, &summary->all);
	json_open(&json, "namespaces", '[');
	for (size_t i = 0; i < summary->namespace_count; i++) {
		json_open(&json, NULL, '{');
		json_number(&json, "netns", summary->namespaces[i].netns);
		states_json(&json, &summary->namespaces[i]);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_open(&json, "worst", '{');
	for (size_t i = 0; i < count; i++)
		worst_json(&json, &worst[i]);
	json_close(&json, '}');
	json_end(&json);
}

static size_t shown_namespaces(const struct summary *summary, unsigned int columns)
{
	size_t most = SHOWN_NAMESPACES;

	if (summary->namespace_count < 2)
		return 0; /* the total says it all */
	if (columns && columns < TOTAL_COLUMNS + SHOWN_NAMESPACES * EACH_COLUMNS)
		most = columns > TOTAL_COLUMNS ? (columns - TOTAL_COLUMNS) / EACH_COLUMNS : 0;
	return summary->namespace_count < most ? summary->namespace_count : most;
}

static void row(const struct summary *summary, struct output *output, size_t namespaces,
		const char *name, uint64_t total, int state)
{
	output_format(output, "%-12s %10llu", name, (unsigned long long)total);
	for (size_t i = 0; i < namespaces; i++) {
		const struct summary_namespace *namespace = &summary->namespaces[i];
		uint64_t sockets = state < 0 ? namespace->sockets : namespace->states[state];

		output_format(output, " %11llu", (unsigned long long)sockets);
	}
	output_line(output);
}

static void about_namespaces(const struct summary *summary, struct output *output, size_t shown)
{
	size_t more = summary->namespace_count - shown;

	if (shown)
		output_string(output,
			      "@: the inode of a network namespace, as in /proc/PID/ns/net\n");
	if (summary->namespace_count > 1 && more)
		output_format(output, "%zu more namespace%s in --json\n", more,
			      more == 1 ? " is" : "s are");
}

void summary_text(const struct summary *summary, struct output *output, unsigned int columns)
{
	size_t namespaces = shown_namespaces(summary, columns);

	output_format(output, "%-12s %10s", "STATE", "SOCKETS");
	for (size_t i = 0; i < namespaces; i++)
		output_format(output, " @%10u", summary->namespaces[i].netns);
	output_line(output);
	for (unsigned int state = TCP_ESTABLISHED; state < TCP_STATES; state++)
		if (summary->all.states[state])
			row(summary, output, namespaces, tcp_state_name(state),
			    summary->all.states[state], (int)state);
	row(summary, output, namespaces, "all", summary->all.sockets, -1);
	about_namespaces(summary, output, namespaces);
	output_line(output);
}

/* What to run next where there are sockets in one of some states. */
struct next {
	uint32_t states; /* bit 1 << state; 0: whatever there is */
	const char *question;
	const char *command;
};

static const struct next nexts[] = {
	{1U << TCP_CLOSE_WAIT, "who has not closed, and why:", "leaks"},
	{1U << TCP_TIME_WAIT, "who makes TIME_WAITs, how they end:", "timewait"},
	{0, "which destination runs out of ports:", "ports"},
	{1U << TCP_SYN_SENT, "what does not come about, and why:", "opening"},
	{CLOSING_STATES, "what closes, and does not end:", "closing"},
	{0, "every transition, with its owner:", "trace"},
};

static bool has_any(const struct summary *summary, uint32_t states)
{
	for (unsigned int state = 0; state < TCP_STATES; state++)
		if (states >> state & 1 && summary->all.states[state])
			return true;
	return false;
}

void summary_text_next(const struct summary *summary, struct output *output)
{
	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++) {
		if (nexts[i].states && !has_any(summary, nexts[i].states))
			continue;
		output_format(output, "%-37s tcplinger %s", nexts[i].question, nexts[i].command);
		output_line(output);
	}
}
