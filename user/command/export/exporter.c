// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/export/exporter.h"

#include "base/memory.h"
#include "base/time.h"
#include "writer/format.h"

/* schema.sql, as the linker names it. */
extern const char schema_begin[] __asm__("_binary_schema_sql_start");
extern const char schema_end[] __asm__("_binary_schema_sql_end");

static const char *const statements[EXPORT_STATEMENTS] = {
	[INSERT_CONNECTION] =
		"INSERT INTO connection (id, cookie, netns, family, laddr, lport, raddr, rport, "
		"direction, owner, owner_by, closer, state, opened_at, first_fin_at, ended_at, "
		"\"end\", established_s, syn_sent_s, syn_recv_s, fin_wait1_s, fin_wait2_s, "
		"time_wait_s, close_wait_s, last_ack_s, listen_s, closing_s, sent_bytes, "
		"received_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
		"?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
	[INSERT_TRANSITION] =
		"INSERT INTO transition (connection, time, old, new, in_old_s, owner, owner_by, "
		"closer, end_reason, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[INSERT_TIME_WAIT] = "INSERT INTO time_wait (connection, cookie, entered_at, ended_at, "
			     "reason) VALUES (?1, ?2, ?3, ?4, ?5)",
	[INSERT_META] = "INSERT INTO meta (key, value) VALUES (?1, ?2)",
};

static void make_tables(struct database *database)
{
	char *schema = memory_check(strndup(schema_begin, (size_t)(schema_end - schema_begin)));

	database_run(database, schema);
	free(schema);
}

void exporter_init(struct exporter *exporter, struct watch *watch, struct database *database)
{
	*exporter = (struct exporter){.watch = watch, .database = database};
	advise_on(&exporter->adviser, watch, false);
	pool_init(&exporter->lives, sizeof(struct life));
	index_init(&exporter->live, &exporter->lives);
	export_init_processes(exporter);
	output_init(&exporter->draft, -1, NULL);
	make_tables(database);
	for (size_t i = 0; i < EXPORT_STATEMENTS; i++)
		if (statements[i])
			exporter->statements[i] = database_prepare(database, statements[i]);
	exporter->statements[UPSERT_PROCESS] = export_prepare_process(database, "process");
	export_prepare_rows(exporter);
}

static void finalize_all(struct exporter *exporter)
{
	for (size_t i = 0; i < EXPORT_STATEMENTS; i++)
		sqlite3_finalize(exporter->statements[i]);
	for (size_t i = 0; i < EXPORT_TABLES; i++) {
		sqlite3_finalize(exporter->tables[i].insert);
		for (size_t process = 0; process < EXPORT_REFERENCES; process++)
			sqlite3_finalize(exporter->tables[i].processes[process]);
	}
}

void exporter_free(struct exporter *exporter)
{
	finalize_all(exporter);
	output_free(&exporter->draft);
	index_free(&exporter->known);
	pool_free(&exporter->processes);
	index_free(&exporter->live);
	pool_free(&exporter->lives);
	adviser_free(&exporter->adviser);
}

void exporter_record(struct exporter *exporter, const struct record_header *record)
{
	if (!exporter->begun_ns)
		exporter->begun_ns = record->time_ns;
	if (record->type == RECORD_PROCESS)
		export_description(exporter, (const void *)record);
}

void exporter_refreshed(struct exporter *exporter, uint64_t time_ns)
{
	adviser_judge(&exporter->adviser, time_ns);
	export_rows(exporter);
	exporter->refreshes++;
}

void exporter_finish(struct exporter *exporter, const struct losses *losses)
{
	export_open_connections(exporter);
	export_losses(exporter, exporter->watch->time_ns, losses);
	export_advice(exporter);
	export_meta(exporter);
}

void export_time(struct exporter *exporter, sqlite3_stmt *statement, int place, char *text,
		 uint64_t time_ns)
{
	if (!time_ns)
		return;
	format_time_after(&exporter->draft.utc, text,
			  time_ns + (uint64_t)exporter->watch->model.clocks.monotonic_ns);
	bind_text(statement, place, text);
}

void export_seconds(sqlite3_stmt *statement, int place, uint64_t ns)
{
	if (ns != UNKNOWN_NS)
		sqlite3_bind_double(statement, place, (double)ns / NS_PER_S);
}

void export_reference(sqlite3_stmt *statement, int place, uint32_t id)
{
	if (id)
		bind_number(statement, place, id);
}
