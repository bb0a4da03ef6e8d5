# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What only the fentry form of the hooks sees: who accepted, why bind() failed, and connect() before
it looked for a port. Skipped where the kernel lets no such program attach."""
import subprocess

import pytest

import losses
from portsview import PORT
from timewaits import total

LOW, HIGH = 20000, 20007
LOCAL = ["127.0.0.1", "::1"]
pytestmark = pytest.mark.usefixtures("fentry")


@pytest.fixture
def ports(make, space):
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}")
    return make.ports("--hooks", "fentry", space=space)


def only_failure(ports, cause, count=1):
    failure = ports.wait_failure(count, cause=cause)
    assert ports.stop() == 0
    assert {told["cause"] for told in ports.failures()} == {cause}
    assert failure["count"] == count
    return failure


def check_bind(failure, pid, address, errno):
    assert (failure["owner"]["pid"], failure["call"], failure["errno"]) == (pid, "bind", errno)
    assert (failure["laddr"], failure["raddr"], failure["rport"]) == (address, None, None)
    assert failure["family"] == ("ipv6" if ":" in address else "ipv4")


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_bind_to_an_address_that_is_not_local(ports, client, address):
    assert client(f"[failure(bind, {address!r}, 80) for i in range(3)]") == ["EADDRNOTAVAIL"] * 3
    failure = only_failure(ports, "address_not_local", 3)
    check_bind(failure, client.pid, address, "EADDRNOTAVAIL")
    assert failure["census"] is None


@pytest.mark.parametrize("address", LOCAL)
def test_bind_to_a_port_in_use(ports, server, client, address):
    server(f"l = listen({address!r}, {PORT})")
    assert client(f"failure(bind, {address!r}, {PORT})") == "EADDRINUSE"
    failure = only_failure(ports, "port_in_use")
    check_bind(failure, client.pid, address, "EADDRINUSE")
    assert failure["census"] is None


@pytest.mark.parametrize("address", LOCAL)
def test_bind_to_port_0_where_none_is_free(ports, client, address):
    client(f"kept = [bind({address!r}, {LOW} + i) for i in range({HIGH - LOW + 1})]")
    assert client(f"failure(bind, {address!r}, 0)") == "EADDRINUSE"
    failure = only_failure(ports, "range_exhausted")
    check_bind(failure, client.pid, address, "EADDRINUSE")
    census = failure["census"]
    assert (census["range_low"], census["range_high"], census["free"]) == (LOW, HIGH, 0)
    assert census["blocked_by_bind"] == HIGH - LOW + 1


def test_connect_without_a_source_address(ports, space, client):
    try:
        space.run("ip", "link", "add", "there", "type", "veth", "peer", "name", "back")
    except subprocess.CalledProcessError:
        pytest.skip("this kernel has no veth")
    space.run("ip", "link", "set", "there", "addrgenmode", "none", "up")
    space.run("ip", "-6", "address", "delete", "::1/128", "dev", "lo")
    space.run("ip", "-6", "route", "add", "2001:db8::/64", "dev", "there")
    assert client(f"failure(connect, '2001:db8::7', {PORT})") == "EADDRNOTAVAIL"
    failure = only_failure(ports, "no_source_address")
    assert (failure["owner"]["pid"], failure["call"]) == (client.pid, "connect")
    assert (failure["raddr"], failure["rport"]) == ("2001:db8::7", PORT)
    assert failure["census"] is None


def test_exhaustion_is_told_once(ports, client, server):
    """It comes back through connect() as well, after its transition was told."""
    server(f"l = listen('::1', {PORT}, backlog=64)")
    client(f"kept = exhaust(connect, '::1', {PORT})")
    assert only_failure(ports, "range_exhausted")["census"]["free"] == 0


def test_owner_is_who_accepted(make, space, client, server):
    tracer = make.tracer("--hooks", "fentry", space=space)
    other = make.actor(space)
    other(f"box = open_mailbox({space.name!r})")
    server(f"l = listen(); pass_socket({space.name!r}, l)")
    port = server("port(l)")
    other("l = take_socket(box)")
    client(f"c = connect('127.0.0.1', {port}); k = cookie(c)")
    other("s = accept(l); k = cookie(s)")
    client("c.close()")
    other("drain(s); s.close()")
    last = tracer.wait_step(other("k"), "LAST_ACK", "CLOSE")
    assert (last["owner"]["pid"], last["owner_by"]) == (other.pid, "accept")


MINISOCKETS = 1100
MANY_FILES = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (5000, 5000))"


def test_minisockets_fill_no_map(make, space, client, server):
    """Each FIN is told: none that a listing shows takes a place that its end would not give back."""
    own = make.space()
    own.sysctl(tcp_max_tw_buckets=1024)  # as many places as the tool makes there
    client(MANY_FILES)
    server(MANY_FILES)
    server(f"l = listen('127.0.0.1', {PORT})")
    server.start(f"kept = [accept(l) for _ in range({MINISOCKETS})]")
    client(f"c = [connect('127.0.0.1', {PORT}) for _ in range({MINISOCKETS})]")
    server.answer()
    client("for s in c: s.close()")
    waits = make.timewaits("--hooks", "fentry", space=space, prefix=own.enter())
    waits.wait_refresh(lambda refresh: total(refresh, "fin_wait2") > 1024)
    assert waits.stop() == 0
    assert losses.lost(waits.objects[-1]) == {}
