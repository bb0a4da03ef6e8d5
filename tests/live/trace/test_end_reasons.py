# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Why a TIME_WAIT ends: each reason produced for real. Natural expiry: test_expiry.py."""
import time

import pytest

from actors import ActorError
from traffic import Pair
from tracer import steps
from truth import ACTIVE, CLIENT, SERVER

ADDRESSES = pytest.mark.parametrize("address", ["127.0.0.1", "::1"])


def end_of(tracer, cookie, limit=15):
    """The last transition; there is only one that leaves TIME_WAIT."""
    last = tracer.wait_step(cookie, "TIME_WAIT", "CLOSE", limit)
    assert sum(t["old"] == "TIME_WAIT" for t in tracer.transitions(cookie)) == 1
    return last


def in_time_wait(tracer, cookie):
    """When TIME_WAIT was entered, on the clock of the test."""
    tracer.wait_step(cookie, "FIN_WAIT2", "TIME_WAIT")
    return time.monotonic()


@ADDRESSES
def test_reused_by_connect_with_tcp_tw_reuse(make, space, client, server, address):
    space.sysctl(tcp_tw_reuse=1)
    space.run("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=40000 40001")
    tracer = make.tracer(space=space)
    port = 7000  # outside of the range
    server(f"l = listen({address!r}, {port})")
    client(f"kept = [connect({address!r}, {port}) for _ in range(2)]")
    server("kept = [accept(l) for _ in range(2)]")
    cookies = [client(f"cookie(kept[{i}])") for i in range(2)]
    # both before one ends: by whole seconds, a TIME_WAIT may be taken a moment after its birth
    client("for c in kept: c.close()")
    server("for s in kept: drain(s); s.close()")
    for cookie in cookies:
        in_time_wait(tracer, cookie)
    # both ports are held; either may be taken after a second
    time.sleep(1.2)
    client(f"c = connect({address!r}, {port})")
    taken = tracer.wait(lambda all_: [t for t in all_ if t["old"] == "TIME_WAIT"])
    assert len(taken) == 1 and taken[0]["cookie"] in cookies
    assert taken[0]["end_reason"] == "reused"
    assert taken[0]["lport"] == client("port(c)")
    assert (taken[0]["owner"]["pid"], taken[0]["owner_by"]) == (client.pid, "connect")
    assert 1.1 <= taken[0]["in_old_s"] <= 15
    assert steps(tracer.transitions(taken[0]["cookie"])) == CLIENT + ACTIVE + ["TIME_WAIT->CLOSE"]


@ADDRESSES
def test_reused_by_connect_of_a_bound_port(tracer, client, server, address):
    pair = Pair(client, server, address, source=(address, 40000))
    first = pair.client_cookie
    pair.client_closes()
    in_time_wait(tracer, first)
    time.sleep(0.1)
    client(f"c = connect({address!r}, {pair.port}, ({address!r}, 40000))")
    assert end_of(tracer, first)["end_reason"] == "reused"
    assert steps(tracer.wait_steps(client("cookie(c)"), 2)) == CLIENT


@ADDRESSES
def test_syn_of_the_same_tuple_ends_a_servers_TIME_WAIT(tracer, client, server, address):
    pair = Pair(client, server, address, source=(address, 41000))
    first = pair.server_cookie
    pair.server_closes()
    in_time_wait(tracer, first)
    time.sleep(0.1)
    pair.connect(source=(address, 41000))
    last = end_of(tracer, first)
    assert last["end_reason"] == "syn"
    assert last["owner"]["pid"] == server.pid and last["direction"] == "in"
    assert steps(tracer.wait_steps(pair.server_cookie, 1)) == SERVER


def test_reset_by_RST_to_a_TIME_WAIT(tracer, space, client, server):
    space.sysctl(tcp_rfc1337=0)
    pair = Pair(client, server)
    sequence = client("next_sequence(c)")
    pair.client_closes()
    in_time_wait(tracer, pair.client_cookie)
    # the peer's FIN took a number of its own
    server(f"send_rst(('127.0.0.1', {pair.port}), ('127.0.0.1', {pair.client_port}),"
           f" {(sequence + 1) & 0xffffffff})")
    assert end_of(tracer, pair.client_cookie)["end_reason"] == "reset"


def test_RST_outside_the_window_does_not_end_a_TIME_WAIT(tracer, space, client, server):
    space.sysctl(tcp_rfc1337=0)
    pair = Pair(client, server)
    sequence = client("next_sequence(c)")
    pair.client_closes()
    in_time_wait(tracer, pair.client_cookie)
    server(f"send_rst(('127.0.0.1', {pair.port}), ('127.0.0.1', {pair.client_port}),"
           f" {(sequence + 1000000000) & 0xffffffff})")
    kill(space, "state", "time-wait", "dport", "=", str(pair.port))
    assert end_of(tracer, pair.client_cookie)["end_reason"] == "destroyed"


@ADDRESSES
def test_reset_by_data_after_half_close_ends_a_FIN_WAIT2(tracer, client, server, address):
    pair = Pair(client, server, address)
    client("c.close()")
    tracer.wait_step(pair.client_cookie, "FIN_WAIT1", "FIN_WAIT2")
    server("s.send(b'too late')")
    last = tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "CLOSE")
    assert last["end_reason"] == "reset"
    assert "TIME_WAIT" not in {t["new"] for t in tracer.transitions(pair.client_cookie)}


def test_reset_by_RST_ends_a_FIN_WAIT2(tracer, client, server):
    pair = Pair(client, server)
    client("c.close()")
    tracer.wait_step(pair.client_cookie, "FIN_WAIT1", "FIN_WAIT2")
    server("reset_on_close(s); s.close()")
    last = tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "CLOSE")
    assert last["end_reason"] == "reset"


def kill(space, *filters):
    """ss -K says nothing of what it could not kill: the tracer tells."""
    space.run("ss", "-K", *filters)


@ADDRESSES
def test_destroyed_by_ss_K(tracer, space, client, server, address):
    pair = Pair(client, server, address)
    pair.client_closes()
    in_time_wait(tracer, pair.client_cookie)
    kill(space, "state", "time-wait", "dport", "=", str(pair.port))
    last = end_of(tracer, pair.client_cookie)
    assert last["end_reason"] == "destroyed"
    assert last["owner"]["pid"] == client.pid


def test_destroyed_with_the_namespace(make):
    space = make.space()
    tracer = make.tracer(space=space)
    client, server = make.actor(space), make.actor(space)
    pair = Pair(client, server)
    pair.client_closes()
    in_time_wait(tracer, pair.client_cookie)
    client.close()
    server.close()
    space.remove()
    assert end_of(tracer, pair.client_cookie)["end_reason"] == "destroyed"


def test_FIN_WAIT2_that_times_out_is_expired_and_never_a_TIME_WAIT(make, space, client, server):
    space.sysctl(tcp_fin_timeout=2)
    tracer = make.tracer(space=space)
    pair = Pair(client, server)
    client("c.close()")
    last = tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "CLOSE")
    assert last["end_reason"] == "expired"
    assert 1.9 <= last["in_old_s"] <= 5
    assert steps(tracer.transitions(pair.client_cookie)) == \
        CLIENT + ACTIVE[:2] + ["FIN_WAIT2->CLOSE"]


def test_TIME_WAIT_born_with_open_descriptor_ends_with_reason(tracer, space, client, server):
    pair = Pair(client, server)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s); s.close()")
    client("drain(c); c.close()")
    in_time_wait(tracer, pair.client_cookie)
    kill(space, "state", "time-wait", "dport", "=", str(pair.port))
    assert end_of(tracer, pair.client_cookie)["end_reason"] == "destroyed"
    assert steps(tracer.transitions(pair.client_cookie)) == CLIENT + ACTIVE + ["TIME_WAIT->CLOSE"]


def test_TIME_WAIT_older_than_the_tool_ends_without_owner(make, space, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    tracer = make.tracer(space=space)
    kill(space, "state", "time-wait", "dport", "=", str(pair.port))
    last = end_of(tracer, pair.client_cookie)
    assert last["end_reason"] == "destroyed"
    assert last["owner"] is None and last["owner_by"] is None
    assert last["direction"] == "unknown"
    assert last["in_old_s"] < 15  # reckoned from its timer


def test_TIME_WAIT_older_than_the_tool_without_cookie_is_told(make, space, client, server):
    """No SO_COOKIE, no ss: the list at the start is the first to ask."""
    server("l = listen()")
    client(f"c = connect('127.0.0.1', {server('port(l)')}); p = port(c); c.close()")
    server("s = accept(l); drain(s); s.close()")
    tracer = make.tracer(space=space)
    kill(space, "state", "time-wait")
    port = client("p")
    last = tracer.wait(lambda all_: [t for t in all_ if t["lport"] == port])[0]
    assert steps([last]) == ["TIME_WAIT->CLOSE"] and last["end_reason"] == "destroyed"


def test_exhausted_ports_leave_no_minisocket_behind(make, space, client, server):
    """connect() that finds no port: SYN_SENT->CLOSE, lport null, and the TIME_WAITs go on."""
    space.run("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=42000 42001")
    space.sysctl(tcp_tw_reuse=0)
    tracer = make.tracer(space=space)
    port = 7000  # outside of the range
    server(f"l = listen(port={port})")
    for _ in range(2):
        client(f"c = connect('127.0.0.1', {port})")
        server("s = accept(l)")
        client("c.close()")
        server("drain(s); s.close()")
    client("c = make(); k = cookie(c)")
    with pytest.raises(ActorError):
        client(f"c.connect(('127.0.0.1', {port}))")
    failed = tracer.wait_steps(client("k"), 2)
    assert steps(failed) == ["CLOSE->SYN_SENT", "SYN_SENT->CLOSE"]
    assert [t["lport"] for t in failed] == [None, None]
    assert failed[1]["owner"]["pid"] == client.pid
    assert not [t for t in tracer.transitions() if t["old"] == "TIME_WAIT"]
