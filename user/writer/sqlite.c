// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/sqlite.h"

#include <stdio.h>

/* Pages that are kept in memory: with what SQLite needs besides, all that a database takes. */
#define CACHE_KIB "65536"

/* What is put off until later, or elsewhere, is of no use to a file that is thrown away if it
 * fails. */
static const char settings[] = "PRAGMA page_size = 8192;"
			       "PRAGMA journal_mode = OFF;"
			       "PRAGMA synchronous = OFF;"
			       "PRAGMA locking_mode = EXCLUSIVE;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_size = -" CACHE_KIB ";"
			       "BEGIN EXCLUSIVE;";

static void note_failure(struct database *database)
{
	if (!database->failure[0])
		snprintf(database->failure, sizeof(database->failure), "%s",
			 sqlite3_errmsg(database->handle));
}

static bool failed(const struct database *database)
{
	return database->failure[0];
}

void database_run(struct database *database, const char *sql)
{
	if (!failed(database) && sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		note_failure(database);
}

bool database_open(struct database *database, const char *path)
{
	*database = (struct database){0};
	if (sqlite3_open_v2(path, &database->handle, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		note_failure(database);
	database_run(database, settings);
	return !failed(database);
}

bool database_commit(struct database *database)
{
	database_run(database, "COMMIT");
	return !failed(database);
}

void database_close(struct database *database)
{
	sqlite3_close_v2(database->handle);
}

sqlite3_stmt *database_prepare(struct database *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (!failed(database) &&
	    sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
			       NULL) != SQLITE_OK)
		note_failure(database);
	return statement;
}

int64_t database_step(struct database *database, sqlite3_stmt *statement)
{
	int64_t id = 0;
	int status;

	if (failed(database))
		return 0;
	status = sqlite3_step(statement);
	if (status == SQLITE_ROW)
		id = sqlite3_column_int64(statement, 0);
	else if (status == SQLITE_DONE)
		id = sqlite3_last_insert_rowid(database->handle);
	else
		note_failure(database);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return id;
}

void bind_number(sqlite3_stmt *statement, int place, uint64_t number)
{
	sqlite3_bind_int64(statement, place, (int64_t)number);
}

void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
	sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

void bind_bytes(sqlite3_stmt *statement, int place, const char *bytes, size_t size)
{
	sqlite3_bind_text64(statement, place, bytes, size, SQLITE_STATIC, SQLITE_UTF8);
}
