// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What there is to say of the whole: what was recorded where, and by whom it was exported. */
#include "base/time.h"
#include "cli/version.h"
#include "command/export/exporter.h"
#include "writer/format.h"

#define SCHEMA 1 /* of schema.sql: columns that are added need no other one */

static void put_text(struct exporter *exporter, const char *key, const char *text)
{
	sqlite3_stmt *statement = exporter->statements[INSERT_META];

	bind_text(statement, 1, key);
	bind_text(statement, 2, text);
	database_step(exporter->database, statement);
}

static void put_number(struct exporter *exporter, const char *key, uint64_t number)
{
	sqlite3_stmt *statement = exporter->statements[INSERT_META];

	bind_text(statement, 1, key);
	bind_number(statement, 2, number);
	database_step(exporter->database, statement);
}

static void put_time(struct exporter *exporter, const char *key, uint64_t time_ns)
{
	sqlite3_stmt *statement = exporter->statements[INSERT_META];
	char text[FORMAT_TIME];

	bind_text(statement, 1, key);
	export_time(exporter, statement, 2, text, time_ns);
	database_step(exporter->database, statement);
}

static void put_seconds(struct exporter *exporter, const char *key, uint64_t ns)
{
	sqlite3_stmt *statement = exporter->statements[INSERT_META];

	bind_text(statement, 1, key);
	export_seconds(statement, 2, ns);
	database_step(exporter->database, statement);
}

void export_meta(struct exporter *exporter)
{
	const struct recording *recording = &exporter->watch->input.recording;
	const struct recording_header *header = &recording->header;

	put_number(exporter, "schema", SCHEMA);
	put_text(exporter, "exported_by", program_version);
	put_text(exporter, "recorded_by", header->version);
	put_text(exporter, "host", header->host);
	put_text(exporter, "kernel", header->kernel);
	put_text(exporter, "machine", header->machine);
	put_text(exporter, "boot_id", header->boot_id);
	put_number(exporter, "anonymous", header->anonymous);
	put_seconds(exporter, "interval_s", header->interval_ns);
	put_time(exporter, "begun_at", exporter->begun_ns);
	put_time(exporter, "ended_at", exporter->watch->time_ns);
	put_number(exporter, "refreshes", exporter->refreshes);
	put_number(exporter, "complete", recording->end == RECORDING_WHOLE);
}
