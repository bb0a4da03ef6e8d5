// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What /proc says of real processes: children that the test has made to be like that. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "source/clock.h"
#include "source/proc/ancestors.h"
#include "source/proc/cgroup.h"
#include "source/proc/facts.h"
#include "source/proc/procfs.h"
#include "records.h"
#include "tree.h"
#include "unit.h"

struct desk {
	struct facts_reader reader;
	struct process_id process;
	pid_t child;
	pid_t other; /* 0: none */
	struct process_facts facts;
};

static int setup(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	facts_open(&desk->reader);
	*state = desk;
	return 0;
}

static void end(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	end(desk->other); /* a tracer has to see the end of its child before others may */
	end(desk->child);
	facts_close(&desk->reader);
	free(desk);
	return 0;
}

static pid_t start(void (*life)(void))
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	life();
	_exit(0);
}

static void begin(struct desk *desk, void (*life)(void))
{
	int dir;

	desk->child = start(life);
	dir = procfs_open((uint32_t)desk->child);
	assert_true(procfs_identify(dir, &desk->process));
	close(dir);
}

static const struct process_facts *look(struct desk *desk)
{
	facts_read_descriptors(&desk->process, &desk->facts);
	facts_read_threads(&desk->reader, &desk->process, clock_now_ns(CLOCK_MONOTONIC),
			   &desk->facts);
	assert_int_equal(desk->facts.looked, 1);
	return &desk->facts;
}

static void rest(unsigned int ms)
{
	nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

/* What a child is to come to takes it a moment. */
static bool comes(struct desk *desk, bool (*is_so)(const struct process_facts *facts))
{
	for (int i = 0; i < 500; i++) {
		if (is_so(look(desk)))
			return true;
		rest(10);
	}
	return false;
}

static void serve_events(void)
{
	struct epoll_event event;
	int set = epoll_create1(0);

	for (;;)
		epoll_wait(set, &event, 1, -1);
}

static void poll_events(void)
{
	for (;;)
		poll(NULL, 0, -1);
}

static void spin(void)
{
	for (;;)
		;
}

static bool is_idle(const struct process_facts *facts)
{
	return facts->idle_loop;
}

static void an_event_loop_is_idle(void **state)
{
	struct desk *desk = *state;

	begin(desk, serve_events);
	assert_true(comes(desk, is_idle));
	assert_true(desk->facts.state == 'S' && desk->facts.waiting == 1);
	assert_int_equal(strncmp(desk->facts.names[0].waiting_in, "epoll", 5), 0);
	assert_in_range(desk->facts.fds, 1, 1000);
}

static void a_poll_loop_is_idle(void **state)
{
	struct desk *desk = *state;

	begin(desk, poll_events);
	assert_true(comes(desk, is_idle));
}

static bool is_stopped(const struct process_facts *facts)
{
	return facts->stopped == 1;
}

static void a_stopped_process_is_not_traced(void **state)
{
	struct desk *desk = *state;

	begin(desk, serve_events);
	assert_true(comes(desk, is_idle));
	kill(desk->child, SIGSTOP);
	assert_true(comes(desk, is_stopped));
	assert_true(desk->facts.state == 'T' && !desk->facts.idle_loop);
	assert_int_equal(desk->facts.traced, 0);
	assert_int_equal(desk->facts.tracer.pid, 0);
}

/* Follows its sibling, holds it when it is told to, and rests: as gdb does. */
static void hold(pid_t child)
{
	sigset_t told;
	int signal;

	sigemptyset(&told);
	sigaddset(&told, SIGUSR1);
	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0)
		_exit(1);
	sigwait(&told, &signal);
	ptrace(PTRACE_INTERRUPT, child, NULL, NULL);
	for (;;)
		pause();
}

/* In a child that a signal does not end before it waits for it. */
static pid_t start_tracer(void (*trace)(pid_t child), pid_t child)
{
	sigset_t told;
	pid_t tracer;

	sigemptyset(&told);
	sigaddset(&told, SIGUSR1);
	sigprocmask(SIG_BLOCK, &told, NULL);
	tracer = fork();
	if (tracer)
		return tracer;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	trace(child);
	_exit(0);
}

static void a_tracer_matters_where_it_holds_a_thread(void **state)
{
	struct desk *desk = *state;

	begin(desk, serve_events);
	assert_true(comes(desk, is_idle));
	desk->other = start_tracer(hold, desk->child);
	rest(200);
	assert_int_equal(look(desk)->stopped, 0);
	assert_int_equal(desk->facts.tracer.pid, 0);
	assert_int_equal(desk->facts.idle_loop, 1);
	kill(desk->other, SIGUSR1);
	assert_true(comes(desk, is_stopped));
	assert_int_equal(desk->facts.traced, 1);
	assert_int_equal(desk->facts.state, 't');
	assert_int_equal(desk->facts.tracer.pid, desk->other);
	assert_string_equal(desk->facts.tracer.comm, "test_facts_live");
}

static void call_often(void)
{
	for (;;)
		syscall(SYS_getppid);
}

/* Follows its sibling as strace does: from one system call to the next. */
static void follow(pid_t child)
{
	int status;

	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0 ||
	    ptrace(PTRACE_INTERRUPT, child, NULL, NULL) != 0)
		_exit(1);
	while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status))
		ptrace(PTRACE_SYSCALL, child, NULL, NULL);
}

/* Half of the time it is in a tracing stop, and goes on from each. */
static void who_is_followed_by_strace_goes_on(void **state)
{
	struct desk *desk = *state;
	unsigned int held = 0;

	begin(desk, call_often);
	desk->other = start_tracer(follow, desk->child);
	rest(200);
	for (int i = 0; i < 200; i++) {
		held += look(desk)->traced;
		rest(1);
	}
	check(held < 20, "held in %u of 200 looks", held);
}

static bool is_frozen(const struct process_facts *facts)
{
	return facts->frozen == 1 && !facts->idle_loop;
}

static bool write_to(const char *folder, const char *file, const char *text)
{
	char path[512];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, text, strlen(text)) > 0;
	if (fd >= 0)
		close(fd);
	return done;
}

static bool make_cgroup(const char *controller, char *folder, size_t size)
{
	char *mount = cgroup_find_mount(controller);
	bool made = mount &&
		    (size_t)snprintf(folder, size, "%s/tcplinger-test-%d", mount, getpid()) < size;

	free(mount);
	return made && mkdir(folder, 0755) == 0;
}

/* It is empty a moment after its last process has ended. */
static void remove_cgroup(const char *folder)
{
	for (int i = 0; i < 100 && rmdir(folder) != 0 && errno == EBUSY; i++)
		rest(10);
}

/* `file`: of the cgroup, that freezes it with `on`. */
static void freeze(struct desk *desk, const char *controller, const char *file, const char *on,
		   const char *off)
{
	bool froze, came = false, went = false;
	char folder[256], pid[16];

	if (!make_cgroup(controller, folder, sizeof(folder)))
		skip();
	begin(desk, serve_events);
	snprintf(pid, sizeof(pid), "%d", desk->child);
	froze = write_to(folder, "cgroup.procs", pid) && write_to(folder, file, on);
	if (froze) {
		came = comes(desk, is_frozen);
		write_to(folder, file, off);
		went = comes(desk, is_idle);
	}
	end(desk->child);
	desk->child = 0;
	remove_cgroup(folder);
	if (!froze)
		skip();
	check(came && went, "by %s: frozen %d, thawed %d", file, came, went);
}

static void a_frozen_process_is_told_of_v2(void **state)
{
	freeze(*state, NULL, "cgroup.freeze", "1", "0");
}

static void a_frozen_process_is_told_of_v1(void **state)
{
	freeze(*state, "freezer", "freezer.state", "FROZEN", "THAWED");
}

static void pin(pid_t child)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	assert_int_equal(sched_setaffinity(child, sizeof(one), &one), 0);
}

static void of_two_on_one_cpu_each_is_starved_for_half_of_the_time(void **state)
{
	struct desk *desk = *state;
	double ran, starved;

	begin(desk, spin);
	desk->other = start(spin);
	pin(desk->child);
	pin(desk->other);
	if (look(desk)->looked_for_ns)
		fail();
	rest(2000);
	look(desk);
	if (desk->facts.starved_ns == FACTS_UNKNOWN)
		skip();
	ran = (double)desk->facts.ran_ns / (double)desk->facts.looked_for_ns;
	starved = (double)desk->facts.starved_ns / (double)desk->facts.looked_for_ns;
	/* others may want that CPU as well */
	check(ran > 0.05 && ran < 0.75, "ran for %f", ran);
	check(starved > 0.25 && starved <= 1, "starved for %f", starved);
}

static void *wait_for_ever(void *name)
{
	static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

	prctl(PR_SET_NAME, name);
	pthread_mutex_lock(&held);
	for (;;)
		pause();
	return NULL;
}

static void keep_workers(void)
{
	static char names[5][16];
	pthread_t thread;

	for (int i = 0; i < 5; i++) {
		snprintf(names[i], sizeof(names[i]), "pool-1-thread-%c", '0' + i);
		pthread_create(&thread, NULL, wait_for_ever, names[i]);
	}
	serve_events();
}

static bool has_workers(const struct process_facts *facts)
{
	return facts->names[0].threads == 5 && facts->waiting == 4;
}

/* One has the lock. */
static void workers_are_counted_by_name_and_the_loop_beside_them_is_not_told(void **state)
{
	struct desk *desk = *state;

	begin(desk, keep_workers);
	assert_true(comes(desk, has_workers));
	assert_int_equal(desk->facts.threads, 6);
	assert_int_equal(desk->facts.looked_at, 6);
	assert_int_equal(desk->facts.names_total, 2);
	assert_string_equal(desk->facts.names[0].name, "pool-1-thread-*");
	assert_int_equal(desk->facts.idle_loop, 0);
	assert_int_equal(strncmp(desk->facts.names[0].waiting_in, "futex", 5), 0);
	assert_int_equal(strncmp(desk->facts.names[1].waiting_in, "epoll", 5), 0);
}

static void run_node(void)
{
	execlp("node", "node", "-e", "require('net').createServer().listen(0, '127.0.0.1')", NULL);
}

static void node_with_nothing_to_do_is_idle(void **state)
{
	struct desk *desk = *state;

	if (system("command -v node >/dev/null 2>&1") != 0)
		skip();
	begin(desk, run_node);
	assert_true(comes(desk, is_idle));
	assert_in_range(desk->facts.threads, 2, 100);
}

#define facts_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void a_child_descends_from_who_made_it(void **state)
{
	struct desk *desk = *state;
	struct process_id self;
	int dir = procfs_open((uint32_t)getpid());

	assert_true(procfs_identify(dir, &self));
	close(dir);
	begin(desk, poll_events);
	ancestors_read(&desk->process, &desk->facts);
	assert_int_equal(desk->facts.ancestors[0].pid, getpid());
	assert_true(desk->facts.ancestors[0].start_ns == self.start_ns);
	assert_int_equal(desk->facts.ancestors[1].pid, getppid());
	assert_true(desk->facts.ancestors[1].start_ns <= self.start_ns);
}

static void of_who_is_gone_nobody_is_told(void **state)
{
	struct desk *desk = *state;

	begin(desk, poll_events);
	desk->process.start_ns += 10 * SECOND; /* another process had that pid */
	ancestors_read(&desk->process, &desk->facts);
	assert_int_equal(desk->facts.ancestors[0].pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		facts_test(a_child_descends_from_who_made_it),
		facts_test(of_who_is_gone_nobody_is_told),
		facts_test(an_event_loop_is_idle),
		facts_test(a_poll_loop_is_idle),
		facts_test(a_stopped_process_is_not_traced),
		facts_test(a_tracer_matters_where_it_holds_a_thread),
		facts_test(who_is_followed_by_strace_goes_on),
		facts_test(a_frozen_process_is_told_of_v2),
		facts_test(a_frozen_process_is_told_of_v1),
		facts_test(of_two_on_one_cpu_each_is_starved_for_half_of_the_time),
		facts_test(workers_are_counted_by_name_and_the_loop_beside_them_is_not_told),
		facts_test(node_with_nothing_to_do_is_idle),
	};

	return cmocka_run_group_tests_name("facts-live", tests, NULL, NULL);
}
