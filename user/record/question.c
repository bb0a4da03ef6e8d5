// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/question.h"

#include "base/hash.h"

void questions_init(struct questions *questions)
{
	pool_init(&questions->pool, sizeof(struct question));
	index_init(&questions->index, &questions->pool);
}

void questions_free(struct questions *questions)
{
	index_free(&questions->index);
	pool_free(&questions->pool);
}

static uint64_t key_of(const struct question *asked)
{
	uint64_t words[] = {asked->kind, asked->netns, asked->process.pid, asked->process.start_ns};

	return hash_bytes(0, words, sizeof(words));
}

static void put(struct questions *questions, const struct question *asked)
{
	struct question question = *asked;
	uint32_t number;

	question.key = key_of(asked);
	if (index_find(&questions->index, question.key))
		return;
	number = pool_add(&questions->pool);
	*(struct question *)pool_get(&questions->pool, number) = question;
	index_add(&questions->index, number);
}

void questions_put(struct questions *questions, enum question_kind kind)
{
	put(questions, &(struct question){.kind = kind});
}

void questions_put_netns(struct questions *questions, enum question_kind kind, uint32_t netns)
{
	put(questions, &(struct question){.kind = kind, .netns = netns});
}

void questions_put_process(struct questions *questions, enum question_kind kind,
			   const struct process_id *process)
{
	put(questions, &(struct question){.kind = kind, .process = *process});
}

bool questions_have_process(const struct questions *questions, enum question_kind kind,
			    const struct process_id *process)
{
	struct question asked = {.kind = kind, .process = *process};

	return index_find(&questions->index, key_of(&asked)) != 0;
}

uint32_t questions_count(const struct questions *questions)
{
	return questions->pool.live;
}

const struct question *questions_get(const struct questions *questions, uint32_t i)
{
	return pool_get(&questions->pool, i + 1);
}

bool questions_have(const struct questions *questions, enum question_kind kind)
{
	for (uint32_t i = 0; i < questions_count(questions); i++)
		if (questions_get(questions, i)->kind == kind)
			return true;
	return false;
}

bool questions_asked(void (*ask)(void *context, struct questions *questions), void *context,
		     enum question_kind kind)
{
	struct questions questions;
	bool asked;

	questions_init(&questions);
	ask(context, &questions);
	asked = questions_have(&questions, kind);
	questions_free(&questions);
	return asked;
}
