// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/advice/words.h"

#define AND_ALIKE "[; {alike} more {alike|process|processes} like it]"
#define THREADS                                                                                    \
	"[; {waiting} of {threads} {threads|thread|threads} {waiting|waits|wait} in {waits_in}]"

#define NO_SYSCTL   "any sysctl: nothing but the application ends a CLOSE_WAIT"
#define NO_KEPT	    "tcp_keepalive_*: the peer is not gone, it has closed"
#define SEE_LEAKS   .commands = {"tcplinger leaks -p {pid} -v"}
#define SEE_OPENING .commands = {"tcplinger opening -v"}
#define SEE_PORTS   .commands = {"tcplinger ports"}

#define LEAK_WORDS                                                                                 \
	.helps = {"call close() on the path that reads the end of file, or the error",             \
		  "a restart frees them, until they are leaked again"},                            \
	.does_not_help = {NO_SYSCTL, NO_KEPT}, SEE_LEAKS

#define LEAK_FIGURES                                                                               \
	"[, most of them with {place}][, {growth_per_s} more a second]"                            \
	"[; {fds} of {fd_limit} descriptors are open][, the last goes in "                         \
	"{fds_exhausted_in_s}][; opened in {opened_in}][; their end of file is read in "           \
	"{end_read_in}]" AND_ALIKE

#define KEEP_CONNECTIONS "keep connections open and use them again: a pool, keep-alive"

#define PORT_REMEDIES                                                                              \
	KEEP_CONNECTIONS, "let the other side close first: TIME_WAIT is on the side that does",    \
		"more addresses or ports at either end: each pair of them has its own supply",     \
		"a wider net.ipv4.ip_local_port_range[: 1024-65535 sustains {wider_per_s}/s]; "    \
		"reserve the ports that servers listen on (ip_local_reserved_ports)"

const struct words words[SAYINGS] = {
	[SAY_LEAK_DRAINED] = {"{process} has read everything from {sockets} "
			      "{sockets|peer that has|peers that have} closed, "
			      "and has not called close()" LEAK_FIGURES,
			      LEAK_WORDS},
	[SAY_LEAK_FORGOTTEN] = {"{process} has an idle event loop, and {sockets} "
				"{sockets|connection|connections} that the peer has closed in none "
				"of its epoll sets: forgotten[ ({inferred})]" LEAK_FIGURES,
				LEAK_WORDS},
	[SAY_LEAK_GROWING] = {"{process} keeps {sockets} connections of its own that the server "
			      "has closed, ever more, and none goes: "
			      "forgotten[ ({inferred})]" LEAK_FIGURES,
			      LEAK_WORDS},
	[SAY_LEAK_INHERITED] = {"{process} holds {sockets} {sockets|connection|connections} that "
				"the peer has closed and that {sockets|is|are} older than the "
				"process: inherited[ ({inferred})]" LEAK_FIGURES,
				.helps = {"open sockets with SOCK_CLOEXEC, or close them in the "
					  "child",
					  "a restart of the process frees them"},
				.does_not_help = {NO_SYSCTL, NO_KEPT}, SEE_LEAKS},
	[SAY_STALL] =
		{"{process} does not read: {unread_bytes} of {sockets} "
		 "{sockets|peer|peers} that {sockets|has|have} closed {sockets|waits|wait} "
		 "for it" THREADS "[; it ran on {cpu_share} of a CPU]" AND_ALIKE,
		 .helps = {"what its threads wait in[ ({waits_in})]: a lock, a slow back end, "
			   "a full disk, or the other side of a proxy",
			   "more workers, if all are busy"},
		 .does_not_help = {"any sysctl: the data is read when the application reads"},
		 SEE_LEAKS},
	[SAY_STOPPED] = {"{process} is stopped by a signal, and cannot close {sockets} "
			 "{sockets|connection|connections} that the peer has closed" AND_ALIKE,
			 .helps = {"kill -CONT {pid}"}, .does_not_help = {NO_SYSCTL}, SEE_LEAKS},
	[SAY_TRACED] = {"{process} is stopped by {tracer_name}, which traces it, and cannot close "
			"{sockets} {sockets|connection|connections} that the peer has "
			"closed" AND_ALIKE,
			.helps = {"let it go on, or detach it, in {tracer_name}"},
			.does_not_help = {NO_SYSCTL}, SEE_LEAKS},
	[SAY_FROZEN] = {"{process} is in a frozen cgroup, and cannot close {sockets} "
			"{sockets|connection|connections} that the peer has closed" AND_ALIKE,
			.helps = {"thaw its cgroup (cgroup.freeze), unpause the container"},
			.does_not_help = {NO_SYSCTL}, SEE_LEAKS},
	[SAY_BACKLOG] = {"{process} does not accept: {sockets} {sockets|client|clients} that gave "
			 "up {sockets|is|are} in its backlog at {place}[, which has {queue} of "
			 "{queue_limit}]" THREADS,
			 .helps = {"more workers, or whatever they wait in[ ({waits_in})]"},
			 .does_not_help = {"a longer backlog: it only hides that nobody accepts"},
			 SEE_LEAKS},
	[SAY_RELAY] =
		{"{process} has passed the end on for {sockets} {sockets|connection|connections} "
		 "and waits for its other side to close[ ({other_side})][; there {who} has "
		 "not]" AND_ALIKE,
		 .helps = {"the process behind it[: {who}] has to close",
			   "an idle time-out of the relay, for what is half closed"},
		 .does_not_help = {NO_SYSCTL}, SEE_LEAKS},
	[SAY_NOT_READING] =
		{"{process} has not looked for the end of file of {sockets} "
		 "{sockets|client|clients}[, the oldest for {oldest_s}]" THREADS AND_ALIKE,
		 .helps = {"what its threads wait in[ ({waits_in})]",
			   "a read time-out: it finds the end of file, too"},
		 .does_not_help = {NO_SYSCTL, NO_KEPT}, SEE_LEAKS},
	[SAY_MIXED] = {"{process} holds {sockets} connections in CLOSE_WAIT for no single reason"
		       "[, {growth_per_s} more a second][; {fds} of {fd_limit} descriptors are "
		       "open]" AND_ALIKE,
		       .helps = {"look at each: `tcplinger leaks -p {pid} -v` shows them"},
		       .does_not_help = {NO_SYSCTL}, SEE_LEAKS},
	[SAY_OPAQUE] = {"{process} holds {sockets} connections of kTLS, sockmap or MPTCP in "
			"CLOSE_WAIT: what was read of them cannot be told[, {growth_per_s} more a "
			"second][; {fds} of {fd_limit} descriptors are open]" AND_ALIKE,
			.helps = {"look at each: `tcplinger leaks -p {pid} -v` shows them"},
			.does_not_help = {NO_SYSCTL}, SEE_LEAKS},
	[SAY_IDLE_POOL] = {"{process} keeps {sockets} {sockets|connection|connections} of its own "
			   "that the server has closed, as an idle pool does[, most to {place}]; "
			   "each is found closed when it is used next" AND_ALIKE,
			   .helps = {"validation before use, or an idle time-out of the pool that "
				     "is shorter than the server's"},
			   .does_not_help = {"nothing is lost while the number stands still: "
					     "`tcplinger leaks` shows whether it grows"},
			   .commands = {"tcplinger leaks -p {pid}"}},
	[SAY_DEAD] = {"{process} holds the descriptors of {dead} connections that are gone, reset "
		      "or timed out[; {fds} of {fd_limit} descriptors are open]" AND_ALIKE,
		      .helps = {"call close() after an error as well", "a restart frees them"},
		      .does_not_help = {"any sysctl: the connections are gone, the descriptors "
					"are not"},
		      SEE_LEAKS},
	[SAY_DESCRIPTORS] = {"{process} has {fds} of {fd_limit} descriptors open[, the last goes "
			     "in {fds_exhausted_in_s} at this growth]" AND_ALIKE,
			     .helps = {"find what is not closed: `tcplinger leaks -p {pid} -v`, "
				       "ls -l /proc/{pid}/fd",
				       "a higher limit (LimitNOFILE=, ulimit -n) buys time"},
			     SEE_LEAKS},
	[SAY_FIN_WAIT2_OWNED] =
		{"{process} has shut down its side of {sockets} connections [with "
		 "{place} ]and waits for peers that do not close[, of the oldest "
		 "for {oldest_s}]" AND_ALIKE,
		 .helps = {"close() instead of shutdown(): the kernel then ends them "
			   "after tcp_fin_timeout",
			   "a time-out of one's own for the peer's end of file",
			   "the peer has to close"},
		 .does_not_help = {"tcp_fin_timeout: it is for orphans only, these "
				   "have a process"},
		 .commands = {"tcplinger closing -p {pid}"}},
	[SAY_PEER_SILENT] = {"{process}: nobody answers the end of {sockets} connections [with "
			     "{place}, ]sent up to {retransmits} times again" AND_ALIKE,
			     .helps = {"nothing here: the peer, or the way to it, is gone",
				       "net.ipv4.tcp_orphan_retries bounds how long they are kept"},
			     .commands = {"tcplinger closing"}},
	[SAY_HALF_CLOSED] = {"{process} has not closed {sockets} {sockets|connection|connections} "
			     "of which the other end is here, in FIN_WAIT2[: {waits} has closed], "
			     "the oldest {oldest_s} ago" AND_ALIKE,
			     .helps = {"{process} has to close: it holds the end in CLOSE_WAIT"},
			     .does_not_help = {"tcp_fin_timeout: it ends FIN_WAIT2, the CLOSE_WAIT "
					       "stays"},
			     SEE_LEAKS},
	[SAY_TIME_WAIT_HARMLESS] =
		{"{sockets} TIME_WAITs: harmless ({kernel_bytes}[, the most used "
		 "destination has {most_used_share} of its ports in use])",
		 .helps = {"nothing to do: each goes by itself after 60 s"},
		 .does_not_help = {"tcp_tw_reuse", "tcp_fin_timeout",
				   "tcp_max_tw_buckets: a smaller one takes away "
				   "the protection"},
		 .commands = {"tcplinger timewait", "tcplinger ports"}},
	[SAY_SHORT_OUT] = {"{process} opens a connection to {place} for each use, and closes it "
			   "first: {rate_per_s}/s[, half of them within {connected_p50_s}][, "
			   "closed {idle_p50_s} after the last data][; "
			   "{sockets} are in TIME_WAIT]" AND_ALIKE,
			   .helps = {KEEP_CONNECTIONS},
			   .does_not_help = {"tcp_tw_reuse: it lowers the number only"},
			   .commands = {"tcplinger timewait -p {pid} -v"}},
	[SAY_SHORT_IN] =
		{"{process} closes first what it accepts at {place}: {rate_per_s}/s[, half "
		 "of them within {connected_p50_s}][, closed {idle_p50_s} after the last data][; "
		 "{sockets} "
		 "are in TIME_WAIT][; {client} makes them]" AND_ALIKE,
		 .helps = {"keep-alive, on both sides: the server has to allow it, the "
			   "client[ ({client})] to use it"},
		 .does_not_help = {"tcp_tw_reuse: it does nothing for connections that "
				   "were accepted"},
		 .commands = {"tcplinger timewait -p {pid} -v"}},
	[SAY_PROCESS_PER_CONNECTION] = {"{processes} processes {comm} made one or two connections "
					"each to {place}: {rate_per_s}/s",
					.helps = {"a pool in front: a proxy such as pgbouncer, "
						  "ProxySQL or twemproxy",
						  "persistent connections of processes that stay"},
					.does_not_help = {"tcp_tw_reuse: it lowers the number "
							  "only"},
					.commands = {"tcplinger timewait --by comm"}},
	[SAY_PORTS_NEAR] = {"{used} of {supply} ports towards {place} are in use[, {reusable} of "
			    "them free to be used again][, most by {holder}][; {consumed_per_s} "
			    "are taken a second, {sustainable_per_s} can last][; none is left in "
			    "{exhausted_in_s}]",
			    .helps = {PORT_REMEDIES},
			    .does_not_help = {"tcp_fin_timeout: TIME_WAIT lasts 60 s whatever it "
					      "is"},
			    SEE_PORTS},
	[SAY_PORTS_EXHAUSTED] =
		{"{process} got no port for {count} {count|connect()|connect()s} to "
		 "{place}: all {supply} are in use[, most by {owner}]" AND_ALIKE,
		 .helps = {PORT_REMEDIES},
		 .does_not_help = {"tcp_fin_timeout: TIME_WAIT lasts 60 s whatever "
				   "it is"},
		 SEE_PORTS},
	[SAY_TAKEN_BY_BIND] =
		{"bind() holds {blocked} ports of {low}-{high} ({share}), which no "
		 "connect() gets then[, {blocker_ports} of them {blocker}][; {failed} "
		 "{failed|connect() has|connect()s have} failed for it]",
		 .helps = {"IP_BIND_ADDRESS_NO_PORT before bind() to an address: the "
			   "port is then chosen with the destination",
			   "bind() to no port, or none at all"},
		 .does_not_help = {"tcp_tw_reuse, tcp_fin_timeout"}, SEE_PORTS},
	[SAY_TUPLE_IN_USE] = {"{process} could not connect to {place} from its port, {count} "
			      "{count|time|times}: that pair is in use[, in {state}][ of "
			      "{in_the_way_of}][ for {remaining_s} more]" AND_ALIKE,
			      .helps = {"no fixed source port: let connect() choose"}, SEE_PORTS},
	[SAY_PORT_IN_USE] =
		{"{process} could not bind to {place}, {count} {count|time|times}: the "
		 "address is in use[, in {state}][ of {in_the_way_of}][ for "
		 "{remaining_s} more]" AND_ALIKE,
		 .helps = {"SO_REUSEADDR before bind(), for listeners: TIME_WAITs are no "
			   "hindrance then",
			   "another that listens there has to end first"},
		 .does_not_help = {"tcp_tw_reuse: it is for connect()"}, SEE_PORTS},
	[SAY_NOT_LOCAL] =
		{"{process} could not bind to {address}, {count} {count|time|times}: it is "
		 "no address of this network namespace" AND_ALIKE,
		 .helps = {"give the host that address, or take one that it has: ip addr",
			   "net.ipv4.ip_nonlocal_bind only for an address that moves "
			   "between hosts"},
		 SEE_PORTS},
	[SAY_NO_SOURCE] = {"{process} could not connect to {address}, {count} {count|time|times}: "
			   "no address of this network namespace can reach it" AND_ALIKE,
			   .helps = {"an address of that kind, of that scope: ip -6 addr, ip route "
				     "get {address}"},
			   SEE_PORTS},
	[SAY_LISTENER_IN_RANGE] = {"{count} {count|port|ports} that {count|is|are} listened on "
				   "({list}[, {listener}]) {count|lies|lie} in ip_local_port_range "
				   "({low}-{high}) and {count|is|are} not reserved: connect() may "
				   "take {count|it|them} while the service is down",
				   .helps = {"sysctl -w net.ipv4.ip_local_reserved_ports={list}, "
					     "beside what it has; in a file of /etc/sysctl.d to "
					     "last"},
				   SEE_PORTS},
	[SAY_TW_REUSE_WOULD_HELP] =
		{"tcp_tw_reuse is {value}: 1 would free the {frees} ports in "
		 "TIME_WAIT towards {place} for new connections",
		 .helps = {"sysctl -w net.ipv4.tcp_tw_reuse=1: safe for outgoing "
			   "connections with timestamps; it hides how often they "
			   "are made, it does not change it"},
		 SEE_PORTS},
	[SAY_TW_REUSE_INCOMING] = {"tcp_tw_reuse is 1 and does nothing here: {incoming} of the "
				   "TIME_WAITs are of connections that were accepted, {outgoing} "
				   "of outgoing ones",
				   .does_not_help = {"net.ipv4.tcp_tw_reuse: it is for outgoing "
						     "connections"},
				   .commands = {"tcplinger timewait"}},
	[SAY_TW_REUSE_TIMESTAMPS] =
		{"tcp_tw_reuse is 1 and does nothing here: tcp_timestamps is 0",
		 .helps = {"sysctl -w net.ipv4.tcp_timestamps=1, the default, if "
			   "it is to work"},
		 .does_not_help = {"net.ipv4.tcp_tw_reuse without timestamps"},
		 .commands = {"tcplinger timewait"}},
	[SAY_TW_RECYCLE] = {"{file}:{line} sets tcp_tw_recycle, which no kernel has since Linux "
			    "4.12",
			    .helps = {"remove the line"},
			    .does_not_help = {"tcp_tw_recycle: it broke clients behind NAT, and is "
					      "gone"}},
	[SAY_FIN_TIMEOUT] = {"tcp_fin_timeout is {value}, and {sockets} TIME_WAITs last as long as "
			     "ever[: {lifetime_p50_s} measured]",
			     .does_not_help = {"tcp_fin_timeout: it bounds orphans in FIN_WAIT2; a "
					       "TIME_WAIT lasts 60 s"},
			     .commands = {"tcplinger timewait"}},
	[SAY_OVERFLOW] =
		{"{overflow} {overflow|connection was|connections were} refused a "
		 "TIME_WAIT: there are {sockets}[, tcp_max_tw_buckets is {max}][; most are "
		 "of {owner}]",
		 .helps = {"a greater net.ipv4.tcp_max_tw_buckets: each takes about 256 "
			   "bytes",
			   KEEP_CONNECTIONS},
		 .does_not_help = {"a smaller tcp_max_tw_buckets: what is refused has no "
				   "protection from old segments"},
		 .commands = {"tcplinger timewait"}},
	[SAY_OVERFLOW_NEAR] =
		{"{sockets} TIME_WAITs, and beyond {max} (tcp_max_tw_buckets) they are "
		 "refused[; most are of {owner}]",
		 .helps = {"a greater net.ipv4.tcp_max_tw_buckets: each takes about "
			   "256 bytes",
			   KEEP_CONNECTIONS},
		 .does_not_help = {"a smaller tcp_max_tw_buckets: what is refused has "
				   "no protection from old segments"},
		 .commands = {"tcplinger timewait"}},
	[SAY_RESET] =
		{"{process} ended {closed_by_reset} of {closed} connections with a reset: what "
		 "was under way is lost" AND_ALIKE,
		 .helps = {"without SO_LINGER 0: close() sends a FIN then",
			   "read what has come before close(): unread data makes a reset of "
			   "it"},
		 .does_not_help = {"SO_LINGER 0 against TIME_WAIT: it loses data"},
		 .commands = {"tcplinger timewait -p {pid}"}},
	[SAY_KEEPALIVE_RACE] = {"{process} closes connections [{place} ]after {idle_p50_s} of "
				"silence, and {reset_by_data} {reset_by_data|time|times} a request "
				"was on its way: it was answered by a reset" AND_ALIKE,
				.helps = {"the client's idle time-out shorter than this[ "
					  "({idle_p50_s})]",
					  "a longer idle time-out here",
					  "a client that tries again, what may be tried again"},
				.does_not_help = {"any sysctl"},
				.commands = {"tcplinger timewait -p {pid} -v"}},
	[SAY_ACCEPT_QUEUE_FULL] =
		{"{process} does not accept fast enough at {place}: {queue} of "
		 "{queue_limit} wait[, {overflows} had no room while "
		 "watched]" THREADS AND_ALIKE,
		 .helps = {"what it waits in[ ({waits_in})], or more workers",
			   "then a longer queue[; it is limited by {limited_by}]: "
			   "the backlog of listen(), and net.core.somaxconn"},
		 .does_not_help = {"tcp_max_syn_backlog: that is the queue before "
				   "this one"},
		 SEE_OPENING},
	[SAY_NO_ANSWER] =
		{"{process} gets no answer from {place}: {pending} connects wait, their "
		 "SYN sent up to {retransmits} times again[; connection tracking drops "
		 "at the same time ({tracking})]" AND_ALIKE,
		 .helps = {"the way to it or the peer: a firewall, a route, a host that is "
			   "down",
			   "[connection tracking: NAT has no room, see conntrack -S "
			   "({tracking})]"},
		 .does_not_help = {"tcp_syn_retries: it only changes how long they wait"},
		 SEE_OPENING},
	[SAY_REFUSED] = {"{process} was refused {count} times at {place}: nothing listens there",
			 .helps = {"start what is to listen there, or the right address and port"},
			 .does_not_help = {"any sysctl"}, SEE_OPENING},
	[SAY_CONNTRACK_FULL] = {"connection tracking is full: {count} of {max}[, {drop} dropped][, "
				"{insert_failed} not inserted][, {early_drop} thrown out early] "
				"while watched",
				.helps = {"a greater net.netfilter.nf_conntrack_max",
					  "a shorter nf_conntrack_tcp_timeout_time_wait (120 s)",
					  "no tracking for what needs none (NOTRACK)"},
				SEE_OPENING},
	[SAY_CONNTRACK_COLLIDES] =
		{"connection tracking could not insert {insert_failed} "
		 "connections while watched, with {count} of {max} in use: ports "
		 "of NAT collide",
		 .helps = {"more SNAT addresses or ports",
			   "random ports for SNAT (--random-fully)"},
		 .does_not_help = {"nf_conntrack_max: it is far from full"}, SEE_OPENING},
	[SAY_CONNTRACK_TIME_WAIT] =
		{"connection tracking keeps a TIME_WAIT for {value} s, the kernel "
		 "for 60 s: it has {count} entries",
		 .commands = {"tcplinger timewait"}},
	[SAY_SEARCH_SLOW] = {"connect() searches {search} for a port towards {place} (median of "
			     "{searches}): {used} of {supply} are in use",
			     .helps = {PORT_REMEDIES},
			     .does_not_help = {"tcp_fin_timeout: TIME_WAIT lasts 60 s whatever it "
					       "is"},
			     SEE_PORTS},
	[SAY_NO_CPU] = {"{process} wants a CPU and gets none {starved} of the time[; some task of "
			"the host waited for one {psi} of it]" AND_ALIKE,
			.helps = {"the CPU quota of its cgroup (cpu.max, cpu.stat)",
				  "what else runs there"},
			.does_not_help = {"any TCP setting"}, SEE_LEAKS},
	[SAY_KERNEL_HIDES] = {"not seen here: [{lacks}][; {also_lost} records were lost]"
			      "[{lost} records were lost]",
			      .helps = {"`tcplinger doctor` says what it takes"},
			      .commands = {"tcplinger doctor"}},
};
