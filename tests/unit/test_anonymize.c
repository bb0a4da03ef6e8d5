// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <stdlib.h>

#include "model/process.h"
#include "record/file/anonymize.h"
#include "records.h"
#include "unit.h"

static void begin(struct anonymizer *anonymizer, uint64_t seed)
{
	uint8_t key[ANONYMIZE_KEY];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)random_next(&seed);
	anonymizer_init(anonymizer, key);
}

static void read_address(const char *text, uint8_t *address)
{
	char mapped[INET6_ADDRSTRLEN];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	assert_int_equal(inet_pton(AF_INET6, mapped, address), 1);
}

static unsigned int shared_bits(const uint8_t *a, const uint8_t *b)
{
	for (unsigned int bit = 0; bit < 128; bit++)
		if ((a[bit / 8] ^ b[bit / 8]) >> (7 - bit % 8) & 1)
			return bit;
	return 128;
}

static void random_address(uint64_t *seed, bool ipv4, uint8_t *address)
{
	memset(address, 0, 16);
	for (size_t i = ipv4 ? 12 : 0; i < 16; i++)
		address[i] = (uint8_t)(random_next(seed) >> 24);
	if (ipv4)
		address[10] = address[11] = 0xff;
}

/* Whatever two addresses are, those that stay among them. */
static void test_shared_bits_stay_as_many(void **state)
{
	static const char *const special[] = {"::", "::1", "0.0.0.0", "127.0.0.1", "127.9.8.7"};
	struct anonymizer *anonymizer = calloc(1, sizeof(*anonymizer));
	uint8_t a[16], b[16], other_a[16], other_b[16];
	uint64_t seed = 7;

	(void)state;
	begin(anonymizer, 1);
	for (unsigned int i = 0; i < 20000; i++) {
		random_address(&seed, i & 1, a);
		random_address(&seed, i & 2, b);
		if (i % 8 == 0)
			read_address(special[i / 8 % COUNT(special)], b);
		if (i % 4 == 1) /* near each other */
			memcpy(b, a, 12 + i / 4 % 4);
		memcpy(other_a, a, 16);
		memcpy(other_b, b, 16);
		anonymize_address(anonymizer, other_a);
		anonymize_address(anonymizer, other_b);
		assert_int_equal(shared_bits(other_a, other_b), shared_bits(a, b));
	}
	free(anonymizer);
}

static void test_loopback_and_the_unspecified_stay(void **state)
{
	static const char *const stays[] = {"::", "::1", "0.0.0.0", "127.0.0.1", "127.255.255.255"};
	struct anonymizer *anonymizer = calloc(1, sizeof(*anonymizer));
	uint8_t before[16], after[16];

	(void)state;
	for (uint64_t key = 1; key < 20; key++) {
		begin(anonymizer, key);
		for (size_t i = 0; i < COUNT(stays); i++) {
			read_address(stays[i], before);
			memcpy(after, before, 16);
			anonymize_address(anonymizer, after);
			assert_memory_equal(after, before, 16);
		}
	}
	free(anonymizer);
}

static void test_another_key_gives_other_addresses(void **state)
{
	struct anonymizer *anonymizer = calloc(1, sizeof(*anonymizer));
	uint8_t address[16], one[16], other[16];

	(void)state;
	read_address("192.168.1.77", address);
	memcpy(one, address, 16);
	memcpy(other, address, 16);
	begin(anonymizer, 1);
	anonymize_address(anonymizer, one);
	begin(anonymizer, 2);
	anonymize_address(anonymizer, other);
	assert_memory_not_equal(one, address, 16);
	assert_memory_not_equal(one, other, 16);
	assert_int_equal(shared_bits(one, other) >= 96, true); /* IPv4 still */
	free(anonymizer);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_names_change_and_containers_are_still_told(void **state)
{
	struct anonymizer *anonymizer = calloc(1, sizeof(*anonymizer));
	char path[PROCESS_PATH_MAX] = "/system.slice/docker-" ID ".scope";
	char above[PROCESS_PATH_MAX] = "/system.slice", root[PROCESS_PATH_MAX] = "/";
	char container[13], before[13];

	(void)state;
	begin(anonymizer, 1);
	container_of_cgroup(path, before);
	anonymize_path(anonymizer, path, sizeof(path));
	anonymize_path(anonymizer, above, sizeof(above));
	anonymize_path(anonymizer, root, sizeof(root));
	assert_null(strstr(path, "docker"));
	assert_null(strstr(path, ID));
	assert_memory_equal(path, above, strlen(above));
	assert_string_equal(root, "/");
	container_of_cgroup(path, container);
	assert_int_equal(strlen(container), 12);
	assert_string_not_equal(container, before);
	free(anonymizer);
}

/* Many short words: their names are longer, and are cut where there is no more room. */
static void test_a_path_is_never_longer_than_its_room(void **state)
{
	struct anonymizer *anonymizer = calloc(1, sizeof(*anonymizer));
	char path[PROCESS_PATH_MAX];

	(void)state;
	begin(anonymizer, 1);
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? 'a' : '/';
	path[sizeof(path) - 1] = 0;
	anonymize_path(anonymizer, path, sizeof(path));
	assert_true(strlen(path) < sizeof(path));
	assert_int_equal(path[0], '/');
	free(anonymizer);
}

static void test_ports_pids_and_comms_stay(void **state)
{
	struct anonymizer *anonymizer = calloc(1, sizeof(*anonymizer));
	struct record_transition record = {
		.header = {RECORD_TRANSITION, sizeof(record), 0, 5},
		.cookie = 9,
		.owner = {.pid = 12, .comm = "shop"},
	};
	struct record_transition changed;

	(void)state;
	begin(anonymizer, 1);
	read_address("10.1.2.3", record.tuple.laddr);
	read_address("127.0.0.1", record.tuple.raddr);
	record.tuple.lport = 80;
	changed = *(const struct record_transition *)anonymize_record(anonymizer, &record.header);
	assert_memory_not_equal(changed.tuple.laddr, record.tuple.laddr, 16);
	memcpy(changed.tuple.laddr, record.tuple.laddr, 16);
	assert_memory_equal(&changed, &record, sizeof(record));
	free(anonymizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_bits_stay_as_many),
		cmocka_unit_test(test_loopback_and_the_unspecified_stay),
		cmocka_unit_test(test_another_key_gives_other_addresses),
		cmocka_unit_test(test_names_change_and_containers_are_still_told),
		cmocka_unit_test(test_a_path_is_never_longer_than_its_room),
		cmocka_unit_test(test_ports_pids_and_comms_stay),
	};

	return cmocka_run_group_tests_name("anonymize", tests, NULL, NULL);
}
