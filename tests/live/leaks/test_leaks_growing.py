# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A client that forgets its connections, and a pool that keeps them: the one grows, the other does
not."""
import subprocess
import time

import pytest

import truth
from actors import PYTHON
from leaksview import once
from tracer import PATIENCE_S

EVERY_S = 0.15

# Each request is answered, then the server is done with the connection. Nobody reads its end.
SERVER = """
import threading
def answer(s):
    s.recv(3)
    time.sleep(0.05)  # so that the kernel's clock tells one from the other
    s.sendall(b"ok")
    if at_once:
        time.sleep(0.05)  # so that its end is not read along with this
        s.shutdown(socket.SHUT_WR)
    kept.append(s)
def serve():
    while True:
        threading.Thread(target=answer, args=(l.accept()[0],), daemon=True).start()
l, kept, at_once = listen(), [], {at_once}
threading.Thread(target=serve, daemon=True).start()
"""

CLIENT = """
import socket, sys, time
kept = []
while True:
    c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    for option in sys.argv[3:]:
        c.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    c.sendall(b"GET")
    c.recv(2)
    kept.append(c)  # an error path that forgets close()
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def forgetful(space, server):
    """forgetful(arguments): the pid of a client that opens a connection each EVERY_S."""
    begun = []
    server(SERVER.format(at_once=True))

    def begin(*options):
        process = subprocess.Popen(space.enter(PYTHON, "-c", CLIENT, str(server("port(l)")),
                                               str(EVERY_S), *options))
        begun.append(process)
        return process.pid
    yield begin
    for process in begun:
        process.kill()
        process.wait()


def filled(row):
    return sum(span["count"] > 0 for span in row["began"] or [])


def wait_once(condition, space, pid, *arguments):
    """Until condition(the row of `--once`) holds; the row."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        row = once(space, *arguments).of(pid)
        if row and condition(row):
            return row
        assert time.monotonic() < deadline, row
        time.sleep(0.2)


def test_who_comes_late_infers_from_their_ages_that_they_grow(forgetful, space, source):
    pid = forgetful()
    row = wait_once(lambda r: r["evidence"]["cause"] == "growing", space, pid, "--age", "1",
                    *source)
    assert row["verdict"] == "leak"
    assert row["sockets"] > 16 and row["kinds"]["fin_only"] == row["sockets"]
    assert filled(row) >= 9 and row["began"][-1]["count"]
    assert sum(span["count"] for span in row["began"]) == row["sockets"]
    assert 0 < row["growth_per_s"] <= 1.1 / EVERY_S
    left = row["fd_limit"] - row["fds"]
    assert row["fds_exhausted_in_s"] == pytest.approx(left / row["growth_per_s"], rel=0.01)


def test_began_is_when_each_of_them_did(forgetful, space, source):
    """The first one is there since it was begun, and so is the row."""
    before = time.time()
    pid = forgetful()
    row = wait_once(lambda r: r["sockets"] >= 5, space, pid, "--age", "1", *source)
    assert truth.seconds(row["began"][0]["from"]) == \
        pytest.approx(truth.seconds(row["time"]) - row["oldest_s"], abs=1e-3)
    assert truth.seconds(row["began"][0]["from"]) > before
    assert row["began"][0]["count"] and row["began"][-1]["to"] == row["time"]


def test_with_keepalive_their_ages_tell_no_history(forgetful, space, source):
    """Each answered probe hides when the end of file came: they all look young, and evenly so."""
    pid = forgetful("keepalive")
    row = wait_once(lambda r: r["sockets"] >= 30, space, pid, "--age", "1", *source)
    exact = row["sockets"] if row["began"] is None else \
        row["sockets"] - sum(span["count"] for span in row["began"])
    assert exact >= row["sockets"] - 1.5 / EVERY_S  # of those that were not probed yet
    if source:  # without BPF nobody knows after what time it probes
        assert row["began"] is None and row["growth_per_s"] is None
        assert row["verdict"] == "idle_pool" and row["evidence"]["cause"] is None


def test_a_pool_whose_server_has_timed_out_does_not_grow(space, client, server, source):
    server(SERVER.format(at_once=False))
    client(f"""
kept = []
for i in range(30):
    kept.append(connect("127.0.0.1", {server("port(l)")}))
    kept[-1].sendall(b"GET")
    kept[-1].recv(2)
""")
    server("[s.shutdown(socket.SHUT_WR) for s in kept]")
    row = wait_once(lambda r: r["sockets"] == 30 and r["verdict"] != "transient", space,
                    client.pid, "--age", "0.1", *source)
    assert row["verdict"] == "idle_pool" and row["evidence"]["cause"] is None
    assert row["growth_per_s"] is None and row["fds_exhausted_in_s"] is None


def test_what_is_watched_for_a_minute_is_seen_to_grow(forgetful, make, space, source):
    leaks = make.leaks("--age", "1", *source, space=space)
    pid = forgetful("keepalive")
    first = leaks.wait_row(pid)
    begun = truth.seconds(first["time"])
    row = leaks.wait_refresh(
        lambda refresh: refresh.of(pid) if
        truth.seconds(refresh.end["time"]) >= begun + 63 else None, "a minute", limit=120)
    assert row["verdict"] == "leak" and row["evidence"]["cause"] == "growing"
    shown = [refresh.of(pid) for refresh in leaks.refreshes() if refresh.of(pid)]
    since = [r for r in shown if truth.seconds(r["time"]) >= truth.seconds(row["time"]) - 60][0]
    length = truth.seconds(row["time"]) - truth.seconds(since["time"])
    assert row["growth_per_s"] == pytest.approx((row["sockets"] - since["sockets"]) / length,
                                                rel=0.05)
