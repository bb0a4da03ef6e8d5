# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ports that bind() chose: towards a destination, of the range, in the way of another socket."""
import pytest

from portsview import PORT, destinations, failures, once, owners, towards

LOW, HIGH = 20000, 20019
SUPPLY = HIGH - LOW + 1
OUTSIDE = 30000


@pytest.fixture(autouse=True)
def listening(space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {HIGH}", tcp_tw_reuse=0)
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")


def connect_bound(client, count, port=0):
    """bind() to an address, then connect(): a port of the range for all destinations."""
    client(f"kept = [connect('127.0.0.1', {PORT}, ('127.0.0.1', {port} + i * {int(port > 0)})) "
           f"for i in range({count})]")


def test_bound_ports_are_told_apart_from_used_ones(space, client):
    connect_bound(client, 3)
    client(f"more = connect('127.0.0.1', {PORT})")
    row = towards(destinations(once(space)), "127.0.0.1")
    assert (row["bound"], row["bound_in_range"], row["used"]) == (3, 3, 1)
    assert (row["blocked_by_bind"], row["supply"], row["supply_is_upper_bound"]) == \
        (3, SUPPLY - 3, False)
    assert [(b["process"]["pid"], b["ports"]) for b in row["blocked_by"]] == [(client.pid, 3)]
    assert owners(row) == {client.pid: 1}


def test_ports_that_were_chosen_outside_of_the_range_block_none(make, space, client):
    ports = make.ports(space=space)
    connect_bound(client, 2, OUTSIDE)
    row = ports.wait_destination("127.0.0.1", condition=lambda r: r["bound"] == 2)
    assert (row["bound_in_range"], row["blocked_by_bind"], row["blocked_by"]) == (0, 0, [])
    assert row["used"] == 0 and row["sustainable_per_s"] is None
    client("del kept")
    ports.wait_destination("127.0.0.1", condition=lambda r: r["bound"] < 2)


def test_range_of_which_bind_has_half_has_a_row_of_its_own(make, space, client):
    ports = make.ports(space=space)
    connect_bound(client, SUPPLY // 2)

    def of_range(refresh):
        return towards(destinations(refresh), None, None)
    row = ports.wait_refresh(of_range)
    assert (row["blocked_by_bind"], row["supply"]) == (SUPPLY // 2, SUPPLY - SUPPLY // 2)
    assert row["family"] is row["laddr"] is row["rport"] is None
    assert [(b["process"]["pid"], b["ports"]) for b in row["blocked_by"]] == \
        [(client.pid, SUPPLY // 2)]
    client("[reset_on_close(c) for c in kept[1:]]; [c.close() for c in kept[1:]]")
    row = ports.wait_refresh(lambda r: of_range(r) and of_range(r)["blocked_by_bind"] == 1 and
                             of_range(r))
    client("reset_on_close(kept[0]); kept[0].close()")
    ports.wait_refresh(lambda r: r.end["seq"] > row["seq"] and not of_range(r))


def test_exhausted_range_names_who_bound_it_on_arrival(space, client):
    connect_bound(client, SUPPLY)
    assert client("failure(bind, '127.0.0.1', 0)") == "EADDRINUSE"
    refresh = once(space)
    row = towards(destinations(refresh), None, None)
    assert (row["blocked_by_bind"], row["supply"], row["free"]) == (SUPPLY, 0, 0)
    assert towards(destinations(refresh), "127.0.0.1")["bound"] == SUPPLY


def test_without_bpf_the_supply_is_an_upper_bound(space, client):
    connect_bound(client, 3)
    row = towards(destinations(once(space, "--no-bpf")), "127.0.0.1")
    assert (row["used"], row["supply"], row["supply_is_upper_bound"]) == (3, SUPPLY, True)
    for key in ("blocked_by_bind", "blocked_by", "bound", "bound_in_range", "free", "reusable"):
        assert row[key] is None, key


def test_what_has_the_tuple_is_in_the_way(make, space, client):
    other = make.actor(space)
    other(f"s = connect('127.0.0.1', {PORT}, ('127.0.0.1', {OUTSIDE}))")
    ports = make.ports(space=space)
    assert client(f"failure(connect, '127.0.0.1', {PORT}, ('127.0.0.1', {OUTSIDE}))") == \
        "EADDRNOTAVAIL"
    failure = ports.wait_failure(cause="tuple_in_use")
    assert failure["lport"] == OUTSIDE and failure["key"] is None
    assert failure["in_the_way"]["state"] == "ESTABLISHED"
    assert failure["in_the_way"]["owner"]["pid"] == other.pid
    assert failure["in_the_way"]["remaining_s"] is None


def test_time_wait_in_the_way_says_how_long_still(make, space, server, client):
    space.sysctl(tcp_timestamps=0)  # else a port that bind() chose may be had at once
    ports = make.ports(space=space)
    client(f"s = connect('127.0.0.1', {PORT}, ('127.0.0.1', {OUTSIDE}))")
    server("a = accept(l)")
    client("s.shutdown(socket.SHUT_WR)")
    server("drain(a); a.close()")
    client("drain(s); s.close()")
    assert client(f"failure(connect, '127.0.0.1', {PORT}, ('127.0.0.1', {OUTSIDE}))") == \
        "EADDRNOTAVAIL"
    failure = ports.wait_failure(cause="tuple_in_use")
    way = failure["in_the_way"]
    assert way["state"] == "TIME_WAIT"
    assert 0 < way["remaining_s"] <= 64


def test_groups_take_the_place_of_processes(make, space, client):
    other = make.actor(space)
    for actor in (client, other):
        actor(f"kept = [connect('127.0.0.1', {PORT}) for i in range(2)]")
    row = towards(destinations(once(space, "--by", "comm")), "127.0.0.1")
    assert row["by_owner"] == [{"process": None, "key": "python3", "ports": 4}]


def test_failures_by_group_are_one_row(make, space, client):
    other = make.actor(space)
    ports = make.ports("--by", "comm", space=space)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    assert other(f"failure(connect, '127.0.0.1', {PORT})") == "EADDRNOTAVAIL"
    failure = ports.wait_failure(2)
    assert failure["owner"] is None and failure["key"] == "python3"
    assert failure["census"]["by_owner"] == [{"process": None, "key": "python3", "ports": SUPPLY}]


def test_limit_bounds_failures_as_well(make, space, client):
    """2,000 owners that fail once each make no gigabytes."""
    ports = make.ports("--limit", "2", space=space)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    others = [make.actor(space) for _ in range(3)]
    for other in others:
        assert other(f"failure(connect, '127.0.0.1', {PORT})") == "EADDRNOTAVAIL"
    assert ports.stop() == 0
    last = ports.refreshes()[-1]
    assert len(failures(last)) == 2 and last.end["rows"] == len(last.rows)


def test_listeners_in_the_range_are_named(space, client, server):
    server(f"inside = [listen('127.0.0.1', {LOW} + i) for i in (7, 3)]")
    client(f"c = connect('127.0.0.1', {PORT})")
    row = towards(destinations(once(space)), "127.0.0.1")
    assert [(entry["process"]["pid"], entry["lport"]) for entry in row["listeners_in_range"]] == \
        [(server.pid, LOW + 3), (server.pid, LOW + 7)]
    space.sysctl(ip_local_reserved_ports=str(LOW + 3))
    row = towards(destinations(once(space)), "127.0.0.1")
    assert [entry["lport"] for entry in row["listeners_in_range"]] == [LOW + 7]
