# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""MPTCP: a descriptor's socket is not TCP, its subflows are. Go listens with it by default."""
import pytest

from actors import ActorError
from tracer import steps
from truth import CLIENT, PASSIVE, SERVER

MPTCP = 262


@pytest.fixture
def mptcp(space, client):
    try:
        client(f"make(protocol={MPTCP}).close()")
    except ActorError as error:
        pytest.skip(f"this kernel has no MPTCP: {error}")


def connect_tcp(client, server):
    """A plain client to an MPTCP listener: (its port, the server's port)."""
    port = server("port(l)")
    client(f"c = connect('127.0.0.1', {port})")
    server("s = accept(l)")
    return client("port(c)"), port


def accepted(tracer, port):
    return tracer.wait(lambda all_: [t for t in all_ if t["rport"] == port
                                     and t["old"] == "SYN_RECV"])[0]


def test_mptcp_listener_younger_than_the_tool_owns_its_children(mptcp, tracer, client, server):
    server(f"l = listen(protocol={MPTCP})")
    port, _ = connect_tcp(client, server)
    theirs = accepted(tracer, port)
    assert (theirs["owner"]["pid"], theirs["owner_by"]) == (server.pid, "listen")
    assert theirs["direction"] == "in"


def test_mptcp_listener_older_than_the_tool_owns_its_children(mptcp, make, space, client, server):
    server(f"l = listen(protocol={MPTCP})")
    tracer = make.tracer(space=space)
    port, _ = connect_tcp(client, server)
    theirs = accepted(tracer, port)
    assert theirs["owner"] and theirs["owner"]["pid"] == server.pid
    assert theirs["direction"] == "in"


def test_mptcp_subflow_older_than_the_tool_is_owned_by_its_holder(mptcp, make, space, client,
                                                                   server):
    server(f"l = listen(protocol={MPTCP})")
    port, _ = connect_tcp(client, server)
    tracer = make.tracer(space=space)
    server("s.close()")
    client("drain(c); c.close()")
    first = tracer.wait(lambda all_: [t for t in all_ if t["rport"] == port])[0]
    assert (first["owner"]["pid"], first["owner_by"]) == (server.pid, "holder")
    assert first["direction"] == "in"


def test_mptcp_client_owns_its_subflow(mptcp, tracer, client, server):
    server(f"l = listen(protocol={MPTCP})")
    port = server("port(l)")
    client(f"c = connect('127.0.0.1', {port}, protocol={MPTCP})")
    server("s = accept(l)")
    first = tracer.wait(lambda all_: [t for t in all_ if t["rport"] == port
                                      and t["new"] == "ESTABLISHED"])[0]
    assert (first["owner"]["pid"], first["owner_by"]) == (client.pid, "connect")
    assert first["direction"] == "out"
    assert steps(tracer.transitions(first["cookie"])) == CLIENT


def test_mptcp_connection_ends_on_both_sides(mptcp, tracer, client, server):
    server(f"l = listen(protocol={MPTCP})")
    port, _ = connect_tcp(client, server)
    client("c.close()")
    server("drain(s); s.close()")
    theirs = tracer.wait(lambda all_: [t for t in all_ if t["rport"] == port
                                       and t["new"] == "CLOSE"])[0]
    assert steps(tracer.transitions(theirs["cookie"])) == SERVER + PASSIVE
    assert {t["owner"]["pid"] for t in tracer.transitions(theirs["cookie"])} == {server.pid}
