// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Stacks as the programs tell them become stacks with names, each told once, and the calls that
 * were made from them. To find the names takes its time, of which it has half: what it does not use
 * it may use later, up to a quarter of a second at once, which transitions have room for in the
 * ring of their own. Then it rests, and what has no room in its ring meanwhile is dropped, and
 * counted.
 */
#include "source/live/calls.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/time.h"
#include "record/decode.h"
#include "source/clock.h"
#include "source/live/internal.h"
#include "source/privilege.h"

#define SHARE	     2 /* of the time, one part in this */
#define CREDIT_NS    (250 * NS_PER_MS)
#define SPELL_NS     (20 * NS_PER_MS) /* it rests until it has so much again */
#define LAST_NS	     (500 * NS_PER_MS)
#define KNOWN_NS     (60 * NS_PER_S)  /* code that is made at run time changes */
#define TOLD_NS	     (600 * NS_PER_S) /* STACKS_KEPT different ones in such a time, no more */
#define SPELL_IS_OUT (-ECANCELED)

static void open_told(struct calls *calls)
{
	pool_init(&calls->told, sizeof(uint64_t));
	index_init(&calls->told_index, &calls->told);
	calls->told_ns = clock_now_ns(CLOCK_MONOTONIC);
}

static void close_told(struct calls *calls)
{
	index_free(&calls->told_index);
	pool_free(&calls->told);
}

static void forget_known(struct calls *calls)
{
	known_forget(&calls->known);
	calls->known_ns = clock_now_ns(CLOCK_MONOTONIC);
}

/* True if it was told before, or is to be told now. */
static bool note_told(struct calls *calls, uint64_t id, bool *is_new)
{
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);
	uint32_t number = index_find(&calls->told_index, id);

	*is_new = !number;
	if (number)
		return true;
	if (calls->told.live == STACKS_KEPT) {
		if (now_ns - calls->told_ns < TOLD_NS)
			return false;
		close_told(calls);
		open_told(calls);
		forget_known(calls);
	}
	number = pool_add(&calls->told);
	*(uint64_t *)pool_get(&calls->told, number) = id;
	index_add(&calls->told_index, number);
	return true;
}

static uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strnlen(text, FRAME_TEXT));
}

static uint64_t hash_frame(uint64_t seed, const struct stack_frame *frame)
{
	uint64_t numbers[] = {frame->address, frame->offset, frame->line, frame->flags};

	seed = hash_bytes(seed, numbers, sizeof(numbers));
	seed = hash_bytes(seed, frame->build_id, frame->build_id_length);
	return hash_text(hash_text(hash_text(seed, frame->symbol), frame->module), frame->file);
}

/* By what is in it, so that the processes of one program have it in common. */
static uint64_t id_of(const struct stack *stack)
{
	uint64_t id = hash_bytes(0, &stack->end, sizeof(stack->end));

	for (unsigned int i = 0; i < stack->count; i++)
		id = hash_frame(id, &stack->frames[i]);
	return id;
}

/* The id of the stack, which has been told then; 0: there are too many. */
static uint64_t resolve(struct live *live, const struct raw_stack *raw)
{
	struct record_stack record = {.header = {.type = RECORD_STACK}};
	struct calls *calls = &live->calls;
	struct stack_walk walk = {0};
	bool is_new;

	stacks_resolve(calls->stacks, raw, &record.stack, &walk);
	record.id = id_of(&record.stack);
	if (!note_told(calls, record.id, &is_new))
		return 0;
	known_add(&calls->known, raw, &walk, record.id);
	record.header.size = record_stack_size(record.stack.count);
	record.header.time_ns = raw->header.time_ns;
	if (is_new)
		live_hand_on(live, &record.header);
	return record.id;
}

static void receive(struct live *live, const struct raw_stack *raw)
{
	struct calls *calls = &live->calls;
	struct record_call record = {
		.header = {RECORD_CALL, sizeof(record), 0, raw->header.time_ns},
		.cookie = raw->cookie,
		.process = raw->process,
		.event = raw->event,
	};

	describe_process(&live->describer, &live->config->sink, &raw->process, true);
	if (clock_now_ns(CLOCK_MONOTONIC) - calls->known_ns > KNOWN_NS)
		forget_known(calls);
	record.stack = known_find(&calls->known, raw);
	if (!record.stack)
		record.stack = resolve(live, raw);
	if (record.stack)
		live_hand_on(live, &record.header);
	else
		calls->dropped++;
}

static int on_stack(void *context, void *data, size_t size)
{
	const struct record_header *record = record_decode(data, size);
	struct live *live = context;

	if (record && record->type == RECORD_RAW_STACK)
		receive(live, (const void *)record);
	else
		live->refused++;
	return clock_now_ns(CLOCK_MONOTONIC) < live->calls.works_until_ns ? 0 : SPELL_IS_OUT;
}

static bool wait_also(struct calls *calls, int fd)
{
	struct epoll_event readable = {.events = EPOLLIN};

	return epoll_ctl(calls->waits, EPOLL_CTL_ADD, fd, &readable) == 0;
}

static void rest(struct calls *calls)
{
	calls->rests = true;
	epoll_ctl(calls->waits, EPOLL_CTL_DEL, ring_buffer__epoll_fd(calls->ring), NULL);
}

static void resume(struct calls *calls)
{
	calls->rests = false;
	wait_also(calls, ring_buffer__epoll_fd(calls->ring));
}

static void earn_credit(struct calls *calls, uint64_t now_ns)
{
	calls->credit_ns += (int64_t)((now_ns - calls->credited_ns) / SHARE);
	if (calls->credit_ns > (int64_t)CREDIT_NS)
		calls->credit_ns = CREDIT_NS;
	calls->credited_ns = now_ns;
}

/* So long at most; true if more is there. */
static bool work(struct live *live, uint64_t begin_ns, uint64_t length_ns)
{
	live->calls.works_until_ns = begin_ns + length_ns;
	return ring_buffer__consume(live->calls.ring) == SPELL_IS_OUT;
}

void live_take_calls(struct live *live)
{
	struct calls *calls = &live->calls;
	uint64_t now_ns;
	bool more;

	if (!calls->stacks)
		return;
	now_ns = clock_now_ns(CLOCK_MONOTONIC);
	earn_credit(calls, now_ns);
	if (calls->rests && calls->credit_ns < (int64_t)SPELL_NS)
		return;
	if (calls->rests)
		resume(calls);
	more = work(live, now_ns, (uint64_t)calls->credit_ns);
	calls->credit_ns -= (int64_t)(clock_now_ns(CLOCK_MONOTONIC) - now_ns);
	if (more || calls->credit_ns <= 0)
		rest(calls);
}

void live_take_last_calls(struct live *live)
{
	if (live->calls.stacks)
		work(live, clock_now_ns(CLOCK_MONOTONIC), LAST_NS);
}

int live_waits_on(const struct live *live)
{
	return live->calls.stacks ? live->calls.waits : ring_buffer__epoll_fd(live->ring);
}

/* A process that is told of too late, or that there is no room for, shows its C functions. */
static void on_python(void *context, uint32_t pid, const struct python_layout *layout)
{
	const struct live *live = context;

	bpf_map_update_elem(bpf_map__fd(live->bpf->maps.pythons), &pid, layout, BPF_ANY);
}

bool live_open_calls(struct live *live, struct refusal *refusal)
{
	struct calls *calls = &live->calls;

	if (!live->plan.stacks)
		return true;
	calls->ring = ring_buffer__new(bpf_map__fd(live->bpf->maps.stacks), on_stack, live, NULL);
	calls->waits = epoll_create1(EPOLL_CLOEXEC);
	if (!calls->ring || calls->waits < 0 ||
	    !wait_also(calls, ring_buffer__epoll_fd(live->ring)) ||
	    !wait_also(calls, ring_buffer__epoll_fd(calls->ring))) {
		privilege_explain(refusal, "read the ring buffer of stacks", errno);
		return false;
	}
	calls->stacks = memory_check(stacks_open());
	stacks_on_python(calls->stacks, on_python, live);
	calls->credit_ns = CREDIT_NS;
	calls->credited_ns = clock_now_ns(CLOCK_MONOTONIC);
	known_init(&calls->known);
	open_told(calls);
	return true;
}

void live_close_calls(struct live *live)
{
	struct calls *calls = &live->calls;

	ring_buffer__free(calls->ring);
	if (calls->waits > 0)
		close(calls->waits);
	if (!calls->stacks)
		return;
	stacks_close(calls->stacks);
	known_free(&calls->known);
	close_told(calls);
}
