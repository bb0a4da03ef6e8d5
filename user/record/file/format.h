/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a recording is: a preamble, then frames, each packed and with a check sum of its own. The
 * first frame is the header, the last the end; those between are whole records of a stream. All is
 * in the byte order of who wrote it, which the preamble tells.
 */
#ifndef TCPLINGER_RECORDING_FORMAT_H
#define TCPLINGER_RECORDING_FORMAT_H

#include <stdint.h>

#include "filter.h"
#include "record.h"
#include "record/needs.h"

#define RECORDING_MAGIC "tcprec\r\n" /* whoever converts line ends breaks it */

/*
 * Of the container, and of what records mean. Record types and members that are added need no other
 * one: the header tells how long each record is.
 */
#define RECORDING_VERSION    1
#define RECORDING_BYTE_ORDER 0x01020304U

struct recording_preamble {
	char magic[8];
	uint32_t version;
	uint32_t byte_order;
};

enum frame_kind {
	FRAME_HEADER = 1, /* a struct recording_header */
	FRAME_RECORDS,	  /* of the stream, one after the other */
	FRAME_STATE,	  /* what had come until here, as records: where one may begin to read */
	FRAME_END,	  /* nothing: the recording is whole */
	FRAME_KINDS,
};

#define FRAME_MAGIC    0x4d415246U	      /* "FRAM" */
#define FRAME_RAW      (256U * 1024)	      /* so much is gathered, */
#define FRAME_RAW_MAX  (FRAME_RAW + 65536U)   /* and one record more; */
#define FRAME_SIZE_MAX (FRAME_RAW_MAX + 4096) /* what does not pack well grows a little */

enum frame_mark {
	FRAME_REFRESH = 1, /* its last record ends a refresh; no other one of it does */
};

struct frame_header {
	uint32_t magic;
	uint16_t kind;
	uint16_t flags;	   /* enum frame_mark */
	uint32_t size;	   /* bytes behind this, packed by zstd */
	uint32_t raw;	   /* and unpacked */
	uint64_t first_ns; /* time of its first record, CLOCK_MONOTONIC */
	uint64_t last_ns;  /* and of its last */
	uint32_t checksum; /* CRC-32 of the bytes behind this */
	uint32_t own;	   /* and of this, but for these four bytes */
};

#define RECORDING_TYPES 64

/* What is in the file of an older version is shorter: the rest is 0 then. */
struct recording_header {
	uint16_t sizes[RECORDING_TYPES]; /* of each type of record; 0: there is none */
	char boot_id[40];
	char host[72];
	char kernel[72];
	char machine[72];
	char version[64]; /* tcplinger's */
	int64_t monotonic_offset_ns;
	int64_t boottime_offset_ns;
	uint64_t interval_ns; /* between refreshes, as asked for */
	/* what was asked of the source: the model reads it again as it was */
	uint32_t told[16];
	uint32_t listed;
	uint32_t refreshed;
	uint32_t snapshot;
	uint32_t wants;
	uint32_t anonymous; /* addresses, host, exe, cgroup and container were changed */
	/* What `record` was to show: views show what passes this, and their own filter. */
	uint32_t pid;
	char comm[16];
	char cgroup[PROCESS_PATH_MAX];
	struct tuple_filter tuples;
};

_Static_assert(sizeof(struct recording_preamble) == 16, "recording_preamble");
_Static_assert(sizeof(struct frame_header) == 40, "frame_header");
_Static_assert(RECORD_TYPES <= RECORDING_TYPES, "a size for each");
_Static_assert(TCP_STATES <= 16, "a row for each");

#endif
