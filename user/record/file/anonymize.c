// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/file/anonymize.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/macros.h"

#define ADDRESS_BITS  128
#define CONTAINER_HEX 64
#define NAME_HEX      8

/* What stays as it is: the first `bits` of these, and all that begins so. */
static const struct {
	uint8_t address[16];
	unsigned int bits;
} kept[] = {
	{{0}, ADDRESS_BITS},					     /* :: */
	{{[15] = 1}, ADDRESS_BITS},				     /* ::1 */
	{{[10] = 0xff, [11] = 0xff}, ADDRESS_BITS},		     /* 0.0.0.0 */
	{{[10] = 0xff, [11] = 0xff, [12] = 127}, ADDRESS_BITS - 24}, /* 127.0.0.0/8 */
};

void anonymizer_init(struct anonymizer *anonymizer, const uint8_t *key)
{
	memset(anonymizer, 0, sizeof(*anonymizer));
	aes128_set_encrypt_key(&anonymizer->cipher, key);
	hmac_sha256_set_key(&anonymizer->names, 16, key + 16);
	aes128_encrypt(&anonymizer->cipher, sizeof(anonymizer->pad), anonymizer->pad, key + 32);
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !(bits % 8) || !((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8));
}

/* Whether the first `bits` lead to what stays, or are of it: then the next one stays, too. */
static bool stays(const uint8_t *address, unsigned int bits)
{
	for (size_t i = 0; i < LENGTH(kept); i++)
		if (same_bits(address, kept[i].address, bits < kept[i].bits ? bits : kept[i].bits))
			return true;
	return false;
}

/* Whether the bit behind the first `bits` is turned: it depends on these, and on the key. */
static unsigned int turns(struct anonymizer *anonymizer, const uint8_t *address, unsigned int bits)
{
	uint8_t block[AES_BLOCK_SIZE];
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (stays(address, bits))
		return 0;
	memcpy(block, anonymizer->pad, sizeof(block));
	memcpy(block, address, bits / 8);
	block[bits / 8] = (uint8_t)((address[bits / 8] & mask) | (block[bits / 8] & ~mask));
	aes128_encrypt(&anonymizer->cipher, sizeof(block), block, block);
	return block[0] >> 7;
}

static void answer(struct anonymizer *anonymizer, const uint8_t *address, uint8_t *other)
{
	memcpy(other, address, ADDRESS_BITS / 8);
	for (unsigned int bits = 0; bits < ADDRESS_BITS; bits++)
		other[bits / 8] ^= (uint8_t)(turns(anonymizer, address, bits) << (7 - bits % 8));
}

void anonymize_address(struct anonymizer *anonymizer, uint8_t *address)
{
	size_t i = hash_bytes(0, address, ADDRESS_BITS / 8) % ANONYMIZE_ANSWERS;

	/* of what was never asked the answer is 0, which is that to 0, too */
	if (memcmp(anonymizer->answers[i].address, address, ADDRESS_BITS / 8) != 0) {
		answer(anonymizer, address, anonymizer->answers[i].answer);
		memcpy(anonymizer->answers[i].address, address, ADDRESS_BITS / 8);
	}
	memcpy(address, anonymizer->answers[i].answer, ADDRESS_BITS / 8);
}

/* As many hexadecimal digits, 64 at most, in place of these bytes. */
static void write_name(struct anonymizer *anonymizer, const char *bytes, size_t size, char *digits,
		       size_t count)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_SIZE];

	hmac_sha256_update(&anonymizer->names, size, (const uint8_t *)bytes);
	hmac_sha256_digest(&anonymizer->names, sizeof(digest), digest);
	for (size_t i = 0; i < count; i++)
		digits[i] = hex[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
}

/* Where 64 hexadecimal digits begin, no more and no less; `size` if nowhere. */
static size_t find_container(const char *word, size_t size)
{
	size_t run = 0;

	for (size_t i = 0; i <= size; i++) {
		if (i < size && isxdigit((unsigned char)word[i])) {
			run++;
			continue;
		}
		if (run == CONTAINER_HEX)
			return i - run;
		run = 0;
	}
	return size;
}

/* One word of a path: a name for all of it, and one for the container that it names. */
static size_t write_word(struct anonymizer *anonymizer, const char *word, size_t size, char *other)
{
	size_t container = find_container(word, size);

	if (!size)
		return 0;
	write_name(anonymizer, word, size, other, NAME_HEX);
	if (container == size)
		return NAME_HEX;
	other[NAME_HEX] = '-';
	write_name(anonymizer, word + container, CONTAINER_HEX, other + NAME_HEX + 1,
		   CONTAINER_HEX);
	return NAME_HEX + 1 + CONTAINER_HEX;
}

#define WORD_MAX (NAME_HEX + 1 + CONTAINER_HEX)

void anonymize_path(struct anonymizer *anonymizer, char *path, size_t size)
{
	char other[PROCESS_PATH_MAX];
	size_t length = 0;

	for (const char *at = path; *at;) {
		size_t word = strcspn(at, "/");

		if (length + WORD_MAX + 2 > sizeof(other) || length + WORD_MAX + 2 > size)
			break; /* names are longer than what they stand for: the rest is cut */
		length += write_word(anonymizer, at, word, other + length);
		at += word;
		if (*at)
			other[length++] = *at++;
	}
	memcpy(path, other, length);
	memset(path + length, 0, size - length);
}

static void change_tuple(struct anonymizer *anonymizer, struct tuple *tuple)
{
	anonymize_address(anonymizer, tuple->laddr);
	anonymize_address(anonymizer, tuple->raddr);
}

static void change_transition(struct anonymizer *anonymizer, void *record)
{
	change_tuple(anonymizer, &((struct record_transition *)record)->tuple);
}

static void change_timewait(struct anonymizer *anonymizer, void *record)
{
	change_tuple(anonymizer, &((struct record_timewait *)record)->tuple);
}

static void change_socket(struct anonymizer *anonymizer, void *record)
{
	change_tuple(anonymizer, &((struct record_socket *)record)->tuple);
}

static void change_failure(struct anonymizer *anonymizer, void *record)
{
	change_tuple(anonymizer, &((struct record_failure *)record)->tuple);
}

static void change_process(struct anonymizer *anonymizer, void *changed)
{
	struct record_process *record = changed;

	anonymize_path(anonymizer, record->exe, sizeof(record->exe));
	anonymize_path(anonymizer, record->cgroup, sizeof(record->cgroup));
}

/* Whatever has an address, or a name, of the host. */
static void (*const changes[RECORD_TYPES])(struct anonymizer *anonymizer, void *record) = {
	[RECORD_TRANSITION] = change_transition, [RECORD_TIMEWAIT] = change_timewait,
	[RECORD_SOCKET] = change_socket,	 [RECORD_FAILURE] = change_failure,
	[RECORD_PROCESS] = change_process,
};

const struct record_header *anonymize_record(struct anonymizer *anonymizer,
					     const struct record_header *record)
{
	if (record->type >= RECORD_TYPES || !changes[record->type])
		return record;
	memcpy(anonymizer->record, record, record->size);
	changes[record->type](anonymizer, anonymizer->record);
	return (const void *)anonymizer->record;
}

void anonymize_header(struct anonymizer *anonymizer, struct recording_header *header)
{
	snprintf(header->host, sizeof(header->host), "%s", "anonymous");
	memset(header->boot_id, 0, sizeof(header->boot_id));
	anonymize_path(anonymizer, header->cgroup, sizeof(header->cgroup));
	if (header->tuples.laddr.prefix)
		anonymize_address(anonymizer, header->tuples.laddr.address);
	if (header->tuples.raddr.prefix)
		anonymize_address(anonymizer, header->tuples.raddr.address);
	header->anonymous = 1;
}
