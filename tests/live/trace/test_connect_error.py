# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`error`: why a connect() failed."""
import pytest

from traffic import Pair

LOW, HIGH = 20000, 20003


def ends(tracer, port):
    return tracer.wait(lambda all_: [t for t in all_ if t["rport"] == port and
                                     (t["old"], t["new"]) == ("SYN_SENT", "CLOSE")])


def test_refused_port(tracer, client):
    assert client("failure(connect, '127.0.0.1', 9)") == "ECONNREFUSED"
    [end] = ends(tracer, 9)
    assert end["error"] == "ECONNREFUSED"


def test_no_port_left(space, tracer, client, server):
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}")
    server("l = listen('127.0.0.1', 5000, backlog=64)")
    client("kept = exhaust(connect, '127.0.0.1', 5000)")
    [end] = ends(tracer, 5000)
    assert end["error"] == "EADDRNOTAVAIL"


def test_given_up(tracer, client, server):
    server("deaf, filler = deafen('127.0.0.1', 5001)")
    client("s = begin('127.0.0.1', 5001); s.close()")
    [end] = ends(tracer, 5001)
    assert end["error"] is None


@pytest.mark.parametrize("close", ["client_closes", "server_closes"])
def test_what_comes_about_has_none(tracer, client, server, close):
    made = Pair(client, server)
    getattr(made, close)()
    all_ = tracer.wait(lambda all_: [t for t in all_ if t["cookie"] == made.client_cookie and
                                     t["new"] in ("TIME_WAIT", "CLOSE")])
    assert {t["error"] for t in all_} == {None}
