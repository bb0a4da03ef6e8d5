# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ports: near their end, used up, taken by bind(), in the way."""
import signal
import subprocess

import pytest

import lingering
from diagnosis import diagnose, is_place
from portsview import PORT
from servers import wait_for

LOW, HIGH = 20000, 20009


@pytest.fixture
def listening(space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}", tcp_tw_reuse=0)
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")


@pytest.fixture
def far(make, space):
    """A second namespace, at the other end of a cable, with a server in it."""
    there = make.space()
    lingering.link(space, there)
    server = make.actor(there)
    server(f"l = listen('10.77.0.2', {PORT})")
    return server


def use_up(client, far, count):
    """So many connections that the client closes first."""
    far.start(f"""
for _ in range({count}):
    s = accept(l)
    drain(s)
    s.close()
""")
    client(f"for _ in range({count}): connect('10.77.0.2', {PORT}).close()")
    far.answer()


def await_time_waits(space, count):
    wait_for(lambda: len(space.run("ss", "-Htn", "state", "time-wait").splitlines()) == count,
             f"{count} TIME_WAITs")


def test_near_the_end_and_tw_reuse_frees_them(make, space, client, far):
    """Not over loopback: there tw_reuse is on by default."""
    space.sysctl(ip_local_port_range="20000 20099")
    run = make.diagnose(space=space)
    use_up(client, far, 85)
    await_time_waits(space, 85)
    found = run.end()
    near = found.one("ports_near", "warning")
    evidence = near["evidence"]
    assert (evidence["used"], evidence["supply"]) == (85, 100)
    assert evidence["by_state"] == {"TIME_WAIT": 85}
    [owner] = evidence["by_owner"]
    assert (owner["process"]["pid"], owner["ports"]) == (client.pid, 85)
    assert 1.4 < evidence["sustainable_per_s"] < 1.7
    assert is_place(near["about"]["place"], raddr="10.77.0.2", rport=PORT)
    assert found.evidence("tw_reuse_would_help", "info") == {"frees": 85, "value": 2}

    space.sysctl(tcp_tw_reuse=1)
    found = diagnose(space, seconds=1.5)  # a TIME_WAIT is reused when it is a second old
    assert not found.rules() & {"ports_near", "tw_reuse_would_help"}, found.advice


def test_hardly_any_is_left(space, client, far):
    space.sysctl(ip_local_port_range="20000 20099")
    use_up(client, far, 96)
    await_time_waits(space, 96)
    evidence = diagnose(space).evidence("ports_near", "critical")
    assert (evidence["used"], evidence["supply"]) == (96, 100)


def test_used_up(make, space, client, listening):
    run = make.diagnose(space=space)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    client(f"failure(connect, '127.0.0.1', {PORT})")
    found = run.end()
    advice = found.one("ports_exhausted", "critical")
    evidence = advice["evidence"]
    assert evidence["count"] == 2 and evidence["owner"]["pid"] == client.pid
    assert (evidence["census"]["used"], evidence["census"]["supply"]) == (10, 10)
    assert advice["about"]["process"]["pid"] == client.pid
    assert is_place(advice["about"]["place"], raddr="127.0.0.1", rport=PORT)
    assert "ports_near" not in found.rules()
    client("for s in kept: s.close()")

    space.sysctl(ip_local_port_range="20000 20099")
    run = make.diagnose(space=space)
    client(f"kept = [connect('127.0.0.1', {PORT}) for _ in range(12)]")
    assert not run.end().rules() & {"ports_exhausted", "ports_near"}


def test_taken_by_bind(make, space, client, listening):
    binder = make.actor(space, comm=b"binder")
    binder(f"kept = [bind('127.0.0.1', {LOW} + i) for i in range(6)]")
    evidence = diagnose(space).evidence("ports_taken_by_bind", "warning")
    assert evidence["range"] == [LOW, HIGH]
    [blocker] = evidence["blocked_by"]
    assert (blocker["process"]["pid"], blocker["ports"]) == (binder.pid, 6)

    run = make.diagnose(space=space)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    found = run.end()
    found.one("ports_taken_by_bind", "critical")
    assert not found.rules() & {"ports_exhausted", "ports_near"}
    client("for s in kept: s.close()")

    binder("for s in kept: s.close()")
    run = make.diagnose(space=space)
    binder(f"kept = [connect_from('127.0.0.2', '127.0.0.1', {PORT}) for _ in range(6)]")
    assert "ports_taken_by_bind" not in run.end().rules()  # IP_BIND_ADDRESS_NO_PORT


def test_a_fixed_source_port(make, space, client, listening):
    client(f"first = connect('127.0.0.1', {PORT}, ('127.0.0.1', 30000))")
    run = make.diagnose(space=space)
    assert client(f"failure(connect, '127.0.0.1', {PORT}, ('127.0.0.1', 30000))") == "EADDRNOTAVAIL"
    evidence = run.end().evidence("port_tuple_in_use", "warning")
    assert evidence["in_the_way"]["state"] == "ESTABLISHED"
    assert evidence["in_the_way"]["owner"]["pid"] == client.pid
    assert evidence["remaining_s"] is None
    run = make.diagnose(space=space)
    client(f"second = connect('127.0.0.1', {PORT})")
    assert "port_tuple_in_use" not in run.end().rules()


def test_a_listener_that_connect_may_displace(space, server):
    space.sysctl(ip_local_port_range="20000 20099")
    server("l = listen(port=20005)")
    advice = diagnose(space).one("listener_in_range", "info")
    assert advice["evidence"]["ports"] == [20005]
    [listener] = advice["evidence"]["processes"]
    assert (listener["process"]["pid"], listener["lport"]) == (server.pid, 20005)
    assert any("ip_local_reserved_ports" in help_ and "20005" in help_ for help_ in advice["helps"])
    space.sysctl(ip_local_reserved_ports="20005")
    assert "listener_in_range" not in diagnose(space).rules()


SEARCHES = 21
TIME_THEM = f"""
def timed():
    begun = time.monotonic()
    assert failure(connect, '127.0.0.1', 1000) == 'EADDRNOTAVAIL'
    return time.monotonic() - begun
took = sorted(timed() for _ in range({SEARCHES}))
"""


def test_a_search_that_takes_its_time(make, space, client, load_program, tmp_path):
    """connect() walks the whole range, port by port, before it gives up: for more than a
    millisecond, unless this is a very fast CPU."""
    space.sysctl(ip_local_port_range="20000 38499")
    run = make.diagnose(space=space)
    with open(tmp_path / "said", "w+b") as said:
        storm = subprocess.Popen(space.enter(load_program, "storm", "--port", "1000", "--announce",
                                             "--duration", "60"), stdout=said, stderr=said)
        wait_for(lambda: b"begin" in (tmp_path / "said").read_bytes(), "no port to be left", 60)
        storm.send_signal(signal.SIGSTOP)
        client(TIME_THEM)
        storm.send_signal(signal.SIGCONT)
        found = run.end()
        storm.kill()
        storm.wait()
    took = client(f"took[{SEARCHES // 2}]")
    if found.all("port_search_slow"):
        evidence = found.evidence("port_search_slow", "warning")
        assert 1_000_000 < evidence["search_ns"] < 3e9 * took
        assert evidence["searches"] >= SEARCHES and evidence["used"] == evidence["supply"] == 18500
    else:
        assert took < 0.003, f"{took} s were found fast"
    assert "port_search_slow" not in diagnose(space).rules()
