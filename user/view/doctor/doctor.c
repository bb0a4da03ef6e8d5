// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/doctor/doctor.h"

#include <stdio.h>
#include <string.h>

#include "writer/format.h"

#define LABEL	 17 /* columns, of a line about the host */
#define NAME	 32 /* of a capability's name and whether it is there */
#define AMOUNT	 33
#define TEXT_MAX 1024

/* The rest of a line that has `indent` columns already, and as many lines below it as it takes. */
static void wrap(struct output *output, size_t indent, const char *text,
		 const struct text_style *style)
{
	char harmless[4 * TEXT_MAX + 1];

	format_harmless(harmless, text, SIZE_MAX, TEXT_MAX);
	text_wrap(output, indent, indent, harmless, style->columns);
}

static void heading(struct output *output, const char *text)
{
	output_string(output, text);
	output_line(output);
}

static void fact(struct output *output, const char *label, const char *text,
		 const struct text_style *style)
{
	output_format(output, "  %-*s", LABEL - 2, label);
	wrap(output, LABEL, text, style);
}

static const char *reads(const struct doctor *doctor)
{
	bool cast = doctor->rdonly_cast == ANSWER_YES, probe = doctor->probe_reads == ANSWER_YES;

	if (doctor->rdonly_cast == ANSWER_UNKNOWN)
		return "not known: BPF is refused";
	if (cast && probe)
		return "bpf_rdonly_cast, bpf_probe_read_kernel: all that is wanted";
	if (cast)
		return "bpf_rdonly_cast alone (bpf_probe_read_kernel is forbidden): what connect() "
		       "and bind() asked for cannot be read";
	if (probe)
		return "bpf_probe_read_kernel alone (no bpf_rdonly_cast before Linux 6.2): all "
		       "that is wanted, until lockdown=confidentiality forbids it";
	return "neither bpf_rdonly_cast nor bpf_probe_read_kernel: TIME_WAIT is not followed";
}

static void say_cgroup(struct sentence *sentence, const struct doctor *doctor)
{
	if (!doctor->cgroup_root[0])
		say(sentence, "v2 is not mounted: cgroups and containers are not shown");
	else if (doctor->cgroup_v1)
		say(sentence,
		    "v2 at %s, and v1: cgroups and containers that are in v1 alone are not shown",
		    doctor->cgroup_root);
	else
		say(sentence, "v2 at %s", doctor->cgroup_root);
}

static void host_text(const struct doctor *doctor, struct output *output,
		      const struct text_style *style)
{
	struct sentence cgroup = {0}, length = {0}, release = {0};
	char age[TEXT_AGE], bpf[TEXT_MAX];

	snprintf(bpf, sizeof(bpf), "%s%s", doctor->bpf ? "works" : "refused: ", doctor->refusal);
	say_cgroup(&cgroup, doctor);
	text_duration(age, doctor->timewait_ns);
	say(&length, "lasts %s", age);
	say(&release, "Linux %s", doctor->release);
	heading(output, "HOST");
	fact(output, "kernel", release.text, style);
	fact(output, "BPF", bpf, style);
	fact(output, "types (BTF)", doctor->btf ? "there" : "missing: nothing can be traced",
	     style);
	fact(output, "lockdown",
	     doctor->lockdown[0] ? doctor->lockdown : "not told (no /sys/kernel/security/lockdown)",
	     style);
	fact(output, "memory reads", reads(doctor), style);
	fact(output, "addresses",
	     doctor->addresses ? "shown by /proc/kallsyms"
			       : "hidden by /proc/kallsyms: TIME_WAIT is not followed",
	     style);
	fact(output, "cgroups", cgroup.text, style);
	fact(output, "TIME_WAIT", length.text, style);
}

static const char *tested(const struct doctor_part *part)
{
	static const char *const words[] = {
		[ANSWER_UNKNOWN] = "not tested",
		[ANSWER_NO] = "not fired",
		[ANSWER_YES] = "fired",
	};

	return part->function ? words[part->fired] : "-";
}

static void paragraph(struct output *output, const char *text, const struct text_style *style)
{
	output_format(output, "%*s", INDENT, "");
	wrap(output, INDENT, text, style);
}

static bool same(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

/* Programs that are not used for the same reason have one paragraph, behind the last. */
static bool is_told_below(const struct doctor *doctor, size_t number)
{
	const struct doctor_part *part = &doctor->parts[number], *next = part + 1;

	return number + 1 < doctor->part_count && same(part->why, next->why) &&
	       same(part->without, next->without) && same(part->replaced_by, next->replaced_by);
}

static void reason_text(const struct doctor_part *part, struct output *output,
			const struct text_style *style)
{
	struct sentence replaced = {0}, without = {0};

	if (part->why[0])
		paragraph(output, part->why, style);
	if (part->replaced_by) {
		say(&replaced, "instead: %s", part->replaced_by);
		paragraph(output, replaced.text, style);
	}
	if (part->without) {
		say(&without, "cost: %s", part->without);
		paragraph(output, without.text, style);
	}
}

static void part_text(const struct doctor_part *part, struct output *output,
		      const struct text_style *style)
{
	bool mark = style->color && part->without;
	const char *form = part->form ? part->form : "-";

	output_format(output, "  %-22s %-8s %s%-10s%s  %s", part->name, part->kind,
		      mark ? TEXT_YELLOW : "", form, mark ? TEXT_PLAIN : "", tested(part));
	output_line(output);
	if (style->details && part->function) {
		output_format(output, "%*s%-32s %s", INDENT, "", part->function,
			      part->function_state);
		output_line(output);
	}
}

static void parts_text(const struct doctor *doctor, struct output *output,
		       const struct text_style *style)
{
	if (!doctor->bpf && !doctor->surveyed) {
		heading(output, "HOOKS");
		output_string(output, "  ");
		wrap(output, 2,
		     "none, as BPF is refused: `trace` does not run, the others show what "
		     "sock_diag and /proc tell",
		     style);
		return;
	}
	output_format(output, "%-24s %-8s %-10s  %s", "HOOKS, LISTINGS, MAPS", "KIND", "FORM",
		      "SELF-TEST");
	output_line(output);
	for (size_t i = 0; i < doctor->part_count; i++) {
		part_text(&doctor->parts[i], output, style);
		if (!is_told_below(doctor, i))
			reason_text(&doctor->parts[i], output, style);
	}
}

static void capability_text(const struct doctor_capability *capability, struct output *output,
			    const struct text_style *style)
{
	bool mark = style->color && capability->without[0];

	output_format(output, "  %-*s", 21, capability->name);
	if (capability->have) {
		wrap(output, 23, "have", style);
		return;
	}
	output_format(output, "%smissing%s  ", mark ? TEXT_RED : "", mark ? TEXT_PLAIN : "");
	wrap(output, NAME, capability->without[0] ? capability->without : "nothing is lost", style);
}

static void capabilities_text(const struct doctor *doctor, struct output *output,
			      const struct text_style *style)
{
	heading(output, "CAPABILITIES");
	for (size_t i = 0; i < doctor->capability_count; i++)
		capability_text(&doctor->capabilities[i], output, style);
}

static void amount(struct output *output, const char *name, uint64_t bytes, const char *meaning,
		   const struct text_style *style)
{
	char text[32];

	if (bytes < 1024)
		snprintf(text, sizeof(text), "%llu B", (unsigned long long)bytes);
	else if (bytes < 1 << 20)
		snprintf(text, sizeof(text), "%.1f KB", (double)bytes / 1024);
	else
		snprintf(text, sizeof(text), "%.1f MB", (double)bytes / (1 << 20));
	output_format(output, "  %-19s%10s  ", name, text);
	wrap(output, AMOUNT, meaning, style);
}

static uint64_t all_maps(const struct doctor *doctor, bool stacks)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < doctor->map_count; i++)
		if (doctor->maps[i].stacks == stacks)
			bytes += doctor->maps[i].bytes;
	return bytes;
}

static void memory_text(const struct doctor *doctor, struct output *output,
			const struct text_style *style)
{
	heading(output, "KERNEL MEMORY");
	if (!doctor->map_count) {
		heading(output, "  none: BPF is refused");
		return;
	}
	amount(output, "maps", all_maps(doctor, false),
	       "while a command watches; `leaks` takes less", style);
	amount(output, "of these, the ring", doctor->ring_bytes,
	       "what has happened and is not read yet", style);
	amount(output, "and with --stacks", all_maps(doctor, true), "stacks that are not read yet",
	       style);
	for (size_t i = 0; style->details && i < doctor->map_count; i++)
		amount(output, doctor->maps[i].name, doctor->maps[i].bytes, "(a map)", style);
	amount(output, "and for each socket", doctor->socket_bytes,
	       "nothing is kept of a connection", style);
}

void doctor_text(const struct doctor *doctor, struct output *output, const struct text_style *style)
{
	host_text(doctor, output, style);
	output_line(output);
	parts_text(doctor, output, style);
	output_line(output);
	capabilities_text(doctor, output, style);
	output_line(output);
	memory_text(doctor, output, style);
}
