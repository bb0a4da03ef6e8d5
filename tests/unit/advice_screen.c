// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "advice_screen.h"

#include "view/place.h"

#define TIMES 400 /* so many rows at most are shown */

static void begin(struct screen *screen, bool recent)
{
	struct view_config config = {
		.age_ns = 10 * SECOND,
		.interval_ns = SECOND,
		.processes = &screen->filter,
		.brief = true,
	};
	struct model *model = &screen->world->model;
	struct adviser_config judged = {
		.model = model,
		.leaks = &screen->leaks,
		.time_waits = &screen->waits,
		.ports = &screen->ports,
		.opening = &screen->opening,
		.closing = &screen->closing,
		.recent = recent,
	};

	leaks_init(&screen->leaks, &config, model);
	time_waits_init(&screen->waits, &config, model);
	ports_init(&screen->ports, &config, model);
	opening_init(&screen->opening, &config, model);
	closing_init(&screen->closing, &config, model);
	adviser_init(&screen->adviser, &judged);
}

static int setup(void **state, bool recent)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	screen->world = world_new(NULL, NULL);
	screen->time_ns = BEGIN;
	output_init(&screen->output, -1, NULL);
	begin(screen, recent);
	*state = screen;
	return 0;
}

int screen_setup(void **state)
{
	return setup(state, false);
}

int screen_setup_recent(void **state)
{
	return setup(state, true);
}

int screen_teardown(void **state)
{
	struct screen *screen = *state;

	adviser_free(&screen->adviser);
	closing_free(&screen->closing);
	opening_free(&screen->opening);
	ports_free(&screen->ports);
	time_waits_free(&screen->waits);
	leaks_free(&screen->leaks);
	output_free(&screen->output);
	world_free(screen->world);
	free(screen);
	return 0;
}

uint32_t number_of(struct screen *screen, uint32_t pid, const char *comm)
{
	struct process_id id = process_of(pid, comm);

	return processes_number(&screen->world->model.connections.processes, &id);
}

void lacks(struct screen *screen, uint32_t wants)
{
	screen->world->model.lacks = wants;
}

/* As rows_choose leaves it, without what it would drop. */
static void *show_at(struct screen *screen, struct rows *rows, uint64_t key, uint32_t pid)
{
	struct row *row = rows_add(rows, key, number_of(screen, pid, "server"));

	rows->shown = realloc(rows->shown, TIMES * sizeof(row));
	assert_non_null(rows->shown);
	rows->shown[rows->shown_count++] = row;
	return row;
}

static void *show(struct screen *screen, struct rows *rows, uint32_t pid)
{
	return show_at(screen, rows, ++screen->keys, pid);
}

struct leak_row *leak_row(struct screen *screen, uint32_t pid)
{
	struct leak_row *row = show(screen, &screen->leaks.rows, pid);

	row->about = row->row.process;
	return row;
}

struct time_wait_row *wait_row(struct screen *screen, uint32_t pid, unsigned int direction)
{
	struct time_wait_row *row = show(screen, &screen->waits.rows, pid);

	row->direction = (uint8_t)direction;
	row->tuple = tuple_plain();
	return row;
}

struct port_row *port_row(struct screen *screen, uint32_t supply, uint32_t used)
{
	struct tuple plain = tuple_plain(), place = place_of(&plain, DIRECTION_OUT);
	struct port_row *row;

	row = show_at(screen, &screen->ports.rows, place_key(0, &place), 0);
	row->tuple = place;
	row->now.supply_known = true;
	row->now.supply.supply = supply;
	row->now.used = used;
	row->wanted = true;
	return row;
}

struct port_failure *failure_row(struct screen *screen, uint32_t pid, enum port_cause cause)
{
	struct port_failure *failure = show(screen, &screen->ports.failures, pid);

	failure->tuple = tuple_plain();
	failure->cause = (uint8_t)cause;
	failure->failure = FAILURE_NO_PORT;
	failure->search_ns = UNKNOWN_NS;
	failure->count = 1;
	return failure;
}

struct opening_row *opening_row(struct screen *screen, uint32_t pid)
{
	struct opening_row *row = show(screen, &screen->opening.rows, pid);

	row->tuple = tuple_plain();
	return row;
}

struct listener_row *listener_row(struct screen *screen, uint32_t pid, uint16_t port)
{
	struct listener_row *row = show(screen, &screen->opening.listeners, pid);

	row->tuple = tuple_of("10.0.0.1", port, "0.0.0.0", 0);
	row->there = true;
	return row;
}

struct closing_row *closing_row(struct screen *screen, uint32_t pid)
{
	struct closing_row *row = show(screen, &screen->closing.rows, pid);

	row->tuple = tuple_plain();
	return row;
}

struct process_facts *facts_told(struct screen *screen, uint32_t pid)
{
	struct processes *processes = &screen->world->model.connections.processes;
	struct record_facts record = facts_of(screen->time_ns, pid);
	uint32_t number = number_of(screen, pid, "server");

	record.process = process_of(pid, "server");
	processes_find_out(processes, &record);
	return &processes_get(processes, number)->readings->now;
}

void judge(struct screen *screen)
{
	screen->time_ns += SECOND;
	screen->leaks.time_ns = screen->waits.time_ns = screen->time_ns;
	screen->ports.time_ns = screen->opening.time_ns = screen->time_ns;
	screen->closing.time_ns = screen->time_ns;
	adviser_judge(&screen->adviser, screen->time_ns);
}

size_t count_of(struct screen *screen, const char *rule)
{
	size_t count = 0;

	for (size_t i = 0; i < screen->adviser.count; i++)
		count += strcmp(advice_rule(&screen->adviser.items[i]), rule) == 0;
	return count;
}

const struct advice *advice_of(struct screen *screen, const char *rule)
{
	for (size_t i = 0; i < screen->adviser.count; i++)
		if (strcmp(advice_rule(&screen->adviser.items[i]), rule) == 0)
			return &screen->adviser.items[i];
	return NULL;
}

void fires(struct screen *screen, const char *rule, enum severity severity)
{
	judge(screen);
	check(count_of(screen, rule) == 1, "%s: %zu times", rule, count_of(screen, rule));
	check(advice_of(screen, rule)->severity == severity, "%s is %s", rule,
	      severity_name(advice_of(screen, rule)->severity));
}

void is_silent(struct screen *screen, const char *rule)
{
	judge(screen);
	check(count_of(screen, rule) == 0, "%s: %s", rule, sentence_of(screen, rule));
}

bool is_unknown(struct screen *screen, const char *rule)
{
	judge(screen);
	for (size_t i = 0; i < screen->adviser.unknown_count; i++)
		if (strcmp(unjudged_rule(&screen->adviser.unknown[i]), rule) == 0)
			return screen->adviser.unknown[i].why[0] != 0;
	return false;
}

uint64_t number_told(struct screen *screen, const char *rule, const char *key)
{
	const struct advice *advice = advice_of(screen, rule);
	const struct advice_figure *figure;

	assert_non_null(advice);
	figure = advice_figure(advice, key);
	check(figure != NULL, "%s: no %s", rule, key);
	return figure->number;
}

const char *sentence_of(struct screen *screen, const char *rule)
{
	static struct sentence sentence;
	const struct advice *advice = advice_of(screen, rule);

	sentence = (struct sentence){0};
	if (advice)
		advice_say(&sentence, &screen->adviser, advice);
	return sentence.text;
}

const char *json_of(struct screen *screen, const char *rule)
{
	static char text[65536];
	const struct advice *advice = advice_of(screen, rule);

	assert_non_null(advice);
	screen->output.length = 0;
	advice_write(&screen->adviser, advice, &screen->output);
	assert_true(screen->output.length < sizeof(text));
	memcpy(text, screen->output.text, screen->output.length);
	text[screen->output.length] = 0;
	return text;
}

void set_up(struct screen *screen, enum setting setting, uint64_t value)
{
	const struct host_netns *known = host_netns(&screen->world->model.host, NETNS);
	struct record_settings record = {
		.header = {RECORD_SETTINGS, sizeof(record), 0, screen->time_ns},
		.netns = NETNS,
	};

	if (known && known->settings.header.type)
		record = known->settings;
	else
		memset(record.values, 0xff, sizeof(record.values));
	record.values[setting] = value;
	feed(screen->world, record);
}

void tracks(struct screen *screen, struct conntrack conntrack)
{
	struct record_namespace record = {
		.header = {RECORD_NAMESPACE, sizeof(record), 0, screen->time_ns},
		.netns = NETNS,
		.tracks = 1,
		.conntrack = conntrack,
	};

	feed(screen->world, record);
}

void counts(struct screen *screen, enum counter counter, uint64_t value)
{
	struct record_counters record = {
		.header = {RECORD_COUNTERS, sizeof(record), 0, screen->time_ns},
		.read_ns = screen->time_ns,
		.netns_cookie = 1,
		.netns = NETNS,
	};

	record.values[counter] = value;
	feed(screen->world, record);
}
