# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A CPU goes offline and comes back: its timers move to another, TIME_WAITs among them, and end there."""
import os

import pytest

from traffic import Pair
from tracer import steps
from truth import ACTIVE, CLIENT, NO_LOSS, PASSIVE, SERVER

ONLINE = "/sys/devices/system/cpu/cpu1/online"
WAITS = 5


def turn(state):
    with open(ONLINE, "w", encoding="ascii") as file:
        file.write(state)


@pytest.fixture
def second_cpu():
    if not os.access(ONLINE, os.W_OK):
        pytest.skip("there is no second CPU to turn off")
    yield turn
    turn("1")


def wait_for_time_wait(tracer, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    ours = tracer.wait_steps(pair.client_cookie, len(CLIENT + ACTIVE))
    assert steps(ours) == CLIENT + ACTIVE
    assert steps(tracer.wait_steps(pair.server_cookie, 4)) == SERVER + PASSIVE
    return pair.client_cookie


def test_time_waits_outlive_the_cpu_that_kept_their_time(make, space, tracer, client, server,
                                                         second_cpu):
    waits = make.timewaits(space=space)
    for who in (client, server):
        who("os.sched_setaffinity(0, {1})")
    cookies = [wait_for_time_wait(tracer, client, server) for _ in range(WAITS)]
    second_cpu("0")
    cookies.append(wait_for_time_wait(tracer, client, server))
    second_cpu("1")
    cookies.append(wait_for_time_wait(tracer, client, server))
    rows = waits.wait_refresh(lambda refresh: sum(row["created"] for row in refresh.rows)
                              >= len(cookies) and refresh.rows)
    assert [(row["sockets"], row["ended"], row["rearmed"]) for row in rows if row["created"]] == \
        [(1, 0, 0)] * len(cookies)
    space.run("ss", "-K", "state", "time-wait")
    for cookie in cookies:
        assert tracer.wait_step(cookie, "TIME_WAIT", "CLOSE")["end_reason"] == "destroyed"
    waits.end()
    assert tracer.stop() == 0
    assert {key: tracer.objects[-1][key] for key in NO_LOSS} == NO_LOSS
