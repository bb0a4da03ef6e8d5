# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is lost is counted under its name and shown; one listing later the present is the kernel's."""
import re

import pytest

import losses
import truth
from portsview import PORT, destinations
from timewaits import check_books, total
from tracer import step, steps

FEW, MANY = 20, 150


def close_waits(space):
    """{pid: sockets in CLOSE_WAIT}, by ss."""
    counts = {}
    for line in space.run("ss", "-Htanp", "state", "close-wait").splitlines():
        for pid in set(re.findall(r"pid=(\d+)", line)):
            counts[int(pid)] = counts.get(int(pid), 0) + 1
    return counts


def time_waits(space):
    return truth.ss_counts(space).get("TIME_WAIT", 0)


def used_ports(space, port=PORT):
    """Of connections towards a port: local ends, by ss."""
    return len({local for _, local, remote in truth.ss(space).values()
                if remote.endswith(f":{port}")})


def open_connections(client, server, count, name):
    """In the variable `name` of both."""
    server.start(f"{name} = [accept(l) for _ in range({count})]")
    client(f"{name} = [connect('127.0.0.1', {PORT}) for _ in range({count})]")
    server.answer()


def close_connections(first, second, name):
    first(f"for s in {name}: s.close()")
    second(f"for s in {name}: drain(s); s.close()")


def reset_connections(client, server, name):
    client(f"for s in {name}: reset_on_close(s); s.close()")
    server(f"for s in {name}: s.close()")


@pytest.fixture
def listening(server):
    server(f"l = listen('127.0.0.1', {PORT})")
    return server


def test_timewait_after_a_full_ring(make, space, client, listening):
    server, waits = listening, make.timewaits(*losses.TINY, space=space)
    open_connections(client, server, FEW, "old")
    with losses.stopped(waits):
        close_connections(client, server, "old")
        open_connections(client, server, MANY, "new")
        close_connections(client, server, "new")
    refresh, lost = losses.wait_healed(waits)
    assert set(lost) == {"ring_full"}
    assert total(refresh, "sockets") == time_waits(space) == FEW + MANY
    assert all(row["incomplete"] for row in refresh.rows)
    space.run("ss", "-K", "state", "time-wait")
    waits.wait_refresh(lambda refresh: not total(refresh, "sockets"))
    last = waits.end()
    assert total(last, "created") == total(last, "ended") == FEW + MANY
    assert all(row["incomplete"] for row in last.rows if row["created"])


def test_timewait_whose_ends_were_lost(make, space, client, listening):
    server, waits = listening, make.timewaits(*losses.TINY, space=space)
    open_connections(client, server, MANY, "old")
    close_connections(client, server, "old")
    losses.wait_healed(waits)
    known = len(losses.losses(waits))
    with losses.stopped(waits):
        space.run("ss", "-K", "state", "time-wait")
        open_connections(client, server, FEW, "new")
        close_connections(client, server, "new")
    refresh, _ = losses.wait_healed(waits, known)
    assert total(refresh, "sockets") == time_waits(space) == FEW
    assert total(refresh, "ended") == MANY
    for row in refresh.rows:
        check_books(row)


def test_ports_after_a_full_ring(make, space, client, listening):
    server, ports = listening, make.ports(*losses.TINY, space=space)
    open_connections(client, server, FEW, "old")
    ports.wait_destination("127.0.0.1", condition=lambda row: row["used"] == FEW)
    with losses.stopped(ports):
        reset_connections(client, server, "old")
        open_connections(client, server, MANY, "new")
    refresh, lost = losses.wait_healed(ports)
    assert set(lost) == {"ring_full"}
    [row] = destinations(refresh)
    assert row["used"] == used_ports(space) == MANY
    assert row["by_state"] == {"ESTABLISHED": MANY}
    assert [owner["process"]["pid"] for owner in row["by_owner"]] == [client.pid]


def test_leaks_after_a_full_ring(make, space, client, server):
    """Only listeners are streamed: without them, nobody owns what waits in their backlogs."""
    leaks = make.leaks(*losses.TINY, space=space)
    server("held = listen(); l = [held]")
    client("c = [connect('127.0.0.1', {})]".format(server("port(held)")))
    server("s = accept(held)")
    client("c[0].close()")
    leaks.wait_row(server.pid, lambda row: row["sockets"] == 1)
    with losses.stopped(leaks):
        server(f"l += [listen() for _ in range({MANY})]")
        ports = server("[port(one) for one in l]")
        client(f"c = [connect('127.0.0.1', p) for p in {ports[-FEW:]}]")
        client("for one in c: one.close()")
    refresh, lost = losses.wait_healed(leaks)
    assert set(lost) == {"ring_full"}
    [row] = [row for row in refresh.rows if row["sockets"]]
    assert row["process"]["pid"] == server.pid
    assert close_waits(space) == {server.pid: 1}  # what nobody accepted has no descriptor
    assert truth.ss_counts(space)["CLOSE_WAIT"] == row["sockets"] == FEW + 1
    assert row["kinds"]["unaccepted"] == FEW


def test_ages_outlive_a_loss(make, space, client, server):
    """Of a socket that is older than the tool only the tool knows how long it has been there."""
    server("l = listen()")
    client("c = connect('127.0.0.1', {})".format(server("port(l)")))
    server("s = accept(l)")
    client("c.close()")
    server("drain(s)")
    leaks = make.leaks(*losses.TINY, space=space)
    before = leaks.wait_row(server.pid, lambda row: row["oldest_s"] > 0.3)
    with losses.stopped(leaks):
        server(f"more = [listen() for _ in range({MANY})]")
    losses.wait_healed(leaks)
    for refresh in leaks.refreshes():
        if refresh.end["seq"] > before["seq"]:
            assert refresh.of(server.pid)["oldest_s"] > before["oldest_s"]


def test_trace_after_a_full_ring(make, space, client, listening):
    """Nothing is told twice, or out of order; what is there after the loss is told on."""
    server, tracer = listening, make.tracer(*losses.TINY, space=space)
    with losses.stopped(tracer):
        open_connections(client, server, MANY, "c")
    assert set(losses.wait_relist(tracer)) == {"ring_full"}
    cookies = client("[cookie(s) for s in c]")
    server_cookies = server("[cookie(s) for s in c]")
    before = losses.last_loss(tracer)["ring_full"]
    client("s = c.pop(); s.close()")
    server("s = c.pop(); drain(s); s.close()")
    [fin] = tracer.wait(lambda all_: [t for t in all_ if step(t) == "ESTABLISHED->FIN_WAIT1"])
    [ack] = tracer.wait(lambda all_: [t for t in all_ if step(t) == "LAST_ACK->CLOSE"])
    assert losses.last_loss(tracer)["ring_full"] == before
    assert fin["cookie"] == cookies[-1] and ack["cookie"] == server_cookies[-1]
    assert fin["owner"]["pid"] == client.pid and ack["owner"]["pid"] == server.pid
    assert (fin["direction"], ack["direction"]) == ("out", "in")
    for cookie in cookies[:-1]:
        told = steps(tracer.transitions(cookie))
        assert told == ["CLOSE->SYN_SENT", "SYN_SENT->ESTABLISHED"][:len(told)]
