# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who is charged with a TIME_WAIT, and who closed."""
import pytest

from timewaits import check_books, ends
from traffic import Pair

CRON_JOBS = 200


@pytest.fixture
def waits(make, space):
    return make.timewaits(space=space)


def await_time_wait(waits, pid):
    return waits.wait_row(pid, lambda row: row["sockets"] == 1)


def is_passive(row):
    """The other end's row: it never has a TIME_WAIT."""
    return (row["created"], row["closed"], row["closed_first"]) == (0, 1, 0)


def test_outgoing_is_the_connectors(waits, space, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    row = await_time_wait(waits, client.pid)
    assert row["owner_by"] == "connect" and row["closer"] is None
    assert (row["direction"], row["netns"], row["family"]) == ("out", space.inode, "ipv4")
    assert (row["laddr"], row["lport"]) == ("127.0.0.1", None)
    assert (row["raddr"], row["rport"]) == ("127.0.0.1", pair.port)
    assert (row["created"], row["closed"], row["closed_first"]) == (1, 1, 1)
    assert row["process"]["comm"] == "python3"
    assert is_passive(waits.end().of(server.pid))


def test_incoming_is_the_servers(waits, space, client, server):
    pair = Pair(client, server, "::1")
    pair.server_closes()
    row = await_time_wait(waits, server.pid)
    assert row["owner_by"] == "close" and row["closer"] is None
    assert (row["direction"], row["netns"], row["family"]) == ("in", space.inode, "ipv6")
    assert (row["laddr"], row["lport"]) == ("::1", pair.port)
    assert (row["raddr"], row["rport"]) == (None, None)
    last = waits.end()
    assert is_passive(last.of(client.pid))
    assert last.of(client.pid)["owner_by"] == "connect"


def test_owner_that_exits_keeps_its_row_until_the_TIME_WAIT_ends(waits, space, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    before = await_time_wait(waits, client.pid)
    client.exit()
    space.run("ss", "-K", "state", "time-wait")
    row = waits.wait_row(client.pid, lambda row: row["ended"])
    assert row["process"] == before["process"]
    assert (row["sockets"], ends(row)) == (0, {"destroyed": 1})
    waits.end()


def test_killed_owner_is_owner_and_closer(waits, client, server):
    Pair(client, server)
    client.kill()
    server("drain(s); s.close()")
    row = await_time_wait(waits, client.pid)
    assert row["owner_by"] == "connect" and row["closer"] is None
    assert (row["closed"], row["closed_first"]) == (1, 1)
    waits.end()


def test_killed_server_is_owner_and_closer(waits, client, server):
    Pair(client, server)
    server.kill()
    client("drain(c); c.close()")
    row = await_time_wait(waits, server.pid)
    assert (row["direction"], row["owner_by"], row["closer"]) == ("in", "close", None)


def test_child_that_closes_is_the_closer_of_its_parents_TIME_WAIT(waits, client, server):
    Pair(client, server)
    client("w = Child('c.close()')")
    client("c.close()")
    child = client("w.release()")
    server("drain(s); s.close()")
    row = await_time_wait(waits, client.pid)
    assert row["owner_by"] == "connect"
    assert row["closer"]["pid"] == child != client.pid
    client("w.stop()")
    last = waits.end()
    assert last.of(child) is None
    assert last.of(client.pid)["closer"]["pid"] == child


def test_closer_is_null_where_several_closed(waits, client, server):
    """One of two connections to the same destination is closed by a child."""
    pair = Pair(client, server)
    client("w = Child('c.close()')")
    client("c.close()")
    child = client("w.release()")
    server("drain(s); s.close()")
    assert await_time_wait(waits, client.pid)["closer"]["pid"] == child
    pair.connect()
    pair.client_closes()
    row = waits.wait_row(client.pid, lambda row: row["sockets"] == 2)
    assert row["closer"] is None and row["owner_by"] == "connect"
    client("w.stop()")


def test_owner_by_is_null_where_it_differs(waits, client, server):
    """A server that closed one, and whose other client closed first."""
    pair = Pair(client, server)
    pair.server_closes()
    assert await_time_wait(waits, server.pid)["owner_by"] == "close"
    pair.connect()
    pair.client_closes()
    row = waits.wait_row(server.pid, lambda row: row["closed"] == 2)
    assert row["owner_by"] is None
    assert (row["closed_first"], row["created"]) == (1, 1)


def test_worker_that_accepts_and_closes_is_the_owner(waits, client, server):
    """As a pre-forking server does: who listens is not who serves."""
    server("l = listen()")
    server("w = Child('s = accept(l); s.close()')")
    client(f"c = connect('127.0.0.1', {server('port(l)')})")
    worker = server("w.release()")
    client("drain(c); c.close()")
    row = await_time_wait(waits, worker)
    assert (row["owner_by"], row["direction"], row["closer"]) == ("close", "in", None)
    server("w.stop()")


def run_cron_jobs(client, server):
    """Each a process of its own with one connection; every other one leaves its close to the
    kernel."""
    server(f"l = listen(backlog={CRON_JOBS})")
    port = server("port(l)")
    server.start(f"""
for _ in range({CRON_JOBS}):
    s = accept(l)
    drain(s)
    s.close()
""")
    client(f"""
for i in range({CRON_JOBS}):
    pid = os.fork()
    if pid == 0:
        set_comm(b'cronjob')
        c = connect('127.0.0.1', {port})
        if i % 2:
            c.close()
        os._exit(0)
    os.waitpid(pid, 0)
""")
    server.answer()
    return port


def test_short_lived_processes_are_one_row_by_comm_and_many_by_pid(make, space, client, server):
    by_comm = make.timewaits("--by", "comm", space=space)
    by_pid = make.timewaits(space=space)
    port = run_cron_jobs(client, server)
    row = by_comm.wait_refresh(lambda refresh: (refresh.key("cronjob") or {}).get("sockets")
                               == CRON_JOBS and refresh.key("cronjob"))
    assert row["process"] is None and row["rport"] == port
    assert (row["created"], row["closed"], row["closed_first"]) == (CRON_JOBS,) * 3
    assert row["owner_by"] == "connect" and row["closer"] is None
    by_comm.end()
    jobs = [row for row in by_pid.end().rows if row["direction"] == "out"]
    assert len({row["process"]["pid"] for row in jobs}) == len(jobs) == CRON_JOBS
    assert {(row["created"], row["closed"], row["process"]["comm"]) for row in jobs} == \
        {(1, 1, "cronjob")}


def test_older_than_the_tool_is_nobodys_and_counted_apart(make, space, client, server):
    """Who listens where it came in is known; who made the other one is not."""
    out = Pair(client, server)
    out.client_closes()
    incoming = Pair(client, make.actor(space), "::1")
    incoming.server_closes()
    waits = make.timewaits(space=space)
    first = waits.wait_refresh(lambda refresh: refresh)
    nobodys, listeners = sorted(first.rows, key=lambda row: row["process"] is not None)
    for row in (nobodys, listeners):
        assert (row["sockets"], row["predates"], row["created"]) == (1, 1, 0)
        check_books(row, older=1)
    assert (nobodys["process"], nobodys["key"], nobodys["owner_by"]) == (None, None, None)
    assert (nobodys["direction"], nobodys["closer"]) == ("unknown", None)
    assert (nobodys["raddr"], nobodys["rport"], nobodys["lport"]) == ("127.0.0.1", out.port, None)
    assert (listeners["process"]["pid"], listeners["owner_by"]) == (incoming.server.pid, "listen")
    assert (listeners["direction"], listeners["lport"]) == ("in", incoming.port)
    space.run("ss", "-K", "state", "time-wait")
    last = waits.wait_refresh(lambda refresh: all(row["ended"] for row in refresh.rows) and refresh)
    for row in last.rows:
        assert (row["sockets"], row["predates"], ends(row)) == (0, 0, {"destroyed": 1})
        assert row["lifetime"]["count"] == 1
        check_books(row, older=1)


def test_connection_older_than_the_tool_is_its_holders(make, space, client, server):
    pair = Pair(client, server)
    waits = make.timewaits(space=space)
    pair.client_closes()
    row = await_time_wait(waits, client.pid)
    assert (row["owner_by"], row["created"], row["predates"]) == ("holder", 1, 0)
    assert row["connected"]["count"] == 0  # when it was established was not seen
    waits.end()
