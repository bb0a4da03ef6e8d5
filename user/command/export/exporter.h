/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who writes a stream into a database (schema.sql): connections and their transitions as the model
 * tells them, and the rows of views at each refresh. What is kept in memory is of connections that
 * have not ended yet, and of processes.
 */
#ifndef TCPLINGER_EXPORTER_H
#define TCPLINGER_EXPORTER_H

#include "command/advise.h"
#include "writer/sqlite.h"

/* A connection, up to its end. The model forgets some without a word: all is here. */
struct life {
	uint64_t cookie;
	uint64_t opened_ns; /* 0: not seen, and so the next ones */
	uint64_t first_fin_ns;
	uint64_t time_wait_ns;	    /* when it entered TIME_WAIT */
	uint64_t in_ns[TCP_STATES]; /* UNKNOWN_NS: not seen to enter and to leave */
	uint64_t sent_bytes;
	uint64_t received_bytes;
	struct tuple tuple;
	uint32_t id;
	uint32_t owner; /* ids of processes; 0: not known */
	uint32_t closer;
	uint8_t owner_by;
	uint8_t direction;
	uint8_t state;
	bool measured; /* the bytes are known */
};

/* The statements that are run for each record; see connections.c and processes.c. */
enum export_statement {
	INSERT_CONNECTION,
	INSERT_TRANSITION,
	INSERT_TIME_WAIT,
	UPSERT_PROCESS,
	INSERT_META,
	EXPORT_STATEMENTS,
};

/* The tables whose rows are JSON objects first; see rows.c. */
enum export_table {
	EXPORT_CLOSE_WAITS,
	EXPORT_PORT_USE,
	EXPORT_PORT_FAILURES,
	EXPORT_LOSSES,
	EXPORT_ADVICE,
	EXPORT_TABLES,
};

#define EXPORT_REFERENCES 2 /* processes that a row refers to, at most */

struct table_statements {
	sqlite3_stmt *processes[EXPORT_REFERENCES]; /* NULL: no more */
	sqlite3_stmt *insert;
};

struct exporter {
	struct watch *watch;
	struct adviser adviser;
	struct database *database;
	sqlite3_stmt *statements[EXPORT_STATEMENTS];
	struct table_statements tables[EXPORT_TABLES];
	struct pool lives; /* struct life */
	struct index live;
	uint32_t last_id; /* of connections */
	struct pool processes;
	struct index known;
	struct output draft;
	uint64_t begun_ns; /* the first record; 0: there was none */
	uint64_t refreshes;
};

/* On a database that is open and empty: makes the tables. */
void exporter_init(struct exporter *exporter, struct watch *watch, struct database *database);
void exporter_free(struct exporter *exporter);

/* What a consumer is told. */
void exporter_record(struct exporter *exporter, const struct record_header *record);
void exporter_refreshed(struct exporter *exporter, uint64_t time_ns);
void exporter_transition(struct exporter *exporter, const struct transition *transition);

/* At the end: what has not ended, what there is to say of the whole. */
void exporter_finish(struct exporter *exporter, const struct losses *losses);

/* connections.c: those that still are there. */
void export_open_connections(struct exporter *exporter);

/* processes.c: its id; 0 for NULL. What /proc says of one, when that is told. */
void export_init_processes(struct exporter *exporter);
uint32_t export_process(struct exporter *exporter, const struct process *process);
void export_description(struct exporter *exporter, const struct record_process *record);

/* Makes a process's row, or brings it up to date, of an object, ?1, that has it under `path`; gives
 * its id. */
sqlite3_stmt *export_prepare_process(struct database *database, const char *path);

/* rows.c */
void export_prepare_rows(struct exporter *exporter);
void export_rows(struct exporter *exporter);
void export_losses(struct exporter *exporter, uint64_t time_ns, const struct losses *losses);
void export_advice(struct exporter *exporter);

/* meta.c: of the recording. */
void export_meta(struct exporter *exporter);

/* A time as text, to be bound; `text`: FORMAT_TIME. 0: unbound. */
void export_time(struct exporter *exporter, sqlite3_stmt *statement, int place, char *text,
		 uint64_t time_ns);

/* Seconds; UNKNOWN_NS: unbound. */
void export_seconds(sqlite3_stmt *statement, int place, uint64_t ns);

/* The id of a process; 0: unbound. */
void export_reference(sqlite3_stmt *statement, int place, uint32_t id);

#endif
