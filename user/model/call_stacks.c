// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/call_stacks.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define FRAMES_MAX 131072 /* 60 MB: with more, stacks are cut */
#define SWEEP_MIN  (2 * STACKS_KEPT)

struct call_frame {
	uint64_t key;
	uint64_t references;
	struct stack_frame frame;
};

void call_stacks_init(struct call_stacks *stacks)
{
	*stacks = (struct call_stacks){.sweep_at = SWEEP_MIN};
	pool_init(&stacks->stacks, sizeof(struct call_stack));
	index_init(&stacks->index, &stacks->stacks);
	pool_init(&stacks->frames, sizeof(struct call_frame));
	index_init(&stacks->frame_index, &stacks->frames);
}

static struct call_stack *get(const struct call_stacks *stacks, uint32_t number)
{
	return pool_get(&stacks->stacks, number);
}

static struct call_frame *frame_of(const struct call_stacks *stacks, uint32_t number)
{
	return pool_get(&stacks->frames, number);
}

void call_stacks_free(struct call_stacks *stacks)
{
	for (uint32_t i = pool_next(&stacks->stacks, 0); i; i = pool_next(&stacks->stacks, i))
		free(get(stacks, i)->frames);
	index_free(&stacks->index);
	pool_free(&stacks->stacks);
	index_free(&stacks->frame_index);
	pool_free(&stacks->frames);
}

/* 0: there are too many. */
static uint32_t refer_to_frame(struct call_stacks *stacks, const struct stack_frame *frame)
{
	uint64_t key = hash_bytes(0, frame, sizeof(*frame));
	uint32_t number = index_find(&stacks->frame_index, key);

	if (!number && stacks->frames.live >= FRAMES_MAX)
		return 0;
	if (!number) {
		number = pool_add(&stacks->frames);
		frame_of(stacks, number)->key = key;
		frame_of(stacks, number)->frame = *frame;
		index_add(&stacks->frame_index, number);
	}
	frame_of(stacks, number)->references++;
	return number;
}

static void release_frame(struct call_stacks *stacks, uint32_t number)
{
	struct call_frame *frame = frame_of(stacks, number);

	if (--frame->references)
		return;
	index_remove(&stacks->frame_index, frame->key);
	pool_remove(&stacks->frames, number);
}

static void drop(struct call_stacks *stacks, uint32_t number)
{
	struct call_stack *stack = get(stacks, number);

	for (unsigned int i = 0; i < stack->count; i++)
		release_frame(stacks, stack->frames[i]);
	free(stack->frames);
	index_remove(&stacks->index, stack->key);
	pool_remove(&stacks->stacks, number);
}

/* Nobody refers to it, and if it is needed once more it will be told once more. */
static bool is_forgotten(const struct call_stacks *stacks, uint32_t number)
{
	const struct call_stack *stack = get(stacks, number);

	return !stack->references && stacks->definitions - stack->defined > STACKS_KEPT;
}

static void sweep(struct call_stacks *stacks)
{
	for (uint32_t i = pool_next(&stacks->stacks, 0); i; i = pool_next(&stacks->stacks, i))
		if (is_forgotten(stacks, i))
			drop(stacks, i);
	stacks->sweep_at = 2 * stacks->stacks.live;
	if (stacks->sweep_at < SWEEP_MIN)
		stacks->sweep_at = SWEEP_MIN;
}

static void take_frames(struct call_stacks *stacks, struct call_stack *stack,
			const struct stack *told)
{
	stack->end = told->end;
	stack->frames = memory_new((size_t)told->count + 1, sizeof(*stack->frames));
	for (unsigned int i = 0; i < told->count; i++) {
		uint32_t number = refer_to_frame(stacks, &told->frames[i]);

		if (!number) {
			stack->end = STACK_CUT_FRAMES;
			return;
		}
		stack->frames[stack->count++] = number;
	}
}

void call_stacks_define(struct call_stacks *stacks, const struct record_stack *record)
{
	uint32_t number = index_find(&stacks->index, record->id);

	stacks->definitions++;
	if (number) {
		get(stacks, number)->defined = stacks->definitions;
		return;
	}
	if (stacks->stacks.live >= stacks->sweep_at)
		sweep(stacks);
	number = pool_add(&stacks->stacks);
	get(stacks, number)->key = record->id;
	get(stacks, number)->defined = stacks->definitions;
	take_frames(stacks, get(stacks, number), &record->stack);
	index_add(&stacks->index, number);
}

uint32_t call_stacks_find(const struct call_stacks *stacks, uint64_t id)
{
	return index_find(&stacks->index, id);
}

const struct call_stack *call_stacks_get(const struct call_stacks *stacks, uint32_t number)
{
	return get(stacks, number);
}

void call_stacks_reference(struct call_stacks *stacks, uint32_t number)
{
	get(stacks, number)->references++;
}

void call_stacks_release(struct call_stacks *stacks, uint32_t number)
{
	get(stacks, number)->references--;
}

const struct stack_frame *call_stack_frame(const struct call_stacks *stacks,
					   const struct call_stack *stack, unsigned int i)
{
	return &frame_of(stacks, stack->frames[i])->frame;
}
