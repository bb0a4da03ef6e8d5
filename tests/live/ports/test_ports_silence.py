# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is no want of ports, though connect() fails or its socket goes away: it is not reported."""
import pytest

from portsview import PORT

REFUSING, DEAF = 5010, 5020
FIRST_OWN = 30000  # ports that bind() takes; the range that connect() has is elsewhere
UNREACHABLE = {"127.0.0.1": "192.0.2.1", "::1": "2001:db8::1"}

# What the client does, and what it sees of it. A: the address; OWN: a port for bind().
OTHERWISE = {
    "refused": (f"failure(connect, A, {REFUSING})", "ECONNREFUSED"),
    "refused-bound": (f"failure(connect, A, {REFUSING}, (A, OWN))", "ECONNREFUSED"),
    "unreachable": (f"failure(connect, UNREACHABLE, {PORT})", "ENETUNREACH"),
    "in-progress": (f"failure((s := begin(A, {DEAF})).connect, (A, {DEAF}))", "EALREADY"),
    "in-progress-closed": (f"begin(A, {DEAF}).close()", None),
    "in-progress-bound-closed": (f"begin(A, {DEAF}, (A, OWN)).close()", None),
    "in-progress-disconnected": (f"disconnect(begin(A, {DEAF}))", None),
    "in-progress-bound-disconnected": (f"disconnect(begin(A, {DEAF}, (A, OWN)))", None),
    "time-out-of-the-call": (f"failure(patient().connect, (A, {DEAF}))", "EINPROGRESS"),
    "disconnected-and-again": (
        f"[again(connect(A, {PORT}), (A, {PORT})) for i in range(3)]", [None] * 3),
    "bound-disconnected-and-again": (
        f"again(connect(A, {PORT}, (A, OWN)), (A, {PORT}))", None),
    "refused-and-again": (
        f"failure((s := make(A)).connect, (A, {REFUSING})), failure(s.connect, (A, {PORT}))",
        ["ECONNREFUSED", None]),
    "never-connected": ("[bind(A, 0).close() for i in range(3)]", [None] * 3),
    "port-in-use-of-bind": ("failure(bind, A, (s := bind(A, 0)).getsockname()[1])", "EADDRINUSE"),
}
CLIENT = """
def patient():
    s = make(A)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 50000))
    return s

def again(s, place):
    disconnect(s)
    return failure(s.connect, place)
"""


class Quiet:
    """A `ports` that has told one failure: so it does see them."""

    def __init__(self, make, address):
        self.space = make.space()
        self.space.sysctl(ip_local_port_range="20000 20999")
        self.ports = make.ports(space=self.space)
        server, self.client = make.actor(self.space), make.actor(self.space)
        server(f"l, deaf = listen({address!r}, {PORT}, backlog=4096), deafen({address!r}, {DEAF})")
        self.client(CLIENT)
        self.client(f"A, UNREACHABLE, OWN = {address!r}, {UNREACHABLE[address]!r}, {FIRST_OWN}")
        self.client(f"first = connect(A, {PORT}, (A, OWN))")
        assert self.client(f"failure(connect, A, {PORT}, (A, OWN))") == "EADDRNOTAVAIL"
        self.ports.wait_failure(cause="tuple_in_use")


@pytest.fixture(scope="module", params=UNREACHABLE, ids=["v4", "v6"])
def quiet(request, make_module):
    return Quiet(make_module, request.param)


@pytest.mark.parametrize("name", OTHERWISE)
def test_not_reported(quiet, name):
    deed, outcome = OTHERWISE[name]
    quiet.client("OWN += 1")
    assert quiet.client(deed) == outcome
    quiet.ports.wait_refreshes_from_now()
    [told] = quiet.ports.failures()
    assert (told["cause"], told["count"]) == ("tuple_in_use", 1)


def test_SYN_that_nobody_answers_is_not_reported(make, space, server, client):
    """Of both families, bound or not, side by side: it takes seconds."""
    space.sysctl(tcp_syn_retries=1)
    ports = make.ports(space=space)
    server(f"deaf = deafen('127.0.0.1', {DEAF}), deafen('::1', {DEAF})")
    client("late = []")
    for address in ("127.0.0.1", "::1"):
        client(f"late += [begin({address!r}, {DEAF}), "
               f"begin({address!r}, {DEAF}, ({address!r}, {FIRST_OWN}))]")
    assert client("[await_end(s) for s in late]") == ["ETIMEDOUT"] * 4
    ports.wait_refreshes_from_now()
    assert ports.stop() == 0 and ports.failures() == []


def test_destroyed_while_it_connects_is_not_reported(quiet):
    raddr = quiet.client("A")
    quiet.client(f"kept = [begin(A, {DEAF}), begin(A, {DEAF}, (A, OWN + 1000))]")
    quiet.ports.wait_destination(raddr, DEAF, lambda row: row["by_state"] == {"SYN_SENT": 1})
    quiet.space.run("ss", "-K", "state", "syn-sent")
    quiet.ports.wait_destination(raddr, DEAF, lambda row: row["used"] == 0)
    assert len(quiet.ports.failures()) == 1


def test_process_killed_while_it_connects_is_not_reported(make, quiet):
    raddr = quiet.client("A")
    mortal = make.actor(quiet.space)
    mortal(f"kept = [begin({raddr!r}, {DEAF}) for i in range(3)]")
    quiet.ports.wait_destination(raddr, DEAF, lambda row: row["by_state"] == {"SYN_SENT": 3})
    mortal.kill()
    quiet.ports.wait_destination(raddr, DEAF, lambda row: row["used"] == 0)
    assert len(quiet.ports.failures()) == 1
