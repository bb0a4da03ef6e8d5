# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Twenty thousand connections as fast as they go: each step of each of them, once."""
import collections
import time

import pytest

import audits
from tracer import steps
from traffic import CHURN_MISSED_MAX, CHURN_TRIES, churn
from truth import ACTIVE, CLIENT, NO_LOSS, PASSIVE, SERVER

pytestmark = pytest.mark.alone

CONNECTIONS = 20000
STEPS = len(CLIENT + ACTIVE) + len(SERVER + PASSIVE)
STRAGGLERS_S = 5  # a FIN that the kernel drops in a race is sent again after 200 ms


def of_connections(tracer):
    """Without the listeners, and without the ends of TIME_WAITs: the kernel may reset some."""
    return [t for t in tracer.transitions()
            if "LISTEN" not in (t["old"], t["new"]) and t["old"] != "TIME_WAIT"]


def stop_when_all_is_told(tracer, made):
    deadline = time.monotonic() + STRAGGLERS_S
    while len(of_connections(tracer)) < made * STEPS and time.monotonic() < deadline:
        time.sleep(0.2)
    assert tracer.stop() == 0


def lives(tracer):
    """{cookie: its transitions}"""
    by_cookie = collections.defaultdict(list)
    for t in of_connections(tracer):
        by_cookie[t["cookie"]].append(t)
    return by_cookie


def last_loss(tracer):
    return {k: tracer.objects[-1][k] for k in NO_LOSS}


def is_part_of(got, wanted):
    """Nothing twice, nothing out of order, nothing that does not belong."""
    rest = iter(wanted)
    return all(step in rest for step in got)


def check_steps(tracer, made, wanted):
    """True if nothing at all is missing; `wanted`: {direction: steps}. What is there is right."""
    incomplete = []
    for life in lives(tracer).values():
        got, whole = steps(life), wanted[life[0]["direction"]]
        if got == whole:
            continue
        incomplete.append(got)
        # a step that was lost merges with the next: FIN_WAIT1->TIME_WAIT
        assert is_part_of([s.split("->")[1] for s in got], [s.split("->")[1] for s in whole])
    loss = last_loss(tracer)
    print("incomplete:", len(incomplete), loss)
    assert len(incomplete) <= made * CHURN_MISSED_MAX, loss
    return not incomplete and len(lives(tracer)) == 2 * made and loss == NO_LOSS


def check_owners(tracer):
    """The load's parent connects and listens, its child accepts and closes."""
    owners = collections.defaultdict(set)
    for t in of_connections(tracer):
        owners[t["direction"], t["owner_by"]].add(t["owner"]["pid"])
    assert set(owners) == {("out", "connect"), ("in", "listen"), ("in", "close")}
    assert all(len(pids) == 1 for pids in owners.values())
    assert owners["out", "connect"] == owners["in", "listen"] != owners["in", "close"]


CLIENT_CLOSES = {"out": CLIENT + ACTIVE, "in": SERVER + PASSIVE}
SERVER_CLOSES = {"out": CLIENT + PASSIVE, "in": SERVER + ACTIVE}


@pytest.mark.parametrize("arguments, wanted", [
    (("--closer", "client"), CLIENT_CLOSES),
    (("--closer", "server"), SERVER_CLOSES),
    (("--closer", "client", "--address", "::1"), CLIENT_CLOSES),
], ids=["client-closes", "server-closes", "ipv6"])
def test_every_step_of_every_connection_once(make, load_program, arguments, wanted):
    for _ in range(CHURN_TRIES):
        space = make.space()
        tracer = make.tracer("--audit", space=space)
        churn(space, load_program, CONNECTIONS, *arguments)
        stop_when_all_is_told(tracer, CONNECTIONS)
        check_owners(tracer)
        if check_steps(tracer, CONNECTIONS, wanted) and \
                not audits.unexplained(audits.of(tracer, space)):
            return
    pytest.fail(f"no run of {CHURN_TRIES} was complete")


def test_two_tracers_under_load_tell_the_same(make, space, load_program):
    tracers = [make.tracer(space=space) for _ in range(2)]
    churn(space, load_program, CONNECTIONS)
    for tracer in tracers:
        stop_when_all_is_told(tracer, CONNECTIONS)
        check_steps(tracer, CONNECTIONS, CLIENT_CLOSES)
        check_owners(tracer)
    if [last_loss(tracer) for tracer in tracers] == [NO_LOSS, NO_LOSS]:
        first, second = ({c: steps(life) for c, life in lives(t).items()} for t in tracers)
        assert first == second
