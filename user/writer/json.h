/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON, one object per line, straight into the output buffer. json-c takes 5.3 us for one
 * transition, jansson 8.9 us, where all that the tool may spend on it is about four; this takes
 * less than one. Keys are constants, so all that is left of a JSON library is commas and the
 * escaping of strings.
 */
#ifndef TCPLINGER_JSON_H
#define TCPLINGER_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "writer/output.h"

struct json {
	struct output *output;
	bool comma; /* something precedes at this level */
};

/* A top-level object is a line of its own. */
void json_begin(struct json *json, struct output *output);
void json_end(struct json *json);

/* `key` NULL: an element of an array. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);

void json_null(struct json *json, const char *key);
void json_bool(struct json *json, const char *key, bool truth);
void json_number(struct json *json, const char *key, uint64_t number);
void json_integer(struct json *json, const char *key, int64_t number);
void json_hex(struct json *json, const char *key, uint64_t number);

/* Nanoseconds as seconds, exactly. */
void json_seconds(struct json *json, const char *key, uint64_t ns);
/* null for what is no number. */
void json_real(struct json *json, const char *key, double number);

/*
 * Any bytes up to `size` or their NUL: valid JSON and UTF-8 always, broken bytes as U+FFFD. NULL:
 * null.
 */
void json_string(struct json *json, const char *key, const char *bytes, size_t size);

/* A string that needs no escape: names of ours, numbers, addresses, times. NULL: null. */
void json_plain(struct json *json, const char *key, const char *text);

#endif
