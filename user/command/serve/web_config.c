// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/web_config.h"

#include <crypt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <yaml.h>

#include "base/macros.h"
#include "base/memory.h"

#define VERIFIES "RequireAndVerifyClientCert"

/* What is being read. */
struct reading {
	struct web_config *config;
	yaml_document_t document;
	char *complaint;
};

/* A key that is understood, and what takes its value. */
struct web_key {
	const char *name;
	enum web_text text; /* where its value goes, where `take` is NULL */
	bool (*take)(struct reading *reading, yaml_node_t *value);
	const char *const *words; /* what the string may be; NULL: anything */
};

__attribute__((format(printf, 3, 4))) static bool refuse(struct reading *reading, size_t line,
							 const char *format, ...)
{
	int length = snprintf(reading->complaint, WEB_COMPLAINT, "line %zu: ", line + 1);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reading->complaint + length, WEB_COMPLAINT - (size_t)length, format, arguments);
	va_end(arguments);
	return false;
}

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* A NUL inside of it would hide what follows. */
static bool is_text(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE &&
	       strlen(text_of(node)) == node->data.scalar.length;
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words;
}

static bool take_text(struct reading *reading, const struct web_key *key, yaml_node_t *value)
{
	if (!is_text(value) || !text_of(value)[0] || value->data.scalar.length >= WEB_TEXT)
		return refuse(reading, value->start_mark.line, "%s: a text is wanted", key->name);
	if (key->words && !is_one_of(text_of(value), key->words))
		return refuse(reading, value->start_mark.line, "%s: %.60s is not supported",
			      key->name, text_of(value));
	memcpy(reading->config->texts[key->text], text_of(value), value->data.scalar.length + 1);
	return true;
}

static const struct web_key *find_key(const struct web_key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool take_pair(struct reading *reading, const struct web_key *keys, size_t count,
		      const yaml_node_pair_t *pair, uint32_t *seen)
{
	yaml_node_t *name = yaml_document_get_node(&reading->document, pair->key);
	yaml_node_t *value = yaml_document_get_node(&reading->document, pair->value);
	const struct web_key *key;

	if (!is_text(name))
		return refuse(reading, name->start_mark.line, "a key is a text");
	key = find_key(keys, count, text_of(name));
	if (!key)
		return refuse(reading, name->start_mark.line, "%.60s is not supported",
			      text_of(name));
	if (*seen & BIT(key - keys))
		return refuse(reading, name->start_mark.line, "%s is there twice", key->name);
	*seen |= BIT(key - keys);
	return key->take ? key->take(reading, value) : take_text(reading, key, value);
}

/* A mapping whose keys are these; one that is empty says nothing. */
static bool take_keys(struct reading *reading, const struct web_key *keys, size_t count,
		      const yaml_node_t *node)
{
	uint32_t seen = 0;
	bool done = true;

	if (node->type == YAML_SCALAR_NODE && !node->data.scalar.length)
		return true;
	if (node->type != YAML_MAPPING_NODE)
		return refuse(reading, node->start_mark.line, "keys with values are wanted");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     done && pair < node->data.mapping.pairs.top; pair++)
		done = take_pair(reading, keys, count, pair, &seen);
	return done;
}

static bool says(const struct web_config *config, enum web_text text)
{
	return config->texts[text][0];
}

static bool take_tls(struct reading *reading, yaml_node_t *value)
{
	static const char *const versions[] = {"TLS10", "TLS11", "TLS12", "TLS13", NULL};
	static const char *const types[] = {"NoClientCert", VERIFIES, NULL};
	static const struct web_key keys[] = {
		{"cert_file", WEB_CERT_FILE, NULL, NULL},
		{"key_file", WEB_KEY_FILE, NULL, NULL},
		{"client_ca_file", WEB_CLIENT_CA_FILE, NULL, NULL},
		{"client_auth_type", WEB_CLIENT_AUTH_TYPE, NULL, types},
		{"min_version", WEB_MIN_VERSION, NULL, versions},
		{"max_version", WEB_MAX_VERSION, NULL, versions},
	};
	struct web_config *config = reading->config;

	if (!take_keys(reading, keys, LENGTH(keys), value))
		return false;
	for (enum web_text i = 0; i < WEB_TEXTS; i++)
		config->tls |= says(config, i);
	if (config->tls && (!says(config, WEB_CERT_FILE) || !says(config, WEB_KEY_FILE)))
		return refuse(reading, value->start_mark.line,
			      "tls_server_config: cert_file and key_file are wanted");
	if (web_config_asks_client(config) != says(config, WEB_CLIENT_CA_FILE))
		return refuse(reading, value->start_mark.line,
			      "client_ca_file and client_auth_type: " VERIFIES
			      " go together: the one is nothing without the other");
	if (says(config, WEB_MIN_VERSION) && says(config, WEB_MAX_VERSION) &&
	    strcmp(config->texts[WEB_MIN_VERSION], config->texts[WEB_MAX_VERSION]) > 0)
		return refuse(reading, value->start_mark.line, "min_version is above max_version");
	return true;
}

static bool is_bcrypt(const char *hash)
{
	return strncmp(hash, "$2", 2) == 0 && strlen(hash) == 60 &&
	       crypt_checksalt(hash) != CRYPT_SALT_INVALID;
}

static bool take_user(struct reading *reading, const yaml_node_pair_t *pair)
{
	const yaml_node_t *name = yaml_document_get_node(&reading->document, pair->key);
	const yaml_node_t *hash = yaml_document_get_node(&reading->document, pair->value);
	struct web_config *config = reading->config;

	if (!is_text(name) || !text_of(name)[0] || strchr(text_of(name), ':'))
		return refuse(reading, name->start_mark.line, "a user is a text without a colon");
	if (!is_text(hash) || !is_bcrypt(text_of(hash)))
		return refuse(reading, name->start_mark.line,
			      "the password of %.60s is no hash of bcrypt ($2y$10$..)",
			      text_of(name));
	for (size_t i = 0; i < config->user_count; i++)
		if (strcmp(config->users[i].name, text_of(name)) == 0)
			return refuse(reading, name->start_mark.line, "%.60s is there twice",
				      text_of(name));
	config->users =
		memory_resize(config->users, config->user_count + 1, sizeof(*config->users));
	config->users[config->user_count++] =
		(struct web_user){memory_string(text_of(name)), memory_string(text_of(hash))};
	return true;
}

/* An empty list of users would let everybody in, which is not what it looks like. */
static bool take_users(struct reading *reading, yaml_node_t *value)
{
	bool done = true;

	if (value->type != YAML_MAPPING_NODE ||
	    value->data.mapping.pairs.start == value->data.mapping.pairs.top)
		return refuse(reading, value->start_mark.line,
			      "basic_auth_users: users with their passwords are wanted");
	for (const yaml_node_pair_t *pair = value->data.mapping.pairs.start;
	     done && pair < value->data.mapping.pairs.top; pair++)
		done = take_user(reading, pair);
	return done;
}

static bool take_document(struct reading *reading)
{
	static const struct web_key keys[] = {
		{"tls_server_config", 0, take_tls, NULL},
		{"basic_auth_users", 0, take_users, NULL},
	};
	const yaml_node_t *root = yaml_document_get_root_node(&reading->document);

	/* an empty file is one that configures nothing */
	return !root || take_keys(reading, keys, LENGTH(keys), root);
}

bool web_config_parse(struct web_config *config, const char *text, size_t size, char *complaint)
{
	struct reading reading = {.config = config, .complaint = complaint};
	yaml_parser_t parser;
	bool done;

	*config = (struct web_config){0};
	if (!yaml_parser_initialize(&parser))
		memory_check(NULL);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &reading.document)) {
		refuse(&reading, parser.problem_mark.line, "no YAML: %s",
		       parser.problem ? parser.problem : "it cannot be read");
		yaml_parser_delete(&parser);
		return false;
	}
	done = take_document(&reading);
	yaml_document_delete(&reading.document);
	yaml_parser_delete(&parser);
	if (!done)
		web_config_free(config);
	return done;
}

void web_config_free(struct web_config *config)
{
	for (size_t i = 0; i < config->user_count; i++) {
		free(config->users[i].name);
		free(config->users[i].hash);
	}
	free(config->users);
	*config = (struct web_config){0};
}

bool web_config_asks_client(const struct web_config *config)
{
	return strcmp(config->texts[WEB_CLIENT_AUTH_TYPE], VERIFIES) == 0;
}

/* "TLS13": the last digit says which. */
static int minor(const char *version, int otherwise)
{
	return version[0] ? version[4] - '0' : otherwise;
}

void web_config_priorities(const struct web_config *config, char *text, size_t size)
{
	int length = snprintf(text, size, "NORMAL:-VERS-ALL");

	for (int i = minor(config->texts[WEB_MIN_VERSION], 2);
	     i <= minor(config->texts[WEB_MAX_VERSION], 3); i++)
		length += snprintf(text + length, size - (size_t)length, ":+VERS-TLS1.%d", i);
}
