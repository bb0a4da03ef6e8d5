// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/audit/show.h"
#include "model/audit.h"
#include "record/names.h"

static void show_explained(struct json *json, const struct audit_line *line)
{
	json_open(json, "explained", '{');
	for (unsigned int i = 0; i < AUDIT_WHYS; i++)
		json_integer(json, audit_why_name(i), line->explained[i]);
	json_close(json, '}');
}

static void show_line(const struct audit *audit, struct output *output,
		      const struct clock_offsets *clocks, const struct audit_namespace *space,
		      unsigned int counter)
{
	const struct audit_line *line = &space->lines[counter];
	struct json json;

	object_begin(&json, output, "audit", audit->time_ns, clocks);
	json_number(&json, "netns", space->netns);
	json_plain(&json, "counter", counter_name(counter));
	if (space->counted) {
		json_integer(&json, "kernel", line->kernel);
		json_integer(&json, "seen", line->seen);
		show_explained(&json, line);
		json_integer(&json, "unexplained", line->unexplained);
	} else {
		json_null(&json, "kernel");
		json_integer(&json, "seen", line->seen);
		json_null(&json, "explained");
		json_null(&json, "unexplained");
	}
	json_end(&json);
}

void audit_show_json(const struct audit *audit, struct output *output,
		     const struct clock_offsets *clocks)
{
	const struct audit_namespace *space;

	for (uint32_t i = 0; (space = audit_namespace_at(audit, i)); i++)
		for (unsigned int counter = 0; counter < AUDITED; counter++)
			show_line(audit, output, clocks, space, counter);
}
