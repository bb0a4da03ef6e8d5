# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Minisockets that wait for the peer's FIN: counted apart, and never as TIME_WAIT."""
import time

import pytest

import truth
from timewaits import total
from traffic import Pair

HELD_S = 0.5  # in FIN_WAIT2, before what ends it
# Some hosts' kernels show BPF no timer that fires while a task is current that they protect.
TRIES = 4
TICK_S = 0.010  # their timer counts in ticks


@pytest.fixture
def waits(make, space):
    return make.timewaits(space=space)


def half_closed(waits, client, server, address="127.0.0.1"):
    """The client has closed, the server has not."""
    pair = Pair(client, server, address)
    client("c.close()")
    row = waits.wait_row(client.pid, lambda row: row["fin_wait2"] == 1)
    assert (row["sockets"], row["created"], row["ended"], row["closed_first"]) == (0, 0, 0, 1)
    assert row["fin_wait2_lifetime"]["count"] == 0
    return pair


def check_end(waits, pid):
    """It ended without a TIME_WAIT."""
    row = waits.wait_row(pid, lambda row: not row["fin_wait2"] and row["fin_wait2_lifetime"]["count"])
    lifetime = row["fin_wait2_lifetime"]
    assert lifetime["count"] == 1 and 0 <= lifetime["max_s"] <= 15
    assert (row["sockets"], row["created"], row["ended"]) == (0, 0, 0)
    assert row["lifetime"]["count"] == 0
    assert total(waits.end(), "created") == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_peers_FIN_makes_it_a_TIME_WAIT(waits, client, server, address):
    before = time.monotonic()
    half_closed(waits, client, server, address)
    begun = time.monotonic()
    time.sleep(HELD_S)
    closing = time.monotonic()
    server("s.close()")
    closed = time.monotonic()
    row = waits.wait_row(client.pid, lambda row: row["sockets"])
    assert (row["fin_wait2"], row["created"], row["closed"], row["closed_first"]) == (0, 1, 1, 1)
    lifetime = row["fin_wait2_lifetime"]
    assert lifetime["count"] == 1
    assert closing - begun - TICK_S <= lifetime["max_s"] <= closed - before + TICK_S
    waits.end()


def test_time_out(make, space, client, server):
    """One after the other: whether one is hidden says nothing of the next."""
    space.sysctl(tcp_fin_timeout=2)
    waits = make.timewaits(space=space)
    for tries in range(1, TRIES + 1):
        pair = Pair(client, server)
        client("c.close()")
        server("kept = globals().get('kept', []) + [s]")
        while truth.ss(space).get(pair.client_cookie):
            time.sleep(0.1)
        last = waits.refreshes()[-1].end["seq"]
        waits.wait_refresh(lambda refresh: refresh.end["seq"] > last + 1)
        told = [row for refresh in waits.refreshes() for row in refresh.rows
                if row["rport"] == pair.port and row["fin_wait2_lifetime"]["count"]]
        if told:
            break
    assert told, f"{tries} time-outs were not told"
    assert 1.9 <= told[-1]["fin_wait2_lifetime"]["max_s"] <= 5
    assert told[-1]["fin_wait2"] == 0
    assert total(waits.end(), "created") == 0


def test_peers_RST(waits, client, server):
    half_closed(waits, client, server)
    server("reset_on_close(s); s.close()")
    check_end(waits, client.pid)


def test_data_after_half_close(waits, client, server):
    half_closed(waits, client, server)
    server("s.send(b'too late')")
    check_end(waits, client.pid)


def test_ss_K(waits, space, client, server):
    half_closed(waits, client, server)
    space.run("ss", "-K", "state", "fin-wait-2")
    check_end(waits, client.pid)


def test_short_time_out_then_the_peers_FIN(make, space, client, server):
    """The timer is moved by a minute: the length of TIME_WAIT is not taken for that of the other."""
    space.sysctl(tcp_fin_timeout=5)
    waits = make.timewaits(space=space)
    half_closed(waits, client, server)
    closing = time.monotonic()
    server("s.close()")
    waits.wait_row(client.pid, lambda row: row["sockets"])
    time.sleep(HELD_S)
    space.run("ss", "-K", "state", "time-wait")
    killed = time.monotonic()
    row = waits.wait_row(client.pid, lambda row: row["ended"])
    assert HELD_S - TICK_S <= row["lifetime"]["max_s"] <= killed - closing + TICK_S
    assert row["lifetime"]["buckets"][-2]["le_s"] == pytest.approx(66)
    waits.end()


def test_older_than_the_tool(make, space, client, server):
    """Who holds it is nobody; its TIME_WAIT is one that was created here."""
    pair = Pair(client, server)
    client("c.close()")
    server("drain(s)")
    waits = make.timewaits(space=space)
    first = waits.wait_refresh(lambda refresh: refresh)
    [row] = first.rows
    assert (row["fin_wait2"], row["sockets"], row["predates"], row["process"]) == (1, 0, 0, None)
    server("s.close()")
    row = waits.wait_refresh(lambda refresh: refresh.rows[0]["sockets"] and refresh.rows[0])
    assert (row["fin_wait2"], row["created"], row["rport"]) == (0, 1, pair.port)
    assert row["fin_wait2_lifetime"]["count"] == 0
    space.run("ss", "-K", "state", "time-wait")
    waits.wait_refresh(lambda refresh: refresh.rows[0]["ended"])
    waits.end()
