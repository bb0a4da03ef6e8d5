// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/diag.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>

#include "base/macros.h"
#include "base/time.h"
#include "record/needs.h"
#include "source/clock.h"
#include "source/netns.h"

/* An MPTCP socket in these is told beside its subflows. */
#define MSK_STATES (BIT(TCP_CLOSE_WAIT) | BIT(TCP_FIN_WAIT1) | BIT(TCP_FIN_WAIT2))

/* Our FIN is queued or sent. */
#define WAIT_STATES (BIT(TCP_FIN_WAIT1) | BIT(TCP_FIN_WAIT2) | BIT(TCP_CLOSING) | BIT(TCP_LAST_ACK))

#define TIMER_RETRANS	1 /* inet_diag_msg.idiag_timer (inet_sk_diag_fill) */
#define TIMER_KEEPALIVE 2
#define TIMER_TIMEWAIT	3 /* (inet_twsk_diag_fill) */
#define TIMER_PROBE	4 /* of a window that is closed */

/* So much of it is looked at: all kernels since 4.6 tell it. */
#define TCP_INFO_NEEDED                                                                            \
	(offsetof(struct tcp_info, tcpi_data_segs_out) +                                           \
	 sizeof(((struct tcp_info *)NULL)->tcpi_data_segs_out))

struct dump {
	const struct diag_listing *config;
	uint32_t netns;
	uint32_t protocol;
};

static void address_of(uint8_t *address, uint8_t family, const __be32 *words)
{
	if (family == AF_INET) {
		memset(address, 0, 10);
		memset(address + 10, 0xff, 2);
		memcpy(address + 12, words, 4);
	} else {
		memcpy(address, words, 16);
	}
}

static void socket_of(struct record_socket *record, const struct inet_diag_msg *message,
		      uint32_t netns)
{
	struct tuple *tuple = &record->tuple;

	*record = (struct record_socket){
		.header = {RECORD_SOCKET, sizeof(*record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.cookie = (uint64_t)message->id.idiag_cookie[1] << 32 | message->id.idiag_cookie[0],
		.inode = message->idiag_inode,
		.state = message->idiag_state,
		.recvq = message->idiag_rqueue,
		.unacked = message->idiag_wqueue,
	};
	if (message->idiag_wqueue && message->idiag_state != TCP_LISTEN)
		record->flags |= SOCKET_SENDING;
	if (!message->idiag_inode)
		record->flags |= SOCKET_UNACCEPTED;
	if (message->idiag_timer == TIMER_TIMEWAIT) {
		record->flags |= SOCKET_MINISOCKET;
		record->remaining_ns = message->idiag_expires * NS_PER_MS;
	}
	tuple->family = message->idiag_family;
	tuple->netns = netns;
	tuple->lport = ntohs(message->id.idiag_sport);
	tuple->rport = ntohs(message->id.idiag_dport);
	address_of(tuple->laddr, message->idiag_family, message->id.idiag_src);
	address_of(tuple->raddr, message->idiag_family, message->id.idiag_dst);
}

/* NULL: not told. */
static const struct nlattr *attribute_of(const struct nlmsghdr *header, uint16_t type)
{
	const struct nlattr *attribute;

	mnl_attr_for_each (attribute, header, sizeof(struct inet_diag_msg)) {
		if (mnl_attr_get_type(attribute) == type)
			return attribute;
	}
	return NULL;
}

static bool is_mptcp(const struct nlattr *ulp)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, ulp)
	{
		if (mnl_attr_get_type(attribute) == INET_ULP_INFO_NAME &&
		    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
			return strcmp(mnl_attr_get_str(attribute), "mptcp") == 0;
	}
	return false;
}

/* kTLS, MPTCP: told to those with CAP_NET_ADMIN (tcp_diag_get_aux). A sockmap is not told at all.
 */
static uint16_t ulp_flags(const struct nlmsghdr *header)
{
	const struct nlattr *ulp = attribute_of(header, INET_DIAG_ULP_INFO);

	if (!ulp)
		return 0;
	return is_mptcp(ulp) ? SOCKET_OPAQUE | SOCKET_MPTCP : SOCKET_OPAQUE;
}

/* An MPTCP socket: what it tells of its queues is memory. Its subflows are rows of their own. */
static void set_msk(struct record_socket *record)
{
	record->recvq = record->unacked = 0;
	record->flags = SOCKET_OPAQUE;
}

static bool passes(const struct dump *dump, const struct record_socket *record)
{
	if (dump->config->unfiltered & BIT(record->state))
		return true;
	if (record->state == TCP_LISTEN)
		return filter_listener(dump->config->filter, &record->tuple);
	return filter_tuple(dump->config->filter, &record->tuple, 1);
}

/* False: not told, or by a kernel that knows less. */
static bool has_info(const struct nlmsghdr *header)
{
	const struct nlattr *attribute = attribute_of(header, INET_DIAG_INFO);

	return attribute && mnl_attr_get_payload_len(attribute) >= TCP_INFO_NEEDED;
}

/* Later kernels tell more: what lies behind the end of what this one told is 0. */
static struct tcp_info whole_info_of(const struct nlmsghdr *header)
{
	const struct nlattr *attribute = attribute_of(header, INET_DIAG_INFO);
	size_t size = mnl_attr_get_payload_len(attribute);
	struct tcp_info info = {.tcpi_snd_wnd = 1};

	memcpy(&info, mnl_attr_get_payload(attribute), size < sizeof(info) ? size : sizeof(info));
	return info;
}

static uint64_t ago(uint64_t now_ns, uint32_t ms)
{
	return now_ns - ms * NS_PER_MS;
}

/* How long it may be idle before it probes is not told; that it probes shows while nothing else is
 * waited for. */
static void add_info(struct record_socket *record, const struct inet_diag_msg *message,
		     const struct tcp_info *info)
{
	uint64_t now_ns = record->header.time_ns;

	record->times = (struct socket_times){
		.acked_ns = ago(now_ns, info->tcpi_last_ack_recv),
		.received_ns = ago(now_ns, info->tcpi_last_data_recv),
		.sent_ns = ago(now_ns, info->tcpi_last_data_sent),
		.rto_ns = info->tcpi_rto * NS_PER_US,
		.keepalive_ns = message->idiag_timer == TIMER_KEEPALIVE,
	};
	if (info->tcpi_data_segs_out)
		record->flags |= SOCKET_SENT;
	if (info->tcpi_bytes_received > record->recvq)
		record->flags |= SOCKET_READ;
}

/* What its timer tells: some time-outs alike (tcp_syn_linear_timeouts), then each twice as long. */
static uint64_t first_sent_ns(const struct record_socket *record,
			      const struct inet_diag_msg *message, const struct tcp_info *info)
{
	unsigned int backoff = info->tcpi_backoff < 16 ? info->tcpi_backoff : 16;
	uint64_t rto_ms = info->tcpi_rto / 1000, base_ms = rto_ms >> backoff;
	uint64_t alike = info->tcpi_retransmits > backoff ? info->tcpi_retransmits - backoff : 0;
	uint64_t left_ms = message->idiag_expires < rto_ms ? message->idiag_expires : rto_ms;
	uint64_t ms = alike * base_ms + base_ms * ((1U << backoff) - 1) + rto_ms - left_ms;

	if (message->idiag_timer != TIMER_RETRANS)
		return 0;
	return ms * NS_PER_MS < record->header.time_ns ? record->header.time_ns - ms * NS_PER_MS
						       : 0;
}

static void add_sent(struct record_socket *record, const struct inet_diag_msg *message,
		     const struct tcp_info *info)
{
	uint32_t queued = message->idiag_wqueue, unsent = info->tcpi_notsent_bytes;

	record->unsent = unsent < queued ? unsent : queued;
	record->unacked = queued - record->unsent;
	record->retransmits = info->tcpi_retransmits;
	record->probes = info->tcpi_probes;
	if ((!info->tcpi_snd_wnd && queued) || message->idiag_timer == TIMER_PROBE)
		record->flags |= SOCKET_ZERO_WINDOW;
	if (record->state == TCP_SYN_SENT)
		record->retrans_ns = first_sent_ns(record, message, info);
}

/* A listener's figures are where others have what is queued (inet_csk(sk)->icsk_accept_queue). */
static void add_queue(struct record_socket *record, const struct nlmsghdr *header,
		      const struct inet_diag_msg *message)
{
	const struct nlattr *attribute = attribute_of(header, INET_DIAG_SKMEMINFO);
	size_t size = attribute ? mnl_attr_get_payload_len(attribute) : 0;

	record->unacked = 0;
	record->queue_limit = message->idiag_wqueue;
	record->syn_queue = SYN_QUEUE_UNKNOWN;
	if (size >= (SK_MEMINFO_DROPS + 1) * sizeof(uint32_t))
		record->drops =
			((const uint32_t *)mnl_attr_get_payload(attribute))[SK_MEMINFO_DROPS];
}

static bool is_orphan(const struct record_socket *record)
{
	return !record->inode && !(record->flags & SOCKET_MINISOCKET) &&
	       WAIT_STATES & BIT(record->state);
}

/* All of it but for what filters and holders need. */
static void complete(struct record_socket *record, const struct nlmsghdr *header,
		     const struct inet_diag_msg *message)
{
	struct tcp_info info;

	record->flags |= ulp_flags(header);
	if (is_orphan(record))
		record->flags |= SOCKET_ORPHAN;
	if (record->state == TCP_LISTEN)
		add_queue(record, header, message);
	if (record->flags & SOCKET_MINISOCKET || !has_info(header))
		return;
	info = whole_info_of(header);
	add_info(record, message, &info);
	if (record->state != TCP_LISTEN)
		add_sent(record, message, &info);
}

static int on_message(const struct nlmsghdr *header, void *context)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
	struct dump *dump = context;
	struct record_socket record;

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*message))
		return MNL_CB_OK;
	socket_of(&record, message, dump->netns);
	if (dump->protocol == IPPROTO_MPTCP)
		set_msk(&record);
	else
		complete(&record, header, message);
	if (!passes(dump, &record))
		return MNL_CB_OK;
	sink_record(&dump->config->sink, &record.header);
	return MNL_CB_OK;
}

static uint32_t states_of(const struct dump *dump)
{
	uint32_t states = dump->config->states ? dump->config->states : ALL_STATES;

	return dump->protocol == IPPROTO_MPTCP ? states & MSK_STATES : states;
}

/* Of a protocol above 255 sdiag_protocol has no room for the number. */
static bool request(const struct dump *dump, struct mnl_socket *netlink, uint8_t family)
{
	char buffer[256];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->sdiag_family = family;
	request->sdiag_protocol = (uint8_t)dump->protocol;
	/* what has_ulp looks for came only along with this in 6.1 */
	request->idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_SKMEMINFO - 1);
	request->idiag_states = states_of(dump);
	if (dump->protocol > UINT8_MAX)
		mnl_attr_put_u32(header, INET_DIAG_REQ_PROTOCOL, dump->protocol);
	return mnl_socket_sendto(netlink, header, header->nlmsg_len) >= 0;
}

static bool dump_family(struct dump *dump, struct mnl_socket *netlink, uint8_t family)
{
	_Alignas(8) char buffer[65536];
	int more = MNL_CB_OK;

	if (!request(dump, netlink, family))
		return false;
	while (more == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));

		if (n < 0)
			return false;
		more = mnl_cb_run(buffer, (size_t)n, 0, 0, on_message, dump);
	}
	return more == MNL_CB_STOP;
}

/* A kernel without IPv6 refuses that dump: the first one, of IPv4, decides. */
static bool dump_protocol(struct dump *dump, uint32_t protocol)
{
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	bool done;

	if (!netlink)
		return false;
	dump->protocol = protocol;
	done = dump_family(dump, netlink, AF_INET);
	if (done)
		dump_family(dump, netlink, AF_INET6);
	mnl_socket_close(netlink);
	return done;
}

/* Where there is no MPTCP socket nobody is asked for any: the kernel would load a module. */
static bool dump_namespace(struct dump *dump)
{
	bool done = dump_protocol(dump, IPPROTO_TCP);

	if (done && dump->config->msks && netns_has_mptcp())
		dump_protocol(dump, IPPROTO_MPTCP);
	return done;
}

bool diag_list_here(const struct diag_listing *config, uint32_t netns)
{
	struct dump dump = {.config = config, .netns = netns};

	return dump_namespace(&dump);
}

bool diag_list_msks_here(const struct diag_listing *config, uint32_t netns)
{
	struct dump dump = {.config = config, .netns = netns};

	return !netns_has_mptcp() || dump_protocol(&dump, IPPROTO_MPTCP);
}
