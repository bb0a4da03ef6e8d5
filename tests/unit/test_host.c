// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the model keeps of the host and its namespaces. */
#include "model/model.h"
#include "records.h"
#include "unit.h"

static const struct needs needs;

static void open_model(struct model *model)
{
	model_init(model, &(struct model_config){.needs = &needs});
}

static void apply(struct model *model, const void *record)
{
	model_apply(model, record);
}

static void settings_are_each_namespaces_own(void **state)
{
	struct record_settings one = settings_of(SECOND, 1), two = settings_of(SECOND, 2);
	struct model model;
	uint64_t value;

	(void)state;
	open_model(&model);
	one.values[SETTING_TW_REUSE] = 1;
	apply(&model, &one);
	apply(&model, &two);
	assert_true(host_setting(&model.host, 1, SETTING_TW_REUSE, &value) && value == 1);
	assert_false(host_setting(&model.host, 1, SETTING_FIN_TIMEOUT, &value) || value);
	assert_false(host_setting(&model.host, 2, SETTING_TW_REUSE, &value) || value);
	assert_false(host_setting(&model.host, 3, SETTING_TW_REUSE, &value) || value);
	one.values[SETTING_TW_REUSE] = 2;
	apply(&model, &one);
	assert_true(host_setting(&model.host, 1, SETTING_TW_REUSE, &value) && value == 2);
	model_free(&model);
}

static void what_grows_grows_since_it_was_first_told(void **state)
{
	struct record_counters first = counters_of(SECOND, 5), last = counters_of(2 * SECOND, 9);
	struct record_namespace seen = namespace_of(SECOND, NETNS);
	const struct host_netns *known;
	struct model model;

	(void)state;
	open_model(&model);
	assert_int_equal(host_grew(&model.host, NETNS, COUNTER_TIME_WAIT_OVERFLOW), 0);
	apply(&model, &first);
	assert_int_equal(host_grew(&model.host, NETNS, COUNTER_TIME_WAIT_OVERFLOW), 0);
	apply(&model, &last);
	assert_int_equal(host_grew(&model.host, NETNS, COUNTER_TIME_WAIT_OVERFLOW), 4);
	apply(&model, &seen);
	seen.conntrack.drop = 3;
	apply(&model, &seen);
	known = host_netns(&model.host, NETNS);
	assert_true(known->first_seen.conntrack.drop == 0 && known->seen.conntrack.drop == 3);
	model_free(&model);
}

/* Its inode number is another's now: what had been counted is not what this one has. */
static void a_new_namespace_of_an_old_number_begins_anew(void **state)
{
	struct record_counters first = counters_of(SECOND, 5), last = counters_of(2 * SECOND, 9);
	struct model model;

	(void)state;
	open_model(&model);
	apply(&model, &first);
	last.netns_cookie = first.netns_cookie + 1;
	apply(&model, &last);
	assert_int_equal(host_grew(&model.host, NETNS, COUNTER_TIME_WAIT_OVERFLOW), 0);
	model_free(&model);
}

static void of_too_many_namespaces_the_oldest_is_forgotten(void **state)
{
	struct model model;

	(void)state;
	open_model(&model);
	for (uint32_t i = 0; i < HOST_NAMESPACES + 1; i++) {
		struct record_settings record = settings_of(SECOND + i, 1 + i);

		apply(&model, &record);
	}
	assert_int_equal(model.host.count, HOST_NAMESPACES);
	assert_null(host_netns(&model.host, 1));
	assert_non_null(host_netns(&model.host, 2));
	assert_non_null(host_netns(&model.host, HOST_NAMESPACES + 1));
	model_free(&model);
}

static void a_share_is_of_the_time_watched(void **state)
{
	struct record_host record = host_of(SECOND);
	struct model model;
	double share;

	(void)state;
	open_model(&model);
	assert_false(host_starved_share(&model.host, &share));
	record.values[HOST_STARVED_NS] = 100 * SECOND;
	record.values[HOST_STARVED_SHARE] = 1250;
	apply(&model, &record);
	assert_true(host_starved_share(&model.host, &share) && share == 0.125);
	record.header.time_ns = 11 * SECOND;
	record.values[HOST_STARVED_NS] = 105 * SECOND;
	apply(&model, &record);
	assert_true(host_starved_share(&model.host, &share) && share == 0.5);
	model_free(&model);
}

static void an_answer_replaces_the_last_one(void **state)
{
	struct record_sysctl begins = sysctl_of(SECOND, 0, 0, "");
	struct record_sysctl line = sysctl_of(SECOND, 7, SETTING_TW_RECYCLE, "1");
	struct model model;

	(void)state;
	open_model(&model);
	assert_false(model.host.sysctls_told);
	begins.unread = 2;
	apply(&model, &begins);
	apply(&model, &line);
	assert_int_equal(host_sysctl(&model.host, SETTING_TW_RECYCLE)->line, 7);
	assert_null(host_sysctl(&model.host, SETTING_TW_REUSE));
	assert_true(model.host.sysctls_told && model.host.unread == 2);
	begins.unread = 0;
	apply(&model, &begins);
	assert_null(host_sysctl(&model.host, SETTING_TW_RECYCLE));
	assert_int_equal(model.host.unread, 0);
	model_free(&model);
}

static void a_stream_that_begins_anew_knows_nothing(void **state)
{
	struct record_settings settings = settings_of(SECOND, 1);
	struct record_sysctl begins = sysctl_of(SECOND, 0, 0, "");
	struct record_source source = source_of(2 * SECOND, 0);
	struct record_host host = host_of(SECOND);
	struct model model;
	uint64_t value;

	(void)state;
	open_model(&model);
	host.values[HOST_ORPHANS] = 3;
	apply(&model, &settings);
	apply(&model, &begins);
	apply(&model, &host);
	assert_true(host_figure(&model.host, HOST_ORPHANS, &value) && value == 3);
	apply(&model, &source);
	assert_null(host_netns(&model.host, 1));
	assert_false(model.host.sysctls_told || host_figure(&model.host, HOST_ORPHANS, &value));
	model_free(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_each_namespaces_own),
		cmocka_unit_test(what_grows_grows_since_it_was_first_told),
		cmocka_unit_test(a_new_namespace_of_an_old_number_begins_anew),
		cmocka_unit_test(of_too_many_namespaces_the_oldest_is_forgotten),
		cmocka_unit_test(a_share_is_of_the_time_watched),
		cmocka_unit_test(an_answer_replaces_the_last_one),
		cmocka_unit_test(a_stream_that_begins_anew_knows_nothing),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
