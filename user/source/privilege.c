// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/privilege.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "source/error_text.h"
#include "source/live/kernel.h"
#include "base/macros.h"

#define DESCRIPTORS 64 /* of programs, maps, links, namespaces */

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

bool privilege_btf(void)
{
	return access(BTF_FILE, F_OK) == 0;
}

bool privilege_for_bpf(struct refusal *refusal)
{
	if (!privilege_btf()) {
		snprintf(refusal->text, sizeof(refusal->text),
			 "tracing needs a kernel with BTF: %s is missing (CONFIG_DEBUG_INFO_BTF)",
			 BTF_FILE);
		return false;
	}
	return capable(refusal);
}

/* Want of either comes as one error or another. */
static const char *scarce(char *text, size_t size)
{
	struct rlimit descriptors, memory;

	if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur < DESCRIPTORS) {
		snprintf(text, size, "it takes %d descriptors, and the limit (ulimit -n) is %ju",
			 DESCRIPTORS, (uintmax_t)descriptors.rlim_cur);
		return text;
	}
	if (getrlimit(RLIMIT_AS, &memory) == 0 && memory.rlim_cur != RLIM_INFINITY) {
		snprintf(text, size, "it may take more memory than the limit (ulimit -v) of %ju kB",
			 (uintmax_t)memory.rlim_cur / 1024);
		return text;
	}
	return NULL;
}

void privilege_explain(struct refusal *refusal, const char *what, int error)
{
	const char *hint = "-v shows the kernel's messages";
	char shortage[96], text[ERROR_TEXT_SIZE];

	if (error != EPERM && scarce(shortage, sizeof(shortage)))
		hint = shortage;
	else if (error == EPERM)
		hint = "the kernel, its lockdown or a container's seccomp filter forbids bpf(2)";
	else if (error == ENOMEM)
		hint = "this host, or the cgroup's limit, has too little memory for it; a smaller "
		       "--ring-size takes less";
	else if (!have(CAP_SYS_ADMIN))
		hint = "before Linux 6.2 CAP_BPF and CAP_PERFMON are not enough: CAP_SYS_ADMIN is "
		       "needed (run it as root)";
	else if (error == EINVAL || error == ENOENT || error == ESRCH || error == ENOTSUP ||
		 error == ENOTSUPP)
		hint = "this kernel lacks a BPF feature that is needed (Linux 6.1 or later has "
		       "them all); -v shows its messages";
	snprintf(refusal->text, sizeof(refusal->text), "cannot %s: %s: %s", what,
		 error_text(error, text, sizeof(text)), hint);
}

const char *privilege_for_addresses(void)
{
	if (have(CAP_SYSLOG))
		return "/proc/kallsyms shows no addresses (that needs kernel.kptr_restrict below "
		       "2)";
	return "/proc/kallsyms shows no addresses (that needs CAP_SYSLOG)";
}

const char *privilege_for_namespaces(void)
{
	return have(CAP_SYS_ADMIN) ? "CAP_SYS_ADMIN over them, descriptors to spare"
				   : "CAP_SYS_ADMIN";
}

/* What looks into /proc and at sockets. */
struct lack {
	cap_value_t capability;
	cap_value_t stand_in; /* serves as well; the same: none does */
	const char *name;
	const char *unseen[SOURCES]; /* NULL: nothing */
	bool (*needless)(void);	     /* NULL: no kernel does without */
	const char *unnamed;	     /* with --stacks, besides; NULL: nothing */
};

/*
 * CAP_DAC_OVERRIDE would do for other users' /proc/PID/fd, but not for open_by_handle_at, which
 * finds the cgroup of a process that has ended.
 */
static const struct lack lacks[] = {
	{CAP_SYS_PTRACE,
	 CAP_SYS_PTRACE,
	 "CAP_SYS_PTRACE",
	 {[SOURCE_DIAG] = "owners of other processes' sockets, their unnamed network namespaces",
	  [SOURCE_LIVE] = "executables of other processes, what their threads wait in, their "
			  "unnamed network namespaces"},
	 NULL,
	 "functions in other processes' stacks"},
	{CAP_DAC_READ_SEARCH,
	 CAP_DAC_OVERRIDE,
	 "CAP_DAC_READ_SEARCH",
	 {[SOURCE_DIAG] = "owners of other users' sockets",
	  [SOURCE_LIVE] = "descriptor counts of other users' processes, their system calls, "
			  "cgroups of ended ones"},
	 NULL,
	 "functions in the stacks of other users' processes"},
	{CAP_NET_ADMIN,
	 CAP_NET_ADMIN,
	 "CAP_NET_ADMIN",
	 {[SOURCE_DIAG] = "kTLS and MPTCP"},
	 kernel_tells_ulp_to_all,
	 NULL},
};

static bool counts(const struct lack *lack, enum privilege_source source)
{
	return lack->unseen[source] && !(lack->needless && lack->needless());
}

void privilege_append_unseen(enum privilege_source source, bool stacks, char *text, size_t size)
{
	for (size_t i = 0; i < LENGTH(lacks); i++) {
		const struct lack *lack = &lacks[i];
		const char *unnamed = stacks ? lack->unnamed : NULL;
		size_t length = strlen(text);

		if (!have(lack->capability) && !have(lack->stand_in) && counts(lack, source))
			snprintf(text + length, size - length, "%s%s%s%s (%s)", length ? ", " : "",
				 lack->unseen[source], unnamed ? ", " : "", unnamed ? unnamed : "",
				 lack->name);
	}
}

/* What BPF and other namespaces take. */
static const struct {
	cap_value_t capability;
	cap_value_t stand_in;
	const char *name;
	const char *without;
} others[] = {
	{CAP_BPF, CAP_SYS_ADMIN, "CAP_BPF", LOSS_OF_TRACING},
	{CAP_PERFMON, CAP_SYS_ADMIN, "CAP_PERFMON", LOSS_OF_TRACING},
	{CAP_SYS_ADMIN, CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
	 "other network namespaces are not listed; before Linux 6.2 nothing is traced"},
	{CAP_SYSLOG, CAP_SYSLOG, "CAP_SYSLOG", LOSS_OF_TIME_WAIT},
};

static bool lacking(cap_value_t capability, cap_value_t stand_in)
{
	return !have(capability) && !have(stand_in);
}

static void tell_lack(struct privilege *privilege, const struct lack *lack)
{
	const char *live = counts(lack, SOURCE_LIVE) ? lack->unseen[SOURCE_LIVE] : NULL;
	const char *diag = counts(lack, SOURCE_DIAG) ? lack->unseen[SOURCE_DIAG] : NULL;

	*privilege = (struct privilege){.name = lack->name, .have = have(lack->capability)};
	if (lacking(lack->capability, lack->stand_in) && (live || diag))
		snprintf(privilege->without, sizeof(privilege->without), "not seen: %s%s%s%s",
			 live ? live : "", live && diag ? "; " : "", diag ? "without BPF: " : "",
			 diag ? diag : "");
}

_Static_assert(LENGTH(others) + LENGTH(lacks) == PRIVILEGES, "as many as are told of");

void privileges_list(struct privilege *list, bool addresses)
{
	for (size_t i = 0; i < LENGTH(others); i++, list++) {
		bool needless = others[i].capability == CAP_SYSLOG && addresses;

		*list = (struct privilege){.name = others[i].name,
					   .have = have(others[i].capability)};
		if (!needless && lacking(others[i].capability, others[i].stand_in))
			snprintf(list->without, sizeof(list->without), "%s", others[i].without);
	}
	for (size_t i = 0; i < LENGTH(lacks); i++)
		tell_lack(list++, &lacks[i]);
}

static uint64_t bit(cap_value_t capability)
{
	return 1ULL << capability;
}

uint64_t privilege_to_name(void)
{
	return bit(CAP_CHECKPOINT_RESTORE);
}

uint64_t privilege_to_list(enum privilege_source source, bool enters_namespaces)
{
	uint64_t set = enters_namespaces ? bit(CAP_SYS_ADMIN) : 0;

	for (size_t i = 0; i < LENGTH(lacks); i++)
		if (counts(&lacks[i], source))
			set |= bit(have(lacks[i].capability) ? lacks[i].capability
							     : lacks[i].stand_in);
	return set;
}

/* The bounding set is for what is executed, which nothing is: without CAP_SETPCAP it stays. */
static void bound(uint64_t set)
{
	for (cap_value_t capability = 0; capability < cap_max_bits(); capability++)
		if (!(set & bit(capability)))
			cap_drop_bound(capability);
	cap_reset_ambient();
}

/* Adds what is in the set to `remaining`, where it is there now. */
static bool add_effective(cap_t remaining, uint64_t set)
{
	bool done = true;

	for (cap_value_t capability = 0; done && capability < cap_max_bits(); capability++)
		if (set & bit(capability) && have(capability))
			done = cap_set_flag(remaining, CAP_PERMITTED, 1, &capability, CAP_SET) ==
				       0 &&
			       cap_set_flag(remaining, CAP_EFFECTIVE, 1, &capability, CAP_SET) == 0;
	return done;
}

static bool confine(uint64_t set)
{
	cap_t remaining = cap_init();
	bool done = remaining && add_effective(remaining, set) && cap_set_proc(remaining) == 0;

	cap_free(remaining);
	return done;
}

bool privilege_keep(uint64_t capabilities)
{
	bound(capabilities);
	return confine(capabilities) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}
