// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/auth.h"
#include "command/serve/web_config.h"

#include <poll.h>

#include "unit.h"

/* Of "secret", at a cost that a test can wait for. */
#define HASH "$2b$04$AdyxB9B4NKtnzsE2m4ZF1ODdXhyi8ZW.Bu77cdDOIlbhAxGWybSrK"

static bool parse(struct web_config *config, const char *text, char *complaint)
{
	return web_config_parse(config, text, strlen(text), complaint);
}

static void what_is_supported_is_taken(void **state)
{
	static const char text[] =
		"tls_server_config:\n  cert_file: a.pem\n  key_file: b.pem\n"
		"  min_version: TLS13\nbasic_auth_users:\n  alice: " HASH "\n  bob: '" HASH "'\n";
	char complaint[WEB_COMPLAINT] = "", priorities[128];
	struct web_config config;

	(void)state;
	check(parse(&config, text, complaint), "%s", complaint);
	assert_true(config.tls);
	assert_string_equal(config.texts[WEB_CERT_FILE], "a.pem");
	assert_string_equal(config.texts[WEB_KEY_FILE], "b.pem");
	assert_int_equal(config.user_count, 2);
	assert_string_equal(config.users[1].name, "bob");
	assert_string_equal(config.users[1].hash, HASH);
	web_config_priorities(&config, priorities, sizeof(priorities));
	assert_string_equal(priorities, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
	web_config_free(&config);
}

static void nothing_configures_nothing(void **state)
{
	static const char *const texts[] = {"", "# only this\n", "tls_server_config:\n", "{}"};
	char complaint[WEB_COMPLAINT] = "";
	struct web_config config;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		check(parse(&config, texts[i], complaint), "%s: %s", texts[i], complaint);
		assert_false(config.tls);
		assert_int_equal(config.user_count, 0);
		web_config_free(&config);
	}
}

static void versions_are_from_1_2_on_unless_it_says_so(void **state)
{
	static const char text[] =
		"tls_server_config: {cert_file: a, key_file: b, min_version: TLS10, "
		"max_version: TLS11}";
	char complaint[WEB_COMPLAINT] = "", priorities[128];
	struct web_config config = {0};

	(void)state;
	web_config_priorities(&config, priorities, sizeof(priorities));
	assert_string_equal(priorities, "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3");
	assert_true(parse(&config, text, complaint));
	web_config_priorities(&config, priorities, sizeof(priorities));
	assert_string_equal(priorities, "NORMAL:-VERS-ALL:+VERS-TLS1.0:+VERS-TLS1.1");
	web_config_free(&config);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *named;
	} rows[] = {
		{"x: 1\n", "line 1: x is not supported"},
		{"http_server_config:\n  http2: true\n", "line 1: http_server_config"},
		{"tls_server_config:\n  cert_file: a\n  key_file: b\n  cipher_suites: [x]\n",
		 "line 4: cipher_suites"},
		{"tls_server_config:\n  cert_file: a\n", "cert_file and key_file"},
		{"tls_server_config:\n  cert_file: [a]\n  key_file: b\n", "line 2: cert_file"},
		{"tls_server_config:\n  cert_file: ''\n  key_file: b\n", "line 2: cert_file"},
		{"tls_server_config:\n  cert_file: a\n  cert_file: b\n  key_file: c\n",
		 "line 3: cert_file is there twice"},
		{"tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}", "SSL3"},
		{"tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: "
		 "TLS12}",
		 "min_version is above"},
		{"tls_server_config: {cert_file: a, key_file: b, client_auth_type: "
		 "RequestClientCert}",
		 "RequestClientCert is not supported"},
		{"tls_server_config: {cert_file: a, key_file: b, client_auth_type: "
		 "RequireAndVerifyClientCert}",
		 "client_ca_file"},
		{"tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}",
		 "client_ca_file"},
		{"tls_server_config: [1]\n", "line 1"},
		{"basic_auth_users: {alice: secret}", "alice is no hash"},
		{"basic_auth_users: {alice: $6$abc$def}", "alice is no hash"},
		{"basic_auth_users: {a:b: " HASH "}", "colon"},
		{"basic_auth_users: {alice: " HASH ", alice: " HASH "}", "there twice"},
		{"basic_auth_users:\n", "users with their passwords"},
		{"basic_auth_users: {}\n", "users with their passwords"},
		{"[]", "line 1"},
		{"a: [", "no YAML"},
		{"\tx", "no YAML"},
		{"? [a]\n: b\n", "a key is a text"},
	};
	struct web_config config;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char complaint[WEB_COMPLAINT] = "";

		check(!parse(&config, rows[i].text, complaint), "%s is taken", rows[i].text);
		check(strstr(complaint, rows[i].named), "%s: %s", rows[i].text, complaint);
		assert_null(config.users);
		assert_true(!config.texts[WEB_CERT_FILE][0]);
	}
}

static bool checked(struct auth *auth, const char *user, const char *password)
{
	struct pollfd polled = {.fd = auth_wait_on(auth), .events = POLLIN};
	bool right = false;

	assert_true(auth_begin(auth, user, password));
	assert_false(auth_begin(auth, user, password));
	assert_int_equal(poll(&polled, 1, 10000), 1);
	assert_true(auth_end(auth, &right));
	assert_false(auth_end(auth, &right));
	return right;
}

static void a_password_is_checked_and_what_was_right_is_known(void **state)
{
	struct web_user users[] = {{(char *)"alice", (char *)HASH}, {(char *)"bob", (char *)HASH}};
	struct auth *auth = auth_start(users, COUNT(users));

	(void)state;
	assert_non_null(auth);
	assert_false(auth_knows(auth, "alice", "secret"));
	assert_false(checked(auth, "alice", "wrong"));
	assert_false(checked(auth, "carol", "secret"));
	assert_false(checked(auth, "alice", ""));
	assert_true(checked(auth, "alice", "secret"));
	assert_true(auth_knows(auth, "alice", "secret"));
	assert_false(auth_knows(auth, "bob", "secret"));
	assert_false(auth_knows(auth, "alice", "wrong"));
	assert_false(auth_knows(auth, "alic", "e:secret"));
	assert_true(checked(auth, "bob", "secret"));
	for (int i = 0; i < 70; i++)
		assert_true(checked(auth, "bob", "secret"));
	auth_stop(auth);
}

static void it_ends_while_a_password_is_checked(void **state)
{
	struct web_user user = {(char *)"alice", (char *)HASH};
	struct auth *auth = auth_start(&user, 1);

	(void)state;
	assert_true(auth_begin(auth, "alice", "secret"));
	auth_stop(auth);
	auth_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_supported_is_taken),
		cmocka_unit_test(nothing_configures_nothing),
		cmocka_unit_test(versions_are_from_1_2_on_unless_it_says_so),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(a_password_is_checked_and_what_was_right_is_known),
		cmocka_unit_test(it_ends_while_a_password_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
