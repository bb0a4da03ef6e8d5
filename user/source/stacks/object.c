// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/object.h"

#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "source/stacks/arch.h"

#define SECTIONS_MAX  (1 << 16)
#define PACKED_NAME   ".zdebug_" /* as compressed before SHF_COMPRESSED: "ZLIB", size */
#define PACKED_HEADER 12

static bool is_ours(Elf *elf)
{
	GElf_Ehdr header;
	size_t sections;

	return elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64 &&
	       gelf_getehdr(elf, &header) && header.e_machine == ARCH_MACHINE &&
	       (header.e_type == ET_EXEC || header.e_type == ET_DYN) &&
	       elf_getshdrnum(elf, &sections) == 0 && sections > 0 && sections <= SECTIONS_MAX;
}

static void add_segment(struct object_layout *layout, const GElf_Phdr *header)
{
	if (header->p_type != PT_LOAD || !(header->p_flags & PF_X) ||
	    layout->count == OBJECT_SEGMENTS)
		return;
	layout->segments[layout->count].address = header->p_vaddr;
	layout->segments[layout->count].offset = header->p_offset;
	layout->segments[layout->count++].size = header->p_filesz;
}

static void read_segments(struct object *object)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(object->elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && i < PN_XNUM; i++)
		if (gelf_getphdr(object->elf, (int)i, &header))
			add_segment(&object->layout, &header);
}

static const char *section_name(const struct object *object, const GElf_Shdr *header)
{
	size_t names;

	return elf_getshdrstrndx(object->elf, &names) == 0
		       ? elf_strptr(object->elf, names, header->sh_name)
		       : NULL;
}

static Elf_Data *read_section(Elf_Scn *section, const GElf_Shdr *header)
{
	bool large = header->sh_size > OBJECT_SECTION_BYTES;

	return header->sh_type == SHT_NOBITS || large ? NULL : elf_getdata(section, NULL);
}

bool object_section(const struct object *object, const char *name, GElf_Shdr *header,
		    Elf_Data **data)
{
	for (Elf_Scn *section = NULL; (section = elf_nextscn(object->elf, section));) {
		const char *other;

		if (!gelf_getshdr(section, header))
			return false;
		other = section_name(object, header);
		if (!other || strcmp(other, name) != 0)
			continue;
		if (data)
			*data = read_section(section, header);
		return true;
	}
	return false;
}

static void read_build_id(struct object *object)
{
	size_t offset = 0, name, description, next;
	Elf_Data *data;
	GElf_Shdr section;
	GElf_Nhdr note;

	if (!object_section(object, ".note.gnu.build-id", &section, &data) || !data)
		return;
	for (; (next = gelf_getnote(data, offset, &note, &name, &description)); offset = next) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
		    memcmp((char *)data->d_buf + name, "GNU", sizeof("GNU")) != 0)
			continue;
		object->build_id_length =
			note.n_descsz < FRAME_BUILD_ID ? (uint8_t)note.n_descsz : FRAME_BUILD_ID;
		memcpy(object->build_id, (char *)data->d_buf + description,
		       object->build_id_length);
		return;
	}
}

bool object_open(struct object *object, int fd)
{
	*object = (struct object){.fd = fd};
	elf_version(EV_CURRENT);
	object->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!object->elf || !is_ours(object->elf)) {
		object_close(object);
		return false;
	}
	read_segments(object);
	read_build_id(object);
	return true;
}

void object_close(struct object *object)
{
	if (object->dwarf)
		dwarf_end(object->dwarf);
	elf_end(object->elf);
	if (object->fd >= 0)
		close(object->fd);
	*object = (struct object){.fd = -1};
}

bool layout_address(const struct object_layout *layout, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < layout->count; i++) {
		uint64_t place = offset - layout->segments[i].offset;

		if (offset >= layout->segments[i].offset && place < layout->segments[i].size) {
			*address = layout->segments[i].address + place;
			return true;
		}
	}
	return false;
}

/* What it takes once it is unpacked, by its own word; who lies about that is found out by libelf.
 */
static uint64_t unpacked_size(const struct object *object, Elf_Scn *section,
			      const GElf_Shdr *header, const char *name)
{
	uint8_t bytes[PACKED_HEADER];
	GElf_Chdr packed;
	uint64_t size = 0;

	if (header->sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(section, &packed) ? packed.ch_size : UINT32_MAX;
	if (strncmp(name, PACKED_NAME, strlen(PACKED_NAME)) != 0)
		return header->sh_size;
	if (pread(object->fd, bytes, sizeof(bytes), (off_t)header->sh_offset) != sizeof(bytes))
		return UINT32_MAX;
	for (size_t i = strlen("ZLIB"); i < sizeof(bytes); i++)
		size = size << 8 | bytes[i];
	return size;
}

uint64_t object_debug_bytes(const struct object *object)
{
	uint64_t sum = 0;

	for (Elf_Scn *section = NULL; (section = elf_nextscn(object->elf, section));) {
		GElf_Shdr header;
		const char *name;
		uint64_t size;

		if (!gelf_getshdr(section, &header))
			return UINT64_MAX;
		name = section_name(object, &header);
		if (!name || !strstr(name, "debug"))
			continue;
		size = unpacked_size(object, section, &header, name);
		if (size > OBJECT_DEBUG_BYTES)
			return UINT64_MAX;
		sum += header.sh_type == SHT_NOBITS ? 0 : size;
	}
	return sum;
}

static bool has_dwarf(const struct object *object)
{
	GElf_Shdr header;

	return (object_section(object, ".debug_info", &header, NULL) &&
		header.sh_type != SHT_NOBITS) ||
	       object_section(object, ".zdebug_info", &header, NULL) ||
	       (object_section(object, ".debug_frame", &header, NULL) &&
		header.sh_type != SHT_NOBITS);
}

/* libdw takes it for granted that the last string has an end. */
static bool has_whole_strings(const struct object *object)
{
	static const char *const names[] = {".debug_str", ".debug_line_str", ".zdebug_str",
					    ".zdebug_line_str"};

	for (size_t i = 0; i < LENGTH(names); i++) {
		GElf_Shdr header;
		Elf_Data *data;

		if (object_section(object, names[i], &header, &data) && header.sh_size &&
		    (!data || !data->d_buf || ((const char *)data->d_buf)[data->d_size - 1]))
			return false;
	}
	return true;
}

bool object_open_dwarf(struct object *object)
{
	if (!object->dwarf && has_dwarf(object) && object_debug_bytes(object) <= OBJECT_DEBUG_BYTES)
		object->dwarf = dwarf_begin_elf(object->elf, DWARF_C_READ, NULL);
	/* only now are they unpacked */
	if (object->dwarf && !has_whole_strings(object)) {
		dwarf_end(object->dwarf);
		object->dwarf = NULL;
	}
	return object->dwarf != NULL;
}
