// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/option_table.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "cli/parse.h"
#include "source/netns.h"

#define COMM_MAX       15 /* TASK_COMM_LEN - 1 */
#define NETNS_ACCEPTED "a name under /run/netns, a path or a pid"

/* The place of `text` among `words`, or -1. */
static int word(const char *text, const char *const *words, size_t count)
{
	for (int i = 0; i < (int)count; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static const char *take_pid(struct options *options, const char *text)
{
	return parse_pid(text, &options->processes.pid);
}

static const char *take_comm(struct options *options, const char *text)
{
	options->processes.comm = text;
	if (!text[0] || strlen(text) > COMM_MAX)
		return "a comm has 1 to 15 bytes";
	return NULL;
}

static const char *take_cgroup(struct options *options, const char *text)
{
	options->processes.cgroup = text;
	return text[0] == '/' ? NULL : CGROUP_ACCEPTED;
}

static const char *take_netns(struct options *options, const char *text)
{
	if (netns_resolve(text, &options->tuples.netns))
		return NULL;
	if (errno == EACCES || errno == EPERM)
		return "no permission to look at it; " NETNS_ACCEPTED;
	if (errno == EINVAL)
		return "it is no network namespace; " NETNS_ACCEPTED;
	return "there is no such namespace; " NETNS_ACCEPTED;
}

static const char *take_lport(struct options *options, const char *text)
{
	return parse_ports(text, &options->tuples.lport);
}

static const char *take_rport(struct options *options, const char *text)
{
	return parse_ports(text, &options->tuples.rport);
}

static const char *take_laddr(struct options *options, const char *text)
{
	return parse_address(text, &options->tuples.laddr);
}

static const char *take_raddr(struct options *options, const char *text)
{
	return parse_address(text, &options->tuples.raddr);
}

static const char *take_ipv4(struct options *options, const char *text)
{
	(void)text;
	options->tuples.families |= FILTER_FAMILY_INET;
	return NULL;
}

static const char *take_ipv6(struct options *options, const char *text)
{
	(void)text;
	options->tuples.families |= FILTER_FAMILY_INET6;
	return NULL;
}

static const char *take_state(struct options *options, const char *text)
{
	return parse_states(text, &options->states);
}

static const char *take_by(struct options *options, const char *text)
{
	int by = word(text, grouping_names, GROUPINGS);

	options->by = (enum grouping)by;
	return by < 0 ? "pid, comm, exe, cgroup or container" : NULL;
}

static const char *take_once(struct options *options, const char *text)
{
	(void)text;
	options->once = true;
	return NULL;
}

static const char *take_limit(struct options *options, const char *text)
{
	return parse_count(text, &options->limit);
}

/* What is accepted depends on the command: see take_option. */
static const char *take_sort(struct options *options, const char *text)
{
	options->sort = text;
	return table_find(options->command->table, text) ? NULL : "";
}

static const char *take_age(struct options *options, const char *text)
{
	return parse_age(text, &options->age_s);
}

static const char *take_interval(struct options *options, const char *text)
{
	return parse_seconds(text, &options->interval_s);
}

static const char *take_duration(struct options *options, const char *text)
{
	return parse_seconds(text, &options->duration_s);
}

static const char *take_json(struct options *options, const char *text)
{
	(void)text;
	options->json = true;
	return NULL;
}

static const char *take_hooks(struct options *options, const char *text)
{
	static const char *const words[] = {"auto", "tracepoint", "fentry"};
	int mode = word(text, words, LENGTH(words));

	options->hooks = (enum hooks_mode)mode;
	return mode < 0 ? "auto, fentry or tracepoint" : NULL;
}

static const char *take_no_bpf(struct options *options, const char *text)
{
	(void)text;
	options->no_bpf = true;
	return NULL;
}

static const char *take_ring_size(struct options *options, const char *text)
{
	return parse_ring_size(text, &options->ring_kib);
}

static const char *take_ready_file(struct options *options, const char *text)
{
	options->ready_file = text;
	return parse_new_file(text);
}

static const char *take_audit(struct options *options, const char *text)
{
	(void)text;
	options->audit = true;
	return NULL;
}

static const char *take_stacks(struct options *options, const char *text)
{
	(void)text;
	options->stacks = true;
	return NULL;
}

static const char *take_folded(struct options *options, const char *text)
{
	options->folded = text;
	return parse_new_file(text);
}

static const char *take_fail_on(struct options *options, const char *text)
{
	options->fail_on = severity_of(text);
	return options->fail_on == SEVERITIES ? "info, warning or critical" : NULL;
}

static const char *take_input(struct options *options, const char *text)
{
	options->input = text;
	return text[0] ? NULL : "a recording, or - for stdin";
}

static const char *take_at(struct options *options, const char *text)
{
	return parse_moment(text, &options->at);
}

static const char *take_rotate(struct options *options, const char *text)
{
	return parse_size(text, &options->rotate_bytes);
}

static const char *take_retain(struct options *options, const char *text)
{
	return parse_seconds(text, &options->retain_s);
}

static const char *take_anonymize(struct options *options, const char *text)
{
	(void)text;
	options->anonymize = true;
	return NULL;
}

static const char *take_output(struct options *options, const char *text)
{
	options->output = text;
	return strcmp(text, "-") == 0 ? NULL : parse_new_file(text);
}

static const char *take_listen_address(struct options *options, const char *text)
{
	struct serve_options *serve = &options->serve;

	if (serve->address_count == LISTEN_ADDRESSES)
		return "there are 8 of them already";
	return parse_listen_address(text, &serve->addresses[serve->address_count++]);
}

static const char *take_web_config(struct options *options, const char *text)
{
	options->serve.config = text;
	return text[0] ? NULL : "a file of the web configuration of Prometheus' exporters";
}

static const char *take_max_series(struct options *options, const char *text)
{
	return parse_count(text, &options->serve.max_series);
}

static const char *take_labels(struct options *options, const char *text)
{
	options->serve.labels_container = true;
	return strcmp(text, "container") == 0 ? NULL : "container";
}

static const char *take_textfile(struct options *options, const char *text)
{
	options->serve.textfile = text;
	return parse_new_file(text);
}

static const char *take_sqlite(struct options *options, const char *text)
{
	options->sqlite = text;
	return parse_new_file(text);
}

static const char *take_color(struct options *options, const char *text)
{
	static const char *const words[] = {"auto", "always", "never"};
	int mode = word(text, words, LENGTH(words));

	options->color = (enum color_mode)mode;
	return mode < 0 ? "auto, always or never" : NULL;
}

static const char *take_lang(struct options *options, const char *text)
{
	return language_find(text, &options->language) ? NULL : "en or zh";
}

static const char *take_verbose(struct options *options, const char *text)
{
	(void)text;
	options->verbose = true;
	return NULL;
}

static const char *take_help(struct options *options, const char *text)
{
	(void)text;
	options->help = true;
	return NULL;
}

static const char *take_version(struct options *options, const char *text)
{
	(void)text;
	options->version = true;
	return NULL;
}

const struct option_row option_rows[OPTIONS] = {
	[OPTION_PID] = {"pid", 'p', "PID", "only what this process owns or holds", take_pid},
	[OPTION_COMM] = {"comm", 'c', "NAME", "the same for all processes of this name", take_comm},
	[OPTION_CGROUP] = {"cgroup", 0, "PATH",
			   "the same for all processes of this cgroup (v2) and below", take_cgroup},
	[OPTION_NETNS] = {"netns", 0, "NAME|PATH|PID", "only this network namespace", take_netns},
	[OPTION_LPORT] = {"lport", 0, "PORTS", "only these local ports: N, N-M, or a list",
			  take_lport},
	[OPTION_RPORT] = {"rport", 0, "PORTS", "only these remote ports", take_rport},
	[OPTION_LADDR] = {"laddr", 0, "ADDRESS",
			  "only this local address or prefix, also with a port", take_laddr},
	[OPTION_RADDR] = {"raddr", 0, "ADDRESS",
			  "only this remote address: 10.0.0.5:3306, [::1]:80, 10.0.0.0/8",
			  take_raddr},
	[OPTION_IPV4] = {"ipv4", '4', NULL, "only IPv4 sockets", take_ipv4},
	[OPTION_IPV6] = {"ipv6", '6', NULL, "only IPv6 sockets, v4-mapped connections included",
			 take_ipv6},
	[OPTION_STATE] = {"state", 0, "LIST",
			  "only sockets in these states, or transitions from or to them",
			  take_state},
	[OPTION_BY] = {"by", 0, "GROUP",
		       "a row for each pid, comm, exe, cgroup or container (default pid)", take_by},
	[OPTION_ONCE] = {"once", 0, NULL, "show what exists now, once", take_once},
	[OPTION_LIMIT] = {"limit", 0, "N", "at most this many rows", take_limit},
	[OPTION_SORT] = {"sort", 0, "KEY", "the greatest of this figure first", take_sort},
	[OPTION_AGE] = {"age", 0, "SECONDS", "younger sockets say nothing yet (default 10)",
			take_age},
	[OPTION_INTERVAL] = {"interval", 'i', "SECONDS", "time between refreshes (default 1)",
			     take_interval},
	[OPTION_DURATION] = {"duration", 'd', "SECONDS", "stop after this time", take_duration},
	[OPTION_JSON] = {"json", 0, NULL, "one JSON object per line", take_json},
	[OPTION_HOOKS] = {"hooks", 0, "FORM", "auto, fentry or tracepoint (default auto)",
			  take_hooks},
	[OPTION_NO_BPF] = {"no-bpf", 0, NULL, "from sock_diag and /proc alone", take_no_bpf},
	[OPTION_RING_SIZE] = {"ring-size", 0, "KIB",
			      "memory for what has happened and is not read yet (default 16384)",
			      take_ring_size},
	[OPTION_READY_FILE] = {"ready-file", 0, "PATH",
			       "create this file when everything is watched", take_ready_file},
	[OPTION_AUDIT] = {"audit", 0, NULL,
			  "at the end: the kernel's counters beside what was seen", take_audit},
	[OPTION_STACKS] = {"stacks", 0, NULL,
			   "the code that opens connections, and that reads their end of file",
			   take_stacks},
	[OPTION_FOLDED] = {"folded", 0, "FILE",
			   "with --stacks, at the end: the stacks, as flame graph tools read them",
			   take_folded},
	[OPTION_FAIL_ON] = {"fail-on", 0, "SEVERITY",
			    "exit with 4 where anything is as grave: info, warning or critical",
			    take_fail_on},
	[OPTION_INPUT] = {"input", 'I', "FILE",
			  "a recording, or - for stdin, in place of this host", take_input},
	[OPTION_AT] = {"at", 0, "TIME", "what a recording has then, once: RFC 3339, or +SECONDS",
		       take_at},
	[OPTION_ROTATE] = {"rotate", 0, "SIZE",
			   "begin a new file before one is larger: bytes, or with K, M, G",
			   take_rotate},
	[OPTION_RETAIN] = {"retain", 0, "SECONDS", "delete a file once its last record is so old",
			   take_retain},
	[OPTION_ANONYMIZE] = {"anonymize", 0, NULL,
			      "other addresses, host, exe, cgroup and container are written",
			      take_anonymize},
	[OPTION_OUTPUT] = {"output", 'o', "FILE", "what is written, or - for stdout", take_output},
	[OPTION_LISTEN_ADDRESS] = {"web.listen-address", 0, "ADDRESS",
				   "IP:PORT, [IP]:PORT or :PORT (default 127.0.0.1:9878), several "
				   "too",
				   take_listen_address},
	[OPTION_WEB_CONFIG] = {"web.config.file", 0, "FILE",
			       "TLS and passwords, as Prometheus' exporters have them",
			       take_web_config},
	[OPTION_MAX_SERIES] = {"max-series", 0, "N",
			       "of each metric at most so many series (default 1000)",
			       take_max_series},
	[OPTION_LABELS] = {"labels", 0, "LABEL", "container: a label beside comm", take_labels},
	[OPTION_TEXTFILE] = {"textfile", 0, "FILE",
			     "write the metrics here for node_exporter, and do not listen",
			     take_textfile},
	[OPTION_SQLITE] = {"sqlite", 0, "FILE", "the database that is written", take_sqlite},
	[OPTION_COLOR] = {"color", 0, "WHEN", "auto, always or never (NO_COLOR is honoured)",
			  take_color},
	[OPTION_LANG] = {"lang", 0, "LANGUAGE",
			 "en or zh, of text and help (default by LC_ALL, LC_MESSAGES, LANG)",
			 take_lang},
	[OPTION_VERBOSE] = {"verbose", 'v', NULL, "more detail; messages of libbpf on stderr",
			    take_verbose},
	[OPTION_HELP] = {"help", 'h', NULL, "show this help", take_help},
	[OPTION_VERSION] = {"version", 0, NULL, "show the version", take_version},
};
