/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An SQLite database that is written once, in one transaction, to a file of our own that nobody
 * else reads meanwhile: no journal, and no file besides it. After the first failure nothing is
 * written any more.
 */
#ifndef TCPLINGER_SQLITE_H
#define TCPLINGER_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct database {
	sqlite3 *handle;
	char failure[256]; /* of the first that failed; "": none */
};

/* Opens a file that is there and empty, and begins. False, with `failure`, where that fails. */
bool database_open(struct database *database, const char *path);

/* All of it is in the file, as far as this process is concerned. False: see `failure`. */
bool database_commit(struct database *database);
void database_close(struct database *database);

/* One or several statements without parameters. */
void database_run(struct database *database, const char *sql);

/* A statement that is run again and again, its parameters ?1, ?2, .. To be finalized. */
sqlite3_stmt *database_prepare(struct database *database, const char *sql);

/* Runs it with what is bound, and unbinds all. The id of the row that it inserted or returned. */
int64_t database_step(struct database *database, sqlite3_stmt *statement);

/* What is not known is NULL, and needs no binding. Texts have to last until the step. */
void bind_number(sqlite3_stmt *statement, int place, uint64_t number);
void bind_text(sqlite3_stmt *statement, int place, const char *text); /* NULL: NULL */
void bind_bytes(sqlite3_stmt *statement, int place, const char *bytes, size_t size);

#endif
