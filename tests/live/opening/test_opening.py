# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections that do not come about: who waits for whom, how they ended, and why."""
import time

import pytest

import lingering
import truth
from lingering import once
from opening_rows import towards, wait_towards
from privileges import anyones_binary, as_nobody  # noqa: F401
from screen import on_terminal, width

KEYS = ["type", "time", "seq", "process", "key", "direction", "netns", "family", "laddr", "lport",
        "raddr", "rport", "pending", "oldest_s", "retransmits", "attempts", "established", "failed",
        "handshake", "verdict", "evidence", "stacks", "incomplete"]


@pytest.fixture
def far(make, space):
    """A second namespace, at the other end of a cable."""
    there = make.space()
    lingering.link(space, there)
    return there


def test_connects_are_counted_and_timed(make, space, client, server):
    view = make.opening(space=space)
    server("l = listen()")
    port = server("port(l)")
    client(f"kept = [connect('127.0.0.1', {port}) for _ in range(20)]")
    row = wait_towards(view, port, lambda row: row["established"] == 20)
    assert list(row) == KEYS
    assert (row["attempts"], row["pending"], row["failed"]) == (20, 0, {"gave_up": 0})
    assert row["process"]["pid"] == client.pid and row["verdict"] == "fine"
    assert (row["direction"], row["lport"], row["raddr"]) == ("out", None, "127.0.0.1")
    assert row["handshake"]["count"] == 20 and row["handshake"]["max_s"] < 1
    assert row["evidence"]["inferred"] is False


def test_what_nobody_answers(space, client, server, source):
    """Older than the tool: the kernel keeps when the first SYN went."""
    server("l = listen()")
    port = server("port(l)")
    lingering.silence(space, port)
    begun = time.monotonic()
    client(f"kept = [begin('127.0.0.1', {port}) for _ in range(3)]")
    lingering.await_syns_again(space, 3)
    while time.monotonic() < begun + 1.05:  # without BPF its age is told to some ticks
        time.sleep(0.01)
    refresh = once("opening", space, *source)
    most = time.monotonic() - begun
    row = towards(refresh, port)
    assert (row["pending"], row["verdict"]) == (3, "no_answer")
    assert row["process"]["pid"] == client.pid and row["retransmits"] >= 1
    assert 1 <= row["oldest_s"] <= most + 0.05
    assert row["evidence"]["listener"]["holders"][0]["pid"] == server.pid
    if source:
        assert [row[key] for key in ("attempts", "established", "failed", "handshake")] == [None] * 4


def test_time_out_and_giving_up(make, space, client, server):
    space.sysctl(tcp_syn_retries=1)
    server("l = listen()")
    port = server("port(l)")
    lingering.silence(space, port)
    view = make.opening(space=space)
    client(f"a = begin('127.0.0.1', {port}); b = begin('127.0.0.1', {port}); b.close()")
    row = wait_towards(view, port, lambda row: row["failed"]["gave_up"] and row["pending"])
    assert (row["attempts"], row["pending"]) == (2, 1)
    assert client("await_end(a)") == "ETIMEDOUT"
    row = wait_towards(view, port, lambda row: not row["pending"] and
                       sum(row["failed"].values()) == 2)
    assert row["failed"] == {"ETIMEDOUT": 1, "gave_up": 1}
    assert (row["attempts"], row["established"], row["verdict"]) == (2, 0, "no_answer")


def test_refused(make, space, client, server):
    view = make.opening(space=space)
    server("l = listen(); n = port(l); l.close()")
    port = server("n")
    for _ in range(3):
        assert client(f"failure(connect, '127.0.0.1', {port})") == "ECONNREFUSED"
    row = wait_towards(view, port, lambda row: row["attempts"] == 3 and not row["pending"])
    assert row["failed"] == {"ECONNREFUSED": 3, "gave_up": 0}
    assert (row["verdict"], row["established"]) == ("refused", 0)
    assert row["evidence"]["listener"] is None


def test_no_port(make, space, client, server):
    space.sysctl(ip_local_port_range="20000 20003")
    server("l = listen('127.0.0.1', 5000)")
    view = make.opening(space=space)
    client("kept = exhaust(connect, '127.0.0.1', 5000)")
    row = wait_towards(view, 5000, lambda row: row["failed"].get("EADDRNOTAVAIL"))
    assert (row["attempts"], row["established"]) == (5, 4)
    assert (row["failed"]["EADDRNOTAVAIL"], row["verdict"]) == (1, "no_port")


def test_a_router_without_a_way(make, space, far, client):
    """It says so, and connect() believes it at the second SYN, or the first."""
    far.sysctl(ip_forward=1)
    far.run("ip", "route", "add", "unreachable", "10.88.0.0/24")
    space.run("ip", "route", "add", "10.88.0.0/24", "via", "10.77.0.2")
    view = make.opening(space=space)
    client("c = begin('10.88.0.1', 80)")
    assert client("await_end(c)") == "EHOSTUNREACH"
    row = wait_towards(view, 80, lambda row: row["failed"].get("EHOSTUNREACH"))
    assert row["verdict"] == "unreachable"


def test_a_way_back_that_is_a_black_hole(make, space, far, client):
    """The other end has the SYN, and its answer goes nowhere."""
    server = make.actor(far)
    server("l = listen('10.77.0.2', 8080)")
    far.run("ip", "addr", "add", "10.99.0.1/32", "dev", "veth0")
    space.run("ip", "addr", "add", "10.66.0.1/32", "dev", "lo")
    far.run("ip", "route", "add", "blackhole", "10.66.0.0/24")
    view = make.opening(space=space)
    client("kept = [make()]; kept[0].bind(('10.66.0.1', 0)); kept[0].setblocking(False)")
    client("kept[0].connect_ex(('10.77.0.2', 8080))")
    row = wait_towards(view, 8080, lambda row: row["retransmits"])
    assert (row["verdict"], row["pending"], row["laddr"]) == ("no_answer", 1, "10.66.0.1")


def test_ports_of_a_translation_that_collide(make, space, far, client):
    """Seven connects through a NAT that has four ports: the counters of connection tracking are
    those of the namespace that translates, and tell of no socket."""
    lingering.translate(space, "5000-5003")
    server = make.actor(far)
    server("l = listen('10.77.0.2', 8080)")
    view = make.opening(space=space)
    client("kept = [begin('10.77.0.2', 8080) for _ in range(7)]")
    row = wait_towards(view, 8080, lambda row: row["retransmits"]
                       and row["evidence"]["conntrack"]["insert_failed"] >= 3)
    assert (row["attempts"], row["established"], row["pending"]) == (7, 4, 3)
    assert row["verdict"] == "no_answer" and row["evidence"]["inferred"] is True
    tracking = row["evidence"]["conntrack"]
    assert tracking["netns"] == space.inode and tracking["drop"] == tracking["insert_failed"]
    assert 4 <= tracking["count"] < tracking["max"]


def test_a_SYN_that_is_too_old_for_a_TIME_WAIT(make, space, far, client):
    """The clock of the client's timestamps has gone back, as behind a NAT: the server's TIME_WAIT of
    the same ports takes its SYN for an old one (PAWS)."""
    server = make.actor(far)
    server("l = listen('10.77.0.2', 8080)")
    client("c = connect('10.77.0.2', 8080, ('10.77.0.1', 40000))")
    server("s = accept(l)")
    client("skew_timestamps(c, 100_000_000); c.sendall(b'x')")
    assert server("len(s.recv(10))") == 1
    server("s.close()")
    client("drain(c); c.close()")
    lingering.await_state(far, "time-wait", 1)
    view = make.opening(space=space)
    client("d = begin('10.77.0.2', 8080, ('10.77.0.1', 40000))")
    row = wait_towards(view, 8080, lambda row: row["retransmits"])
    assert (row["verdict"], row["pending"], row["attempts"]) == ("no_answer", 1, 1)
    assert truth.ss_counts(far) == {"LISTEN": 1, "TIME_WAIT": 1}


def test_the_queue_is_full(make, space, client, server):
    """listen(2) holds three; the other connects wait, and the listener is named."""
    server("l = listen('127.0.0.1', 0, 0, 2)")
    port = server("port(l)")
    view = make.opening(space=space)
    client(f"kept = [begin('127.0.0.1', {port}) for _ in range(6)]")
    row = wait_towards(view, port, lambda row: row["retransmits"])
    assert (row["attempts"], row["established"], row["pending"]) == (6, 3, 3)
    assert row["verdict"] == "no_answer" and row["evidence"]["inferred"] is False
    listener = row["evidence"]["listener"]
    assert list(listener) == ["direction", "netns", "family", "laddr", "lport", "raddr", "rport",
                              "queue", "queue_limit", "holders"]
    assert (listener["queue"], listener["queue_limit"], listener["lport"]) == (3, 2, port)
    assert [h["pid"] for h in listener["holders"]] == [server.pid]


def test_a_listener_in_another_namespace(make, space, far, client):
    """Found by an address that it was reached at."""
    server = make.actor(far)
    server("l = listen('0.0.0.0', 8080, 0, 1)")
    view = make.opening()
    client("kept = [begin('10.77.0.2', 8080) for _ in range(4)]")

    def look(refresh):
        row = [row for row in refresh.rows if row["type"] == "opening"
               and row["netns"] == space.inode and row["retransmits"]]
        return row and row[0]
    row = view.wait_refresh(look)
    assert row["evidence"]["listener"]["netns"] == far.inode
    assert row["evidence"]["listener"]["holders"][0]["pid"] == server.pid


def test_filters(make, space, client, server):
    other = make.actor(space)
    server("l = listen(); m = listen()")
    port, second = server("port(l)"), server("port(m)")
    lingering.silence(space, port, second)
    client(f"kept = [begin('127.0.0.1', {port})]")
    other(f"kept = [begin('127.0.0.1', {second})]")
    for arguments, there in ((["-p", str(client.pid)], port), (["--rport", str(second)], second),
                             (["--lport", client("str(port(kept[0]))")], port)):
        rows = [row for row in once("opening", space, *arguments).rows if row["type"] == "opening"]
        assert [row["rport"] for row in rows] == [there], arguments
    assert [row for row in once("opening", space, "-6").rows] == []


def test_a_filter_on_local_ports_counts_what_it_lets_pass(make, space, client, server):
    server("l = listen('127.0.0.1', 5000)")
    view = make.opening("--lport", "20001", space=space)
    client("kept = [connect('127.0.0.1', 5000, ('127.0.0.1', 20000 + i)) for i in range(3)]")
    row = wait_towards(view, 5000, lambda row: row["established"])
    assert (row["attempts"], row["established"]) == (1, 1)


def test_by_comm(make, space, client, server):
    other = make.actor(space)
    view = make.opening("--by", "comm", space=space)
    server("l = listen()")
    port = server("port(l)")
    for actor in (client, other):
        actor(f"c = connect('127.0.0.1', {port})")
    row = wait_towards(view, port, lambda row: row["established"] == 2)
    assert (row["process"], row["key"]) == (None, "python3")


def test_nobody_sees_them_without_counts(anyones_binary, space, client, server):  # noqa: F811
    server("l = listen()")
    port = server("port(l)")
    lingering.silence(space, port)
    client(f"c = begin('127.0.0.1', {port})")
    result = as_nobody(anyones_binary, "opening", "--once", inside=space)
    assert result.returncode == 0, result.stderr
    assert "1 connection in SYN_SENT" in result.stdout and "(nobody known)" in result.stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_the_screen(space, client, server, columns):
    server("l = listen('127.0.0.1', 0, 0, 2)")
    client(f"kept = [begin('127.0.0.1', {server('port(l)')}) for _ in range(6)]")
    lingering.await_syns_again(space, 3)
    text = on_terminal(columns, "opening", "--once", "--netns", space.name)
    assert "no_answer" in text and "full" in text and "3/2" in text
    words = " ".join(text.split())
    assert f"python3[{server.pid}] listens there, and has no room: 3 in its queue of 2" in words
    assert "1 of 1 thread waits in" in words
    assert all(width(line) <= columns for line in text.splitlines())


def test_nothing_is_loaded_for_connection_tracking(space, source):
    """A namespace that does not track is none that begins to."""
    lingering.nft(space, "")

    def rules():
        return space.run("nft", "list", "ruleset"), truth.netstat(space)["ListenOverflows"]
    before = rules()
    once("opening", space, *source)
    assert rules() == before
