// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "leaks_show.h"

#define NAME_COLUMNS	 30
#define SENTENCE_COLUMNS 112
#define ENDPOINT_NARROW	 21
#define INDENT		 8
#define WIDE_COLUMNS	 96 /* of a row with all its columns */
#define ENDPOINT_COLUMNS 27 /* any IPv4 endpoint; IPv6 is cut in its middle */
#define DEFAULT_ROWS	 20
#define ROW_LINES	 2 /* the row and its sentence */
#define TABLE_LINES	 4 /* the title, the header, what is left out, the cursor */
#define SENTENCE	 400
#define NS_PER_S	 1000000000ULL

static void show_name(const struct leaks *leaks, struct output *output, const struct leak_row *row)
{
	const struct process *process = leaks_process(leaks, row->process);
	char name[4 * NAME_COLUMNS + 1] = "(nobody known)";
	size_t used = strlen(name);

	if (row->name)
		used = format_harmless(name, row->name, SIZE_MAX, NAME_COLUMNS);
	else if (process)
		used = format_harmless(name, process->id.comm, sizeof(process->id.comm),
				       NAME_COLUMNS - 8);
	if (process) {
		output_format(output, "%7u ", process->id.pid);
		used += 8;
	}
	output_string(output, name);
	while (used++ < NAME_COLUMNS)
		output_string(output, " ");
}

/* "12.3s", "5m07s", "3h12m", "2d05h". `text`: 16 bytes. */
static void format_age(char *text, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (s < 60)
		snprintf(text, 16, "%.1fs", (double)ns / NS_PER_S);
	else if (s < 3600)
		snprintf(text, 16, "%um%02us", (unsigned int)(s / 60), (unsigned int)(s % 60));
	else if (s < 86400)
		snprintf(text, 16, "%uh%02um", (unsigned int)(s / 3600),
			 (unsigned int)(s / 60 % 60));
	else
		snprintf(text, 16, "%ud%02uh", (unsigned int)(s / 86400 % 100000),
			 (unsigned int)(s / 3600 % 24));
}

/* ">" for a lower bound: the socket is older than the tool. `text`: 17 bytes. */
static void format_oldest(char *text, const struct leak_row *row)
{
	if (!row->oldest[0].close_wait->since_ns)
		*text++ = '>';
	format_age(text, leaks_oldest_ns(row));
}

static bool grows(const struct leaks *leaks, const struct leak_row *row, double *per_s)
{
	return growth_per_s(&row->growth, leaks->model->close_waits.time_ns, row->sockets, per_s);
}

/* The descriptors are in the sentence as well: a narrow terminal does without their columns. */
static bool is_narrow(const struct leaks_text *text)
{
	return text->columns < WIDE_COLUMNS;
}

static void show_figures(const struct leaks *leaks, struct output *output,
			 const struct leak_row *row, const struct leaks_text *text)
{
	char age[17] = "-", growth[16] = "-", fds[24] = "-", limit[24] = "-";
	double per_s;

	if (row->sockets)
		format_oldest(age, row);
	if (grows(leaks, row, &per_s))
		snprintf(growth, sizeof(growth), "%+.1f", per_s);
	if (row->facts.fds != FACTS_UNKNOWN)
		snprintf(fds, sizeof(fds), "%llu", (unsigned long long)row->facts.fds);
	if (row->facts.fd_limit != FACTS_UNKNOWN)
		snprintf(limit, sizeof(limit), "%llu", (unsigned long long)row->facts.fd_limit);
	output_format(output, " %10u %8s %9s", row->sockets, age, growth);
	if (!is_narrow(text))
		output_format(output, " %10s %10s", fds, limit);
	output_string(output, "  ");
}

static const char *color_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_LEAK:
	case VERDICT_STALL:
	case VERDICT_BACKLOG:
		return "\033[31m";
	case VERDICT_IDLE_POOL:
	case VERDICT_NOT_READING:
	case VERDICT_MIXED:
		return "\033[33m";
	default:
		return "";
	}
}

/* A sentence that grows; what does not fit is cut. */
struct sentence {
	char text[SENTENCE];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct sentence *sentence, const char *format,
						      ...)
{
	size_t room = sizeof(sentence->text) - sentence->length;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(sentence->text + sentence->length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		sentence->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void say_mixed(struct sentence *sentence, const struct leak_row *row)
{
	const char *comma = "";

	say(sentence, "no kind has 80 %%: ");
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		if (!row->kinds[kind])
			continue;
		say(sentence, "%s%u %s", comma, row->kinds[kind], close_wait_kind_name(kind));
		comma = ", ";
	}
}

static uint32_t counted(const struct leak_row *row)
{
	uint32_t count = 0;

	for (unsigned int i = 0; i < VERDICTS; i++)
		count += row->verdicts[i];
	return count;
}

static void say_verdict(struct sentence *sentence, const struct leaks *leaks,
			const struct leak_row *row)
{
	uint32_t old = counted(row);

	switch (leaks_verdict(row)) {
	case VERDICT_TRANSIENT:
		if (row->sockets)
			say(sentence, "none has been there for %g s: nothing to say yet",
			    (double)leaks->config.age_ns / NS_PER_S);
		else
			say(sentence, "none left");
		break;
	case VERDICT_LEAK:
		say(sentence, "read everything from %u peers and never called close()",
		    row->verdicts[VERDICT_LEAK]);
		break;
	case VERDICT_STALL:
		say(sentence, "does not read: %llu bytes of %u peers wait for it",
		    (unsigned long long)row->unread_bytes, row->verdicts[VERDICT_STALL]);
		break;
	case VERDICT_IDLE_POOL:
		say(sentence,
		    "keeps %u connections of its own that the server has closed, as an idle pool "
		    "does",
		    row->verdicts[VERDICT_IDLE_POOL]);
		break;
	case VERDICT_NOT_READING:
		say(sentence, "has not looked for the end of file of %u clients",
		    row->verdicts[VERDICT_NOT_READING]);
		break;
	case VERDICT_BACKLOG:
		say(sentence, "does not accept: %u that gave up are in its backlog",
		    row->verdicts[VERDICT_BACKLOG]);
		break;
	case VERDICT_HALF_CLOSED:
		say(sentence, "still sends to %u peers that have closed their side: legal",
		    row->verdicts[VERDICT_HALF_CLOSED]);
		break;
	case VERDICT_UNKNOWN:
		say(sentence, "%u of kTLS, sockmap or MPTCP: what was read cannot be told", old);
		break;
	default:
		say_mixed(sentence, row);
	}
}

/* Blank where the kernel does not tell. */
static void say_why(struct sentence *sentence, const struct leak_row *row)
{
	const struct process_facts *facts = &row->facts;

	if (!leaks_wants_evidence(row) || !facts->looked)
		return;
	if (facts->stopped)
		say(sentence, "; %u of %u threads stopped by a signal", facts->stopped,
		    facts->looked_at);
	else if (facts->frozen)
		say(sentence, "; %u of %u threads frozen", facts->frozen, facts->looked_at);
	else if (facts->wchan[0] || facts->syscall[0])
		say(sentence, "; %u of %u threads wait in %s", facts->waiting, facts->looked_at,
		    facts->syscall[0] ? facts->syscall : facts->wchan);
	else if (facts->state == 'R')
		say(sentence, "; %u of %u threads run", facts->waiting, facts->looked_at);
	if (row->starved > 0.5)
		say(sentence, "; waits for a CPU %.0f %% of the time", 100 * row->starved);
}

static void say_trend(struct sentence *sentence, const struct leaks *leaks,
		      const struct leak_row *row)
{
	const struct process_facts *facts = &row->facts;
	double per_s;

	if (grows(leaks, row, &per_s) && per_s >= 0.05)
		say(sentence, "; grows by %.1f/s", per_s);
	if (facts->fds != FACTS_UNKNOWN && facts->fd_limit != FACTS_UNKNOWN)
		say(sentence, "; %llu of %llu descriptors", (unsigned long long)facts->fds,
		    (unsigned long long)facts->fd_limit);
}

static size_t sentence_columns(unsigned int columns)
{
	if (columns >= SENTENCE_COLUMNS + INDENT)
		return SENTENCE_COLUMNS;
	return columns > 2 * INDENT ? columns - INDENT : INDENT;
}

static void show_sentence(const struct leaks *leaks, struct output *output,
			  const struct leak_row *row, unsigned int columns)
{
	struct sentence sentence = {0};
	char text[4 * SENTENCE + 1];

	say_verdict(&sentence, leaks, row);
	say_why(&sentence, row);
	say_trend(&sentence, leaks, row);
	format_harmless(text, sentence.text, sizeof(sentence.text), sentence_columns(columns));
	output_format(output, "        %s", text);
	output_line(output);
}

/* On a line of their own, as many as fit. */
static void show_other_holders(const struct leaks *leaks, struct output *output,
			       const struct leak_row *row, const struct close_wait *close_wait)
{
	struct holder_range range = close_waits_holders(&leaks->model->close_waits, close_wait);
	struct sentence sentence = {0};

	if (close_wait->kind == KIND_UNACCEPTED)
		return;
	for (size_t i = 0; i < range.count; i++) {
		const struct process *process = leaks_process(leaks, range.first[i].process);

		if (range.first[i].process != row->process)
			say(&sentence, "%spid %u fd %u", sentence.length ? ", " : "also held by ",
			    process->id.pid, range.first[i].fd);
	}
	if (!sentence.length)
		return;
	format_shorten(sentence.text, SENTENCE_COLUMNS);
	output_format(output, "          %s", sentence.text);
	output_line(output);
}

/* The peer is what counts: a narrow terminal does without the local end. */
static void show_endpoints(struct output *output, const struct tuple *tuple, bool narrow)
{
	int columns = narrow ? ENDPOINT_NARROW : ENDPOINT_COLUMNS;
	char text[FORMAT_ENDPOINT];

	if (!narrow) {
		format_endpoint(text, tuple->laddr, tuple->lport);
		format_shorten(text, (size_t)columns);
		output_format(output, "%-*s ", columns, text);
	}
	format_endpoint(text, tuple->raddr, tuple->rport);
	format_shorten(text, (size_t)columns);
	output_format(output, "%-*s ", columns, text);
}

static void show_socket(const struct leaks *leaks, struct output *output,
			const struct leak_row *row, const struct leak_socket *socket, bool narrow)
{
	const struct close_wait *close_wait = socket->close_wait;
	uint32_t unread = close_wait->recvq > 1 ? close_wait->recvq - 1 : 0;
	char age[16], fd[24] = "-";

	format_age(age, socket->age_ns);
	if (socket->fd >= 0)
		snprintf(fd, sizeof(fd), "%lld", (long long)socket->fd);
	output_string(output, "        ");
	show_endpoints(output, &close_wait->tuple, narrow);
	output_format(output, "%s%8s %-11s %8u unread  fd %s", close_wait->since_ns ? " " : ">",
		      age, close_wait_kind_name(close_wait->kind), unread, fd);
	output_line(output);
	show_other_holders(leaks, output, row, close_wait);
}

static void show_sockets(const struct leaks *leaks, struct output *output,
			 const struct leak_row *row, bool narrow)
{
	uint32_t shown = 0;

	for (; shown < LEAKS_OLDEST && row->oldest[shown].close_wait; shown++)
		show_socket(leaks, output, row, &row->oldest[shown], narrow);
	if (row->sockets > shown) {
		output_format(output, "        ... and %u younger ones", row->sockets - shown);
		output_line(output);
	}
}

static void show_row(const struct leaks *leaks, struct output *output, const struct leak_row *row,
		     const struct leaks_text *text)
{
	enum verdict verdict = leaks_verdict(row);
	const char *color = text->color ? color_of(verdict) : "";

	show_name(leaks, output, row);
	show_figures(leaks, output, row, text);
	output_format(output, "%s%s%s", color, verdict_name(verdict), color[0] ? "\033[0m" : "");
	output_line(output);
	show_sentence(leaks, output, row, text->columns);
	if (text->sockets)
		show_sockets(leaks, output, row, is_narrow(text));
}

/* What show_row prints of it. */
static size_t lines_of(const struct leak_row *row, const struct leaks_text *text)
{
	size_t lines = ROW_LINES;

	if (!text->sockets)
		return lines;
	for (int i = 0; i < LEAKS_OLDEST && row->oldest[i].close_wait; i++)
		lines++;
	return lines + (row->sockets > LEAKS_OLDEST);
}

/* At least one. */
static size_t rows_that_fit(const struct leaks *leaks, const struct leaks_text *text)
{
	size_t lines = TABLE_LINES, rows = 0;

	if (text->limit)
		return text->limit;
	if (!text->lines)
		return DEFAULT_ROWS;
	while (rows < leaks->shown_count) {
		lines += lines_of(leaks->shown[rows], text);
		if (lines > text->lines && rows)
			break;
		rows++;
	}
	return rows;
}

static void show_title(const struct leaks *leaks, struct output *output,
		       const struct clock_offsets *clocks, const struct leaks_text *text)
{
	uint64_t time_ns = leaks->model->close_waits.time_ns + (uint64_t)clocks->monotonic_ns;
	char time[FORMAT_TIME];

	format_clock(time, time_ns);
	output_format(output, "%.8s  %u sockets in CLOSE_WAIT%s", time,
		      leaks->model->close_waits.pool.live,
		      leaks->incomplete ? "  (incomplete: something was lost, listing again)" : "");
	output_line(output);
	output_format(output, "%-30s %10s %8s %9s", "    PID PROCESS", "CLOSE_WAIT", "OLDEST",
		      "GROWTH/S");
	if (!is_narrow(text))
		output_format(output, " %10s %10s", "FDS", "LIMIT");
	output_string(output, "  VERDICT");
	output_line(output);
}

void leaks_show_text(const struct leaks *leaks, struct output *output,
		     const struct clock_offsets *clocks, const struct leaks_text *text)
{
	size_t rows = rows_that_fit(leaks, text);

	if (rows > leaks->shown_count)
		rows = leaks->shown_count;
	show_title(leaks, output, clocks, text);
	for (size_t i = 0; i < rows; i++)
		show_row(leaks, output, leaks->shown[i], text);
	if (rows < leaks->shown_count) {
		output_format(output, "... and %zu more rows (--limit)", leaks->shown_count - rows);
		output_line(output);
	}
}

void leaks_show_worst(const struct leaks *leaks, const struct leak_row *row, struct output *output)
{
	const struct process *process = leaks_process(leaks, row->process);
	char name[4 * NAME_COLUMNS + 1] = "nobody known";

	if (process)
		format_harmless(name, process->id.comm, sizeof(process->id.comm), NAME_COLUMNS);
	output_format(output, "%u of the CLOSE_WAIT are held by %s", row->sockets, name);
	if (process)
		output_format(output, "[%u]", process->id.pid);
	output_format(output, ", %s:", verdict_name(leaks_verdict(row)));
	output_line(output);
	show_sentence(leaks, output, row, SENTENCE_COLUMNS + INDENT);
	output_line(output);
}
