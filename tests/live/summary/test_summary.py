# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The summary: what exists, counted as the kernel counts it."""
import json
import re
import time

import pytest

import closewait
import lingering
import truth
from screen import on_terminal, width
from traffic import Pair
from tracer import tcplinger

STATES = {"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
          "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"}


def summary(*arguments):
    result = tcplinger("--json", *arguments)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0])


def counts(states):
    return {state: n for state, n in states.items() if n}


@pytest.fixture
def crowd(space, client, server):
    """Sockets in six states, which stay there."""
    server("a = listen('0.0.0.0', 7000); b = listen('::', 7001); kept = []")
    client("kept = []")

    def connect(address, port):
        client(f"c = connect({address!r}, {port}); kept.append(c)")
        server(f"s = accept({'a' if port == 7000 else 'b'}); kept.append(s)")

    for _ in range(3):
        connect("127.0.0.1", 7000)
    connect("::1", 7001)
    connect("127.0.0.1", 7001)
    connect("127.0.0.1", 7000)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")  # CLOSE_WAIT here, FIN_WAIT2 there
    for _ in range(2):
        connect("127.0.0.1", 7000)
        client("kept.pop().close()")
        server("drain(s); kept.pop().close()")
    client("drop = make(); drop.bind(('127.0.0.1', 0))")  # bound only: not every kernel lists it
    await_settled(space)
    return space


def await_settled(space):
    """A FIN may be acknowledged late: 40 ms; and what closes may be on its way on the other CPU."""
    deadline = time.monotonic() + 5
    while {"FIN_WAIT1", "LAST_ACK", "CLOSING"} & set(truth.ss_counts(space)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_counts_are_those_of_ss(crowd):
    truths = truth.ss_counts(crowd)
    assert {"ESTABLISHED", "LISTEN", "FIN_WAIT2", "CLOSE_WAIT", "TIME_WAIT"} <= set(truths)
    one = summary("--netns", crowd.name)
    bound_only = {"CLOSE": truths.pop("CLOSE")} if "CLOSE" in truths else {}
    got = counts(one["states"])
    if bound_only:
        got.pop("CLOSE", None)
    assert got == truths
    assert truths["TIME_WAIT"] == 2 and truths["LISTEN"] == 2


def test_json_has_all_states_and_namespaces_add_up(crowd):
    one = summary()
    assert set(one) == {"type", "time", "states", "namespaces", "worst"}
    assert one["type"] == "summary"
    truth.seconds(one["time"])
    assert set(one["states"]) == STATES
    for namespace in one["namespaces"]:
        assert set(namespace) == {"netns", "states"}
        assert set(namespace["states"]) == STATES
    for state in STATES:
        assert one["states"][state] == sum(n["states"][state] for n in one["namespaces"])
    mine = [n for n in one["namespaces"] if n["netns"] == crowd.inode]
    assert len(mine) == 1
    assert mine[0]["states"] == summary("--netns", crowd.name)["states"]


def test_namespace_known_only_by_name_is_counted(make, space):
    """No process is left in it: /run/netns alone tells of it, and TIME_WAITs live on."""
    client, server = make.actor(space), make.actor(space)
    Pair(client, server).client_closes()
    await_settled(space)
    client.exit()
    server.exit()
    mine = [n for n in summary()["namespaces"] if n["netns"] == space.inode]
    assert [counts(n["states"]) for n in mine] == [{"TIME_WAIT": 1}]


@pytest.mark.parametrize("arguments, wanted", [
    (("-4",), {"ESTABLISHED": 7, "FIN_WAIT2": 1, "CLOSE_WAIT": 1, "LISTEN": 1, "TIME_WAIT": 2}),
    (("-6",), {"ESTABLISHED": 3, "LISTEN": 1}),
    (("--lport", "7000"), {"ESTABLISHED": 3, "CLOSE_WAIT": 1, "LISTEN": 1}),
    (("--rport", "7000"), {"ESTABLISHED": 3, "FIN_WAIT2": 1, "TIME_WAIT": 2}),
    (("--raddr", "[::1]:7001"), {"ESTABLISHED": 1}),
    (("--laddr", "127.0.0.1:7001"), {"ESTABLISHED": 1}),
], ids=lambda v: v[0] if isinstance(v, tuple) else "")
def test_filter_counts_what_it_asks_for(crowd, arguments, wanted):
    assert counts(summary("--netns", crowd.name, *arguments)["states"]) == wanted


def test_pid_filter_counts_what_the_process_holds(crowd, client, server):
    clients = counts(summary("--netns", crowd.name, "-p", str(client.pid))["states"])
    assert clients.pop("CLOSE", 1) == 1
    assert clients == {"ESTABLISHED": 5, "FIN_WAIT2": 1}
    assert counts(summary("--netns", crowd.name, "-p", str(server.pid))["states"]) == \
        {"ESTABLISHED": 5, "CLOSE_WAIT": 1, "LISTEN": 2}


def test_comm_filter_counts_what_such_processes_hold(make, crowd):
    named = make.actor(crowd, comm=b"summary test")
    named("l = listen(port=7005)")
    assert counts(summary("-c", "summary test")["states"]) == {"LISTEN": 1}


def test_no_bpf_is_the_same(crowd):
    assert summary("--no-bpf", "--netns", crowd.name)["states"] == \
        summary("--netns", crowd.name)["states"]


def test_empty_namespace_is_all_zero(space):
    one = summary("--netns", space.name)
    assert counts(one["states"]) == {}


def test_text_has_the_counts_and_what_to_run_next(crowd):
    result = tcplinger("--netns", crowd.name)
    assert result.returncode == 0 and result.stderr == ""
    rows = {line.split()[0]: line.split()[1] for line in result.stdout.splitlines()
            if len(line.split()) == 2 and line.split()[1].isdigit()}
    truths = {s: str(n) for s, n in truth.ss_counts(crowd).items() if s != "CLOSE"}
    assert {s: n for s, n in rows.items() if s in STATES and s != "CLOSE"} == truths
    assert "tcplinger leaks" in result.stdout
    assert "tcplinger timewait" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_thousands_of_sockets_are_counted_exactly(make, space):
    """In several dumps' worth of messages, as many as the descriptor limit allows."""
    one = make.actor(space)
    one("""
import resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
pairs = min(5000, (hard - 50) // 2)
l = listen(backlog=4096)
p = port(l)
kept = []
for i in range(pairs):
    kept.append(connect('127.0.0.1', p))
    kept.append(accept(l))
""")
    wanted = {"ESTABLISHED": 2 * one("pairs"), "LISTEN": 1}
    assert counts(summary("--netns", space.name)["states"]) == wanted
    assert counts(summary("-p", str(one.pid))["states"]) == wanted


def test_orphans_alone_are_no_time_waits(space, client, server):
    """In FIN_WAIT2 without a process, as minisockets are."""
    Pair(client, server)
    client("c.close()")
    await_settled(space)
    assert truth.ss_counts(space)["FIN_WAIT2"] == 1
    assert "of the TIME_WAIT" not in tcplinger("--netns", space.name).stdout


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_holder_of_the_nearest_destination_is_named(space, client, server, address):
    """Also where nothing is in CLOSE_WAIT; the same that `ports` names."""
    space.sysctl(ip_local_port_range="30000 30029")
    pair = Pair(client, server, address)
    pair.connect()
    held = f"ESTABLISHED of python3[{client.pid}]"
    assert held in tcplinger("ports", "--once", "--no-bpf", "--netns", space.name).stdout
    assert held in tcplinger("--netns", space.name).stdout


def test_one_is_singular(space, client, server):
    Pair(client, server).client_closes()
    closewait.leak(space, client, server)
    text = tcplinger("--netns", space.name).stdout
    assert "1 of the CLOSE_WAIT is held by" in text
    assert "1 of the TIME_WAIT is of connections made to" in text
    assert re.search(r"\b1( of \d+)? ports? is in use towards", text)


def test_text_is_wrapped_on_a_terminal(space, client, server):
    closewait.stall(space, client, server)
    shown = on_terminal(80, "--netns", space.name)
    assert max(map(width, shown.splitlines())) <= 80
    assert "descriptors" in " ".join(shown.split())


def test_the_worst_of_each_view_is_named_where_there_is_any(space, client, server):
    assert summary("--netns", space.name)["worst"] == dict.fromkeys(
        ("close_wait", "time_wait", "ports", "closing", "opening"))
    closewait.leak(space, client, server)
    lingering.unanswered(space, client, server)
    lingering.await_retransmits(space, "fin-wait-1")
    server("q = listen('127.0.0.1', 0, 0, 2)")
    client(f"kept += [begin('127.0.0.1', {server('port(q)')}) for _ in range(6)]")
    lingering.await_syns_again(space, 3)
    worst = summary("--netns", space.name)["worst"]
    assert worst["close_wait"]["type"] == "close_wait"
    assert worst["close_wait"]["process"]["pid"] == server.pid
    assert worst["time_wait"] is None
    assert worst["ports"]["type"] == "ports" and worst["ports"]["used"] >= 1
    closing = worst["closing"]
    assert (closing["type"], closing["verdict"]) == ("closing", "peer_silent")
    assert closing["process"]["pid"] == client.pid and "seq" not in closing
    opening = worst["opening"]
    assert (opening["type"], opening["verdict"], opening["queue"]) == ("listener", "full", 3)
    text = " ".join(tcplinger("--netns", space.name).stdout.split())
    for words in ("nobody answers what is sent again", f"python3[{server.pid}] listens, and is full",
                  "tcplinger opening", "tcplinger closing"):
        assert words in text


def test_connects_without_an_answer_are_the_worst_of_opening(space, client, server):
    server("l = listen()")
    lingering.silence(space, server("port(l)"))
    client(f"kept = [begin('127.0.0.1', {server('port(l)')}) for _ in range(3)]")
    lingering.await_syns_again(space, 3)
    worst = summary("--netns", space.name)["worst"]
    assert (worst["opening"]["type"], worst["opening"]["pending"]) == ("opening", 3)
    assert f"3 connects of python3[{client.pid}] wait, made to" in tcplinger(
        "--netns", space.name).stdout
