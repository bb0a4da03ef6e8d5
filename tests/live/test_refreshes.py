# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Which rows a refresh prints: what is there, what has just gone, and what came and went meanwhile."""
from portsview import PORT
from traffic import Pair

SLOW = ("-i", "2")  # seconds: all of a test happens within one interval


def test_time_waits_born_and_destroyed_within_an_interval_are_in_the_next(make, space, client,
                                                                          server):
    waits = make.timewaits(*SLOW, space=space)
    waits.wait_refresh(lambda refresh: True)
    pair = Pair(client, server)
    pair.client_closes()
    for _ in range(2):
        pair.connect()
        pair.client_closes()
    space.run("ss", "-K", "state", "time-wait")
    row = waits.wait_row(client.pid, lambda row: row["ended"] == 3)
    assert (row["sockets"], row["created"]) == (0, 3)
    waits.wait_refresh(lambda refresh: refresh.end["seq"] == row["seq"] + 1 and not refresh.rows)
    assert waits.end().of(client.pid)["ended"] == 3


def test_ports_taken_and_given_back_within_an_interval_are_in_the_next(make, space, client, server):
    server(f"l = listen('127.0.0.1', {PORT})")
    ports = make.ports(*SLOW, space=space)
    ports.wait_refresh(lambda refresh: True)
    for _ in range(3):
        client(f"c = connect('127.0.0.1', {PORT})")
        server("s = accept(l); s.close()")
        client("drain(c); c.close()")
    row = ports.wait_destination("127.0.0.1", PORT)
    assert row["used"] == 0 and row["consumed_per_s"] > 0
    ports.wait_refresh(lambda refresh: refresh.end["seq"] == row["seq"] + 1 and not refresh.rows)
    assert ports.stop() == 0
    assert ports.destination("127.0.0.1", PORT)["used"] == 0


def test_a_server_that_forks_has_no_row_at_the_end(make, space, client, server):
    """Its child holds the socket: what it was charged with, while that was young, it never had."""
    server("l = listen()")
    leaks = make.leaks("-i", "0.2", "--age", "1", space=space)
    server("w = Child('s = accept(l)')")
    client(f"c = connect('127.0.0.1', {server('port(l)')})")
    child = server("w.release()")
    client("c.shutdown(socket.SHUT_WR)")
    leaks.wait_row(child, lambda row: row["verdict"] == "not_reading")
    assert leaks.stop() == 0
    last = leaks.refreshes()[-1]
    assert last.of(child)["sockets"] == 1 and last.of(server.pid) is None
    server("w.stop()")
