// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "view/audit/show.h"
#include "records.h"
#include "unit.h"

#define BEGIN (10 * SECOND)
#define END   (30 * SECOND)

/* An audit of namespaces whose counters a test sets, and what is shown of it. */
struct scene {
	struct output output;
	struct tuple_filter filter;
	struct audit audit;
	struct losses losses;
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	output_init(&scene->output, -1, NULL);
	audit_init(&scene->audit, &scene->filter);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;

	audit_free(&scene->audit);
	output_free(&scene->output);
	free(scene);
	return 0;
}

static void counts(struct scene *scene, uint64_t time_ns, uint32_t netns, enum counter counter,
		   uint64_t value)
{
	struct record_counters record = counters_of(time_ns, 0);

	record.read_ns = time_ns;
	record.netns = netns;
	record.netns_cookie = netns;
	record.values[counter] = value;
	audit_record(&scene->audit, &record.header);
}

static void listed(struct scene *scene)
{
	struct record_listing record = listing_of(BEGIN, LISTING_ENDS, 0);

	audit_record(&scene->audit, &record.header);
	audit_enter(&scene->audit, AUDIT_ENDS);
}

static void is_reset(struct scene *scene, uint32_t netns)
{
	struct record_transition record =
		transition_of(1, BEGIN + SECOND, TCP_ESTABLISHED, TCP_CLOSE);

	record.tuple.netns = netns;
	record.netns_cookie = netns;
	audit_record(&scene->audit, &record.header);
}

static const char *text_of(struct scene *scene)
{
	audit_settle(&scene->audit, &scene->losses, true);
	audit_show_text(&scene->audit, &scene->output, 80);
	output_bytes(&scene->output, "", 1);
	return scene->output.text;
}

static const char *json_of(struct scene *scene)
{
	struct clock_offsets clocks = {0};

	audit_settle(&scene->audit, &scene->losses, true);
	audit_show_json(&scene->audit, &scene->output, &clocks);
	output_bytes(&scene->output, "", 1);
	return scene->output.text;
}

static void the_table_has_what_was_counted_or_seen(void **state)
{
	struct scene *scene = *state;

	scene->losses.ring_full = 4;
	counts(scene, BEGIN, 5, COUNTER_ESTAB_RESETS, 100);
	listed(scene);
	is_reset(scene, 5);
	counts(scene, END, 5, COUNTER_ESTAB_RESETS, 107);
	assert_string_equal(text_of(scene),
			    "AUDIT                   KERNEL       SEEN UNEXPLAINED  EXPLAINED BY\n"
			    "namespace 5\n"
			    "EstabResets                  7          1           2  4 lost\n");
}

static void namespaces_without_figures_are_counted_only(void **state)
{
	struct scene *scene = *state;
	const char *text;

	for (uint32_t netns = 5; netns < 9; netns++)
		counts(scene, BEGIN, netns, COUNTER_ESTAB_RESETS, 100);
	listed(scene);
	counts(scene, END, 5, COUNTER_ESTAB_RESETS, 100);
	counts(scene, END, 6, COUNTER_ESTAB_RESETS, 100);
	is_reset(scene, 7); /* gone at the end, as 8 is */
	counts(scene, END, 9, COUNTER_ACTIVE_OPENS, 1);
	text = text_of(scene);
	assert_non_null(strstr(text, "namespace 9, not found at the beginning\nActiveOpens "));
	assert_non_null(strstr(text, "\n2 namespaces: nothing counted, nothing seen\n"));
	assert_non_null(strstr(text, "\n2 namespaces: gone, or not to be entered; not audited\n"));
}

static void no_line_is_wider_than_80_columns(void **state)
{
	struct scene *scene = *state;
	struct audit_namespace *space;
	char *line, *rest;

	counts(scene, BEGIN, UINT32_MAX, COUNTER_ACTIVE_OPENS, 0);
	listed(scene);
	counts(scene, END, UINT32_MAX, COUNTER_ACTIVE_OPENS, 0);
	space = (struct audit_namespace *)audit_namespace_at(&scene->audit, 0);
	for (int i = 0; i < AUDITED; i++) {
		space->lines[i] = (struct audit_line){
			.kernel = 4294967295, .seen = 4294967295, .unexplained = -4294967295};
		for (int why = 0; why < AUDIT_WHYS; why++)
			space->lines[i].explained[why] = 1234567;
	}
	audit_show_text(&scene->audit, &scene->output, 80);
	output_bytes(&scene->output, "", 1);
	for (line = strtok_r(scene->output.text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		check(strlen(line) <= 80, "%zu columns: %s", strlen(line), line);
}

static void json_has_every_counter_and_every_key(void **state)
{
	struct scene *scene = *state;
	const char *json;
	size_t lines = 0;

	counts(scene, BEGIN, 5, COUNTER_ESTAB_RESETS, 100);
	listed(scene);
	is_reset(scene, 5);
	is_reset(scene, 5);
	counts(scene, END, 5, COUNTER_ESTAB_RESETS, 101);
	json = json_of(scene);
	for (const char *at = json; *at; at++)
		lines += *at == '\n';
	assert_int_equal(lines, AUDITED);
	assert_non_null(strstr(json, "{\"type\":\"audit\",\"time\":\"1970-01-01T00:00:30.000000Z\","
				     "\"netns\":5,\"counter\":\"EstabResets\",\"kernel\":1,"
				     "\"seen\":2,\"explained\":{\"filter\":0,\"lost\":0,"
				     "\"predates\":0,\"late\":0,\"requests\":0,\"unfollowed\":0},"
				     "\"unexplained\":-1}\n"));
}

static void what_is_gone_is_null(void **state)
{
	struct scene *scene = *state;

	counts(scene, BEGIN, 5, COUNTER_ESTAB_RESETS, 100);
	listed(scene);
	is_reset(scene, 5);
	assert_non_null(strstr(json_of(scene), "\"counter\":\"EstabResets\",\"kernel\":null,"
					       "\"seen\":1,\"explained\":null,"
					       "\"unexplained\":null}\n"));
}

#define scene_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(the_table_has_what_was_counted_or_seen),
		scene_test(namespaces_without_figures_are_counted_only),
		scene_test(no_line_is_wider_than_80_columns),
		scene_test(json_has_every_counter_and_every_key),
		scene_test(what_is_gone_is_null),
	};

	return cmocka_run_group_tests_name("audit-view", tests, NULL, NULL);
}
