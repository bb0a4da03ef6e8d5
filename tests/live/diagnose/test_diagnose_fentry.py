# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rules that only fentry can judge (bind() that fails, connect() without an address), in the guests
of `make test-vm`: most hosts refuse it, and say so."""
from diagnosis import diagnose
from servers import wait_for
from tracer import tcplinger


def test_where_it_is_refused_that_is_said(space):
    why = diagnose(space).unknown().get("address_missing")
    if tcplinger("ports", "--hooks", "fentry", "-d", "0.1").returncode:
        assert "not seen here" in why
    else:
        assert why is None


def test_a_service_that_does_not_come_back(make, space, client, server, fentry):
    """Its own connections are in TIME_WAIT."""
    server("""
l = bind('127.0.0.1', 8080)
l.listen()
""")
    client("c = connect('127.0.0.1', 8080)")
    server("s = accept(l); s.close(); l.close()")
    client("drain(c); c.close()")
    wait_for(lambda: space.run("ss", "-Htn", "state", "time-wait"), "the TIME_WAIT")
    run = make.diagnose(space=space)
    assert server("failure(bind, '127.0.0.1', 8080)") == "EADDRINUSE"
    found = run.end()
    advice = found.one("port_tuple_in_use", "warning")
    assert advice["evidence"]["in_the_way"]["state"] == "TIME_WAIT"
    assert 0 < advice["evidence"]["remaining_s"] <= 64
    assert any("SO_REUSEADDR" in help_ for help_ in advice["helps"])
    # it helps where the one before had it as well: its TIME_WAIT has what its listener had
    server("""
l = bind('127.0.0.1', 8081, socket.SO_REUSEADDR)
l.listen()
""")
    client("c = connect('127.0.0.1', 8081)")
    server("s = accept(l); s.close(); l.close()")
    client("drain(c); c.close()")
    wait_for(lambda: space.run("ss", "-Htn", "state", "time-wait", "sport", "8081"), "the TIME_WAIT")
    run = make.diagnose(space=space)
    server("l = bind('127.0.0.1', 8081, socket.SO_REUSEADDR)")
    assert "port_tuple_in_use" not in run.end().rules()


def test_an_address_that_is_not_here(make, space, server, fentry):
    run = make.diagnose(space=space)
    assert server("failure(bind, '192.0.2.1', 8080)") == "EADDRNOTAVAIL"
    found = run.end()
    advice = found.one("address_missing", "critical")
    assert advice["evidence"]["address"] == "192.0.2.1"
    assert advice["about"]["process"]["pid"] == server.pid
    space.run("ip", "addr", "add", "192.0.2.1/32", "dev", "lo")
    run = make.diagnose(space=space)
    assert server("failure(bind, '192.0.2.1', 8080)") is None
    assert "address_missing" not in run.end().rules()
