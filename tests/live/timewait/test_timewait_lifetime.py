# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How long a TIME_WAIT lived, and how long its connection was up: as the kernel's timers and the
test's clock have it. A whole life: test_expiry.py."""
import time

import pytest

from traffic import Pair

LENGTH_S = 60
TICK_S = 0.010  # the kernel's timers count in ticks of up to that
LIVED_S = 0.4


@pytest.fixture
def waits(make, space):
    return make.timewaits(space=space)


def age(actor, cookie):
    """Of a TIME_WAIT: what has gone of its time."""
    state, left = actor(f"minisockets()[{cookie!r}]")
    assert state == 6
    return LENGTH_S - left


def check_only(histogram, low, high):
    """One was counted, and it is between the two, give or take a tick."""
    assert histogram["count"] == 1
    assert histogram["min_s"] == histogram["max_s"] == histogram["p50_s"] == histogram["p99_s"]
    assert low - TICK_S <= histogram["max_s"] <= high + TICK_S, (low, high)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_lifetime_is_what_the_timer_says(waits, space, client, server, address):
    pair = Pair(client, server, address)
    before = time.monotonic()
    pair.client_closes()
    closed = time.monotonic()
    waits.wait_row(client.pid, lambda row: row["sockets"])
    time.sleep(LIVED_S)
    asked = time.monotonic()
    old = age(client, pair.client_cookie)
    told = time.monotonic()
    space.run("ss", "-K", "state", "time-wait")
    killed = time.monotonic()
    lifetime = waits.wait_row(client.pid, lambda row: row["ended"])["lifetime"]
    check_only(lifetime, asked - closed, killed - before)
    check_only(lifetime, old, old + killed - asked)
    assert asked - closed - TICK_S <= old <= told - before + TICK_S  # the truths agree, too
    waits.end()


def test_lifetime_after_a_wait_for_the_peers_FIN(waits, space, client, server):
    """Nothing told of the peer's FIN but the timer: the lifetime begins there, not at our FIN."""
    pair = Pair(client, server)
    client("c.close()")
    server("drain(s)")
    time.sleep(LIVED_S)
    before = time.monotonic()
    server("s.close()")
    closed = time.monotonic()
    time.sleep(LIVED_S)
    asked = time.monotonic()
    old = age(client, pair.client_cookie)
    space.run("ss", "-K", "state", "time-wait")
    killed = time.monotonic()
    row = waits.wait_row(client.pid, lambda row: row["ended"])
    check_only(row["lifetime"], asked - closed, killed - before)
    check_only(row["lifetime"], old, old + killed - asked)
    waits.end()


def test_lifetime_of_what_is_older_than_the_tool(make, space, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    time.sleep(LIVED_S)
    waits = make.timewaits(space=space)
    asked = time.monotonic()
    old = age(client, pair.client_cookie)
    space.run("ss", "-K", "state", "time-wait")
    killed = time.monotonic()
    [row] = waits.wait_refresh(lambda refresh: refresh.rows[0]["ended"] and refresh.rows)
    check_only(row["lifetime"], old, old + killed - asked)


def test_connected_is_from_established_to_the_first_FIN(waits, client, server):
    """Of both ends, whoever closed first."""
    before = time.monotonic()
    pair = Pair(client, server)
    made = time.monotonic()
    time.sleep(LIVED_S)
    closing = time.monotonic()
    pair.client_closes()
    closed = time.monotonic()
    last = waits.end()
    for actor in (client, server):
        check_only(last.of(actor.pid)["connected"], closing - made, closed - before)


def test_connected_of_what_was_reset_is_not_counted(waits, client, server):
    Pair(client, server)
    client("reset_on_close(c); c.close()")
    last = waits.end()
    for actor in (client, server):
        row = last.of(actor.pid)
        assert (row["closed"], row["connected"]["count"]) == (1, 0)
    assert last.of(client.pid)["closed_first"] == 1
    assert last.of(server.pid)["closed_first"] == 0
