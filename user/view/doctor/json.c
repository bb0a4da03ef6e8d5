// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/doctor/doctor.h"

static void json_answer(struct json *json, const char *key, enum answer answer)
{
	if (answer == ANSWER_UNKNOWN)
		json_null(json, key);
	else
		json_bool(json, key, answer == ANSWER_YES);
}

/* "": null. */
static void json_text(struct json *json, const char *key, const char *text)
{
	json_string(json, key, text && text[0] ? text : NULL, SIZE_MAX);
}

static void host_json(const struct doctor *doctor, struct json *json)
{
	json_text(json, "kernel", doctor->release);
	json_bool(json, "bpf", doctor->bpf);
	json_text(json, "refusal", doctor->refusal);
	json_bool(json, "btf", doctor->btf);
	json_text(json, "lockdown", doctor->lockdown);
	json_answer(json, "rdonly_cast", doctor->rdonly_cast);
	json_answer(json, "probe_reads", doctor->probe_reads);
	json_bool(json, "kallsyms", doctor->addresses);
	json_text(json, "cgroup", doctor->cgroup_root);
	json_seconds(json, "timewait_s", doctor->timewait_ns);
}

static void part_json(const struct doctor_part *part, struct json *json)
{
	json_plain(json, "hook", part->name);
	json_plain(json, "kind", part->kind);
	json_text(json, "form", part->form);
	json_answer(json, "fired", part->fired);
	json_text(json, "why", part->why);
	json_text(json, "without", part->without);
	json_open(json, "functions", '{');
	if (part->function)
		json_plain(json, part->function, part->function_state);
	json_close(json, '}');
}

static void capability_json(const struct doctor_capability *capability, struct json *json)
{
	json_plain(json, "name", capability->name);
	json_bool(json, "have", capability->have);
	json_text(json, "without", capability->without);
}

static void memory_json(const struct doctor *doctor, struct json *json)
{
	if (!doctor->map_count) {
		json_null(json, "maps");
		json_null(json, "ring_bytes");
		json_null(json, "socket_bytes");
		return;
	}
	json_open(json, "maps", '{');
	for (size_t i = 0; i < doctor->map_count; i++)
		json_number(json, doctor->maps[i].name, doctor->maps[i].bytes);
	json_close(json, '}');
	json_number(json, "ring_bytes", doctor->ring_bytes);
	json_number(json, "socket_bytes", doctor->socket_bytes);
}

void doctor_json(const struct doctor *doctor, struct output *output, uint64_t time_ns,
		 const struct clock_offsets *clocks)
{
	struct json json;

	object_begin(&json, output, "host", time_ns, clocks);
	host_json(doctor, &json);
	json_end(&json);
	for (size_t i = 0; i < doctor->part_count; i++) {
		object_begin(&json, output, "hook", time_ns, clocks);
		part_json(&doctor->parts[i], &json);
		json_end(&json);
	}
	for (size_t i = 0; i < doctor->capability_count; i++) {
		object_begin(&json, output, "capability", time_ns, clocks);
		capability_json(&doctor->capabilities[i], &json);
		json_end(&json);
	}
	object_begin(&json, output, "memory", time_ns, clocks);
	memory_json(doctor, &json);
	json_end(&json);
}
