/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Other addresses and names in place of those that were recorded, by a key that is not kept: the
 * same for the same, so that rows stay what they are, and none can be told from what is written.
 *
 * Addresses keep what they have in common: two that share N leading bits share N afterwards, and no
 * more (as Crypto-PAn, J. Xu et al., 2002). Loopback and the unspecified address stay.
 */
#ifndef TCPLINGER_ANONYMIZE_H
#define TCPLINGER_ANONYMIZE_H

#include <nettle/aes.h>
#include <nettle/hmac.h>

#include "record/file/format.h"

#define ANONYMIZE_KEY	  48
#define ANONYMIZE_ANSWERS 4096

struct anonymizer {
	struct aes128_ctx cipher;
	struct hmac_sha256_ctx names;
	uint8_t pad[AES_BLOCK_SIZE];
	struct {
		uint8_t address[16];
		uint8_t answer[16];
	} answers[ANONYMIZE_ANSWERS]; /* to the addresses of late: each takes many rounds */
	uint64_t record[8192];	      /* the one that was changed last */
};

/* `key`: ANONYMIZE_KEY bytes, random. */
void anonymizer_init(struct anonymizer *anonymizer, const uint8_t *key);

/* A changed copy, valid until the next one; or, where there is nothing to change, the record. */
const struct record_header *anonymize_record(struct anonymizer *anonymizer,
					     const struct record_header *record);
void anonymize_header(struct anonymizer *anonymizer, struct recording_header *header);

/* Of 16 bytes, in place; IPv4 ones are v4-mapped, and stay so. */
void anonymize_address(struct anonymizer *anonymizer, uint8_t *address);

/* A path, in place, of `size` bytes with its end; what names a container still does. */
void anonymize_path(struct anonymizer *anonymizer, char *path, size_t size);

#endif
