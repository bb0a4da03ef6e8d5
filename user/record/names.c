// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/names.h"

#include <ctype.h>
#include <stddef.h>

#include "record.h"

static const char *const states[TCP_STATES] = {
	[TCP_ESTABLISHED] = "ESTABLISHED",
	[TCP_SYN_SENT] = "SYN_SENT",
	[TCP_SYN_RECV] = "SYN_RECV",
	[TCP_FIN_WAIT1] = "FIN_WAIT1",
	[TCP_FIN_WAIT2] = "FIN_WAIT2",
	[TCP_TIME_WAIT] = "TIME_WAIT",
	[TCP_CLOSE] = "CLOSE",
	[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
	[TCP_LAST_ACK] = "LAST_ACK",
	[TCP_LISTEN] = "LISTEN",
	[TCP_CLOSING] = "CLOSING",
};

static const char *const evidences[OWNER_EVIDENCES] = {
	[OWNER_LISTEN] = "listen", [OWNER_CLOSE] = "close",	[OWNER_HOLDER] = "holder",
	[OWNER_ACCEPT] = "accept", [OWNER_CONNECT] = "connect",
};

static const char *const reasons[END_REASONS] = {
	[END_EXPIRED] = "expired", [END_REUSED] = "reused",	  [END_SYN] = "syn",
	[END_RESET] = "reset",	   [END_DESTROYED] = "destroyed", [END_UNKNOWN] = "unknown",
};

/* /proc/net/snmp, /proc/net/netstat, /proc/net/sockstat */
static const char *const counters[COUNTERS] = {
	[COUNTER_ACTIVE_OPENS] = "ActiveOpens",
	[COUNTER_PASSIVE_OPENS] = "PassiveOpens",
	[COUNTER_ATTEMPT_FAILS] = "AttemptFails",
	[COUNTER_ESTAB_RESETS] = "EstabResets",
	[COUNTER_TIME_WAITS] = "TW",
	[COUNTER_RECYCLED] = "TWRecycled",
	[COUNTER_KILLED] = "TWKilled",
	[COUNTER_TIME_WAIT_OVERFLOW] = "TCPTimeWaitOverflow",
	[COUNTER_MINISOCKETS] = "tw",
	[COUNTER_EMBRYONIC_RESETS] = "EmbryonicRsts",
};

static const char *const directions[DIRECTIONS] = {
	[DIRECTION_UNKNOWN] = "unknown",
	[DIRECTION_OUT] = "out",
	[DIRECTION_IN] = "in",
};

static const char *lookup(const char *const *names, unsigned int count, unsigned int number)
{
	return number < count ? names[number] : NULL;
}

static const char *const settings[SETTINGS] = {
	[SETTING_TW_REUSE] = "net.ipv4.tcp_tw_reuse",
	[SETTING_TW_RECYCLE] = "net.ipv4.tcp_tw_recycle",
	[SETTING_TW_TIMEOUT] = "net.ipv4.tcp_tw_timeout",
	[SETTING_FIN_TIMEOUT] = "net.ipv4.tcp_fin_timeout",
	[SETTING_TIMESTAMPS] = "net.ipv4.tcp_timestamps",
	[SETTING_MAX_TW_BUCKETS] = "net.ipv4.tcp_max_tw_buckets",
	[SETTING_MAX_ORPHANS] = "net.ipv4.tcp_max_orphans",
	[SETTING_ORPHAN_RETRIES] = "net.ipv4.tcp_orphan_retries",
	[SETTING_PORT_RANGE] = "net.ipv4.ip_local_port_range",
	[SETTING_RESERVED_PORTS] = "net.ipv4.ip_local_reserved_ports",
	[SETTING_NONLOCAL_BIND] = "net.ipv4.ip_nonlocal_bind",
	[SETTING_NONLOCAL_BIND_IPV6] = "net.ipv6.ip_nonlocal_bind",
	[SETTING_SOMAXCONN] = "net.core.somaxconn",
	[SETTING_SYN_BACKLOG] = "net.ipv4.tcp_max_syn_backlog",
	[SETTING_ABORT_ON_OVERFLOW] = "net.ipv4.tcp_abort_on_overflow",
	[SETTING_CONNECTION_BUCKETS] = "net.ipv4.tcp_ehash_entries",
	[SETTING_CONNTRACK_MAX] = "net.netfilter.nf_conntrack_max",
	[SETTING_CONNTRACK_TIME_WAIT] = "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
	[SETTING_CONNTRACK_CLOSE_WAIT] = "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
};

const char *tcp_state_name(unsigned int state)
{
	const char *name = lookup(states, TCP_STATES, state);

	return name ? name : "UNKNOWN";
}

static bool same_name(const char *name, const char *text)
{
	for (; *name && *text; name++, text++) {
		char c = *text == '-' ? '_' : (char)toupper((unsigned char)*text);

		if (c != *name)
			return false;
	}
	return *name == *text;
}

bool tcp_state_parse(const char *name, unsigned int *state)
{
	for (unsigned int i = 0; i < TCP_STATES; i++) {
		if (states[i] && same_name(states[i], name)) {
			*state = i;
			return true;
		}
	}
	return false;
}

const char *owner_by_name(unsigned int owner_by)
{
	return lookup(evidences, OWNER_EVIDENCES, owner_by);
}

const char *end_reason_name(unsigned int end_reason)
{
	return lookup(reasons, END_REASONS, end_reason);
}

const char *direction_name(unsigned int direction)
{
	const char *name = lookup(directions, DIRECTIONS, direction);

	return name ? name : "unknown";
}

const char *counter_name(unsigned int counter)
{
	return lookup(counters, COUNTERS, counter);
}

const char *setting_name(unsigned int setting)
{
	return lookup(settings, SETTINGS, setting);
}
