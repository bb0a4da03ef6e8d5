// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/process_texts.h"

static struct process_text *place_of(struct process_texts *texts, const struct process *process)
{
	return &texts->items[process->id.pid % PROCESS_TEXTS];
}

/* Its comm is its own affair; what /proc tells of it comes with a description. */
static bool is_of(const struct process_text *text, const struct process *process,
		  const struct clock_offsets *clocks)
{
	return text->length && text->key == process->key && text->described == process->described &&
	       text->boottime_ns == clocks->boottime_ns &&
	       memcmp(text->comm, process->id.comm, sizeof(text->comm)) == 0;
}

/* What object_process has just written, from `begin` on, unless it is too long. */
static void keep(struct process_text *text, const struct output *output, size_t begin,
		 const struct process *process, const struct clock_offsets *clocks)
{
	text->length = output->length - begin;
	if (text->length > sizeof(text->text)) {
		text->length = 0;
		return;
	}
	memcpy(text->text, output->text + begin, text->length);
	text->key = process->key;
	text->described = process->described;
	text->boottime_ns = clocks->boottime_ns;
	memcpy(text->comm, process->id.comm, sizeof(text->comm));
}

void process_texts_show(struct process_texts *texts, struct json *json, const char *key,
			const struct process *process, const struct clock_offsets *clocks)
{
	struct process_text *text = process ? place_of(texts, process) : NULL;
	size_t begin;

	if (text && is_of(text, process, clocks)) {
		json_again(json, key, text->text, text->length);
		return;
	}
	/* the comma, the key, two quotes and the colon come before the value */
	begin = json->output->length + json->comma + strlen(key) + 3;
	object_process(json, key, process, clocks);
	if (text)
		keep(text, json->output, begin, process, clocks);
}
