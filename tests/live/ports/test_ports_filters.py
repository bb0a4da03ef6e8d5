# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A filter, a limit or an order chooses what `ports` shows; none changes what is counted."""
import pytest

from portsview import PORT, check_sums, destinations, once, owners

LOW, SUPPLY = 20000, 20
BOUND = (LOW, LOW + 1, LOW + 2)  # one by a listener, one by a connection, one that is bound only


class Crowd:
    """Two processes hold ports towards 127.0.0.1 and ::1, a third binds some."""

    def __init__(self, make, space, server, client):
        self.client, self.space = client, space
        self.other = make.actor(space, comm=b"other one")
        space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}", tcp_tw_reuse=0)
        server(f"listeners = [listen(a, {PORT}, backlog=4096) for a in ('127.0.0.1', '::1')]")
        self.binder = make.actor(space, comm=b"binder")
        self.binder(f"a = bind('127.0.0.1', {LOW}); a.listen()")
        self.binder(f"b = connect('127.0.0.1', {PORT}, ('127.0.0.1', {LOW + 1}))")
        self.binder(f"c = bind('127.0.0.1', {LOW + 2})")
        self.hold(client, "127.0.0.1", 3)
        self.hold(self.other, "127.0.0.1", 5)
        self.hold(client, "::1", 2)

    def hold(self, actor, address, count):
        actor("kept = globals().get('kept', [])")
        actor(f"kept += [connect({address!r}, {PORT}) for i in range({count})]")

    def lport(self):
        """That `client` has towards 127.0.0.1 only: another destination may have the same."""
        ports = [self.client(f"port(kept[{i}])") for i in range(5)]
        return next(port for port in ports[:3] if port not in ports[3:])

    def check(self, row, used):
        check_sums(row)
        assert (row["blocked_by_bind"], row["supply"]) == (3, SUPPLY - 3)
        assert owners(row) == used


@pytest.fixture
def crowd(make, space, server, client):
    return Crowd(make, space, server, client)


def chosen(crowd):
    """Filters, each with the destinations that it leaves."""
    v4, v6 = "127.0.0.1", "::1"
    return {
        (): {v4, v6},
        ("-p", str(crowd.client.pid)): {v4, v6},
        ("-c", "other one"): {v4},
        ("-c", "other one", "-6"): set(),
        ("--lport", str(crowd.lport())): {v4},
        ("--laddr", v6, "--rport", str(PORT)): {v6},
        ("--raddr", f"{v4}:{PORT}"): {v4},
        ("--raddr", f"[{v6}]:{PORT + 1}"): set(),
        ("-6",): {v6},
    }


def test_rows_of_once(crowd):
    used = {"127.0.0.1": {crowd.client.pid: 3, crowd.other.pid: 5}, "::1": {crowd.client.pid: 2}}
    for arguments, shown in chosen(crowd).items():
        rows = destinations(once(crowd.space, *arguments))
        assert {row["raddr"] for row in rows} == shown, arguments
        for row in rows:
            crowd.check(row, used[row["raddr"]])


def test_failures_and_their_census(make, crowd):
    """The other one's failure, with everybody's ports in it, where it is asked for."""
    hers, others = ("-p", str(crowd.client.pid)), ("-c", "other one")
    seeing, blind = {others, ("--raddr", f"127.0.0.1:{PORT}")}, {hers, ("-6",)}
    views = {f: make.ports(*f, space=crowd.space) for f in seeing | blind}
    crowd.other(f"kept += exhaust(connect, '127.0.0.1', {PORT})")
    for arguments, ports in views.items():
        assert ports.stop() == 0
        assert bool(ports.failures()) == (arguments in seeing), arguments
        if arguments in seeing:
            failure = ports.failures()[-1]
            assert (failure["owner"]["pid"], failure["count"]) == (crowd.other.pid, 1)
            crowd.check(failure["census"], {crowd.client.pid: 3, crowd.other.pid: SUPPLY - 6})
            assert failure["census"]["free"] == 0
        if arguments == hers:
            row = ports.destination("127.0.0.1")
            crowd.check(row, {crowd.client.pid: 3, crowd.other.pid: SUPPLY - 6})


def test_tuple_in_use_under_a_filter(make, crowd):
    views = {f: make.ports(*f, space=crowd.space)
             for f in (("--lport", str(LOW + 1)), ("--lport", "1-100"), ("-c", "binder"))}
    crowd.client(f"failure(connect, '127.0.0.1', {PORT}, ('127.0.0.1', {LOW + 1}))")
    for arguments, ports in views.items():
        assert ports.stop() == 0
        seen = [(o["owner"]["pid"], o["cause"]) for o in ports.failures()]
        asked = arguments == ("--lport", str(LOW + 1))
        assert seen[-1:] == ([(crowd.client.pid, "tuple_in_use")] if asked else []), arguments


def test_limit_and_sort(crowd):
    refresh = once(crowd.space)
    assert [row["raddr"] for row in refresh.rows] == ["127.0.0.1", "::1"]  # the fullest first
    refresh = once(crowd.space, "--limit", "1")
    assert [row["raddr"] for row in refresh.rows] == ["127.0.0.1"] and refresh.end["rows"] == 1
    for key, first in {"used": "127.0.0.1", "free": "::1"}.items():
        assert once(crowd.space, "--sort", key, "--limit", "1").rows[0]["raddr"] == first


def test_figures_sort(crowd):
    for key in ("sustainable_per_s", "supply"):
        figures = [row[key] for row in once(crowd.space, "--sort", key).rows]
        assert figures == sorted(figures, reverse=True) and len(figures) == 2
