// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Failures that no transition tells: bind(), and connect() before it has looked for a port. The
 * address that was asked for is read from the call's argument: the socket is put back as it was.
 */
#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "emit.bpf.h"
#include "process.bpf.h"
#include "socket.bpf.h"
#include "wanted.h"

/* include/uapi/asm-generic/errno.h */
#define EADDRINUSE    98
#define EADDRNOTAVAIL 99

struct endpoint {
	__u8 address[16];
	__u16 port;
};

/* No typed pointer leads to what lies behind a struct sockaddr: a copy, which lockdown may refuse.
 */
static __always_inline void endpoint_from(struct endpoint *endpoint, const void *address,
					  __u16 family)
{
	const struct sockaddr_in6 *in6 = address;
	const struct sockaddr_in *in = address;
	struct in6_addr v6;

	if (family == AF_INET) {
		endpoint->port = port_from(BPF_CORE_READ(in, sin_port));
		address_from_v4(endpoint->address, BPF_CORE_READ(in, sin_addr.s_addr));
		return;
	}
	endpoint->port = port_from(BPF_CORE_READ(in6, sin6_port));
	BPF_CORE_READ_INTO(&v6, in6, sin6_addr);
	__builtin_memcpy(endpoint->address, &v6, sizeof(v6));
}

static __always_inline void failed(struct tcp_sock *tp, const struct tuple *tuple, int failure)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct record_failure *record;
	__u32 range = own_range(tp);

	if (!filter_socket(&settings.filter, tuple, TCP_CLOSE))
		return;
	record = emit_reserve(RECORD_FAILURE, sizeof(*record), bpf_ktime_get_ns());
	if (!record)
		return;
	record->cookie = bpf_get_socket_cookie((struct sock *)tp);
	record->tuple = *tuple;
	record->failure = failure;
	record->range_low = range & 0xffff;
	record->range_high = range >> 16;
	process_of_current(&record->process, task->group_leader);
	emit_submit(record);
}

static __always_inline int bind_failed(struct sock *sk, const void *address, int error,
				       __u16 family)
{
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);
	struct endpoint local = {};
	struct tuple tuple = {};

	if (!tp || (error != -EADDRINUSE && error != -EADDRNOTAVAIL))
		return 0;
	endpoint_from(&local, address, family);
	tuple_namespace(&tuple, sk->__sk_common.skc_net.net);
	tuple.family = sk->__sk_common.skc_family;
	tuple.lport = local.port;
	__builtin_memcpy(tuple.laddr, local.address, sizeof(tuple.laddr));
	if (error == -EADDRNOTAVAIL)
		failed(tp, &tuple, FAILURE_BIND_NOT_LOCAL);
	else
		failed(tp, &tuple, local.port ? FAILURE_BIND_IN_USE : FAILURE_BIND_NO_PORT);
	return 0;
}

SEC("fexit/__inet_bind")
int BPF_PROG(bind_ipv4, struct sock *sk, void *address, int length, u32 flags, int error)
{
	return bind_failed(sk, address, error, AF_INET);
}

SEC("fexit/__inet6_bind")
int BPF_PROG(bind_ipv6, struct sock *sk, void *address, int length, u32 flags, int error)
{
	return bind_failed(sk, address, error, AF_INET6);
}

/*
 * Without a source address it never came to SYN_SENT. With one, the transition back was told just
 * before: user space knows by the cookie.
 */
SEC("fexit/tcp_v6_connect")
int BPF_PROG(connect_ipv6, struct sock *sk, void *address, int length, int error)
{
	struct tcp_sock *tp = (void *)bpf_skc_to_tcp_sock(sk);
	struct endpoint remote = {};
	struct tuple tuple = {};

	if (error != -EADDRNOTAVAIL || !tp)
		return 0;
	endpoint_from(&remote, address, AF_INET6);
	tuple_namespace(&tuple, sk->__sk_common.skc_net.net);
	tuple.family = AF_INET6;
	tuple.rport = remote.port;
	__builtin_memcpy(tuple.raddr, remote.address, sizeof(tuple.raddr));
	address_from_v6(tuple.laddr, &sk->__sk_common.skc_v6_rcv_saddr);
	failed(tp, &tuple, FAILURE_NO_SOURCE);
	return 0;
}
