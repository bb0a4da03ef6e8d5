// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes: a row each, whatever refers to it. */
#include <string.h>

#include "command/export/exporter.h"
#include "view/objects.h"

/* One that has its row. */
struct known_process {
	uint64_t key;  /* as struct process has it */
	char comm[16]; /* as it is in the row */
	uint32_t id;
	uint32_t reserved;
};

_Static_assert(sizeof(struct known_process) % 8 == 0, "for a pool");

void export_init_processes(struct exporter *exporter)
{
	pool_init(&exporter->processes, sizeof(struct known_process));
	index_init(&exporter->known, &exporter->processes);
}

sqlite3_stmt *export_prepare_process(struct database *database, const char *path)
{
	char *sql = sqlite3_mprintf(
		"INSERT INTO process (pid, start_time, comm, exe, cgroup, container) "
		"SELECT p ->> 'pid', p ->> 'start_time', p ->> 'comm', p ->> 'exe', p ->> "
		"'cgroup', "
		"p ->> 'container' FROM (SELECT ?1 -> '$.%s' AS p) WHERE p ->> 'pid' IS NOT NULL "
		"ON CONFLICT (pid, ifnull(start_time, '')) DO UPDATE SET comm = excluded.comm, "
		"exe = ifnull(excluded.exe, exe), cgroup = ifnull(excluded.cgroup, cgroup), "
		"container = ifnull(excluded.container, container) RETURNING id",
		path);
	sqlite3_stmt *statement = database_prepare(database, sql);

	sqlite3_free(sql);
	return statement;
}

/* Written as all of the JSON is, so that bytes which are no text become the same. */
static uint32_t upsert(struct exporter *exporter, const struct process *process)
{
	struct output *draft = &exporter->draft;
	sqlite3_stmt *statement = exporter->statements[UPSERT_PROCESS];
	struct json json;
	int64_t id;

	json_begin(&json, draft);
	object_process(&json, "process", process, &exporter->watch->model.clocks);
	json_end(&json);
	bind_bytes(statement, 1, draft->text, draft->length);
	id = database_step(exporter->database, statement);
	draft->length = 0;
	return (uint32_t)id;
}

static struct known_process *find_or_add(struct exporter *exporter, uint64_t key)
{
	uint32_t number = index_find(&exporter->known, key);
	struct known_process *known;

	if (number)
		return pool_get(&exporter->processes, number);
	number = pool_add(&exporter->processes);
	known = pool_get(&exporter->processes, number);
	known->key = key;
	index_add(&exporter->known, number);
	return known;
}

uint32_t export_process(struct exporter *exporter, const struct process *process)
{
	struct known_process *known;

	if (!process)
		return 0;
	known = find_or_add(exporter, process->key);
	if (known->id && memcmp(known->comm, process->id.comm, sizeof(known->comm)) == 0)
		return known->id;
	known->id = upsert(exporter, process);
	memcpy(known->comm, process->id.comm, sizeof(known->comm));
	return known->id;
}

void export_description(struct exporter *exporter, const struct record_process *record)
{
	struct record_process copy = *record;
	struct process process = {
		.id = record->process,
		.exe = copy.exe[0] ? copy.exe : NULL,
		.cgroup = copy.cgroup[0] ? copy.cgroup : NULL,
	};

	container_of_cgroup(record->cgroup, process.container);
	upsert(exporter, &process);
}
