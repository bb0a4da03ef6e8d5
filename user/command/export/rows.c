// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Rows that are JSON objects first, of views, losses and advice: a column of a table is the member
 * of its name. SQLite itself takes the objects apart.
 */
#include "command/export/exporter.h"
#include "view/objects.h"

static const char *const tables[EXPORT_TABLES] = {
	[EXPORT_CLOSE_WAITS] = "close_wait",
	[EXPORT_PORT_USE] = "port_use",
	[EXPORT_PORT_FAILURES] = "port_failure",
	[EXPORT_LOSSES] = "loss",
	[EXPORT_ADVICE] = "advice",
};

/* A statement that is being put together. */
struct draft_statement {
	sqlite3_str *columns;
	sqlite3_str *values;
};

/* An element of an object, ?1, by its path. */
static void add_plain(struct draft_statement *draft, const char *path)
{
	sqlite3_str_appendf(draft->values, "?1 ->> '$.%s'", path);
}

static void add_reference(struct draft_statement *draft, const char *path)
{
	sqlite3_str_appendf(draft->values,
			    "(SELECT id FROM process WHERE pid = ?1 ->> '$.%s.pid' AND "
			    "ifnull(start_time, '') = ifnull(?1 ->> '$.%s.start_time', ''))",
			    path, path);
}

static void add_column(struct draft_statement *draft, const char *column, const char *path,
		       bool refers)
{
	const char *comma = sqlite3_str_length(draft->columns) ? ", " : "";

	sqlite3_str_appendf(draft->columns, "%s%s", comma, column);
	sqlite3_str_appendall(draft->values, comma);
	if (refers)
		add_reference(draft, path);
	else
		add_plain(draft, path);
}

/* Frees what was put together. */
static sqlite3_stmt *prepare_draft(struct database *database, const char *table,
				   struct draft_statement *draft)
{
	char *columns = sqlite3_str_finish(draft->columns);
	char *values = sqlite3_str_finish(draft->values);
	char *sql = sqlite3_mprintf("INSERT INTO %s (%s) VALUES (%s)", table, columns, values);
	sqlite3_stmt *statement = database_prepare(database, sql);

	sqlite3_free(sql);
	sqlite3_free(values);
	sqlite3_free(columns);
	return statement;
}

/* What a table has: name, path in the object, whether it is a process. */
static sqlite3_stmt *prepare_columns(struct database *database, const char *table)
{
	char *sql = sqlite3_mprintf(
		"SELECT name, iif(%Q = 'advice' AND name = 'process', 'about.process', name), "
		"name IN (SELECT \"from\" FROM pragma_foreign_key_list(%Q)) "
		"FROM pragma_table_info(%Q) WHERE name <> 'id'",
		table, table, table);
	sqlite3_stmt *statement = database_prepare(database, sql);

	sqlite3_free(sql);
	return statement;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

static void prepare_table(struct database *database, const char *table,
			  struct table_statements *statements)
{
	sqlite3_stmt *columns = prepare_columns(database, table);
	struct draft_statement draft = {sqlite3_str_new(database->handle),
					sqlite3_str_new(database->handle)};
	size_t references = 0;

	while (columns && sqlite3_step(columns) == SQLITE_ROW) {
		const char *path = text_at(columns, 1);
		bool refers = sqlite3_column_int(columns, 2);

		add_column(&draft, text_at(columns, 0), path, refers);
		if (refers && references < EXPORT_REFERENCES)
			statements->processes[references++] =
				export_prepare_process(database, path);
	}
	statements->insert = prepare_draft(database, table, &draft);
	sqlite3_finalize(columns);
}

void export_prepare_rows(struct exporter *exporter)
{
	for (size_t i = 0; i < EXPORT_TABLES; i++)
		prepare_table(exporter->database, tables[i], &exporter->tables[i]);
}

static void run(struct exporter *exporter, sqlite3_stmt *statement)
{
	if (!statement)
		return;
	bind_bytes(statement, 1, exporter->draft.text, exporter->draft.length);
	database_step(exporter->database, statement);
}

/* The object that was written to the draft. */
static void insert(struct exporter *exporter, enum export_table table)
{
	for (size_t i = 0; i < EXPORT_REFERENCES; i++)
		run(exporter, exporter->tables[table].processes[i]);
	run(exporter, exporter->tables[table].insert);
	exporter->draft.length = 0;
}

static void insert_rows(struct exporter *exporter, enum export_table into,
			const struct table *table, const void *view, const struct rows *rows,
			uint64_t time_ns, uint64_t seq)
{
	for (size_t i = 0; i < rows->shown_count; i++) {
		table_show_row(table, &exporter->draft, view, rows->shown[i], time_ns, seq,
			       &exporter->watch->model.clocks);
		insert(exporter, into);
	}
}

void export_rows(struct exporter *exporter)
{
	const struct leaks *leaks = exporter->adviser.config.leaks;
	const struct ports *ports = exporter->adviser.config.ports;

	insert_rows(exporter, EXPORT_CLOSE_WAITS, &leaks_table, leaks, &leaks->rows, leaks->time_ns,
		    leaks->rows.seq);
	insert_rows(exporter, EXPORT_PORT_USE, &ports_table, ports, &ports->rows, ports->time_ns,
		    ports->rows.seq);
	insert_rows(exporter, EXPORT_PORT_FAILURES, &port_failures_table, ports, &ports->failures,
		    ports->time_ns, ports->rows.seq);
}

void export_losses(struct exporter *exporter, uint64_t time_ns, const struct losses *losses)
{
	object_loss(&exporter->draft, time_ns, losses, &exporter->watch->model.clocks);
	insert(exporter, EXPORT_LOSSES);
}

void export_advice(struct exporter *exporter)
{
	const struct adviser *adviser = &exporter->adviser;

	for (size_t i = 0; i < adviser->count; i++) {
		advice_write(adviser, &adviser->items[i], &exporter->draft);
		insert(exporter, EXPORT_ADVICE);
	}
}
