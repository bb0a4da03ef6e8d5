// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/table.h"

#include <float.h>
#include <stddef.h>
#include <string.h>

static uint64_t number_at(const struct member *member, const void *row, size_t i)
{
	const char *at = (const char *)row + member->offset + i * member->bytes;

	return member->bytes == sizeof(uint32_t) ? *(const uint32_t *)(const void *)at
						 : *(const uint64_t *)(const void *)at;
}

struct value member_value(const struct member *member, const void *view, const void *row)
{
	if (member->value)
		return member->value(view, row);
	return value_number(true, number_at(member, row, 0));
}

double member_order(const struct member *member, const void *view, const void *row)
{
	struct value value = member_value(member, view, row);

	if (!value.known)
		return -DBL_MAX;
	return value.is_real ? value.real : (double)value.number;
}

bool member_sorts(const struct member *member)
{
	return member->kind != FIGURE_NONE && !member->dimension && !member->scale;
}

const struct member *table_find(const struct table *table, const char *key)
{
	for (size_t i = 0; i < table->count; i++)
		if (member_sorts(&table->members[i]) && strcmp(table->members[i].key, key) == 0)
			return &table->members[i];
	return NULL;
}

static bool is_zero(const struct member *member, const void *view, const void *row)
{
	struct value value = member_value(member, view, row);

	return !value.known || (value.is_real ? value.real == 0 : value.number == 0);
}

bool table_is_present(const struct table *table, const void *view, const void *row)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->members[i].present && !is_zero(&table->members[i], view, row))
			return true;
	return false;
}

static const struct histogram *histogram_at(const struct member *member, const void *row)
{
	return (const void *)((const char *)row + member->offset);
}

static uint64_t counted(const struct member *member, const void *row)
{
	uint64_t sum = 0;

	if (member->scale)
		return histogram_at(member, row)->count;
	if (!member->dimension)
		return number_at(member, row, 0);
	for (unsigned int i = member->dimension->first; i < member->dimension->end; i++)
		sum += number_at(member, row, i);
	return sum;
}

uint64_t table_counted(const struct table *table, const void *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < table->count; i++)
		if (table->members[i].kind == FIGURE_COUNTER)
			sum += counted(&table->members[i], row);
	return sum;
}

static void write_value(struct json *json, const struct member *member, struct value value)
{
	if (!value.known)
		json_null(json, member->key);
	else if (value.is_real)
		json_real(json, member->key, value.real);
	else if (member->unit == UNIT_SECONDS)
		json_seconds(json, member->key, value.number);
	else
		json_number(json, member->key, value.number);
}

static void write_dimension(struct json *json, const struct member *member, const void *row)
{
	const struct dimension *dimension = member->dimension;

	json_open(json, member->key, '{');
	for (unsigned int i = dimension->first; i < dimension->end; i++)
		json_number(json, dimension->name(i), number_at(member, row, i));
	json_close(json, '}');
}

void member_write(struct json *json, const struct member *member, const void *view, const void *row)
{
	struct histogram_scale scale;

	if (member->write) {
		member->write(json, member, view, row);
	} else if (member->dimension) {
		write_dimension(json, member, row);
	} else if (member->scale) {
		member->scale(&scale, view, row);
		object_histogram(json, member->key, histogram_at(member, row), &scale);
	} else {
		write_value(json, member, member_value(member, view, row));
	}
}

void table_write(const struct table *table, struct json *json, const void *view, const void *row)
{
	for (size_t i = 0; i < table->count; i++)
		member_write(json, &table->members[i], view, row);
}

void table_show_row(const struct table *table, struct output *output, const void *view,
		    const struct row *row, uint64_t time_ns, uint64_t seq,
		    const struct clock_offsets *clocks)
{
	struct json json;

	object_begin(&json, output, table->type, time_ns, clocks);
	json_number(&json, "seq", seq);
	table_write(table, &json, view, row);
	json_end(&json);
}

size_t table_show_rows(const struct table *table, struct output *output, const void *view,
		       const struct rows *rows, uint64_t time_ns, size_t limit,
		       const struct clock_offsets *clocks)
{
	size_t count = limit && limit < rows->shown_count ? limit : rows->shown_count;

	for (size_t i = 0; i < count; i++)
		table_show_row(table, output, view, rows->shown[i], time_ns, rows->seq, clocks);
	return count;
}

static double order(const void *view, const struct row *row, const void *member)
{
	return member_order(member, view, row);
}

void table_sort(const struct table *table, struct rows *rows, const void *view, const char *key)
{
	rows_sort(rows, order, view, table_find(table, key));
}
