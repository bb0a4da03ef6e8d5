// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/module.h"

#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/memory.h"
#include "base/time.h"
#include "source/clock.h"
#include "source/stacks/cfi.h"

#define PLACES_MAX 4096 /* beyond that, all begins anew */
#define RULES_MAX  16384
#define PATIENCE   (2 * NS_PER_S) /* with a file whose lines are slow to find: then symbols do */

static void init_rules(struct module *module)
{
	pool_init(&module->rules, sizeof(struct unwind_rule));
	index_init(&module->rule_of, &module->rules);
}

static void free_rules(struct module *module)
{
	index_free(&module->rule_of);
	pool_free(&module->rules);
}

struct module *module_new(int fd, const struct stat *file, const char *path, const char *folder)
{
	struct module *module = memory_new(1, sizeof(*module));

	module->fd = fd;
	module->file = *file;
	module->path = memory_string(path);
	module->folder = folder;
	places_init(&module->places);
	init_rules(module);
	return module;
}

void module_free(struct module *module)
{
	module_rest(module);
	places_free(&module->places);
	free_rules(module);
	if (module->fd >= 0)
		close(module->fd);
	free(module->path);
	free(module);
}

bool module_is(const struct module *module, const struct stat *file)
{
	return module->file.st_ino == file->st_ino && module->file.st_dev == file->st_dev &&
	       module->file.st_size == file->st_size &&
	       memcmp(&module->file.st_ctim, &file->st_ctim, sizeof(file->st_ctim)) == 0;
}

/* It is no ELF file, which is not tried again. */
static void give_up(struct module *module)
{
	close(module->fd);
	module->fd = -1;
}

static bool wake(struct module *module)
{
	int fd;

	if (module->open || module->fd < 0)
		return module->open;
	fd = dup(module->fd);
	module->open = fd >= 0 && debug_info_open(&module->info, fd, module->folder, module->path);
	if (!module->open)
		give_up(module);
	return module->open;
}

uint64_t module_bytes(const struct module *module)
{
	return module->open ? module->info.bytes : 0;
}

void module_rest(struct module *module)
{
	if (module->open)
		debug_info_close(&module->info);
	module->open = false;
}

/* Without its debugging information, which takes time. */
static bool open_object(struct module *module, struct object *object)
{
	int fd = module->fd < 0 ? -1 : dup(module->fd);

	if (fd < 0)
		return false;
	if (object_open(object, fd))
		return true;
	give_up(module);
	return false;
}

static void read_layout(struct module *module)
{
	struct object object;

	if (!open_object(module, &object))
		return;
	module->layout = object.layout;
	object_close(&object);
}

bool module_address(struct module *module, uint64_t offset, uint64_t *address)
{
	if (!module->layout.count)
		read_layout(module);
	return layout_address(&module->layout, offset, address);
}

void module_python(struct module *module, struct python_symbols *symbols)
{
	struct object object;

	*symbols = (struct python_symbols){0};
	if (!open_object(module, &object))
		return;
	python_find_symbols(&object, symbols);
	object_close(&object);
}

static uint32_t find_frames(struct module *module, uint64_t address,
			    struct stack_frame frames[SCOPES_MAX])
{
	bool lines = module->spent_ns < PATIENCE;
	uint64_t began = clock_now_ns(CLOCK_MONOTONIC);
	uint32_t count = debug_info_frames(&module->info, address, lines, frames);

	module->spent_ns += clock_now_ns(CLOCK_MONOTONIC) - began;
	return count;
}

const struct place *module_place(struct module *module, uint64_t address)
{
	const struct place *place = places_find(&module->places, address);
	struct stack_frame frames[SCOPES_MAX];
	uint32_t count = 1;

	if (place)
		return place;
	if (module->places.pool.live >= PLACES_MAX)
		places_clear(&module->places);
	memset(frames, 0, sizeof(frames));
	if (wake(module))
		count = find_frames(module, address, frames);
	for (uint32_t i = 0; i < count; i++) {
		frames[i].address = address;
		frames[i].flags |= FRAME_MAPPED;
		place_text(frames[i].module, module->path);
	}
	return places_add(&module->places, address, frames, count);
}

static const struct unwind_rule *find_rule(struct module *module, uint64_t address)
{
	uint32_t number = index_find(&module->rule_of, address);

	if (number)
		return pool_get(&module->rules, number);
	if (module->rules.live >= RULES_MAX) {
		free_rules(module);
		init_rules(module);
	}
	number = pool_add(&module->rules);
	if (wake(module))
		debug_info_rule(&module->info, address, pool_get(&module->rules, number));
	((struct unwind_rule *)pool_get(&module->rules, number))->address = address;
	index_add(&module->rule_of, number);
	return pool_get(&module->rules, number);
}

enum unwind_result module_step(struct module *module, uint64_t address,
			       struct unwind_cursor *cursor, const struct unwind_memory *memory)
{
	const struct unwind_rule *rule = find_rule(module, address);

	if (rule->kind == RULE_SIMPLE)
		return unwind_by_rule(cursor, rule, memory);
	if (rule->kind == RULE_NONE || !wake(module))
		return unwind_by_frame_pointer(cursor, memory);
	return cfi_step(module->info.cfi, LENGTH(module->info.cfi), address, cursor, memory);
}
