// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stage.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

void stage_begin(struct stage *stage, const struct options *options,
		 const struct view *const *views, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stage->fds[i] = memfd_create("shown", MFD_CLOEXEC);
	watch_init(&stage->watch, options, views, stage->fds, count);
}

static void show(struct stage *stage, struct watched *watched, const struct record_refresh *record)
{
	if (!watched->view->refresh)
		return;
	watched->view->refresh(watched->self, record->header.time_ns, record->last);
	if (stage->watch.options->json)
		watched->view->show_json(watched->self, &watched->output, 0);
	else
		watched->view->show_text(watched->self, &watched->output, &(struct text_style){0},
					 false);
}

void stage_record(void *context, const struct record_header *record)
{
	struct stage *stage = context;

	model_apply(&stage->watch.model, record);
	if (record->type != RECORD_REFRESH)
		return;
	for (size_t i = 0; i < stage->watch.view_count; i++)
		show(stage, &stage->watch.views[i], (const void *)record);
}

void stage_ask(void *context, struct questions *questions)
{
	const struct watch *watch = &((struct stage *)context)->watch;

	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].view->ask)
			watch->views[i].view->ask(watch->views[i].self, questions);
}

void stage_end(struct stage *stage, char **texts)
{
	size_t count = stage->watch.view_count;

	for (size_t i = 0; i < count; i++)
		output_flush(&stage->watch.views[i].output);
	watch_free(&stage->watch);
	for (size_t i = 0; i < count; i++) {
		off_t length = lseek(stage->fds[i], 0, SEEK_END);

		texts[i] = calloc(1, (size_t)length + 1);
		assert_int_equal(pread(stage->fds[i], texts[i], (size_t)length, 0), length);
		close(stage->fds[i]);
	}
}

#define AROUND 400 /* cmocka has room for a kilobyte */

void check_same(const char *name, uint64_t seed, const char *one, const char *other)
{
	size_t same = 0, from;

	while (one[same] && one[same] == other[same])
		same++;
	from = same > AROUND / 2 ? same - AROUND / 2 : 0;
	check(!one[same] && !other[same], "%s, seed %llu: one\n%.*s\nother\n%.*s\n", name,
	      (unsigned long long)seed, AROUND, one + from, AROUND, other + from);
}
