# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The same traffic, traced by both forms of the hooks at once: they tell the same."""
import random

import pytest

import truth
from tracer import steps
from traffic import Pair

pytestmark = pytest.mark.usefixtures("fentry")
CONNECTIONS = 24
SEED = 1
PORT = 5000
LOW, HIGH = 20000, 20007


def client_closes(pair, _):
    pair.client_closes()


def server_closes(pair, _):
    pair.server_closes()


def client_resets(pair, client):
    client("reset_on_close(c); c.close()")
    pair.server("s.close()")


def reused(pair, client):
    """The same ports again: the TIME_WAIT of the first ends."""
    source = ("127.0.0.1", client("port(c)"))
    pair.client_closes()
    pair.connect(source=source)
    pair.client_closes()


KINDS = (client_closes, server_closes, client_resets, reused)


def last_steps(tracer, cookie):
    return [t for t in tracer.transitions(cookie) if t["new"] == "CLOSE"]


def known(tracer, cookie):
    """How its steps went, how it ended, and who it was charged to in the end."""
    told = tracer.transitions(cookie)
    return steps(told), [t["end_reason"] for t in told], told[-1]["direction"]


def test_transitions_and_ends(make, space, client, server):
    tracers = [make.tracer("--hooks", form, space=space) for form in ("fentry", "tracepoint")]
    kinds = random.Random(SEED).choices(KINDS, k=CONNECTIONS)
    for i, kind in enumerate(kinds):
        kind(Pair(client, server, port=PORT + i, source=("127.0.0.1", 30000 + i)), client)
    space.run("ss", "-K", "state", "time-wait")
    cookies = {t["cookie"] for tracer in tracers for t in tracer.transitions()
               if "LISTEN" not in (t["old"], t["new"])}
    assert len(cookies) >= 2 * CONNECTIONS
    for cookie in cookies:
        for tracer in tracers:
            tracer.wait(lambda _: last_steps(tracer, cookie), f"the end of {cookie}")
    by_fentry, by_tracepoint = ({c: known(t, c) for c in cookies} for t in tracers)
    assert by_fentry == by_tracepoint
    for cookie in cookies:
        better, usual = (t.transitions(cookie)[-1] for t in tracers)
        assert better["owner"]["pid"] == usual["owner"]["pid"]
        assert better["owner_by"] == usual["owner_by"] or better["owner_by"] == "accept"


def test_failures_of_connect(make, space, client, server):
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}")
    views = [make.ports("--hooks", form, space=space) for form in ("fentry", "tracepoint")]
    server(f"l = listen('127.0.0.1', {PORT}, backlog=64)")
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    told = [view.wait_failure(cause="range_exhausted") for view in views]
    for key in ("call", "errno", "cause", "netns", "family", "laddr", "raddr", "rport", "count"):
        assert told[0][key] == told[1][key]
    for key in ("supply", "used", "free", "by_state"):
        assert told[0]["census"][key] == told[1]["census"][key]
    assert truth.seconds(told[0]["last"]) == pytest.approx(truth.seconds(told[1]["last"]), abs=0.1)
