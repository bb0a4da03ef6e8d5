// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/advice/words.h"

#define LEAK_REMEDIES                                                                              \
	.helps = {"call close() on the path that reads the end of file, or the error",             \
		  "a restart frees them, until they are leaked again"},                            \
	.does_not_help = {"any sysctl: there is no time-out for CLOSE_WAIT",                       \
			  "tcp_keepalive_*: the peer is not gone, it has closed"},                 \
	.commands = {"tcplinger leaks -p {pid} -v"}

#define LEAK_FIGURES                                                                               \
	"[, most of them with {place}][, {growth_per_s} more a second]"                            \
	"[; {fds} of {fd_limit} descriptors are open][, the last goes in {fds_exhausted_in_s}]"    \
	"[; {alike} more {alike|process|processes} like it]"

#define PORT_REMEDIES                                                                              \
	.helps = {"keep connections open and use them again (a pool, keep-alive)",                 \
		  "let the other side close first: TIME_WAIT is on the side that does",            \
		  "more addresses or ports at either end: each pair has a supply of its own",      \
		  "a wider net.ipv4.ip_local_port_range[: 1024-65535 sustains {wider_per_s}/s]"}

const struct words words[SAYINGS] = {
	[SAY_LEAK_DRAINED] = {"{process} has read everything from {sockets} "
			      "{sockets|peer that has|peers that have} closed, "
			      "and has not called close()" LEAK_FIGURES,
			      LEAK_REMEDIES},
	[SAY_LEAK_FORGOTTEN] = {"{process} has an idle event loop, and {sockets} "
				"{sockets|connection|connections} that the peer has closed in none "
				"of its epoll sets: forgotten[ ({inferred})]" LEAK_FIGURES,
				LEAK_REMEDIES},
	[SAY_LEAK_GROWING] = {"{process} keeps {sockets} connections of its own that the server "
			      "has closed, ever more, and none goes: "
			      "forgotten[ ({inferred})]" LEAK_FIGURES,
			      LEAK_REMEDIES},
	[SAY_LEAK_INHERITED] = {"{process} holds {sockets} {sockets|connection|connections} that "
				"the peer has closed and that {sockets|is|are} older than the "
				"process: inherited[ ({inferred})]" LEAK_FIGURES,
				.helps = {"open them with O_CLOEXEC or SOCK_CLOEXEC, or close them "
					  "in the child",
					  "a restart of the process frees them"},
				.does_not_help = {"any sysctl: there is no time-out for CLOSE_WAIT",
						  "tcp_keepalive_*: the peer is not gone, it has "
						  "closed"},
				.commands = {"tcplinger leaks -p {pid} -v"}},
	[SAY_TIME_WAIT_HARMLESS] =
		{"{sockets} TIME_WAITs: harmless ({kernel_bytes}[, the most "
		 "used destination has {most_used_share} of its ports in use])",
		 .helps = {"nothing to do: each goes by itself after 60 s"},
		 .does_not_help = {"tcp_tw_reuse", "tcp_fin_timeout",
				   "tcp_max_tw_buckets: a smaller one takes away "
				   "the protection"},
		 .commands = {"tcplinger timewait", "tcplinger ports"}},
	[SAY_PORTS_NEAR] =
		{"{used} of {supply} ports towards {place} are in use[, {reusable} of "
		 "them free for reuse][; {consumed_per_s} new ones a second, "
		 "{sustainable_per_s} can last][; none is left in {exhausted_in_s}]",
		 PORT_REMEDIES,
		 .does_not_help = {"tcp_fin_timeout: TIME_WAIT lasts 60 s whatever it is"},
		 .commands = {"tcplinger ports"}},
};
