// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whatever a stream tells, the database of it is whole: each reference has its row. */
#include <stdlib.h>
#include <unistd.h>

#include "command/export/exporter.h"
#include "record_list.h"
#include "stage.h"
#include "traffic.h"
#include "unit.h"
#include "view/views.h"

#define SEEDS 40

struct run {
	struct stage stage;
	struct exporter exporter;
	struct database database;
	char path[64];
	uint64_t told; /* transitions */
};

static void tell_transition(void *self, const struct transition *transition)
{
	struct run *run = self;

	run->told++;
	exporter_transition(&run->exporter, transition);
}

static const struct observer observer = {.transition = tell_transition};

static void on_record(void *context, const struct record_header *record)
{
	struct run *run = context;

	exporter_record(&run->exporter, record);
	stage_record(&run->stage, record);
	if (record->type == RECORD_REFRESH)
		exporter_refreshed(&run->exporter, record->time_ns);
}

static void ask(void *context, struct questions *questions)
{
	struct run *run = context;

	stage_ask(&run->stage, questions);
	adviser_ask(&run->exporter.adviser, questions);
}

static void begin(struct run *run, const struct options *options)
{
	strcpy(run->path, "/tmp/test_export.XXXXXX");
	close(mkstemp(run->path));
	assert_true(database_open(&run->database, run->path));
	stage_begin(&run->stage, options, all_views, ALL_VIEWS);
	exporter_init(&run->exporter, &run->stage.watch, &run->database);
	model_observe(&run->stage.watch.model, &observer, run);
}

static void play(struct run *run, uint64_t seed)
{
	struct source_config config = {
		.needs = run->stage.watch.model.needs,
		.filter = &run->stage.watch.filter,
		.sink = {on_record, run},
		.ask = ask,
		.context = run,
	};
	struct record_list list;

	traffic_make(&list, seed);
	list_play(&list, &config);
	record_list_free(&list);
}

static void end(struct run *run)
{
	char *texts[ALL_VIEWS];

	exporter_finish(&run->exporter, &(struct losses){0});
	check(database_commit(&run->database), "%s", run->database.failure);
	exporter_free(&run->exporter);
	stage_end(&run->stage, texts);
	for (size_t i = 0; i < ALL_VIEWS; i++)
		free(texts[i]);
}

/* The first column of the first row. */
static void check_answer(struct run *run, uint64_t seed, const char *sql, const char *wanted)
{
	sqlite3_stmt *statement = database_prepare(&run->database, sql);
	const char *found = NULL;

	if (sqlite3_step(statement) == SQLITE_ROW)
		found = (const char *)sqlite3_column_text(statement, 0);
	check((!found && !wanted) || (found && wanted && strcmp(found, wanted) == 0),
	      "seed %llu: %s: %s", (unsigned long long)seed, sql, found ? found : "nothing");
	sqlite3_finalize(statement);
}

static void check_counts(struct run *run, uint64_t seed)
{
	char told[32];

	snprintf(told, sizeof(told), "%llu", (unsigned long long)run->told);
	check_answer(run, seed, "SELECT count(*) FROM transition", told);
	check_answer(run, seed, "SELECT count(*) > 0 FROM connection", "1");
	/* a connection's time in a state is the sum of its transitions' */
	check_answer(run, seed,
		     "SELECT c.id FROM connection c WHERE abs(ifnull(established_s, 0) - (SELECT "
		     "ifnull(sum(in_old_s), 0) FROM transition t WHERE t.connection = c.id AND "
		     "old = 'ESTABLISHED')) > 1e-6",
		     NULL);
	check_answer(run, seed,
		     "SELECT id FROM connection WHERE ended_at IS NOT NULL AND \"end\" IS NULL",
		     NULL);
	check_answer(run, seed,
		     "SELECT (SELECT count(*) FROM transition WHERE old = 'TIME_WAIT') - (SELECT "
		     "count(*) FROM time_wait WHERE ended_at IS NOT NULL)",
		     "0");
}

static void check_views(struct run *run, uint64_t seed)
{
	static const char *const views[] = {
		"SELECT count(*) >= 0 FROM close_wait_owners",
		"SELECT count(*) >= 0 FROM time_waits_per_minute",
		"SELECT count(*) >= 0 FROM ports_ran_out",
		"SELECT count(*) >= 0 FROM lifetimes",
		"SELECT count(*) = 7 FROM lost",
	};

	for (size_t i = 0; i < COUNT(views); i++)
		check_answer(run, seed, views[i], "1");
}

static void check_seed(const struct options *options, uint64_t seed)
{
	struct run *run = calloc(1, sizeof(*run));

	begin(run, options);
	play(run, seed);
	end(run);
	check_answer(run, seed, "PRAGMA integrity_check", "ok");
	check_answer(run, seed, "PRAGMA foreign_key_check", NULL);
	check_counts(run, seed);
	check_views(run, seed);
	database_close(&run->database);
	unlink(run->path);
	free(run);
}

static void test_each_reference_has_its_row(void **state)
{
	static struct options options = {.age_s = 0.5};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		check_seed(&options, seed);
}

static void test_after_a_failure_nothing_is_written(void **state)
{
	char path[] = "/tmp/test_export.XXXXXX";
	struct database database;

	(void)state;
	close(mkstemp(path));
	assert_true(database_open(&database, path));
	database_run(&database, "CREATE TABLE a (b INTEGER NOT NULL)");
	database_run(&database, "INSERT INTO a VALUES (NULL)");
	assert_string_equal(database.failure, "NOT NULL constraint failed: a.b");
	assert_null(database_prepare(&database, "SELECT 1"));
	database_run(&database, "nonsense");
	assert_string_equal(database.failure, "NOT NULL constraint failed: a.b");
	assert_false(database_commit(&database));
	database_close(&database);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_reference_has_its_row),
		cmocka_unit_test(test_after_a_failure_nothing_is_written),
	};

	return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
