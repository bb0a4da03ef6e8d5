# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections that do not come about: no room, no answer, no listener, no way through a NAT."""
import os
import time

import pytest

import lingering
from diagnosis import diagnose, is_place
from servers import wait_for

PENDING_S = 3  # so long is a connect() given


@pytest.fixture
def far(make, space):
    there = make.space()
    lingering.link(space, there)
    return there


@pytest.mark.parametrize("limit, limited_by", [(2, "backlog"), (4, "somaxconn")])
def test_no_room_in_the_queue(make, space, client, server, limit, limited_by):
    if limited_by == "somaxconn":
        space.run("sysctl", "-q", "-w", f"net.core.somaxconn={limit}")
    server(f"l = listen(backlog={limit if limited_by == 'backlog' else 100})")
    port = server("port(l)")
    run = make.diagnose(space=space)
    client(f"kept = [begin('127.0.0.1', {port}) for _ in range({limit + 4})]")
    lingering.await_syns_again(space, 3)
    found = run.end()
    advice = found.one("accept_queue_full", "critical")
    evidence = advice["evidence"]
    assert (evidence["queue"], evidence["queue_limit"]) == (limit + 1, limit)
    assert evidence["limited_by"] == limited_by and evidence["overflows"] >= 3
    assert evidence["listener"]["lport"] == port
    assert advice["about"]["process"]["pid"] == server.pid
    assert found.grave() == {"accept_queue_full"}  # no_answer is its effect

    client("for s in kept: s.close()")
    space.run("sysctl", "-q", "-w", "net.core.somaxconn=4096")
    server("l.close()")
    server(f"l = listen(port={port}, backlog=128)")
    run = make.diagnose(space=space)
    client(f"kept = [begin('127.0.0.1', {port}) for _ in range({limit + 4})]")
    assert run.end().grave() == set()


def test_no_answer(space, client, server):
    server("l = listen()")
    port = server("port(l)")
    lingering.silence(space, port)
    begun = time.monotonic()
    client(f"kept = [begin('127.0.0.1', {port}) for _ in range(3)]")
    wait_for(lambda: time.monotonic() > begun + PENDING_S, "three seconds")
    found = diagnose(space)
    evidence = found.evidence("no_answer", "warning")
    assert evidence["pending"] == 3 and evidence["retransmits"] >= 1
    assert is_place(evidence["place"], raddr="127.0.0.1", rport=port)
    assert evidence["owner"]["pid"] == client.pid and found.grave() == {"no_answer"}
    lingering.nft(space, "delete table inet silence")
    lingering.await_state(space, "syn-sent", 0)
    assert "no_answer" not in diagnose(space).rules()


def test_refused(make, space, client, server):
    server("l = listen(); n = port(l); l.close()")
    port = server("n")
    run = make.diagnose(space=space)
    for _ in range(3):
        assert client(f"failure(connect, '127.0.0.1', {port})") == "ECONNREFUSED"
    found = run.end()
    evidence = found.evidence("refused", "warning")
    assert evidence["count"] == 3 and evidence["owner"]["pid"] == client.pid
    assert is_place(evidence["place"], raddr="127.0.0.1", rport=port)
    server(f"l = listen(port={port})")
    run = make.diagnose(space=space)
    client(f"kept = [connect('127.0.0.1', {port}) for _ in range(3)]")
    assert "refused" not in run.end().rules()


def test_ports_of_a_translation_that_collide(make, space, far, client):
    """Seven connects through a NAT with four ports: the table has room."""
    lingering.translate(space, "5000-5003")
    server = make.actor(far)
    server("l = listen('10.77.0.2', 8080)")
    run = make.diagnose(space=space)
    client("kept = [begin('10.77.0.2', 8080) for _ in range(7)]")
    lingering.await_syns_again(space, 3)
    found = run.end()
    evidence = found.evidence("conntrack_full", "critical")
    assert evidence["insert_failed"] >= 3 and evidence["netns"] == space.inode
    assert 4 <= evidence["count"] < evidence["max"] // 2
    client("for s in kept: s.close()")

    lingering.nft(space, "delete table ip nat")
    lingering.translate(space, "6000-6999")
    run = make.diagnose(space=space)
    client("kept = [begin('10.77.0.2', 8080) for _ in range(7)]")
    lingering.await_state(space, "established", 7)
    assert run.end().grave() == set()


HOG = "while True: pass"


def test_no_cpu(make, space, client, server):
    """It shares one CPU with two that are more important, and does not come to accept."""
    if not os.path.exists("/proc/self/schedstat"):
        pytest.skip("no schedstat")
    server("l = listen(backlog=8)")
    client(f"kept = [connect('127.0.0.1', {server('port(l)')}) for _ in range(5)]")
    cpu = min(os.sched_getaffinity(0))
    hogs = [make.actor(space, comm=b"hog") for _ in range(2)]
    for actor in (server, *hogs):
        os.sched_setaffinity(actor.pid, {cpu})
    os.setpriority(os.PRIO_PROCESS, server.pid, 19)
    for actor in (*hogs, server):
        actor.start(HOG)
    found = diagnose(space, seconds=3)
    advice = found.one("no_cpu", "warning")
    assert advice["about"]["process"]["pid"] == server.pid
    assert advice["evidence"]["starved"] > 1 / 3
    assert advice["evidence"]["psi"] is None or advice["evidence"]["psi"] > 1 / 3
    for hog in hogs:
        hog.kill()
    server.kill()
    assert "no_cpu" not in diagnose(space).rules()
