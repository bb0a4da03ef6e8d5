# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What `ports` says is free is what connect() gets: random set-ups of sockets and settings, and the
kernel's own count of what it grants before EADDRNOTAVAIL.

The seed of each is its test's name; PORTS_SEED=N begins with another.
"""
import os
import random

import pytest

from portsview import PORT, check_sums, destinations, failures, once, towards

FIRST_SEED = int(os.environ.get("PORTS_SEED", "1"))
CASES = int(os.environ.get("PORTS_CASES", "40"))
FIRST_PORT, APART = 6000, 100
OTHER_PORT = PORT + 1
PLAIN = "10.77.0.1"  # an address of the host that is no loopback one: tcp_tw_reuse=2 minds that
REUSE_NONE, REUSE_ALL, REUSE_LOOPBACK = 0, 1, 2
BINDS = ("", "socket.SO_REUSEADDR", "socket.SO_REUSEPORT",
         "socket.SO_REUSEADDR, socket.SO_REUSEPORT")
STATES = ("ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT2", "TIME_WAIT")

# Each of the server's sockets is found by the port of the client's.
SERVER = f"""
def serve(addresses):
    global listeners, accepted
    listeners = [listen(a, p, backlog=4096) for a in addresses for p in ({PORT}, {OTHER_PORT})]
    accepted = dict()

def accept_for(address, port, client_port):
    l = next(l for l in listeners if l.getsockname()[:2] == (address, port))
    while True:
        s, peer = l.accept()
        accepted[port, peer[1]] = s
        if peer[1] == client_port:
            return
"""
CLIENT = """
kept = []

def hold(s):
    kept.append(s)
    return port(s)

def hold_all(sockets):
    kept.extend(sockets)
    return len(sockets)

def bind_all(binds):
    done = []
    for address, number, listening, *options in binds:
        try:
            s = bind(address, number, *options)
            if listening:
                s.listen()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        done.append(hold(s))
    return done
"""


class World:
    """A namespace with its actors, and a `ports` that watches it, for all set-ups together: each
    has a range of its own."""

    def __init__(self, make):
        self.space = make.space()
        self.space.run("ip", "addr", "add", PLAIN + "/32", "dev", "lo")
        self.server, self.client = make.actor(self.space), make.actor(self.space)
        self.server(SERVER)
        self.client(CLIENT)
        self.server(f"serve(['127.0.0.1', '::1', {PLAIN!r}])")
        self.ports = make.ports(space=self.space)
        self.cases = 0
        # on kernels that have it: most set-ups need not wait a second for what is reusable
        self.short_delay = os.path.exists("/proc/sys/net/ipv4/tcp_tw_reuse_delay")

    def next_range(self, length, parity):
        low = FIRST_PORT + self.cases * APART + parity
        self.cases += 1
        self.space.sysctl(ip_local_port_range=f"{low} {low + length - 1}")
        return low


@pytest.fixture(scope="module")
def world(make_module):
    return World(make_module)


class Case:
    def __init__(self, world, seed, odd=False):
        self.world, self.random, self.client = world, random.Random(seed), world.client
        r = self.random
        self.length = r.randrange(8, 65, 2) + (1 if odd else 0)
        self.reuse = r.choice((REUSE_NONE, REUSE_ALL, REUSE_LOOPBACK))
        self.timestamps = r.random() < 0.85
        self.remote, self.host = r.choice((("127.0.0.1", "127.0.0.1"), ("::1", "::1"),
                                           ("::ffff:127.0.0.1", "127.0.0.1"), (PLAIN, PLAIN)))
        self.low = world.next_range(self.length, r.randrange(2))
        self.ports = range(self.low, self.low + self.length)
        self.reserved, self.bound = set(), set()
        self.towards = {PORT: {}, OTHER_PORT: {}}  # server's port -> {own port: state}

    def settings(self):
        r = self.random
        around = range(self.low - 5, self.low + self.length + 5)
        if r.random() < 0.6:
            self.reserved = set(r.sample(around, r.randrange(1, self.length // 3 + 1)))
        text = ",".join(map(str, sorted(self.reserved)))
        self.world.space.sysctl(ip_local_reserved_ports=text, tcp_tw_reuse=self.reuse,
                                tcp_timestamps=int(self.timestamps))
        if self.world.short_delay:
            self.world.space.sysctl(tcp_tw_reuse_delay=r.choice((100, 100, 100, 1000)))

    def bind_some(self, most):
        """Also to ports that connections have, where SO_REUSEADDR lets it."""
        r, binds = self.random, []
        for number in r.sample(self.ports, r.randrange(0, most + 1)):
            address = r.choice(("127.0.0.1", "::1", "::", "0.0.0.0", PLAIN))
            listening = r.random() < 0.4
            binds.append(f"({address!r}, {number}, {listening}, {r.choice(BINDS)})")
        self.bound |= set(self.client(f"bind_all([{', '.join(binds)}])"))

    def taken(self):
        held = {own for port in self.towards for own in self.towards[port]}
        return self.reserved | self.bound | held

    def connect(self, port, state, how):
        """One connection in that state, its port chosen by connect(), or by bind()."""
        own = self.client(f"hold({how}({self.remote!r}, {port}))")
        self.world.server(f"accept_for({self.host!r}, {port}, {own})")
        if state == "CLOSE_WAIT":
            self.world.server(f"accepted[{port}, {own}].shutdown(socket.SHUT_WR)")
            self.client("drain(kept[-1])")
        elif state in ("FIN_WAIT2", "TIME_WAIT"):
            self.client("kept[-1].shutdown(socket.SHUT_WR)")
            self.world.server(f"drain(accepted[{port}, {own}])")
            if state == "TIME_WAIT":
                self.world.server(f"accepted.pop(({port}, {own})).close()")
                self.client("drain(kept[-1])")
            self.client("kept.pop().close()")
        return own

    def connect_some(self, most):
        """Towards the destination and towards another, most by connect() alone."""
        r = self.random
        for _ in range(r.randrange(0, most + 1)):
            if len(set(self.ports) - self.taken()) < 2:
                return
            port, state = r.choice((PORT, PORT, OTHER_PORT)), r.choice(STATES)
            how = r.random()
            if how < 0.7:
                self.towards[port][self.connect(port, state, "connect")] = state
            elif how < 0.85:
                late = f"(lambda a, p: connect_from({self.remote!r}, a, p))"
                own = self.connect(port, state, late)
                self.towards[port][own] = state
            else:
                own = r.choice(sorted(set(self.ports) - self.taken()))
                source = (self.remote, own)
                self.bound.add(self.connect(port, state, f"(lambda a, p: connect(a, p, {source}))"))

    def expected(self):
        inside = set(self.ports)
        used = {own: state for own, state in self.towards[PORT].items() if own not in self.bound}
        timeouts = sum(state == "TIME_WAIT" for state in used.values())
        applies = self.timestamps and (self.reuse == REUSE_ALL or self.reuse == REUSE_LOOPBACK
                                       and self.host != PLAIN)
        blocked = len((self.bound & inside) - self.reserved)
        supply = self.length - len(self.reserved & inside) - blocked
        return {"range_low": self.low, "range_high": self.low + self.length - 1,
                "reserved": len(self.reserved & inside), "blocked_by_bind": blocked,
                "supply": supply, "used": len(used), "free": supply - len(used),
                "reusable": timeouts if applies else 0,
                "by_state": {s: list(used.values()).count(s) for s in set(used.values())}}

    def prepare(self):
        """Bound sockets and connections, in whatever order; one towards the destination at least,
        so that it has a row."""
        self.settings()
        for step in self.random.choice(("bc", "cb", "bcb", "cbc")):
            most = self.length // 3
            self.bind_some(most) if step == "b" else self.connect_some(most)
        self.towards[PORT][self.connect(PORT, "ESTABLISHED", "connect")] = "ESTABLISHED"

    def end(self):
        self.client("while kept: reset_on_close(kept[-1]); kept.pop().close()")
        self.world.server("for s in accepted.values(): s.close()")
        self.world.server("accepted.clear()")


def agrees(row, expected):
    return all(row[key] == value for key, value in expected.items())


def check(world, seed, odd=False):
    case = Case(world, seed, odd)
    try:
        case.prepare()
        expected = case.expected()
        print(f"seed {seed}: {case.remote}, tcp_tw_reuse {case.reuse}, timestamps "
              f"{case.timestamps}, {expected}")
        row = world.ports.wait_destination(case.host, PORT, lambda row: agrees(row, expected))
        check_sums(row)
        if seed % 4 == 0:
            single = towards(destinations(once(world.space, "--raddr", case.host)), case.host)
            assert agrees(single, expected), (single, expected)
        granted = case.client(f"hold_all(exhaust(connect, {case.remote!r}, {PORT}))")
        predicted = row["free"] + row["reusable"]
        assert granted == predicted or odd and granted == predicted - 1
        check_failure(world, case, expected, predicted - granted)
    finally:
        case.end()


def check_failure(world, case, expected, left):
    def look(refresh):
        return next((f for f in failures(refresh) if f["census"]["range_low"] == case.low), None)
    failure = world.ports.wait_refresh(look, "the failure")
    census = failure["census"]
    check_sums(census)
    assert (failure["raddr"], failure["rport"]) == (case.host, PORT)
    # what an odd range has left is a free port, or a TIME_WAIT that could have been reused
    assert census["supply"] == expected["supply"] and census["free"] in (0, left)
    assert failure["cause"] == ("blocked_by_bind" if census["blocked_by_bind"] > census["used"]
                                else "range_exhausted")


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + CASES))
def test_connect_gets_what_is_free_and_what_is_reusable(world, seed):
    check(world, seed)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + CASES // 5))
def test_odd_range_within_one(world, seed):
    """There the kernel's search leaves out the first port or the last one, by chance."""
    check(world, seed, odd=True)
