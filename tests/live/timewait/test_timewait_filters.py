# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is shown: filters, order, limit; a namespace at a time or all."""
import pytest

from timewaits import once
from traffic import Pair

SORT_KEYS = ("sockets", "predates", "fin_wait2", "created", "ended", "closed", "closed_first",
             "rearmed", "overflow", "created_per_s")


def pids(refresh):
    return {row["process"] and row["process"]["pid"] for row in refresh.rows}


@pytest.fixture
def two(make, space, server):
    """Connections of two clients, one over IPv4 and one over IPv6; whom each filter shows. All the
    filters watch the same traffic."""
    first, second = make.actor(space, comm=b"first one"), make.actor(space)
    watchers = {}

    def act():
        Pair(first, server, port=5001).client_closes()
        Pair(second, server, "::1", port=5002).client_closes()
        return {name: pids(waits.end()) for name, waits in watchers.items()}

    def watch(name, *arguments):
        watchers[name] = make.timewaits(*arguments, space=space)
    return first, second, watch, act


def test_pid_and_comm(two, server):
    first, second, watch, act = two
    watch("pid", "-p", str(first.pid))
    watch("server", "--pid", str(server.pid))
    watch("comm", "-c", "first one")
    watch("nobody", "-c", "nobody")
    watch("both", "-c", "first one", "-p", str(second.pid))
    assert act() == {"pid": {first.pid}, "server": {server.pid}, "comm": {first.pid},
                     "nobody": set(), "both": set()}


def test_pid_that_has_exited(make, space, client, server):
    waits = make.timewaits("-p", str(client.pid), space=space)
    Pair(client, server).client_closes()
    client.exit()
    assert waits.wait_row(client.pid, lambda row: row["sockets"] == 1)["created"] == 1
    assert pids(waits.end()) == {client.pid}


def test_pid_of_a_child_that_closes(make, space, client, server):
    """Who closed is asked for, who owns is shown."""
    Pair(client, server)
    client("w = Child('c.close()')")
    client("c.close()")
    waits = make.timewaits("-p", str(client("w.pid")), space=space)
    client("w.release()")
    server("drain(s); s.close()")
    [row] = waits.wait_refresh(lambda refresh: [r for r in refresh.rows if r["sockets"]])
    assert client("w.pid") in (row["process"]["pid"], row["closer"] and row["closer"]["pid"])
    client("w.stop()")


def test_ports_and_addresses(two, server):
    first, second, watch, act = two
    watch("rport", "--rport", "5001")
    watch("lport", "--lport", "5002")
    watch("list", "--rport", "5000,5002-5010")
    watch("raddr", "--raddr", "127.0.0.0/8")
    watch("endpoint", "--raddr", "[::1]:5002")
    assert act() == {
        "rport": {first.pid}, "lport": {server.pid}, "list": {second.pid},
        "raddr": {first.pid, server.pid}, "endpoint": {second.pid}}


def test_families(two, server):
    first, second, watch, act = two
    watch("4", "-4")
    watch("6", "-6")
    watch("46", "-4", "-6")
    assert act() == {"4": {first.pid, server.pid}, "6": {second.pid, server.pid},
                     "46": {first.pid, second.pid, server.pid}}


def test_filters_of_what_exists(space, client, server, source):
    """With and without BPF."""
    Pair(client, server, port=5001).client_closes()
    Pair(client, server, "::1", port=5002).client_closes()

    def shown(*arguments):
        return {row["rport"] for row in once(space, *arguments, *source).rows}
    assert shown() == shown("-4", "-6") == {5001, 5002}
    assert shown("-4") == shown("--raddr", "127.0.0.1") == shown("--rport", "1-5001") == {5001}
    assert shown("-6") == shown("--raddr", "::1") == shown("--laddr", "::1") == {5002}
    assert shown("--lport", "5001") == shown("-p", str(client.pid)) == set()


def test_namespaces(make, source):
    """Without --netns all are shown, with it one; equal destinations in two are two rows."""
    spaces = [make.space() for _ in range(2)]
    for space in spaces:
        Pair(make.actor(space), make.actor(space), port=5001).client_closes()
    everything = once(None, *source)
    shown = {row["netns"] for row in everything.rows if row["rport"] == 5001}
    assert shown >= {space.inode for space in spaces}
    for space in spaces:
        assert {row["netns"] for row in once(space, *source).rows} == {space.inode}


def test_order_and_limit(space, client, server, source):
    """Most sockets first, --sort by any figure, --limit after the order."""
    for port, sockets, waiting in ((5001, 3, 0), (5002, 1, 2), (5003, 2, 1)):
        pair = Pair(client, server, port=port)
        server("kept = globals().get('kept', []) + [l]")
        for _ in range(sockets):
            pair.client_closes()
            pair.connect()
        for _ in range(waiting):
            client("c.close()")
            server("kept.append(s)")
            pair.connect()
        client("kept = globals().get('kept', []) + [c]")
        server("kept.append(s)")

    def order(*arguments):
        return [row["rport"] for row in once(space, *arguments, *source).rows]
    assert order() == order("--sort", "sockets") == [5001, 5003, 5002]
    assert order("--sort", "fin_wait2") == [5002, 5003, 5001]
    assert order("--limit", "1") == [5001]
    assert order("--limit", "2", "--sort", "fin_wait2") == [5002, 5003]
    assert once(space, "--limit", "1", *source).end["rows"] == 1


@pytest.mark.parametrize("key", SORT_KEYS)
def test_every_sort_key_is_taken(space, key):
    assert once(space, "--no-bpf", "--sort", key).rows == []


def test_empty_namespace_has_no_rows(space, source):
    refresh = once(space, *source)
    assert refresh.rows == [] and refresh.end["rows"] == 0
