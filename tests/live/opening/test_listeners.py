# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Listening sockets: their queues, what limits them, what they had no room for."""
import lingering
import truth
from lingering import once
from opening_rows import listener, wait_listener

KEYS = ["type", "time", "seq", "process", "key", "holders", "holders_total", "netns", "family",
        "laddr", "lport", "queue", "queue_limit", "syn_queue", "dropped", "accepted",
        "accepted_per_s", "overflows", "limited_by", "evidence", "verdict", "incomplete"]


def test_every_one_with_once(space, server, source):
    server("l = listen('127.0.0.1', 5000, 0, 7); m = listen('::1', 5001); n = listen('0.0.0.0', 5002)")
    rows = [row for row in once("opening", space, *source).rows if row["type"] == "listener"]
    assert sorted((row["lport"], row["laddr"], row["family"]) for row in rows) == [
        (5000, "127.0.0.1", "ipv4"), (5001, "::1", "ipv6"), (5002, "0.0.0.0", "ipv4")]
    row = listener(once("opening", space, *source), 5000)
    assert list(row) == KEYS
    assert (row["queue"], row["queue_limit"], row["verdict"]) == (0, 7, "fine")
    assert row["process"]["pid"] == server.pid and row["holders_total"] == 1
    assert row["syn_queue"] == (None if source else 0)
    assert row["limited_by"] == "backlog" and row["dropped"] == row["overflows"] == 0


def test_full(make, space, client, server, source):
    """As the kernel counts: each SYN that found no room, sent again too."""
    server("l = listen('127.0.0.1', 5000, 0, 2)")
    view = make.opening(*source, space=space)
    client("kept = [begin('127.0.0.1', 5000) for _ in range(6)]")
    # six connects, one after the other: a refresh may come between
    row = wait_listener(view, 5000, lambda row: row["overflows"] is not None and
                        row["overflows"] >= 3 and row["evidence"]["threads"])
    assert (row["queue"], row["queue_limit"], row["verdict"]) == (3, 2, "full")
    assert row["overflows"] >= 3 and row["dropped"] >= row["overflows"]
    assert row["evidence"]["threads"] == 1
    assert row["accepted"] == (None if source else 0)
    assert view.stop() == 0
    last = listener(view.refreshes()[-1], 5000)
    assert last["overflows"] <= truth.netstat(space)["ListenOverflows"]


def test_filling_and_accepted(make, space, client, server):
    server("l = listen('127.0.0.1', 5000, 0, 8)")
    view = make.opening(space=space)
    client("kept = [connect('127.0.0.1', 5000) for _ in range(4)]")
    row = wait_listener(view, 5000, lambda row: row["queue"] == 4)
    assert (row["verdict"], row["accepted"]) == ("filling", 0)
    server("kept = [accept(l) for _ in range(4)]")
    row = wait_listener(view, 5000, lambda row: row["accepted"] == 4)
    assert (row["verdict"], row["queue"]) == ("fine", 0)


def test_what_was_queued_before_is_accepted_too(make, space, client, server):
    server("l = listen('127.0.0.1', 5000)")
    client("kept = [connect('127.0.0.1', 5000) for _ in range(3)]")
    view = make.opening(space=space)
    wait_listener(view, 5000, lambda row: row["queue"] == 3)
    server("kept = [accept(l) for _ in range(2)]")
    wait_listener(view, 5000, lambda row: (row["queue"], row["accepted"]) == (1, 2))


def test_which_of_several_accepted_is_not_known(make, space, client, server):
    view = make.opening(space=space)
    server("""
kept = []
for _ in range(2):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(('127.0.0.1', 5000))
    s.listen(8)
    kept.append(s)
""")
    client("kept = [connect('127.0.0.1', 5000) for _ in range(8)]")

    def look(refresh):
        rows = [row for row in refresh.rows if row["type"] == "listener" and row["queue"]]
        return rows if sum(row["queue"] for row in rows) == 8 else None
    assert all(row["accepted"] is None for row in view.wait_refresh(look))


def test_what_limits_it(space, server, source):
    space.run("sysctl", "-q", "-w", "net.core.somaxconn=16")
    server("l = listen('127.0.0.1', 5000, 0, 100)")
    row = listener(once("opening", space, *source), 5000)
    assert (row["queue_limit"], row["limited_by"]) == (16, "somaxconn")


def test_one_that_is_fine_is_shown_last_only(make, space, server):
    server("l = listen('127.0.0.1', 5000)")
    view = make.opening(space=space)
    view.wait_refresh(lambda refresh: refresh.end["seq"] >= 2)
    assert all(listener(refresh, 5000) is None for refresh in view.refreshes())
    assert view.stop() == 0
    assert listener(view.refreshes()[-1], 5000)["process"]["pid"] == server.pid


def test_full_ones_come_first(space, client, server, source):
    server("a = listen('127.0.0.1', 5000); b = listen('127.0.0.1', 5001, 0, 1)")
    client("kept = [begin('127.0.0.1', 5001) for _ in range(2)] + [connect('127.0.0.1', 5000)]")
    lingering.await_state(space, "established", 6)  # both ends of three
    rows = [row for row in once("opening", space, *source).rows if row["type"] == "listener"]
    assert [(row["lport"], row["verdict"]) for row in rows] == [(5001, "full"), (5000, "fine")]
