// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "privilege.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#define BTF_FILE "/sys/kernel/btf/vmlinux"

static bool have(cap_value_t capability)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (!caps)
		return true; /* unknown: let the kernel decide */
	if (cap_get_flag(caps, capability, CAP_EFFECTIVE, &value) != 0)
		value = CAP_SET;
	cap_free(caps);
	return value == CAP_SET;
}

static void add_name(char *list, size_t size, const char *name)
{
	size_t length = strlen(list);

	snprintf(list + length, size - length, "%s%s", length ? " and " : "", name);
}

/* CAP_SYS_ADMIN stands for both of the others (kernel/bpf/syscall.c, bpf_capable, perfmon_capable).
 */
static bool capable(struct refusal *refusal)
{
	char missing[64] = "";

	if (have(CAP_SYS_ADMIN))
		return true;
	if (!have(CAP_BPF))
		add_name(missing, sizeof(missing), "CAP_BPF");
	if (!have(CAP_PERFMON))
		add_name(missing, sizeof(missing), "CAP_PERFMON");
	if (!missing[0])
		return true;
	snprintf(refusal->text, sizeof(refusal->text),
		 "tracing needs %s, which this process lacks (run it as root)", missing);
	return false;
}

bool privilege_for_bpf(struct refusal *refusal)
{
	if (access(BTF_FILE, F_OK) != 0) {
		snprintf(refusal->text, sizeof(refusal->text),
			 "tracing needs a kernel with BTF: %s is missing (CONFIG_DEBUG_INFO_BTF)",
			 BTF_FILE);
		return false;
	}
	return capable(refusal);
}

void privilege_explain(struct refusal *refusal, const char *what, int error)
{
	const char *hint = "-v shows the kernel's messages";

	if (error == EPERM)
		hint = "the kernel, its lockdown or a container's seccomp filter forbids bpf(2)";
	else if (!have(CAP_SYS_ADMIN))
		hint = "before Linux 6.2 CAP_BPF and CAP_PERFMON are not enough: CAP_SYS_ADMIN is "
		       "needed (run it as root)";
	else if (error == EINVAL || error == ENOENT || error == ESRCH || error == ENOTSUP)
		hint = "this kernel lacks a BPF feature that is needed (Linux 6.1 or later has "
		       "them all); -v shows its messages";
	snprintf(refusal->text, sizeof(refusal->text), "cannot %s: %s: %s", what, strerror(error),
		 hint);
}
