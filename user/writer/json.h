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

/*
 * What follows is inline for its keys alone: the compiler then knows how long a constant is. `key`
 * NULL: an element of an array.
 */
struct json_key {
	const char *text;
	size_t length;
};

static inline struct json_key json_key(const char *key)
{
	return (struct json_key){key, key ? strlen(key) : 0};
}

void json_put(struct json *json, struct json_key key, const char *text, size_t size);
void json_put_quoted(struct json *json, struct json_key key, const char *text, size_t size);
void json_put_open(struct json *json, struct json_key key, char bracket);
void json_put_number(struct json *json, struct json_key key, uint64_t number);
void json_put_integer(struct json *json, struct json_key key, int64_t number);
void json_put_hex(struct json *json, struct json_key key, uint64_t number);
void json_put_seconds(struct json *json, struct json_key key, uint64_t ns);
void json_put_real(struct json *json, struct json_key key, double number);
void json_put_string(struct json *json, struct json_key key, const char *bytes, size_t size);

static inline void json_open(struct json *json, const char *key, char bracket)
{
	json_put_open(json, json_key(key), bracket);
}

void json_close(struct json *json, char bracket);

static inline void json_null(struct json *json, const char *key)
{
	json_put(json, json_key(key), "null", 4);
}

static inline void json_bool(struct json *json, const char *key, bool truth)
{
	json_put(json, json_key(key), truth ? "true" : "false", truth ? 4 : 5);
}

static inline void json_number(struct json *json, const char *key, uint64_t number)
{
	json_put_number(json, json_key(key), number);
}

static inline void json_integer(struct json *json, const char *key, int64_t number)
{
	json_put_integer(json, json_key(key), number);
}

static inline void json_hex(struct json *json, const char *key, uint64_t number)
{
	json_put_hex(json, json_key(key), number);
}

/* Nanoseconds as seconds, exactly. */
static inline void json_seconds(struct json *json, const char *key, uint64_t ns)
{
	json_put_seconds(json, json_key(key), ns);
}

/* null for what is no number. */
static inline void json_real(struct json *json, const char *key, double number)
{
	json_put_real(json, json_key(key), number);
}

/*
 * Any bytes up to `size` or their NUL: valid JSON and UTF-8 always, broken bytes as U+FFFD. NULL:
 * null.
 */
static inline void json_string(struct json *json, const char *key, const char *bytes, size_t size)
{
	json_put_string(json, json_key(key), bytes, size);
}

/* A string that needs no escape: names of ours, numbers, addresses, times. NULL: null. */
static inline void json_plain(struct json *json, const char *key, const char *text)
{
	if (text)
		json_put_quoted(json, json_key(key), text, strlen(text));
	else
		json_null(json, key);
}

/* A value that was written as JSON before. */
static inline void json_again(struct json *json, const char *key, const char *text, size_t size)
{
	json_put(json, json_key(key), text, size);
}

#endif
