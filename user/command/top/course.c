// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/top/course.h"

#include <string.h>

#include "base/macros.h"
#include "base/memory.h"

void courses_init(struct courses *courses)
{
	*courses = (struct courses){0};
	pool_init(&courses->pool, sizeof(struct course));
	index_init(&courses->index, &courses->pool);
}

void courses_free(struct courses *courses)
{
	index_free(&courses->index);
	pool_free(&courses->pool);
}

bool courses_begin(struct courses *courses, uint64_t time_ns)
{
	if (courses->point && time_ns - courses->point_ns < COURSE_NS)
		return false;
	courses->point_ns = time_ns;
	courses->point++;
	return true;
}

static struct course *find(const struct courses *courses, uint64_t key)
{
	uint32_t number = index_find(&courses->index, key);

	return number ? pool_get(&courses->pool, number) : NULL;
}

static struct course *add(struct courses *courses, uint64_t key)
{
	struct course *course;
	uint32_t number;

	if (courses->pool.live >= COURSES_MAX)
		return NULL;
	number = pool_add(&courses->pool);
	course = pool_get(&courses->pool, number);
	course->key = key;
	index_add(&courses->index, number);
	return course;
}

void courses_note(struct courses *courses, uint64_t key, double value)
{
	struct course *course = find(courses, key);

	if (!course)
		course = add(courses, key);
	if (!course)
		return;
	course->last = courses->point;
	course->points[courses->point % COURSE_POINTS] = value > 0 ? (float)value : 0;
}

void courses_end(struct courses *courses)
{
	for (uint32_t i = 0; i <= courses->index.mask; i++) {
		uint32_t number = courses->index.slots[i].number;
		const struct course *course = number ? pool_get(&courses->pool, number) : NULL;

		if (!course || course->last == courses->point)
			continue;
		index_remove(&courses->index, course->key);
		pool_remove(&courses->pool, number);
		i--; /* another may have moved here */
	}
}

static double greatest(const struct course *course)
{
	double most = 0;

	for (size_t i = 0; i < COURSE_POINTS; i++)
		if (course->points[i] > most)
			most = course->points[i];
	return most;
}

/* What is more than nothing is drawn as more than nothing. */
static size_t level(double value, double most, size_t levels)
{
	size_t at = (size_t)(value / most * (double)(levels - 1) + 0.5);

	return value > 0 && !at ? 1 : at;
}

double course_draw(const struct courses *courses, uint64_t key, size_t columns, bool ascii,
		   char *text)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const marks[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
	const struct course *course = find(courses, key);
	double most = course ? greatest(course) : 0;

	text[0] = 0;
	if (most <= 0)
		return 0;
	for (size_t i = 0; i < columns && i < COURSE_POINTS; i++) {
		size_t back = columns - 1 - i;
		double value =
			course->points[(courses->point + COURSE_POINTS - back) % COURSE_POINTS];

		strcat(text, (ascii ? marks : blocks)[level(value, most, LENGTH(blocks))]);
	}
	return most;
}
