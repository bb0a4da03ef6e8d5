// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/trace/trace.h"

#include <string.h>

#include <stdio.h>

#include "writer/format.h"
#include "record/names.h"
#include "view/stack_frames.h"
#include "view/text.h"

/* TIME PID COMM DIR LOCAL REMOTE MS TRANSITION: 120 columns when both addresses are 21 wide. */
#define TIME_COLUMNS	   12
#define PID_COLUMNS	   7
#define COMM_COLUMNS	   15
#define DIRECTION_COLUMNS  3
#define MS_COLUMNS	   8
#define TRANSITION_COLUMNS 26 /* "TIME_WAIT->CLOSE destroyed" */
#define FIXED_COLUMNS                                                                              \
	(TIME_COLUMNS + PID_COLUMNS + COMM_COLUMNS + DIRECTION_COLUMNS + MS_COLUMNS +              \
	 TRANSITION_COLUMNS + 7)
#define DAYS_FROM_NS 99999999500000 /* "1.2d": milliseconds have no room */
#define ADDRESS_MIN  21		    /* any IPv4 endpoint */
#define ADDRESS_MAX  47		    /* any IPv6 endpoint */

void trace_init(void *self, const struct view_config *config, struct model *model)
{
	unsigned int columns = ADDRESS_MIN, all = config->style.columns;
	struct trace *trace = self;

	*trace = (struct trace){.config = *config, .output = config->output, .model = model};
	stack_tally_init(&trace->connects, &model->connections.calls);
	if (all > FIXED_COLUMNS + 2 * ADDRESS_MIN)
		columns = (all - FIXED_COLUMNS) / 2;
	if (columns > ADDRESS_MAX)
		columns = ADDRESS_MAX;
	trace->address_columns = columns;
}

static bool wanted(const struct trace *trace, const struct transition *transition)
{
	uint32_t states = 1U << transition->old_state | 1U << transition->new_state;
	const struct tuple *tuple = &transition->connection->tuple;

	if (trace->config.states && !(trace->config.states & states))
		return false;
	return filter_tuple(trace->config.tuples, tuple, 1) &&
	       model_concerns(trace->model, transition->connection, trace->config.processes);
}

static bool of_listener(const struct transition *transition)
{
	return transition->old_state == TCP_LISTEN || transition->new_state == TCP_LISTEN;
}

/* "ECONNREFUSED", of a connect() that failed; NULL: it did not, or whoever called gave it up. */
static const char *error_name(const struct transition *transition)
{
	if (transition->old_state != TCP_SYN_SENT || transition->new_state != TCP_CLOSE)
		return NULL;
	if (transition->failure)
		return "EADDRNOTAVAIL";
	return transition->error ? strerrorname_np(transition->error) : NULL;
}

/* Where it connects from; 0: it does not, or nothing is known of it. */
static uint32_t opener_of(const struct trace *trace, const struct transition *transition)
{
	const struct connection_calls *calls;

	if (!trace->config.stacks || transition->new_state != TCP_SYN_SENT)
		return 0;
	calls = call_paths_of(&trace->model->connections.calls, transition->connection->cookie);
	return calls ? calls->opener : 0;
}

static const struct call_path *path_of(const struct trace *trace, uint32_t number)
{
	return call_paths_get(&trace->model->connections.calls, number);
}

static void write_stack(const struct trace *trace, struct json *json, uint32_t opener)
{
	const struct call_paths *calls = &trace->model->connections.calls;
	const struct call_path *path = path_of(trace, opener);

	if (path)
		stack_write(json, "stack", &calls->stacks,
			    &(struct stack_line){.count = 1,
						 .opened = path->opened,
						 .closed = path->closed,
						 .stack = path->stack,
						 .event = path->event});
	else
		json_null(json, "stack");
}

static void show_json(struct trace *trace, const struct transition *transition, uint32_t opener)
{
	const struct connection *connection = transition->connection;
	struct json json;

	object_begin(&json, trace->output, "transition", transition->time_ns,
		     &trace->model->clocks);
	if (connection->cookie)
		json_hex(&json, "cookie", connection->cookie);
	else
		json_null(&json, "cookie");
	object_tuple(&json, &connection->tuple, of_listener(transition));
	json_plain(&json, "direction", direction_name(connection->direction));
	json_plain(&json, "old", tcp_state_name(transition->old_state));
	json_plain(&json, "new", tcp_state_name(transition->new_state));
	if (transition->in_old_ns == UNKNOWN_NS)
		json_null(&json, "in_old_s");
	else
		json_seconds(&json, "in_old_s", transition->in_old_ns);
	process_texts_show(&trace->processes, &json, "owner", transition->owner,
			   &trace->model->clocks);
	json_plain(&json, "owner_by", owner_by_name(connection->owner_by));
	process_texts_show(&trace->processes, &json, "closer", transition->closer,
			   &trace->model->clocks);
	json_plain(&json, "end_reason", end_reason_name(transition->end_reason));
	json_plain(&json, "error", error_name(transition));
	write_stack(trace, &json, opener);
	json_end(&json);
}

static void show_header(struct trace *trace)
{
	int address = (int)trace->address_columns;
	size_t begin = trace->output->length;

	if (trace->since_header &&
	    (!trace->config.style.lines || trace->since_header < trace->config.style.lines - 1))
		return;
	trace->since_header = 0;
	output_format(trace->output, "%-*s %*s %-*s %-*s %-*s %-*s %*s %s", TIME_COLUMNS, "TIME",
		      PID_COLUMNS, "PID", COMM_COLUMNS, "COMM", DIRECTION_COLUMNS, "DIR", address,
		      "LOCAL", address, "REMOTE", MS_COLUMNS, "MS", "TRANSITION");
	text_end_line(trace->output, begin, INDENT, trace->config.style.columns);
}

static void show_process(struct trace *trace, const struct process *process)
{
	char comm[4 * sizeof(process->id.comm) + 1] = "-", pid[20] = "-";
	size_t used = 1, digits = 1;

	if (process) {
		digits = format_number(pid, process->id.pid);
		used = format_harmless(comm, process->id.comm, sizeof(process->id.comm),
				       trace->config.style.columns ? COMM_COLUMNS : SIZE_MAX);
	}
	output_right(trace->output, pid, digits, PID_COLUMNS);
	output_blanks(trace->output, 1);
	output_string(trace->output, comm);
	/* up to the column's width, by what the terminal shows and not by bytes */
	output_blanks(trace->output, used < COMM_COLUMNS ? COMM_COLUMNS - used + 1 : 1);
}

static void show_endpoint(struct trace *trace, const uint8_t *address, uint16_t port)
{
	char text[FORMAT_ENDPOINT];
	size_t length = format_endpoint(text, address, port);

	if (trace->config.style.columns && !trace->config.style.details) {
		format_shorten(text, trace->address_columns);
		length = strlen(text);
	}
	output_left(trace->output, text, length, trace->address_columns);
	output_blanks(trace->output, 1);
}

static void show_remote(struct trace *trace, const struct transition *transition)
{
	const struct tuple *tuple = &transition->connection->tuple;

	if (of_listener(transition))
		output_left(trace->output, "* ", 2, trace->address_columns + 1);
	else
		show_endpoint(trace, tuple->raddr, tuple->rport);
}

/* "12.3", from 100,000 ms on "123456". */
static size_t format_ms(char *text, uint64_t ns)
{
	uint64_t tenths = ns / 100000 + (ns % 100000 >= 50000);
	size_t length;

	if (tenths >= 1000000)
		return format_number(text, ns / 1000000 + (ns % 1000000 >= 500000));
	length = format_number(text, tenths / 10);
	text[length++] = '.';
	text[length++] = (char)('0' + tenths % 10);
	return length;
}

static void show_ms(struct trace *trace, uint64_t ns)
{
	char text[24] = "-";
	size_t length = 1;

	if (ns != UNKNOWN_NS && ns >= DAYS_FROM_NS) {
		output_format(trace->output, "%*.1fd ", MS_COLUMNS - 1, (double)ns / 86400e9);
		return;
	}
	if (ns != UNKNOWN_NS)
		length = format_ms(text, ns);
	output_right(trace->output, text, length, MS_COLUMNS);
	output_blanks(trace->output, 1);
}

static const char *color_of(unsigned int new_state)
{
	switch (new_state) {
	case TCP_ESTABLISHED:
		return TEXT_GREEN;
	case TCP_CLOSE_WAIT:
		return TEXT_MAGENTA;
	case TCP_TIME_WAIT:
		return TEXT_YELLOW;
	default:
		return "";
	}
}

static void show_states(struct trace *trace, const struct transition *transition)
{
	const char *reason = end_reason_name(transition->end_reason);
	const char *color = trace->config.style.color ? color_of(transition->new_state) : "";

	output_string(trace->output, color);
	output_string(trace->output, tcp_state_name(transition->old_state));
	output_string(trace->output, "->");
	output_string(trace->output, tcp_state_name(transition->new_state));
	if (color[0])
		output_string(trace->output, TEXT_PLAIN);
	if (!reason)
		return;
	output_blanks(trace->output, 1);
	output_string(trace->output, reason);
}

static const char *arrow(unsigned int direction)
{
	return direction == DIRECTION_UNKNOWN ? "-" : direction_name(direction);
}

/* On a line of its own, below. */
static void show_stack(struct trace *trace, uint32_t opener)
{
	const struct call_path *path = path_of(trace, opener);
	struct sentence sentence = {0};

	if (!path)
		return;
	say(&sentence, "%*sin ", INDENT, "");
	say_stack(&sentence, &trace->model->connections.calls.stacks, path->stack,
		  trace->config.style.details);
	trace->since_header += (unsigned int)text_wrap(trace->output, 0, INDENT, sentence.text,
						       trace->config.style.columns);
}

static void show_text(struct trace *trace, const struct transition *transition, uint32_t opener)
{
	const struct connection *connection = transition->connection;
	uint64_t time_ns = transition->time_ns + (uint64_t)trace->model->clocks.monotonic_ns;
	const char *direction = arrow(connection->direction);
	struct output *output = trace->output;
	char time[FORMAT_TIME];
	size_t begin;

	show_header(trace);
	begin = output->length;
	output_bytes(output, time, format_clock_after(&output->local, time, time_ns));
	output_blanks(output, 1);
	show_process(trace, transition->owner);
	output_left(output, direction, strlen(direction), DIRECTION_COLUMNS + 1);
	show_endpoint(trace, connection->tuple.laddr, connection->tuple.lport);
	show_remote(trace, transition);
	show_ms(trace, transition->in_old_ns);
	show_states(trace, transition);
	trace->since_header += (unsigned int)text_end_line(trace->output, begin, INDENT,
							   trace->config.style.columns);
	show_stack(trace, opener);
}

void trace_transition(void *self, const struct transition *transition)
{
	struct trace *trace = self;
	uint32_t opener;

	if (!wanted(trace, transition))
		return;
	trace->shown++;
	opener = opener_of(trace, transition);
	stack_tally_add_by_comm(&trace->connects, opener, 1);
	if (trace->config.json)
		show_json(trace, transition, opener);
	else
		show_text(trace, transition, opener);
}

void trace_free(void *self)
{
	stack_tally_free(&((struct trace *)self)->connects);
}

static void fold_stacks(void *self, struct output *output)
{
	struct trace *trace = self;

	stack_tally_rank(&trace->connects);
	stack_tally_fold(&trace->connects, output);
}

static uint64_t shown(const void *self)
{
	return ((const struct trace *)self)->shown;
}

const struct view trace_view = {
	.name = "trace",
	.needs =
		{
			.told =
				{
					[TCP_ESTABLISHED... TCP_LAST_ACK] = ALL_STATES,
					/* the clone of a listener: it has no addresses yet */
					[TCP_LISTEN] = ALL_STATES & ~(1U << TCP_SYN_RECV),
					[TCP_CLOSING] = ALL_STATES,
				},
			.listed = ALL_STATES,
			.wants = WANT(TRANSITIONS) | WANT(ACCEPTED) | WANT(ACCEPTORS) |
				 WANT(MINISOCKETS),
		},
	.essential = WANT(TRANSITIONS),
	.bytes = sizeof(struct trace),
	.init = trace_init,
	.free = trace_free,
	.observer = {.transition = trace_transition},
	.fold = fold_stacks,
	.shown = shown,
};
