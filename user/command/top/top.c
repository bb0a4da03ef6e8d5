// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The command: all views on one stream, and the terminal. */
#include "command/top/top.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "cli/status.h"
#include "command/advise.h"
#include "command/commands.h"
#include "command/terminal.h"
#include "command/top/screen.h"
#include "view/trace/trace.h"
#include "view/views.h"

#define VIEWS	    (ALL_VIEWS + 1) /* and trace */
#define TIMES_CHUNK 1024

/* All that there is while it runs. */
struct session {
	struct top top;
	struct options options;
	struct watch watch;
	struct adviser adviser;
	struct lines lines;
	struct view trace;  /* as trace_view, but that it tells nothing while nobody looks */
	bool begun;	    /* the terminal is ours */
	uint64_t *times_ns; /* of a recording's refreshes that were seen, */
	size_t time_count;  /* the oldest first */
	int events;	    /* epoll: keys, and the signal that suspends */
	int suspends;
};

/* The terminal less the column of courses, where there is one: rows are told so that they fit. */
static struct text_style style_of(const struct top *top, const struct tab *tab)
{
	struct text_style style = terminal_style(top->options);

	style.columns = (unsigned int)(COLS - tab_course_columns(tab, COLS));
	style.lines = 0;
	style.details = true;
	style.color = style.color && has_colors();
	return style;
}

static void fill(struct top *top, struct tab *tab)
{
	struct text_style style = style_of(top, tab);
	struct tab_moment now = {
		.style = &style,
		.time_ns = top->time_ns,
		.seq = top->watch->shown + 1,
		.clocks = &top->watch->model.clocks,
	};

	tab_fill(tab, &now);
}

static const char *const names[TABS] = {
	[TAB_FINDINGS] = "findings", [TAB_LEAKS] = "leaks",	[TAB_TIMEWAIT] = "timewait",
	[TAB_PORTS] = "ports",	     [TAB_OPENING] = "opening", [TAB_CLOSING] = "closing",
	[TAB_TRACE] = "trace",
};

static const struct view *const views_of[TABS] = {
	[TAB_LEAKS] = &leaks_view,     [TAB_TIMEWAIT] = &timewait_view, [TAB_PORTS] = &ports_view,
	[TAB_OPENING] = &opening_view, [TAB_CLOSING] = &closing_view,
};

/* The views are others after a restart. */
static void look_at_views(struct session *session)
{
	for (size_t i = 0; i < TABS; i++) {
		struct tab *tab = &session->top.tabs[i];

		tab->name = names[i];
		tab->view = views_of[i];
		if (tab->view)
			tab->self = watch_find(&session->watch, tab->view);
	}
	session->top.tabs[TAB_FINDINGS].adviser = &session->adviser;
	session->top.tabs[TAB_TRACE].lines = &session->lines;
	advise_on(&session->adviser, &session->watch, true);
}

static void begin(struct session *session)
{
	const char *no_color = getenv("NO_COLOR");

	session->begun = screen_begin(!(no_color && no_color[0]));
	session->top.ascii = screen_is_ascii();
	if (!session->begun)
		session->top.ended = true;
}

static void end(struct session *session)
{
	if (session->begun)
		screen_end();
	session->begun = false;
}

/* When refreshes were, as far as they were seen: for those who go back. */
static void note_time(struct session *session, uint64_t time_ns)
{
	size_t count = session->time_count;

	session->top.steps -= !!session->top.steps;
	if (count && session->times_ns[count - 1] >= time_ns)
		return;
	if (count % TIMES_CHUNK == 0)
		session->times_ns = memory_resize(session->times_ns, count + TIMES_CHUNK,
						  sizeof(*session->times_ns));
	session->times_ns[session->time_count++] = time_ns;
}

static void refreshed(void *self, struct watch *watch, uint64_t time_ns)
{
	struct session *session = self;
	struct top *top = &session->top;

	adviser_judge(&session->adviser, time_ns);
	if (watch->last && !top->recorded)
		return;
	if (top->recorded)
		note_time(session, time_ns);
	if (!session->begun)
		begin(session);
	for (size_t i = 0; i < TABS; i++)
		tab_note(&top->tabs[i], time_ns);
	if (top->frozen || !session->begun || top->steps)
		return;
	top->time_ns = time_ns;
	for (size_t i = 0; i < TABS; i++)
		fill(top, &top->tabs[i]);
	top_draw(top);
}

static void ask(void *self, const struct watch *watch, struct questions *questions)
{
	(void)watch;
	adviser_ask(&((struct session *)self)->adviser, questions);
}

/* Only while somebody looks: at 20,000 connections a second it is much to write. */
static void tell_trace(void *self, const struct transition *transition)
{
	struct trace *trace = self;

	if (trace->output)
		trace_transition(trace, transition);
}

/* What has happened since, if the tab is open. True if it is another picture then. */
static bool take_trace(struct session *session)
{
	struct trace *trace = watch_find(&session->watch, &session->trace);
	struct output *output = trace->config.output;
	struct tab *tab = &session->top.tabs[TAB_TRACE];
	bool any = output->length && !session->top.frozen;

	trace->output = session->top.tab == TAB_TRACE ? output : NULL;
	if (!any)
		return false;
	lines_add(&session->lines, output->text, output->length);
	output->length = 0;
	fill(&session->top, tab);
	return session->top.tab == TAB_TRACE;
}

static void take_suspension(struct session *session)
{
	struct signalfd_siginfo info;

	if (read(session->suspends, &info, sizeof(info)) == sizeof(info))
		screen_suspend();
}

/* A terminal that has hung up has no more keys, for ever. */
static bool has_hung_up(const struct session *session)
{
	struct epoll_event events[2];
	int count = epoll_wait(session->events, events, 2, 0);

	for (int i = 0; i < count; i++)
		if (events[i].events & (EPOLLHUP | EPOLLERR))
			return true;
	return false;
}

static int wait_on(const void *self)
{
	return ((const struct session *)self)->events;
}

static bool turn(void *self, struct watch *watch)
{
	struct session *session = self;
	bool changed = false;
	int key;

	(void)watch;
	if (!session->begun)
		return !session->top.ended;
	take_suspension(session);
	while ((key = getch()) != ERR && !session->top.ended) {
		top_key(&session->top, key);
		changed = true;
	}
	changed |= take_trace(session);
	if (changed)
		top_draw(&session->top);
	return !session->top.ended && !has_hung_up(session);
}

static bool holds(const void *self)
{
	const struct top *top = &((const struct session *)self)->top;

	return top->recorded && !top->steps;
}

static int finish(void *self, struct watch *watch, int status)
{
	struct session *session = self;
	struct sentence sentence = {0};
	struct losses losses;

	end(session);
	source_losses(&watch->source, &losses);
	say_losses(&sentence, watch->shown, true, &losses);
	if (losses_total(&losses))
		watch_note(sentence.text);
	return status;
}

static const struct consumer consumer = {
	.without_stream = "it shows what sock_diag and /proc tell, at each refresh",
	.ask = ask,
	.refreshed = refreshed,
	.wait_on = wait_on,
	.turn = turn,
	.holds = holds,
	.finish = finish,
};

/* The course of time begins anew as well. */
static void start_anew(struct session *session)
{
	look_at_views(session);
	for (size_t i = 0; i < TABS; i++) {
		courses_free(&session->top.tabs[i].courses);
		courses_init(&session->top.tabs[i].courses);
	}
	session->top.frozen = false;
	session->top.steps = session->top.recorded;
}

static bool seek(struct session *session, uint64_t time_ns)
{
	bool found;

	adviser_free(&session->adviser);
	found = watch_seek(&session->watch, time_ns);
	start_anew(session);
	return found;
}

void top_forward(struct top *top)
{
	if (source_over(&top->watch->source) || top->watch->last)
		top_say(top, "the recording ends here");
	else
		top->steps++;
}

/* The refresh before, as far as it was seen; else where it should be. */
static uint64_t time_before(const struct session *session)
{
	const struct top *top = &session->top;
	uint64_t interval_ns = (uint64_t)(top->options->interval_s * NS_PER_S);
	size_t at = session->time_count;

	while (at && session->times_ns[at - 1] >= top->time_ns)
		at--;
	return at ? session->times_ns[at - 1] : top->time_ns - interval_ns - interval_ns / 2;
}

void top_back(struct top *top)
{
	struct session *session = (struct session *)top;

	if (!seek(session, time_before(session)))
		top_say(top, "this is the beginning of the recording");
}

void top_move(struct top *top, double seconds)
{
	struct session *session = (struct session *)top;
	uint64_t now_ns = top->time_ns;

	if (seek(session, now_ns + (uint64_t)(int64_t)(seconds * NS_PER_S)))
		return;
	if (seconds > 0)
		seek(session, now_ns);
	top_say(top, "the recording %s before that", seconds > 0 ? "ends" : "does not begin");
}

/* In a recording the refresh that is shown comes once more, with what was there before. */
void top_restart(struct top *top)
{
	struct session *session = (struct session *)top; /* it begins with it */

	if (top->recorded) {
		seek(session, top->time_ns);
		return;
	}
	adviser_free(&session->adviser);
	watch_restart(&session->watch);
	start_anew(session);
}

static void write_items(struct output *output, const struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *object = list_text(list, list->items[i].object);

		if (list->items[i].key && object[0])
			output_string(output, object);
	}
}

void top_write(struct top *top, const char *path)
{
	const struct list *list = &top_tab(top)->list;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct output output;

	if (fd < 0) {
		top_say(top, "%s: %s", path, strerror(errno));
		return;
	}
	output_init(&output, fd, top->watch->stop);
	write_items(&output, list);
	output_flush(&output);
	if (output.error)
		top_say(top, "%s: %s", path, strerror(output.error));
	else
		top_say(top, "written to %s", path);
	output_free(&output);
	close(fd);
}

/* Ctrl-Z comes as one more event: what curses does with it is forbidden from here on. */
static void open_events(struct session *session)
{
	struct epoll_event keys = {.events = EPOLLIN, .data.fd = STDIN_FILENO}, suspends;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	session->suspends = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	session->events = epoll_create1(EPOLL_CLOEXEC);
	suspends = (struct epoll_event){.events = EPOLLIN, .data.fd = session->suspends};
	epoll_ctl(session->events, EPOLL_CTL_ADD, STDIN_FILENO, &keys);
	epoll_ctl(session->events, EPOLL_CTL_ADD, session->suspends, &suspends);
}

static void open_session(struct session *session, const struct options *options)
{
	const struct view *views[VIEWS];

	session->options = *options;
	session->top.options = &session->options;
	session->top.watch = &session->watch;
	session->trace = trace_view;
	session->trace.observer.transition = tell_trace;
	memcpy(views, all_views, sizeof(all_views));
	views[ALL_VIEWS] = &session->trace;
	watch_init(&session->watch, &session->options, views, NULL, VIEWS);
	session->top.recorded = options->input;
	session->top.steps = session->top.recorded; /* the first one */
	if (options->input)
		session->top.options = &session->watch.input.options;
	/* what is filtered may change: nothing is left out in the kernel, nor of a recording */
	session->watch.filter = (struct tuple_filter){0};
	watch_consume(&session->watch, &consumer, session);
	for (size_t i = 0; i < TABS; i++)
		courses_init(&session->top.tabs[i].courses);
	look_at_views(session);
	open_events(session);
}

static void close_session(struct session *session)
{
	adviser_free(&session->adviser);
	for (size_t i = 0; i < TABS; i++)
		tab_free(&session->top.tabs[i]);
	lines_free(&session->lines);
	free(session->times_ns);
	close(session->events);
	close(session->suspends);
	watch_free(&session->watch);
}

static int run(const struct options *options)
{
	const char *obstacle = screen_obstacle();
	struct session *session;
	int status;

	if (obstacle)
		return fail(STATUS_USAGE, "top: %s", obstacle);
	session = memory_new(1, sizeof(*session));
	open_session(session, options);
	status = watch_run(&session->watch);
	end(session);
	close_session(session);
	free(session);
	return status;
}

const struct command top_command = {
	.name = "top",
	.summary = "all of it, live, on a terminal",
	.description = "Findings, leaks, timewait, ports, opening, closing and trace on one "
		       "screen, in tabs, live.\n"
		       "Enter opens a row, / searches, f filters, s sorts, ? shows all keys.",
	.options = OPTION_BIT(OPTION_COLOR) | OPTION_BIT(OPTION_LANG) | OPTION_BIT(OPTION_HELP) |
		   OPTION_BIT(OPTION_VERSION) | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BIT(OPTION_INTERVAL) | OPTION_BIT(OPTION_AGE) |
		   OPTION_BIT(OPTION_NO_BPF) | OPTION_BIT(OPTION_READY_FILE) |
		   OPTION_BIT(OPTION_INPUT) | OPTION_BIT(OPTION_STACKS),
	.sandbox = {.allows = SANDBOX_WRITE_FILES},
	.run = run,
};
