// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live/kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "source/live/hooks.h"
#include "source/privilege.h"

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

static unsigned int parameters(const struct btf *btf, const char *function)
{
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	type = type ? btf__type_by_id(btf, type->type) : NULL;
	return type ? btf_vlen(type) : 0;
}

/*
 * Loads a program that reads so. libbpf_probe_bpf_helper looks for words in the verifier's log, and
 * Linux 7.3 has other words.
 */
static bool may_probe_read(void)
{
	static const struct bpf_insn program[] = {
		/* probe_read_kernel(fp - 8, 8, NULL); return 0; */
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = -8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 8},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", program,
			       sizeof(program) / sizeof(program[0]), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static uint32_t traced_functions(const struct btf *btf)
{
	uint32_t functions = 0;

	for (int i = 0; i < FUNCTIONS; i++)
		if (has_function(btf, function_name(i)))
			functions |= 1U << i;
	return functions;
}

bool kernel_examine(struct kernel *kernel, struct refusal *refusal)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool recent;

	if (!btf) {
		/* libbpf says ESRCH of a file that has none */
		privilege_explain(refusal, "read the kernel's types in " BTF_FILE,
				  errno == ESRCH ? ENODATA : errno);
		return false;
	}
	recent = has_function(btf, "bpf_sock_from_file"); /* not in 5.10 */
	kernel->functions = traced_functions(btf);
	kernel->rdonly_cast = has_function(btf, "bpf_rdonly_cast");
	kernel->probe_reads = may_probe_read();
	kernel->accept_argument = parameters(btf, "inet_csk_accept") == 2;
	if (!recent)
		snprintf(refusal->text, sizeof(refusal->text),
			 "tracing needs bpf_sock_from_file and socket storage in tracing programs, "
			 "which this kernel lacks (Linux 6.1 or later has them)");
	btf__free(btf);
	return recent;
}

/* How many arguments the function has that a member of a struct points to; -1: there is none. */
static int arguments_of(const struct btf *btf, const char *structure, const char *member)
{
	int id = btf__find_by_name_kind(btf, structure, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_member *at = &btf_members(type)[i];
		const struct btf_type *pointer = btf__type_by_id(btf, at->type), *function;

		if (strcmp(btf__name_by_offset(btf, at->name_off), member) != 0)
			continue;
		function = btf__type_by_id(btf, pointer->type);
		return btf_is_func_proto(function) ? btf_vlen(function) : -1;
	}
	return -1;
}

/* Since then it asks each ULP what it tells whom: by a third argument. */
bool kernel_tells_ulp_to_all(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool tells = btf && arguments_of(btf, "tcp_ulp_ops", "get_info") == 3;

	btf__free(btf);
	return tells;
}
