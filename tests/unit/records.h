/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records as the sources make them, with plain defaults for a test to vary. */
#ifndef TCPLINGER_UNIT_RECORDS_H
#define TCPLINGER_UNIT_RECORDS_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "kernel_record.h"
#include "raw_stack.h"

#define SECOND 1000000000ULL
#define NETNS  4026531840U

/* v4 addresses v4-mapped, as in every record. */
static inline void address_of(uint8_t *address, const char *text)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET6, text, address) == 1)
		return;
	memcpy(address, mapped, sizeof(mapped));
	inet_pton(AF_INET, text, address + 12);
}

/* Of AF_INET6 if the local address has a colon. */
static inline struct tuple tuple_of(const char *laddr, uint16_t lport, const char *raddr,
				    uint16_t rport)
{
	struct tuple tuple = {
		.lport = lport,
		.rport = rport,
		.family = strchr(laddr, ':') ? AF_INET6 : AF_INET,
		.netns = NETNS,
	};

	address_of(tuple.laddr, laddr);
	address_of(tuple.raddr, raddr);
	return tuple;
}

static inline struct tuple tuple_plain(void)
{
	return tuple_of("10.0.0.1", 40000, "10.0.0.2", 80);
}

static inline struct process_id process_of(uint32_t pid, const char *comm)
{
	struct process_id id = {.pid = pid, .start_ns = pid * SECOND};

	memcpy(id.comm, comm, strnlen(comm, sizeof(id.comm)));
	return id;
}

static inline struct record_transition transition_of(uint64_t cookie, uint64_t time_ns,
						     unsigned int old_state, unsigned int new_state)
{
	return (struct record_transition){
		.header = {RECORD_TRANSITION, sizeof(struct record_transition), 0, time_ns},
		.cookie = cookie,
		.tuple = tuple_plain(),
		.old_state = (uint8_t)old_state,
		.new_state = (uint8_t)new_state,
		.netns_cookie = 1,
	};
}

static inline struct record_step step_from(const struct record_transition *record)
{
	return (struct record_step){
		.header = {RECORD_STEP, sizeof(struct record_step), 0, record->header.time_ns},
		.cookie = record->cookie,
		.tuple = record->tuple,
		.old_state = record->old_state,
		.new_state = record->new_state,
		.netns_cookie = record->netns_cookie,
	};
}

static inline struct record_timewait timewait_of(uint64_t cookie, uint64_t time_ns,
						 enum timewait_action action, unsigned int substate,
						 int64_t remaining_ns)
{
	return (struct record_timewait){
		.header = {RECORD_TIMEWAIT, sizeof(struct record_timewait), 0, time_ns},
		.cookie = cookie,
		.tuple = tuple_plain(),
		.action = action,
		.substate = (uint8_t)substate,
		.netns_cookie = 1,
		.remaining_ns = remaining_ns,
	};
}

static inline struct record_timewait timewait_end(uint64_t cookie, uint64_t time_ns,
						  unsigned int substate, int64_t remaining_ns,
						  enum end_reason reason)
{
	struct record_timewait record =
		timewait_of(cookie, time_ns, TIMEWAIT_ENDED, substate, remaining_ns);

	record.end_reason = reason;
	return record;
}

static inline struct record_socket socket_row(uint64_t cookie, uint64_t time_ns, unsigned int state)
{
	return (struct record_socket){
		.header = {RECORD_SOCKET, sizeof(struct record_socket), 0, time_ns},
		.cookie = cookie,
		.tuple = tuple_plain(),
		.inode = cookie + 1000,
		.state = (uint8_t)state,
		.netns_cookie = 1,
	};
}

static inline struct record_socket minisocket_row(uint64_t cookie, uint64_t time_ns,
						  unsigned int substate, int64_t remaining_ns)
{
	struct record_socket record = socket_row(cookie, time_ns, substate);

	record.inode = 0;
	record.flags = SOCKET_MINISOCKET;
	record.remaining_ns = remaining_ns;
	return record;
}

/* In CLOSE_WAIT: `recvq` and `flags` make its kind, `since_ns` its age; 0: not known. */
static inline struct record_socket close_wait_row(uint64_t cookie, uint64_t time_ns, uint32_t recvq,
						  unsigned int flags, uint64_t since_ns)
{
	struct record_socket record = socket_row(cookie, time_ns, TCP_CLOSE_WAIT);

	record.recvq = recvq;
	record.flags = (uint16_t)flags;
	record.times.acked_ns = since_ns;
	return record;
}

static inline struct record_holder holder_of(uint64_t cookie, uint64_t time_ns, uint32_t pid,
					     const char *comm)
{
	return (struct record_holder){
		.header = {RECORD_HOLDER, sizeof(struct record_holder), 0, time_ns},
		.cookie = cookie,
		.inode = cookie + 1000,
		.fd = 3,
		.process = process_of(pid, comm),
	};
}

static inline struct record_listing listing_of(uint64_t time_ns, enum listing_phase phase,
					       uint32_t netns)
{
	return (struct record_listing){
		.header = {RECORD_LISTING, sizeof(struct record_listing), 0, time_ns},
		.phase = phase,
		.netns = netns,
	};
}

static inline struct record_listing close_waits_listing_of(uint64_t time_ns,
							   enum listing_phase phase)
{
	struct record_listing record = listing_of(time_ns, phase, 0);

	record.scope = LISTING_CLOSE_WAITS;
	return record;
}

static inline struct record_process description_of(uint32_t pid, const char *comm, const char *exe,
						   const char *cgroup)
{
	struct record_process record = {
		.header = {RECORD_PROCESS, sizeof(struct record_process), 0, 0},
		.process = process_of(pid, comm),
	};

	memcpy(record.exe, exe, strnlen(exe, sizeof(record.exe) - 1));
	memcpy(record.cgroup, cgroup, strnlen(cgroup, sizeof(record.cgroup) - 1));
	return record;
}

static inline struct record_loss loss_of(uint64_t time_ns, const struct losses *losses)
{
	return (struct record_loss){
		.header = {RECORD_LOSS, sizeof(struct record_loss), 0, time_ns},
		.losses = *losses,
	};
}

/* The settings of a namespace with this range, and tcp_tw_reuse on. */
static inline struct record_ports port_settings_of(uint64_t time_ns, uint16_t low, uint16_t high)
{
	return (struct record_ports){
		.header = {RECORD_PORTS, sizeof(struct record_ports), 0, time_ns},
		.netns = NETNS,
		.low = low,
		.high = high,
		.tw_reuse = 1,
		.tw_reuse_delay_ms = 1000,
	};
}

static inline struct record_failure failure_of(uint64_t time_ns, unsigned int failure)
{
	return (struct record_failure){
		.header = {RECORD_FAILURE, sizeof(struct record_failure), 0, time_ns},
		.cookie = 1,
		.tuple = {.family = AF_INET, .netns = NETNS},
		.failure = (uint8_t)failure,
		.process = process_of(7, "client"),
	};
}

static inline struct record_counters counters_of(uint64_t time_ns, uint64_t overflow)
{
	return (struct record_counters){
		.header = {RECORD_COUNTERS, sizeof(struct record_counters), 0, time_ns},
		.netns = NETNS,
		.values = {[COUNTER_TIME_WAIT_OVERFLOW] = overflow},
	};
}

static inline struct record_source source_of(uint64_t time_ns, uint32_t lacks)
{
	return (struct record_source){
		.header = {RECORD_SOURCE, sizeof(struct record_source), 0, time_ns},
		.lacks = lacks,
		.timewait_ns = 60 * SECOND,
	};
}

static inline struct record_refresh refresh_of(uint64_t time_ns)
{
	return (struct record_refresh){
		.header = {RECORD_REFRESH, sizeof(struct record_refresh), 0, time_ns}};
}

static inline struct record_facts facts_of(uint64_t time_ns, uint32_t pid)
{
	return (struct record_facts){
		.header = {RECORD_FACTS, sizeof(struct record_facts), 0, time_ns},
		.process = process_of(pid, "owner"),
		.facts = {.fds = FACTS_UNKNOWN, .fd_limit = FACTS_UNKNOWN},
	};
}

/* cookie 0: what begins an answer. */
static inline struct record_sending sending_of(uint64_t time_ns, uint32_t pid, uint64_t cookie)
{
	return (struct record_sending){
		.header = {RECORD_SENDING, sizeof(struct record_sending), 0, time_ns},
		.process = process_of(pid, "process"),
		.cookie = cookie,
	};
}

/* inode 0: what begins an answer; `how` is its flags then. */
static inline struct record_watched watched_of(uint64_t time_ns, uint32_t pid, uint64_t inode,
					       unsigned int how)
{
	return (struct record_watched){
		.header = {RECORD_WATCHED, sizeof(struct record_watched), 0, time_ns},
		.process = process_of(pid, "process"),
		.inode = inode,
		.how = (uint8_t)(inode ? how : 0),
		.flags = (uint8_t)(inode ? 0 : how),
	};
}

/* One that tracks connections. */
static inline struct record_namespace namespace_of(uint64_t time_ns, uint32_t netns)
{
	return (struct record_namespace){
		.header = {RECORD_NAMESPACE, sizeof(struct record_namespace), 0, time_ns},
		.netns = netns,
		.somaxconn = 128,
		.tracks = 1,
		.conntrack = {.count = 4, .max = 1000},
	};
}

/* All unknown. */
static inline struct record_settings settings_of(uint64_t time_ns, uint32_t netns)
{
	struct record_settings record = {
		.header = {RECORD_SETTINGS, sizeof(record), 0, time_ns},
		.netns = netns,
	};

	memset(record.values, 0xff, sizeof(record.values));
	return record;
}

static inline struct record_host host_of(uint64_t time_ns)
{
	struct record_host record = {.header = {RECORD_HOST, sizeof(record), 0, time_ns}};

	memset(record.values, 0xff, sizeof(record.values));
	return record;
}

/* line 0: what begins an answer. */
static inline struct record_sysctl sysctl_of(uint64_t time_ns, uint32_t line, unsigned int setting,
					     const char *value)
{
	struct record_sysctl record = {
		.header = {RECORD_SYSCTL, sizeof(record), 0, time_ns},
		.line = line,
		.setting = (uint16_t)setting,
	};

	memcpy(record.file, "/etc/sysctl.conf", line ? sizeof("/etc/sysctl.conf") : 0);
	memcpy(record.value, value, strnlen(value, sizeof(record.value) - 1));
	return record;
}

/* Of functions of a program, innermost first. */
static inline struct record_stack stack_of(uint64_t id, const char *const *symbols,
					   unsigned int count)
{
	struct record_stack record = {.header = {.type = RECORD_STACK}, .id = id};

	record.header.size = record_stack_size(count);
	record.stack.count = (uint8_t)count;
	for (unsigned int i = 0; i < count; i++) {
		struct stack_frame *frame = &record.stack.frames[i];

		frame->address = 0x1000 + i;
		frame->line = i + 1;
		strncpy(frame->symbol, symbols[i], sizeof(frame->symbol) - 1);
		strcpy(frame->module, "/opt/app");
		strcpy(frame->file, "/src/app.c");
	}
	return record;
}

static inline struct record_call call_of(uint64_t cookie, uint64_t time_ns, unsigned int event,
					 uint32_t pid, uint64_t stack)
{
	return (struct record_call){
		.header = {RECORD_CALL, sizeof(struct record_call), 0, time_ns},
		.cookie = cookie,
		.stack = stack,
		.event = (uint8_t)event,
		.process = process_of(pid, "caller"),
	};
}

static inline struct raw_stack raw_stack_of(uint64_t time_ns, uint32_t copied)
{
	return (struct raw_stack){
		.header = {RECORD_RAW_STACK, (uint16_t)(RAW_STACK_HEAD + copied), 0, time_ns},
		.cookie = 1,
		.event = STACK_CONNECT,
		.process = process_of(7, "caller"),
		.copied = copied,
	};
}

#endif
