// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The page: what it is about, what is wrong, then the plots. */
#include "cli/version.h"
#include "command/report/report.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "writer/html.h"
#include "writer/ticks.h"

/* Nothing is fetched, nothing runs: whatever text got into the page. */
#define POLICY                                                                                     \
	"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "          \
	"form-action 'none'"

/* report.css, as the linker names it. */
extern const char style_begin[] __asm__("_binary_report_css_start");
extern const char style_end[] __asm__("_binary_report_css_end");

static void write_head(struct output *output)
{
	output_string(output,
		      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		      "<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, "
		      "initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<link rel=\"icon\" href=\"data:,\">\n"
		      "<title>tcplinger report</title>\n<style>\n");
	output_bytes(output, style_begin, (size_t)(style_end - style_begin));
	output_string(output, "</style>\n</head>\n<body>\n");
}

static void write_period(const struct report *report, struct output *output)
{
	char from[FORMAT_TIME], to[FORMAT_TIME];

	format_time(from, report_clock(report, report->begun_ns));
	format_time(to, report_clock(report, report->time_ns));
	html_say(output, "%.10s %.8s to %s%.8s UTC", from, from + 11,
		 strncmp(from, to, 11) ? to : "", to + 11);
}

static void write_tile(struct output *output, const char *figure, const char *what)
{
	html_element(output, "<li><b>", "b", figure);
	html_element(output, "<span>", "span", what);
	output_string(output, "</li>\n");
}

static void write_number_tile(struct output *output, double number, const char *what)
{
	char text[TICK_TEXT];

	tick_number(text, number);
	write_tile(output, text, what);
}

static double sum(const struct history *history)
{
	double sum = 0;

	for (size_t i = 0; i < history->points; i++)
		sum += history->total.values[i];
	return sum;
}

/* Of its supply, the destination that had used most. */
static double most_used_share(const struct report *report)
{
	double most = 0;

	for (size_t i = 0; i < report->used.count; i++) {
		const struct history_series *used = report->used.series[i];
		const double *supply = history_values(&report->supplies, used->name);

		for (size_t point = 0; supply && point < report->used.points; point++)
			if (supply[point] > 0 && used->values[point] / supply[point] > most)
				most = used->values[point] / supply[point];
	}
	return most;
}

static void write_tiles(const struct report *report, struct output *output)
{
	const struct time_waits *waits = report->adviser.config.time_waits;
	char share[TICK_TEXT];
	uint64_t when_ns;

	snprintf(share, sizeof(share), "%.1f %%", 100 * most_used_share(report));
	output_string(output, "<ul class=\"tiles\">\n");
	if (report_streams(report))
		write_number_tile(output, (double)waits->total.closed, "connections closed");
	write_number_tile(output, history_greatest(&report->close_waits, &when_ns),
			  "in CLOSE_WAIT at most");
	write_number_tile(output, history_greatest(&report->time_waits, &when_ns),
			  "in TIME_WAIT at most");
	write_tile(output, share, "of its ports in use by the busiest destination");
	write_number_tile(output, sum(&report->failures), "failures to connect, bind or accept");
	write_number_tile(output, sum(&report->losses), "records lost, or listed again");
	output_string(output, "</ul>\n");
}

/* A line of advice: what stands between backticks is to be typed. */
static void write_advice_line(struct output *output, const char *text)
{
	char part[SENTENCE];
	bool code = false;

	output_string(output, "<li>");
	for (;; code = !code) {
		size_t length = strcspn(text, "`");

		snprintf(part, sizeof(part), "%.*s", (int)length, text);
		html_element(output, code ? "<code>" : "<span>", code ? "code" : "span", part);
		if (!text[length])
			break;
		text += length + 1;
	}
	output_string(output, "</li>");
}

static void write_list(const struct report *report, struct output *output,
		       const struct advice *advice, enum advice_list list, const char *title)
{
	struct sentence line;

	if (!advice_line(&line, &report->adviser, advice, list, 0))
		return;
	html_element(output, "<dt>", "dt", title);
	output_string(output, "<dd><ul>");
	for (size_t i = 0; advice_line(&line, &report->adviser, advice, list, i); i++)
		if (list == ADVICE_COMMANDS) {
			html_element(output, "<li><code>", "code", line.text);
			output_string(output, "</li>");
		} else {
			write_advice_line(output, line.text);
		}
	output_string(output, "</ul></dd>\n");
}

static void write_finding(const struct report *report, struct output *output,
			  const struct advice *advice)
{
	const char *severity = severity_name(advice->severity);
	struct sentence sentence = {0};

	advice_say(&sentence, &report->adviser, advice);
	output_format(output, "<article class=\"finding %s\">\n<p class=\"rule\"><b>%s</b> ",
		      severity, severity);
	html_element(output, "<code>", "code", advice_rule(advice));
	html_element(output, "</p>\n<h3>", "h3", sentence.text);
	output_string(output, "\n<dl>\n");
	write_list(report, output, advice, ADVICE_HELPS, "Helps");
	write_list(report, output, advice, ADVICE_DOES_NOT_HELP, "Does not help");
	write_list(report, output, advice, ADVICE_COMMANDS, "See");
	output_string(output, "</dl>\n</article>\n");
}

/* The rules with one reason together. */
static void write_unjudged(const struct adviser *adviser, size_t first, struct output *output)
{
	const char *why = adviser->unknown[first].why, *comma = "";

	for (size_t i = 0; i < first; i++)
		if (adviser->unknown[i].why == why)
			return;
	output_string(output, "<li>");
	for (size_t i = first; i < adviser->unknown_count; i++) {
		if (adviser->unknown[i].why != why)
			continue;
		output_string(output, comma);
		html_element(output, "<code>", "code", unjudged_rule(&adviser->unknown[i]));
		comma = ", ";
	}
	html_say(output, ": %s", why);
	output_string(output, "</li>\n");
}

static void write_unknown(const struct adviser *adviser, struct output *output)
{
	if (!adviser->unknown_count)
		return;
	html_element(output, "<details><summary>", "summary", "What could not be judged here");
	output_string(output, "<ul>\n");
	for (size_t i = 0; i < adviser->unknown_count; i++)
		write_unjudged(adviser, i, output);
	output_string(output, "</ul></details>\n");
}

static void write_findings(const struct report *report, struct output *output)
{
	const struct adviser *adviser = &report->adviser;
	struct sentence fine = {0};

	output_string(output, "<section id=\"findings\">\n<h2>Findings</h2>\n");
	if (adviser_say_fine(&fine, adviser, NULL))
		html_element(output, "<p class=\"fine\">", "p", fine.text);
	for (size_t i = 0; i < adviser->count; i++)
		write_finding(report, output, &adviser->items[i]);
	write_unknown(adviser, output);
	output_string(output, "</section>\n");
}

/* What is reported on: the host that was recorded, or this one. */
static void write_title(const struct report *report, struct output *output)
{
	const struct watch *watch = report->watch;
	struct utsname here;

	uname(&here);
	output_string(output, "<h1>TCP connections that linger on ");
	html_text(output,
		  watch->options->input ? watch->input.recording.header.host : here.nodename);
	output_string(output, "</h1>\n");
}

void report_write(const struct report *report, struct output *output)
{
	char text[TEXT_AGE];

	write_head(output);
	output_string(output, "<header>\n");
	write_title(report, output);
	output_string(output, "<p>");
	write_period(report, output);
	text_age(text, report->time_ns - report->begun_ns);
	html_say(output, "; watched for %s, %zu refresh%s; tcplinger %s", text, report->refreshes,
		 report->refreshes == 1 ? "" : "es", program_version);
	output_string(output, "</p>\n");
	write_tiles(report, output);
	output_string(output, "</header>\n<main>\n");
	write_findings(report, output);
	report_write_sections(report, output);
	output_string(output, "</main>\n</body>\n</html>\n");
}
