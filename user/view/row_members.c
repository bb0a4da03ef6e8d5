// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/row_members.h"

#include "record/names.h"

static const struct row *of(const void *row)
{
	return row;
}

void row_write_key(struct json *json, const struct member *member, const void *view,
		   const void *row)
{
	(void)view;
	json_string(json, member->key, of(row)->name, SIZE_MAX);
}

void row_write_incomplete(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	(void)view;
	json_bool(json, member->key, of(row)->incomplete);
}

void row_owner_by(struct json *json, const char *key, const struct common *owner_by)
{
	json_plain(json, key, owner_by->mixed ? NULL : owner_by_name(owner_by->value));
}
