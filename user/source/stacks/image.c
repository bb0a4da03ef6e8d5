// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/image.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "source/proc/procfs.h"
#include "source/stacks/jit.h"

#define REFRESH_NS (1 * NS_PER_S)
#define RETRY_NS   (NS_PER_S / 10) /* for an address that is in no mapping */
#define PLACES_MAX 4096

struct image *image_new(const struct process_id *process, uint64_t number, uint64_t start_stack,
			struct library *library)
{
	struct image *image = memory_new(1, sizeof(*image));

	image->process = *process;
	image->number = number;
	image->start_stack = start_stack;
	image->library = library;
	places_init(&image->places);
	return image;
}

static void drop_maps(struct image *image)
{
	for (size_t i = 0; i < image->maps.count; i++)
		if (image->modules[i])
			library_return(image->modules[i]);
	free(image->modules);
	free(image->tried);
	maps_free(&image->maps);
}

void image_free(struct image *image)
{
	drop_maps(image);
	perf_map_free(&image->perf_map);
	places_free(&image->places);
	free(image);
}

static void take_maps(struct image *image, const struct maps *maps)
{
	drop_maps(image);
	image->maps = *maps;
	image->modules = memory_new(maps->count, sizeof(*image->modules));
	image->tried = memory_new(maps->count, sizeof(*image->tried));
	places_clear(&image->places);
}

static bool is_running(const struct image *image, int process)
{
	uint64_t start = procfs_start_stack(process);

	return !start || !image->start_stack || start == image->start_stack;
}

int image_open(const struct image *image)
{
	int process = procfs_open_same(&image->process);

	if (process < 0 || is_running(image, process))
		return process;
	close(process);
	return -1;
}

int image_open_memory(const struct image *image)
{
	int process = image_open(image), memory;

	if (process < 0)
		return -1;
	memory = openat(process, "mem", O_RDONLY | O_CLOEXEC);
	close(process);
	return memory;
}

bool image_finds_python(struct image *image, const struct image_code *code,
			struct python_layout *layout)
{
	struct python_symbols symbols;
	bool found;
	int memory;

	if (!code->module)
		return false;
	module_python(code->module, &symbols);
	memory = symbols.runtime ? image_open_memory(image) : -1;
	if (memory < 0)
		return false;
	found = python_open(&image->python, &symbols, code->bias, memory, layout);
	close(memory);
	return found;
}

/* What was known of a process that has gone stays. */
static void read_maps(struct image *image, int process)
{
	struct maps maps;

	if (!maps_read(process, &maps))
		return;
	if (maps_same(&maps, &image->maps))
		maps_free(&maps);
	else
		take_maps(image, &maps);
	if (perf_map_refresh(&image->perf_map, process))
		places_clear(&image->places);
}

static void read_process(struct image *image, uint64_t now_ns)
{
	int process = image_open(image);

	image->read_ns = now_ns;
	if (process < 0)
		return;
	read_maps(image, process);
	close(process);
}

static bool is_due(const struct image *image, uint64_t now_ns, uint64_t after_ns)
{
	return !image->read_ns || now_ns - image->read_ns > after_ns;
}

void image_refresh(struct image *image, uint64_t now_ns)
{
	if (is_due(image, now_ns, REFRESH_NS))
		read_process(image, now_ns);
}

static struct module *module_of(struct image *image, const struct mapping *mapping, uint64_t now_ns)
{
	size_t number = (size_t)(mapping - image->maps.items);
	int process;

	if (image->tried[number] || !mapping->inode)
		return image->modules[number];
	image->tried[number] = true;
	process = image_open(image);
	if (process < 0)
		return NULL;
	image->modules[number] = library_take(image->library, process, mapping, now_ns);
	close(process);
	return image->modules[number];
}

static const struct mapping *find_mapping(struct image *image, uint64_t address, uint64_t now_ns)
{
	const struct mapping *mapping = maps_find(&image->maps, address);

	if (mapping || !is_due(image, now_ns, RETRY_NS))
		return mapping;
	read_process(image, now_ns);
	return maps_find(&image->maps, address);
}

struct image_code image_find(struct image *image, uint64_t address, uint64_t now_ns)
{
	const struct mapping *mapping = find_mapping(image, address, now_ns);
	struct image_code code = {.address = address, .mapped = mapping};

	if (!mapping)
		return code;
	code.module = module_of(image, mapping, now_ns);
	if (code.module &&
	    !module_address(code.module, mapping->offset + address - mapping->start, &code.address))
		code.module = NULL;
	if (code.module)
		code.module->used_ns = now_ns;
	code.bias = address - code.address;
	return code;
}

/* A file that is mapped and could not be read has a name all the same. */
static void take_mapping_name(const struct image *image, struct stack_frame *frame)
{
	const struct mapping *mapping = maps_find(&image->maps, frame->address);

	if (mapping && mapping->path[0])
		place_text(frame->module, mapping->path);
}

static const struct place *own_place(struct image *image, uint64_t address)
{
	const struct place *place = places_find(&image->places, address);
	struct stack_frame frame = {.address = address};

	if (place)
		return place;
	if (image->places.pool.live >= PLACES_MAX)
		places_clear(&image->places);
	take_mapping_name(image, &frame);
	jit_name(&image->perf_map, &frame);
	return places_add(&image->places, address, &frame, 1);
}

const struct place *image_place(struct image *image, const struct image_code *code)
{
	return code->module ? module_place(code->module, code->address)
			    : own_place(image, code->address);
}

enum unwind_result image_step(struct image *image, const struct image_code *code,
			      struct unwind_cursor *cursor, const struct unwind_memory *memory)
{
	return code->module ? module_step(code->module, code->address, cursor, memory)
			    : jit_step(&image->perf_map, code->address, cursor, memory);
}
