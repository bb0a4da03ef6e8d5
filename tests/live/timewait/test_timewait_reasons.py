# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How TIME_WAITs end, are rearmed and refused: each counted in its row. Expiry: test_expiry.py."""
import shutil
import time

import pytest

import truth
from timewaits import NO_END, Counters, total
from traffic import Pair


@pytest.fixture
def waits(make, space):
    return make.timewaits(space=space)


def await_time_wait(waits, pid, count=1):
    return waits.wait_row(pid, lambda row: row["sockets"] == count)


def check_end(waits, pid, reason):
    """The first TIME_WAIT of a process has ended so, and nothing else did."""
    row = waits.wait_row(pid, lambda row: row["ended"])
    assert row["reasons"] == {**NO_END, reason: 1}
    assert row["lifetime"]["count"] == 1
    return row


def test_reused_by_connect_with_tcp_tw_reuse(make, space, client, server):
    space.sysctl(tcp_tw_reuse=0)
    space.run("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=40000 40001")
    waits = make.timewaits(space=space)
    counters = Counters(space)
    port = 7000  # outside of the range
    for _ in range(2):
        Pair(client, server, port=port).client_closes()
        server("l.close()")
    await_time_wait(waits, client.pid, 2)
    time.sleep(1.2)  # the kernel gives away none of the same second
    space.sysctl(tcp_tw_reuse=1)
    third = Pair(client, server, port=port)
    row = check_end(waits, client.pid, "reused")
    assert (row["sockets"], row["created"], row["closed"]) == (1, 2, 2)
    assert 1.1 <= row["lifetime"]["max_s"] <= 15
    third.client_closes()
    waits.wait_row(client.pid, lambda row: (row["created"], row["sockets"]) == (3, 2))
    waits.end()
    assert counters["TWRecycled"] == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_reused_by_connect_of_a_bound_port(waits, client, server, address):
    pair = Pair(client, server, address, source=(address, 40000))
    pair.client_closes()
    await_time_wait(waits, client.pid)
    pair.connect(source=(address, 40000))
    check_end(waits, client.pid, "reused")
    waits.end()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_syn_of_the_same_tuple(waits, client, server, address):
    pair = Pair(client, server, address, source=(address, 41000))
    pair.server_closes()
    await_time_wait(waits, server.pid)
    pair.connect(source=(address, 41000))
    row = check_end(waits, server.pid, "syn")
    assert row["direction"] == "in"
    waits.end()


def send_rst_to_client(pair, sequence, offset=1):
    """The peer's FIN took a number of its own: 1 is what the client expects next."""
    pair.server(f"send_rst(('127.0.0.1', {pair.port}), ('127.0.0.1', {pair.client_port}),"
                f" {(sequence + offset) & 0xffffffff})")


def test_reset(waits, space, client, server):
    space.sysctl(tcp_rfc1337=0)
    pair = Pair(client, server)
    sequence = client("next_sequence(c)")
    pair.client_closes()
    await_time_wait(waits, client.pid)
    send_rst_to_client(pair, sequence)
    check_end(waits, client.pid, "reset")
    waits.end()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_destroyed_by_ss_K(waits, space, client, server, address):
    Pair(client, server, address).client_closes()
    await_time_wait(waits, client.pid)
    space.run("ss", "-K", "state", "time-wait")
    check_end(waits, client.pid, "destroyed")
    waits.end()


def test_destroyed_with_the_namespace(make):
    space = make.space()
    waits = make.timewaits(space=space)
    client, server = make.actor(space), make.actor(space)
    Pair(client, server).client_closes()
    await_time_wait(waits, client.pid)
    pid = client.pid
    client.close()
    server.close()
    space.remove()
    row = check_end(waits, pid, "destroyed")
    assert row["netns"] == space.inode
    waits.end()


def test_gone_with_the_namespace_without_bpf(make):
    """Only the next listing shows that it went."""
    space = make.space()
    waits = make.timewaits("--no-bpf", space=space)
    client, server = make.actor(space), make.actor(space)
    Pair(client, server).client_closes()

    def row_of_space(sockets):
        return lambda refresh: [row for row in refresh.rows if row["netns"] == space.inode
                                and row["sockets"] == sockets]
    waits.wait_refresh(row_of_space(1))
    client.close()
    server.close()
    space.remove()
    [row] = waits.wait_refresh(row_of_space(0))
    assert (row["ended"], row["reasons"]["unknown"]) == (1, 1)
    waits.end()


def test_refused_by_tcp_max_tw_buckets(make, space, client, server):
    """Ten fit, the others are closed at once; the namespace's counter says how many."""
    space.sysctl(tcp_max_tw_buckets=10)
    waits = make.timewaits(space=space)
    counters = Counters(space)
    pair = Pair(client, server)
    pair.client_closes()
    for _ in range(24):
        pair.connect()
        pair.client_closes()
    row = waits.wait_row(client.pid, lambda row: row["overflow"] == 15)
    assert (row["sockets"], row["created"], row["ended"]) == (10, 10, 0)
    assert (row["closed"], row["closed_first"]) == (25, 25)
    last = waits.end()
    assert last.of(client.pid)["overflow"] == total(last, "overflow") == 15
    assert counters["TCPTimeWaitOverflow"] == 15
    assert truth.ss_counts(space)["TIME_WAIT"] == 10


def test_aborts_are_not_taken_for_refusals(make, space, client, server):
    """FIN_WAIT2 that the peer resets, or ss -K, beside one true refusal."""
    space.sysctl(tcp_max_tw_buckets=1)
    waits = make.timewaits(space=space)
    counters = Counters(space)
    pair = Pair(client, server)
    pair.client_closes()
    await_time_wait(waits, client.pid)
    for abort in (lambda: server("reset_on_close(s); s.close()"),
                  lambda: space.run("ss", "-K", "state", "fin-wait-2")):
        pair.connect()
        client("c.shutdown(socket.SHUT_WR)")
        while truth.ss(space)[pair.client_cookie][0] != "FIN_WAIT2":
            time.sleep(0.01)
        abort()
    pair.connect()
    pair.client_closes()
    row = waits.wait_row(client.pid, lambda row: row["overflow"])
    assert (row["overflow"], row["created"], row["closed"]) == (1, 1, 4)
    assert waits.end().of(client.pid)["overflow"] == counters["TCPTimeWaitOverflow"] == 1


@pytest.mark.skipif(not shutil.which("nft"), reason="no nft")
def test_rearmed_where_the_last_ACK_is_lost(waits, space, client, server):
    """The peer's FIN comes again, in 200 ms and again in 400: a lower bound."""
    pair = Pair(client, server)
    client("c.close()")
    server("drain(s)")
    waits.wait_row(client.pid, lambda row: row["closed"])
    # from now on all that the client's minisocket has to send are ACKs of the FIN
    space.run("nft", f"add table ip lost; add chain ip lost out "
              f"{{ type filter hook output priority 0; }}; "
              f"add rule ip lost out tcp dport {pair.port} drop")
    server("s.close()")
    row = waits.wait_row(client.pid, lambda row: row["rearmed"])
    assert (row["sockets"], row["created"], row["ended"]) == (1, 1, 0)
    space.run("nft", "delete", "table", "ip", "lost")
    assert waits.end().of(client.pid)["created"] == 1
