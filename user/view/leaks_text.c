// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "leaks_show.h"

#define NAME_COLUMNS	 30
#define ENDPOINT_NARROW	 21
#define WIDE_COLUMNS	 96 /* of a row with all its columns */
#define ENDPOINT_COLUMNS 27 /* any IPv4 endpoint; IPv6 is cut in its middle */
#define ROW_LINES	 2  /* the row and its sentence */
#define TABLE_LINES	 4  /* the title, the header, what is left out, the cursor */
#define NS_PER_S	 1000000000ULL

/* ">" for a lower bound: the socket is older than the tool. `text`: 17 bytes. */
static void format_oldest(char *text, const struct leak_row *row)
{
	if (!row->oldest[0].close_wait->since_ns)
		*text++ = '>';
	text_age(text, leaks_oldest_ns(row));
}

/* The descriptors are in the sentence as well: a narrow terminal does without their columns. */
static bool is_narrow(const struct text_style *text)
{
	return text->columns < WIDE_COLUMNS;
}

static void show_figures(const struct leaks *leaks, struct output *output,
			 const struct leak_row *row, const struct text_style *text)
{
	char age[17] = "-", growth[16] = "-", fds[24] = "-", limit[24] = "-";
	double per_s;

	if (row->sockets)
		format_oldest(age, row);
	if (leaks_growth(leaks, row, &per_s))
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

	if (leaks_growth(leaks, row, &per_s) && per_s >= 0.05)
		say(sentence, "; grows by %.1f/s", per_s);
	if (facts->fds != FACTS_UNKNOWN && facts->fd_limit != FACTS_UNKNOWN)
		say(sentence, "; %llu of %llu descriptors", (unsigned long long)facts->fds,
		    (unsigned long long)facts->fd_limit);
}

static void show_sentence(const struct leaks *leaks, struct output *output,
			  const struct leak_row *row, unsigned int columns)
{
	struct sentence sentence = {0};

	say_verdict(&sentence, leaks, row);
	say_why(&sentence, row);
	say_trend(&sentence, leaks, row);
	text_sentence(output, &sentence, columns);
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

		if (range.first[i].process != row->row.process)
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
	size_t columns = narrow ? ENDPOINT_NARROW : ENDPOINT_COLUMNS;

	if (!narrow) {
		text_endpoint(output, tuple->laddr, tuple->lport, columns);
		output_string(output, " ");
	}
	text_endpoint(output, tuple->raddr, tuple->rport, columns);
	output_string(output, " ");
}

static void show_socket(const struct leaks *leaks, struct output *output,
			const struct leak_row *row, const struct leak_socket *socket, bool narrow)
{
	const struct close_wait *close_wait = socket->close_wait;
	uint32_t unread = close_wait->recvq > 1 ? close_wait->recvq - 1 : 0;
	char age[16], fd[24] = "-";

	text_age(age, socket->age_ns);
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
		     const struct text_style *text)
{
	enum verdict verdict = leaks_verdict(row);
	const char *color = text->color ? color_of(verdict) : "";

	text_name(&leaks->rows, output, &row->row, NAME_COLUMNS);
	show_figures(leaks, output, row, text);
	output_format(output, "%s%s%s", color, verdict_name(verdict), color[0] ? "\033[0m" : "");
	output_line(output);
	show_sentence(leaks, output, row, text->columns);
	if (text->details)
		show_sockets(leaks, output, row, is_narrow(text));
}

/* What show_row prints of it. */
static size_t lines_of(const struct row *shown, const struct text_style *text)
{
	const struct leak_row *row = (const struct leak_row *)shown;
	size_t lines = ROW_LINES;

	if (!text->details)
		return lines;
	for (int i = 0; i < LEAKS_OLDEST && row->oldest[i].close_wait; i++)
		lines++;
	return lines + (row->sockets > LEAKS_OLDEST);
}

static void show_title(const struct leaks *leaks, struct output *output,
		       const struct clock_offsets *clocks, const struct text_style *text)
{
	uint64_t time_ns = leaks->model->close_waits.time_ns + (uint64_t)clocks->monotonic_ns;
	char time[FORMAT_TIME];

	format_clock(time, time_ns);
	output_format(output, "%.8s  %u sockets in CLOSE_WAIT%s", time,
		      leaks->model->close_waits.pool.live,
		      leaks->incomplete ? "  (something was lost)" : "");
	output_line(output);
	output_format(output, "%-30s %10s %8s %9s", "    PID PROCESS", "CLOSE_WAIT", "OLDEST",
		      "GROWTH/S");
	if (!is_narrow(text))
		output_format(output, " %10s %10s", "FDS", "LIMIT");
	output_string(output, "  VERDICT");
	output_line(output);
}

void leaks_show_text(const struct leaks *leaks, struct output *output,
		     const struct clock_offsets *clocks, const struct text_style *text)
{
	size_t rows = text_rows(&leaks->rows, text, TABLE_LINES, lines_of);

	show_title(leaks, output, clocks, text);
	for (size_t i = 0; i < rows; i++)
		show_row(leaks, output, leaks_shown(leaks, i), text);
	text_omitted(output, &leaks->rows, rows);
}

void leaks_show_worst(const struct leaks *leaks, const struct leak_row *row, struct output *output)
{
	struct sentence who = {0};

	text_process(&who, leaks_process(leaks, row->row.process));
	output_format(output, "%u of the CLOSE_WAIT are held by %s, %s:", row->sockets, who.text,
		      verdict_name(leaks_verdict(row)));
	output_line(output);
	show_sentence(leaks, output, row, SENTENCE_COLUMNS + INDENT);
	output_line(output);
}
