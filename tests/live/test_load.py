# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Twenty thousand connections as fast as they go: each step of each of them, once."""
import collections
import json
import subprocess
import time

import pytest

from tracer import steps
from truth import ACTIVE, CLIENT, NO_LOSS, PASSIVE, SERVER

CONNECTIONS = 20000
STEPS = len(CLIENT + ACTIVE) + len(SERVER + PASSIVE)
LIMIT = 60
STRAGGLERS_S = 5  # a FIN that the kernel drops in a race is sent again after 200 ms


def churn(space, load_program, *arguments):
    """Runs the load to its end: how many connections it made."""
    result = subprocess.run(space.enter(load_program, "churn", "--connections", str(CONNECTIONS),
                                        *arguments),
                            capture_output=True, text=True, timeout=LIMIT, check=True)
    return json.loads(result.stdout)["connections"]


def of_connections(tracer):
    """Without the listeners, and without the ends of TIME_WAITs: the kernel may reset some."""
    return [t for t in tracer.transitions()
            if "LISTEN" not in (t["old"], t["new"]) and t["old"] != "TIME_WAIT"]


def stop_when_all_is_told(tracer, made):
    deadline = time.monotonic() + STRAGGLERS_S
    while len(of_connections(tracer)) < made * STEPS and time.monotonic() < deadline:
        time.sleep(0.2)
    assert tracer.stop() == 0


def count_lives(tracer):
    """{(direction, its steps): connections}"""
    lives = collections.defaultdict(list)
    for t in of_connections(tracer):
        lives[t["cookie"]].append(t)
    return collections.Counter((life[0]["direction"], tuple(steps(life)))
                               for life in lives.values())


def last_loss(tracer):
    return {k: tracer.objects[-1][k] for k in NO_LOSS}


def check_owners(tracer):
    """The load's parent connects and listens, its child accepts and closes."""
    owners = {(t["direction"], t["owner_by"]): set() for t in of_connections(tracer)}
    for t in of_connections(tracer):
        owners[t["direction"], t["owner_by"]].add(t["owner"]["pid"])
    assert set(owners) == {("out", "connect"), ("in", "listen"), ("in", "close")}
    assert all(len(pids) == 1 for pids in owners.values())
    assert owners["out", "connect"] == owners["in", "listen"] != owners["in", "close"]


@pytest.mark.parametrize("arguments, ours, theirs", [
    (("--closer", "client"), CLIENT + ACTIVE, SERVER + PASSIVE),
    (("--closer", "server"), CLIENT + PASSIVE, SERVER + ACTIVE),
    (("--closer", "client", "--address", "::1"), CLIENT + ACTIVE, SERVER + PASSIVE),
], ids=["client-closes", "server-closes", "ipv6"])
def test_every_step_of_every_connection_once(make, space, load_program, arguments, ours, theirs):
    tracer = make.tracer(space=space)
    made = churn(space, load_program, *arguments)
    stop_when_all_is_told(tracer, made)
    assert made == CONNECTIONS
    loss = last_loss(tracer)
    assert dict(count_lives(tracer)) == {("out", tuple(ours)): made, ("in", tuple(theirs)): made}, \
        loss
    assert loss == NO_LOSS
    check_owners(tracer)


def test_two_tracers_under_load_are_both_complete(make, space, load_program):
    tracers = [make.tracer(space=space) for _ in range(2)]
    made = churn(space, load_program)
    for tracer in tracers:
        stop_when_all_is_told(tracer, made)
        assert dict(count_lives(tracer)) == {("out", tuple(CLIENT + ACTIVE)): made,
                                             ("in", tuple(SERVER + PASSIVE)): made}, \
            last_loss(tracer)
