# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What shares a supply of ports and what has its own: addresses, families, ranges of sockets."""
import pytest

from portsview import PORT, check_sums, destinations, once, towards
from tracer import refused

LOW, HIGH = 20000, 20019
SUPPLY = HIGH - LOW + 1
OTHER = "127.0.0.2"

# IP_LOCAL_PORT_RANGE of the socket; where that is outside, the range of the namespace holds
OWN_RANGES = {
    "inside": (LOW + 4, LOW + 9, LOW + 4, LOW + 9),
    "odd": (LOW + 4, LOW + 10, LOW + 4, LOW + 10),
    "one-port": (LOW + 4, LOW + 4, LOW + 4, LOW + 4),
    "low-only": (LOW + 12, 0, LOW + 12, HIGH),
    "high-only": (0, LOW + 5, LOW, LOW + 5),
    "low-too-low": (LOW - 100, LOW + 5, LOW, LOW + 5),
    "high-too-high": (HIGH - 5, HIGH + 100, HIGH - 5, HIGH),
    "both-outside": (LOW - 100, HIGH + 100, LOW, HIGH),
    "elsewhere": (HIGH + 100, HIGH + 200, LOW, HIGH),
}


@pytest.fixture
def listening(space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}", tcp_tw_reuse=0)
    server(f"""listeners = [listen(a, p, backlog=4096) for a in ('127.0.0.1', '::1', {OTHER!r})
                            for p in ({PORT}, {PORT + 1})]""")


def count(client, what):
    """How many connections there were before the first failure; they are kept."""
    client(f"""
made = exhaust({what})
kept = globals().get('kept', []) + made""")
    return client("len(made)")


def test_each_local_address_has_a_supply_of_its_own(make, space, client, listening):
    ports = make.ports(space=space)
    assert count(client, f"connect, '127.0.0.1', {PORT}") == SUPPLY
    assert count(client, f"connect_from, {OTHER!r}, '127.0.0.1', {PORT}") == SUPPLY
    for laddr in ("127.0.0.1", OTHER):
        row = ports.wait_destination("127.0.0.1", PORT, lambda r: r["free"] == 0, laddr)
        assert row["used"] == SUPPLY
        failure = ports.wait_failure(laddr=laddr)
        check_sums(failure["census"])
        assert failure["census"]["laddr"] == laddr and failure["census"]["used"] == SUPPLY
        assert failure["cause"] == "range_exhausted" and failure["count"] == 1


def test_each_remote_address_and_port_has_a_supply_of_its_own(make, space, client, listening):
    ports = make.ports(space=space)
    places = [(a, p) for a in ("127.0.0.1", "::1", OTHER) for p in (PORT, PORT + 1)]
    for raddr, rport in places:
        assert count(client, f"connect, {raddr!r}, {rport}") == SUPPLY
    for raddr, rport in places:
        assert ports.wait_destination(raddr, rport, lambda row: row["free"] == 0)
        assert ports.wait_failure(raddr=raddr, rport=rport)["census"]["used"] == SUPPLY
    ports.wait_refresh(lambda refresh: len(destinations(refresh)) == len(places))


def test_v4_and_v4_mapped_share(make, space, client, listening):
    """The failure has the family of its own socket, the destination has none."""
    ports = make.ports(space=space)
    assert count(client, f"connect, '::ffff:127.0.0.1', {PORT}") == SUPPLY
    client("reset_on_close(kept[0]); kept.pop(0).close()")
    client(f"kept.append(connect('127.0.0.1', {PORT}))")
    assert client(f"failure(connect, '::ffff:127.0.0.1', {PORT})") == "EADDRNOTAVAIL"
    failure = ports.wait_failure(2)
    assert (failure["raddr"], failure["laddr"]) == ("127.0.0.1", "127.0.0.1")
    assert failure["family"] == "ipv6" and failure["census"]["family"] in ("ipv6", None)
    row = ports.wait_destination("127.0.0.1", condition=lambda row: row["family"] is None)
    assert row["used"] == SUPPLY
    [single] = destinations(once(space))
    assert single["family"] is None and single["used"] == SUPPLY


def test_bound_dual_stack_listener_blocks_both_families(make, space, server, client, listening):
    server(f"""
dual = bind('::', {LOW + 3})
dual.listen()
plain = bind('127.0.0.1', {LOW + 4})""")
    client(f"kept = [connect(a, {PORT}) for a in ('127.0.0.1', '::1')]")
    rows = destinations(once(space))
    told = [(row["blocked_by_bind"], row["supply"], row["used"]) for row in rows]
    assert told == [(2, SUPPLY - 2, 1)] * 2
    for address in ("127.0.0.1", "::1"):
        assert count(client, f"connect, {address!r}, {PORT}") == SUPPLY - 3


def test_port_that_many_sockets_have_bound_is_blocked_once(space, server, client, listening):
    server(f"kept = [bind(a, {LOW}, socket.SO_REUSEADDR, socket.SO_REUSEPORT) "
           f"for a in ('127.0.0.1', {OTHER!r}, '::1', '127.0.0.1')]")
    client(f"c = connect('127.0.0.1', {PORT})")
    [row] = destinations(once(space))
    assert (row["blocked_by_bind"], row["supply"], row["used"]) == (1, SUPPLY - 1, 1)


def test_socket_that_was_bound_and_is_closed_blocks_no_more(make, space, server, client, listening):
    ports = make.ports(space=space)
    server(f"b = bind('127.0.0.1', {LOW})")
    client(f"c = connect('127.0.0.1', {PORT})")
    ports.wait_destination("127.0.0.1", condition=lambda row: row["blocked_by_bind"] == 1)
    server("b.close()")
    ports.wait_destination("127.0.0.1", condition=lambda row: row["blocked_by_bind"] == 0)
    assert count(client, f"connect, '127.0.0.1', {PORT}") == SUPPLY - 1


def test_range_of_the_socket_is_that_of_its_failure(make, space, server, client, listening):
    """Each towards a destination of its own, which has one port beside that range as well."""
    if client(f"failure(connect_within, {LOW}, {HIGH}, '127.0.0.1', {PORT})") == "ENOPROTOOPT":
        pytest.skip("this kernel has no IP_LOCAL_PORT_RANGE")
    space.sysctl(ip_local_reserved_ports=LOW + 5)
    ports = make.ports(space=space)
    for i, (name, (low, high, true_low, true_high)) in enumerate(OWN_RANGES.items()):
        place = f"'127.0.0.1', {PORT + 10 + i}"
        server(f"listeners.append(listen({place}, backlog=4096))")
        beside = next((p for p in range(LOW, HIGH + 1) if not true_low <= p <= true_high), None)
        if beside:
            client(f"kept = [connect_within({beside}, {beside}, {place})]")
        reserved = int(true_low <= LOW + 5 <= true_high)
        supply = true_high - true_low + 1 - reserved
        assert count(client, f"connect_within, {low}, {high}, {place}") == supply, name
        failure = ports.wait_failure(rport=PORT + 10 + i)
        census = failure["census"]
        check_sums(census)
        assert (census["range_low"], census["range_high"]) == (true_low, true_high), name
        assert census["supply"] == census["used"] == supply and census["reserved"] == reserved
        assert failure["cause"] == "range_exhausted"
        held = supply + (1 if beside else 0)
        row = ports.wait_destination("127.0.0.1", PORT + 10 + i, lambda r: r["used"] == held)
        assert (row["range_low"], row["range_high"]) == (LOW, HIGH)


def test_other_namespaces_have_ranges_of_their_own(make):
    if refused():
        pytest.skip(refused())
    spaces = [make.space(), make.space()]
    for i, space in enumerate(spaces):
        space.sysctl(ip_local_port_range=f"{LOW} {LOW + 7 + 8 * i}")
        server, client = make.actor(space), make.actor(space)
        server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")
        client(f"kept = [connect('127.0.0.1', {PORT}) for i in range(3)]")
    rows = destinations(once(None))
    for i, space in enumerate(spaces):
        row = towards([row for row in rows if row["netns"] == space.inode], "127.0.0.1")
        assert (row["supply"], row["used"]) == (8 + 8 * i, 3)
