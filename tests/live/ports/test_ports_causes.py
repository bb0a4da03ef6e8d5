# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Why connect() fails with EADDRNOTAVAIL, each cause for real."""
import pytest

import truth
from portsview import PORT, check_sums, owners

LOW, HIGH = 20000, 20007
SUPPLY = HIGH - LOW + 1
OUTSIDE = 30000


@pytest.fixture(params=["127.0.0.1", "::1"], ids=["v4", "v6"])
def address(request, space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}", tcp_tw_reuse=0)
    server(f"l = listen({request.param!r}, {PORT}, backlog=4096)")
    return request.param


@pytest.fixture
def ports(make, space, address):
    return make.ports(space=space)


def check_failure(failure, address, cause, count):
    assert (failure["cause"], failure["count"]) == (cause, count)
    assert (failure["call"], failure["errno"]) == ("connect", "EADDRNOTAVAIL")
    assert (failure["raddr"], failure["rport"], failure["laddr"]) == (address, PORT, address)
    assert failure["family"] == ("ipv6" if ":" in address else "ipv4")
    assert truth.seconds(failure["first"]) <= truth.seconds(failure["last"]) <= \
        truth.seconds(failure["time"])
    assert failure["search_ns"] > 0


def only_failure(ports):
    """What is said in the end; no other was ever spoken of."""
    assert ports.stop() == 0
    told = ports.failures()
    assert len({(o["owner"]["pid"], o["raddr"], o["rport"], o["cause"]) for o in told}) == 1
    return told[-1]


def fail(client, address, times):
    assert client(f"[failure(connect, {address!r}, {PORT}) for i in range({times})]") == \
        ["EADDRNOTAVAIL"] * times


def test_range_exhausted(ports, client, address):
    assert client(f"kept = exhaust(connect, {address!r}, {PORT})") is None
    fail(client, address, 4)
    failure = only_failure(ports)
    check_failure(failure, address, "range_exhausted", 5)
    assert failure["owner"]["pid"] == client.pid and failure["owner"]["comm"] == "python3"
    census = failure["census"]
    check_sums(census)
    assert (census["range_low"], census["range_high"]) == (LOW, HIGH)
    assert (census["supply"], census["used"], census["free"]) == (SUPPLY, SUPPLY, 0)
    assert (census["raddr"], census["rport"], census["laddr"]) == (address, PORT, address)
    assert census["by_state"] == {"ESTABLISHED": SUPPLY} and owners(census) == {client.pid: SUPPLY}


def test_range_exhausted_for_a_socket_that_had_a_port(ports, client, address):
    """Refused once, it tries again: the port that it gave back is not one that it has."""
    client(f"again = make({address!r})")
    assert client(f"failure(again.connect, ({address!r}, {PORT + 1}))") == "ECONNREFUSED"
    client(f"kept = exhaust(connect, {address!r}, {PORT})")
    assert client(f"[failure(again.connect, ({address!r}, {PORT})) for i in range(3)]") == \
        ["EADDRNOTAVAIL"] * 3
    check_failure(only_failure(ports), address, "range_exhausted", 4)


def test_range_exhausted_for_a_socket_that_was_disconnected(ports, client, address):
    """That leaves it an error, which the next connect() neither heeds nor clears without a port."""
    client(f"again = connect({address!r}, {PORT}); disconnect(again)")
    client(f"kept = exhaust(connect, {address!r}, {PORT})")
    assert client(f"failure(again.connect, ({address!r}, {PORT}))") == "EADDRNOTAVAIL"
    check_failure(only_failure(ports), address, "range_exhausted", 2)


def test_tuple_in_use_for_a_socket_that_was_disconnected(ports, client, address):
    client(f"again = connect({address!r}, {PORT}, ({address!r}, {OUTSIDE})); disconnect(again)")
    client(f"first = connect({address!r}, {PORT}, ({address!r}, {OUTSIDE}))")
    assert client(f"failure(again.connect, ({address!r}, {PORT}))") == "EADDRNOTAVAIL"
    check_failure(only_failure(ports), address, "tuple_in_use", 1)


def test_blocked_by_bind(ports, make, space, client, address):
    binder = make.actor(space, comm=b"binder")
    most = SUPPLY // 2 + 1
    binder(f"kept = [bind({address!r}, {LOW} + i) for i in range({most})]")
    client(f"kept = exhaust(connect, {address!r}, {PORT})")
    failure = only_failure(ports)
    check_failure(failure, address, "blocked_by_bind", 1)
    check_sums(failure["census"])
    assert failure["census"]["blocked_by_bind"] == most
    assert failure["census"]["supply"] == failure["census"]["used"] == SUPPLY - most
    assert failure["owner"]["pid"] == client.pid


def test_all_blocked_by_bind_to_port_0(ports, make, space, client, address):
    """Sockets that bind their address before connect() take the range from every destination."""
    binder = make.actor(space)
    # bind() itself keeps to the other half of the range first, and finds all in the end
    binder(f"kept = [bind({address!r}, 0) for i in range({SUPPLY})]")
    fail(client, address, 2)
    failure = only_failure(ports)
    check_failure(failure, address, "blocked_by_bind", 2)
    assert failure["census"]["blocked_by_bind"] == SUPPLY
    assert failure["census"]["supply"] == failure["census"]["used"] == 0


def test_holder_of_bound_ports_is_in_the_text(make, space, client, address):
    binder = make.actor(space, comm=b"binder")
    binder(f"kept = [bind({address!r}, {LOW} + i) for i in range({SUPPLY})]")
    shown = make.ports(space=space, json_lines=False)
    fail(client, address, 3)
    assert shown.stop() == 0
    text = b"\n".join(shown.lines).decode()
    assert f"python3[{client.pid}] -> " in text
    assert "no free port, because of bind(), 3 times" in text
    assert f"bind() blocks {SUPPLY} of ports {LOW}-{HIGH}: {SUPPLY} by binder[{binder.pid}]" in text
    assert "for every destination; IP_BIND_ADDRESS_NO_PORT before bind() avoids that" in text


@pytest.mark.parametrize("own", [LOW + 2, OUTSIDE], ids=["inside", "outside"])
def test_tuple_in_use(ports, client, address, own):
    client(f"first = connect({address!r}, {PORT}, ({address!r}, {own}))")
    assert client(f"[failure(connect, {address!r}, {PORT}, ({address!r}, {own})) "
                  "for i in range(3)]") == ["EADDRNOTAVAIL"] * 3
    failure = only_failure(ports)
    check_failure(failure, address, "tuple_in_use", 3)
    assert failure["census"] is None


def test_causes_of_one_process_are_told_apart(ports, client, address):
    client(f"first = connect({address!r}, {PORT}, ({address!r}, {OUTSIDE}))")
    client(f"failure(connect, {address!r}, {PORT}, ({address!r}, {OUTSIDE}))")
    client(f"kept = exhaust(connect, {address!r}, {PORT})")
    fail(client, address, 1)
    check_failure(ports.wait_failure(cause="tuple_in_use"), address, "tuple_in_use", 1)
    check_failure(ports.wait_failure(2, cause="range_exhausted"), address, "range_exhausted", 2)
    assert ports.stop() == 0


def test_socket_that_gets_a_port_at_last(ports, client, address):
    """connect() again on the same socket, after it failed twice."""
    client(f"kept = exhaust(connect, {address!r}, {PORT}); s = make({address!r})")
    assert client(f"[failure(s.connect, ({address!r}, {PORT})) for i in range(2)]") == \
        ["EADDRNOTAVAIL"] * 2
    ports.wait_failure(3)
    client("reset_on_close(kept[-1]); kept.pop().close()")
    client(f"s.connect(({address!r}, {PORT}))")
    row = ports.wait_destination(address, condition=lambda r: r["free"] == 0)
    assert row["by_state"] == {"ESTABLISHED": SUPPLY} and owners(row) == {client.pid: SUPPLY}
    check_failure(only_failure(ports), address, "range_exhausted", 3)
