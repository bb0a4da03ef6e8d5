// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A seccomp filter of what is forbidden, not of what is allowed: what a C library calls changes
 * from version to version, what this program must never do does not.
 */
#include "source/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"

static const char *const forbidden[] = {
	/* programs and processes */
	"execve", "execveat", "fork", "vfork", "kill", "tkill", "pidfd_send_signal",
	"rt_sigqueueinfo", "rt_tgsigqueueinfo", "ptrace", "process_vm_readv", "process_vm_writev",
	"process_madvise", "pidfd_getfd", "setpriority", "ioprio_set", "sched_setscheduler",
	"sched_setparam", "sched_setattr", "sched_setaffinity", "migrate_pages", "move_pages",
	/* files */
	"creat", "truncate", "link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "mknod",
	"mknodat", "rmdir", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown",
	"fchownat", "setxattr", "lsetxattr", "fsetxattr", "mount", "umount2", "pivot_root",
	"chroot", "move_mount", "fsopen", "open_tree", "swapon", "swapoff",
	/* connections */
	"connect", "listen",
	/* the kernel itself, and ways round a filter */
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
	"io_uring_setup"};

/* Forbidden but to those who ask for it. */
static const struct {
	const char *name;
	enum sandbox_permission permission;
} liftable[] = {
	{"accept", SANDBOX_ACCEPT}, {"accept4", SANDBOX_ACCEPT},  {"clone", SANDBOX_THREADS},
	{"rename", SANDBOX_RENAME}, {"renameat", SANDBOX_RENAME}, {"renameat2", SANDBOX_RENAME},
	{"unlink", SANDBOX_UNLINK}, {"unlinkat", SANDBOX_UNLINK},
};

/* Their arguments are in memory, where a filter cannot look: the C library then takes the old ones.
 */
static const char *const unheard_of[] = {"clone3", "openat2"};

static bool forbid(scmp_filter_ctx filter, const char *name, int error)
{
	int number = seccomp_syscall_resolve_name(name);

	/* one that this architecture, or this library, does not know */
	if (number == __NR_SCMP_ERROR || number < 0)
		return true;
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error), number, 0) == 0;
}

static bool forbid_all(scmp_filter_ctx filter, const char *const *names, size_t count, int error)
{
	bool done = true;

	for (size_t i = 0; i < count && done; i++)
		done = forbid(filter, names[i], error);
	return done;
}

static bool forbid_liftable(scmp_filter_ctx filter, uint32_t allows)
{
	bool done = true;

	for (size_t i = 0; i < LENGTH(liftable) && done; i++)
		if (!(allows & liftable[i].permission))
			done = forbid(filter, liftable[i].name, EPERM);
	return done;
}

/* Where these bits of an argument are so. */
static bool forbid_bits(scmp_filter_ctx filter, int number, unsigned int argument, uint64_t mask,
			uint64_t bits)
{
	return number < 0 ||
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
				SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, bits)) == 0;
}

/* open(2) and its kin for anything but reading; `flags`: which argument. */
static bool forbid_writing(scmp_filter_ctx filter, int number, unsigned int flags)
{
	return forbid_bits(filter, number, flags, O_ACCMODE, O_WRONLY) &&
	       forbid_bits(filter, number, flags, O_ACCMODE, O_RDWR) &&
	       forbid_bits(filter, number, flags, O_CREAT, O_CREAT) &&
	       forbid_bits(filter, number, flags, O_TRUNC, O_TRUNC);
}

static bool forbid_writing_files(scmp_filter_ctx filter, uint32_t allows)
{
	return allows & SANDBOX_WRITE_FILES || (forbid_writing(filter, SCMP_SYS(open), 1) &&
						forbid_writing(filter, SCMP_SYS(openat), 2));
}

/* Where an argument is any other than the one that is needed. */
static bool forbid_others(scmp_filter_ctx filter, int number, unsigned int argument,
			  uint64_t needed)
{
	return number < 0 || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
					      SCMP_CMP(argument, SCMP_CMP_NE, needed)) == 0;
}

/*
 * What is needed: limits of its own, abort(), sock_diag and the cookies of namespaces. What is not
 * lifted with the rest: processes, with threads, and folders, with files.
 */
static bool forbid_by_argument(scmp_filter_ctx filter)
{
	return forbid_others(filter, SCMP_SYS(prlimit64), 0, 0) &&
	       forbid_others(filter, SCMP_SYS(tgkill), 0, (uint64_t)getpid()) &&
	       forbid_others(filter, SCMP_SYS(socket), 0, AF_NETLINK) &&
	       forbid_bits(filter, SCMP_SYS(clone), 0, CLONE_THREAD, 0) &&
	       forbid_bits(filter, SCMP_SYS(unlinkat), 2, AT_REMOVEDIR, AT_REMOVEDIR) &&
	       forbid_writing(filter, SCMP_SYS(open_by_handle_at), 2);
}

static bool load(scmp_filter_ctx filter)
{
	/* whatever threads there are */
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (!error)
		error = seccomp_load(filter);

	errno = -error;
	return !error;
}

bool sandbox_enter(uint32_t allows)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool done;

	if (!filter) {
		errno = ENOMEM;
		return false;
	}
	errno = EINVAL;
	done = forbid_all(filter, forbidden, LENGTH(forbidden), EPERM) &&
	       forbid_all(filter, unheard_of, LENGTH(unheard_of), ENOSYS) &&
	       forbid_liftable(filter, allows) && forbid_writing_files(filter, allows) &&
	       forbid_by_argument(filter) && load(filter);
	seccomp_release(filter);
	return done;
}
