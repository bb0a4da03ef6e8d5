/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An ELF file of this architecture, which may be anybody's. It is read, never mapped: its owner may
 * truncate it under us, which would be our end.
 */
#ifndef TCPLINGER_OBJECT_H
#define TCPLINGER_OBJECT_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stack.h"

#define OBJECT_SEGMENTS	     16
#define OBJECT_DEBUG_BYTES   (128U << 20) /* of debug sections, unpacked, are read of a file */
#define OBJECT_SECTION_BYTES (64U << 20)  /* of another section */

/* Where the file's code is loaded to. */
struct object_layout {
	size_t count;
	struct {
		uint64_t address;
		uint64_t offset;
		uint64_t size; /* in the file */
	} segments[OBJECT_SEGMENTS];
};

struct object {
	int fd;
	Elf *elf;
	Dwarf *dwarf; /* NULL: none, or not opened */
	struct object_layout layout;
	uint8_t build_id[FRAME_BUILD_ID];
	uint8_t build_id_length;
};

/* Takes the descriptor, also where it fails. False: it is no such file. The caller closes. */
bool object_open(struct object *object, int fd);
void object_close(struct object *object);

/* A section with this name; false if there is none. `data` may be NULL, else is empty if what is in
 * the section is too much to read. */
bool object_section(const struct object *object, const char *name, GElf_Shdr *header,
		    Elf_Data **data);

/* Are there debug sections, and are they not too large? `dwarf` is set then, unless it was. */
bool object_open_dwarf(struct object *object);

/* What all its debug sections take, unpacked; UINT64_MAX: there is one that cannot be. */
uint64_t object_debug_bytes(const struct object *object);

/* The address, as the file's symbols count, of an offset in the file; false: no code is there. */
bool layout_address(const struct object_layout *layout, uint64_t offset, uint64_t *address);

#endif
