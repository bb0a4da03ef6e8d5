# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who holds the ports at the moment of a failure, and in which states: against what ss says."""
import pytest

import truth
from portsview import PORT, check_sums, destinations, once, owners, towards
from tracer import refused

LOW, SUPPLY = 20000, 40
HELD = {"ESTABLISHED": 6, "CLOSE_WAIT": 3, "FIN_WAIT2": 4, "TIME_WAIT": 5}
DEAD = {"TIME_WAIT": 4, "FIN_WAIT2": 2}  # of a process that has exited


class Crowd:
    """One destination; its holders are a client, a process that is dead, and, of SYN_SENTs that
    nobody answers, a third, who takes all that is left."""

    def __init__(self, make, address):
        self.address = address
        self.space = make.space()
        self.space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}", tcp_tw_reuse=0)
        self.server, self.client, self.dead, self.third = (
            make.actor(self.space, comm=c) for c in (b"server", b"client", b"dead", b"third"))
        self.server(f"l, kept = listen({address!r}, {PORT}, backlog=4096), []")

    def connect(self, client, state, count):
        client("kept = globals().get('kept', [])")
        for _ in range(count):
            client(f"c = connect({self.address!r}, {PORT})")
            self.server("s = accept(l)")
            if state in ("FIN_WAIT2", "TIME_WAIT"):
                client("c.shutdown(socket.SHUT_WR)")
                self.server("drain(s)")
            if state in ("CLOSE_WAIT", "TIME_WAIT"):
                self.server("s.close()")
                client("drain(c)")
            client("c.close()" if state == "TIME_WAIT" else "kept.append(c)")
            self.server("kept.append(s)")

    def gather(self):
        for state, count in HELD.items():
            self.connect(self.client, state, count)
        for state, count in DEAD.items():
            self.connect(self.dead, state, count)
        self.dead.exit()

    def use_up(self):
        """A queue for one that is full answers no SYN."""
        self.connect(self.third, "ESTABLISHED", 1)
        self.third(f"queued = connect({self.address!r}, {PORT})")
        self.server("l.listen(0)")
        self.third(f"silent = exhaust(begin, {self.address!r}, {PORT})")
        assert self.third(f"failure(begin, {self.address!r}, {PORT})") == "EADDRNOTAVAIL"

    def by_state(self):
        states = {state: HELD.get(state, 0) + DEAD.get(state, 0) for state in HELD}
        states["ESTABLISHED"] += 2
        states["SYN_SENT"] = SUPPLY - sum(states.values())
        return states

    def check(self, census, dead):
        check_sums(census)
        assert census["by_state"] == self.by_state()
        free = None if census["supply_is_upper_bound"] else 0
        assert (census["supply"], census["used"], census["free"]) == (SUPPLY, SUPPLY, free)
        held, died = sum(HELD.values()), sum(DEAD.values())
        assert owners(census) == dead(held, died)

    def known(self, held, died):
        return {self.client.pid: held, self.dead.pid: died, self.third.pid: SUPPLY - held - died}

    def unknown(self, held, died):
        """A TIME_WAIT that is older than the tool is nobody's."""
        timeouts = HELD["TIME_WAIT"]
        return {self.client.pid: held - timeouts, None: died + timeouts,
                self.third.pid: SUPPLY - held - died}


def ss_states(space, address):
    host = f"[{address}]" if ":" in address else address
    counts = {}
    for state, _, remote in truth.ss(space, "dport", "=", str(PORT)).values():
        assert remote == f"{host}:{PORT}"
        counts[state] = counts.get(state, 0) + 1
    return counts


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"], ids=["v4", "v6"])
def test_all_states_and_owners(make, address):
    crowd = Crowd(make, address)
    ports = make.ports(space=crowd.space)
    crowd.gather()
    crowd.use_up()
    assert ss_states(crowd.space, address) == crowd.by_state()
    failure = ports.wait_failure(2)
    assert failure["owner"]["pid"] == crowd.third.pid and failure["owner"]["comm"] == "third"
    assert failure["cause"] == "range_exhausted"
    crowd.check(failure["census"], crowd.known)
    names = {o["process"]["pid"]: o["process"]["comm"] for o in failure["census"]["by_owner"]}
    assert names[crowd.dead.pid] == "dead" and names[crowd.client.pid] == "client"
    crowd.check(ports.wait_destination(address, condition=lambda row: row["free"] == 0),
                crowd.known)


def test_holders_that_are_older_than_the_tool(make):
    crowd = Crowd(make, "127.0.0.1")
    crowd.gather()
    ports = make.ports(space=crowd.space)
    crowd.use_up()
    failure = ports.wait_failure(2)
    crowd.check(failure["census"], crowd.unknown)


def test_once_and_without_BPF_the_same(make, source):
    """FIN_WAIT2s without a descriptor, and TIME_WAITs, have no owner there."""
    crowd = Crowd(make, "127.0.0.1")
    crowd.gather()
    crowd.use_up()
    row = towards(destinations(once(crowd.space, *source)), "127.0.0.1")
    crowd.check(row, crowd.unknown)


def test_one_census_for_each_refresh(make, space, server, client):
    """What is held at the first failure after a refresh, however many there are."""
    if refused():
        pytest.skip(refused())
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 7}", tcp_tw_reuse=0)
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")
    ports = make.ports(space=space, interval=("-i", "30"))
    ports.wait_refresh(lambda refresh: True, "the first refresh")
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    client("for s in kept[:4]: reset_on_close(s); s.close()")
    server("s = [accept(l) for i in range(8)]")
    client(f"more = exhaust(connect, '127.0.0.1', {PORT})")
    client("for s in kept[4:] + more: reset_on_close(s); s.close()")
    client("kept = more = s = None")
    assert ports.stop() == 0
    failure = ports.failures()[-1]
    assert failure["count"] == 2 and failure["first"] < failure["last"]
    assert failure["census"]["by_state"] == {"ESTABLISHED": 8}
    assert ports.destination("127.0.0.1")["used"] == 0


def test_two_processes_that_fail_are_told_apart(make, space, server, client):
    other = make.actor(space, comm=b"other")
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 7}", tcp_tw_reuse=0)
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")
    ports = make.ports(space=space)
    client(f"kept = [connect('127.0.0.1', {PORT}) for i in range(3)]")
    other(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    for _ in range(2):
        assert client(f"failure(connect, '127.0.0.1', {PORT})") == "EADDRNOTAVAIL"
    assert ports.stop() == 0
    last = {o["owner"]["pid"]: o for o in ports.failures()}
    assert {pid: o["count"] for pid, o in last.items()} == {other.pid: 1, client.pid: 2}
    for failure in last.values():
        check_sums(failure["census"])
        assert owners(failure["census"]) == {other.pid: 5, client.pid: 3}


def test_an_accepted_socket_that_connects_itself(make, space, server, client):
    """Disconnected, it makes a connection of its own, which has an owner and takes a port."""
    server(f"l = listen('127.0.0.1', {PORT})")
    ports = make.ports(space=space)
    client(f"c = connect('127.0.0.1', {PORT})")
    server("s = accept(l); disconnect(s)")
    client(f"other = listen('127.0.0.1', {PORT + 1})")
    server(f"s.connect(('127.0.0.1', {PORT + 1}))")
    row = ports.wait_destination("127.0.0.1", PORT + 1, lambda row: row["used"] == 1)
    assert owners(row) == {server.pid: 1} and row["by_state"] == {"ESTABLISHED": 1}
    assert ports.stop() == 0
