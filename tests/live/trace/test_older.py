# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets older than the tool: what the list at the start says of them."""
import secrets

from traffic import Pair
from tracer import steps
from truth import ACTIVE, PASSIVE


def owner(transition):
    return transition["owner"] and transition["owner"]["pid"], transition["owner_by"]


def test_client_older_than_the_tool_is_owned_by_its_holder(make, space, client, server):
    pair = Pair(client, server)
    tracer = make.tracer(space=space)
    pair.client_closes()
    ours = tracer.wait_steps(pair.client_cookie, 3)
    assert steps(ours) == ACTIVE
    assert {owner(t) for t in ours} == {(client.pid, "holder")}
    assert ours[0]["in_old_s"] is None and ours[1]["in_old_s"] is not None
    assert {t["direction"] for t in ours} == {"unknown"}
    assert {t["closer"]["pid"] for t in ours} == {client.pid}


def test_server_older_than_the_tool_is_in_by_its_listener(make, space, client, server):
    pair = Pair(client, server)
    tracer = make.tracer(space=space)
    pair.client_closes()
    theirs = tracer.wait_steps(pair.server_cookie, 3)
    assert steps(theirs) == PASSIVE
    assert {owner(t) for t in theirs} == {(server.pid, "holder")}
    assert {t["direction"] for t in theirs} == {"in"}


def test_listener_older_than_the_tool_owns_its_new_children(make, space, client, server):
    server("l = listen()")
    port = server("port(l)")
    tracer = make.tracer(space=space)
    client(f"c = connect('127.0.0.1', {port}); p = port(c)")
    accepted = tracer.wait(lambda all_: [t for t in all_ if t["lport"] == port])[0]
    assert owner(accepted) == (server.pid, "listen")
    assert accepted["direction"] == "in"


def test_listener_on_any_address_tells_direction_of_v4_and_v6(make, space, client, server):
    pair = Pair(client, server, "::1")
    server("a = listen('::'); p = port(a)")
    port = server("p")
    client(f"d = connect('127.0.0.1', {port}); e = connect('::1', {port})")
    server("f = accept(a); g = accept(a)")
    tracer = make.tracer(space=space)
    server("f.close(); g.close()")
    for which in "fg":
        # the cookie is asked of the other end's address: the sockets are closed
        tracer.wait(lambda all_: len([t for t in all_ if t["lport"] == port]) >= 4, which)
    theirs = [t for t in tracer.transitions() if t["lport"] == port]
    assert {t["direction"] for t in theirs} == {"in"}
    assert {t["family"] for t in theirs} == {"ipv6"}
    assert {t["laddr"] for t in theirs} == {"127.0.0.1", "::1"}
    assert pair.port != port


def test_unaccepted_connection_older_than_the_tool_is_the_listeners(make, space, client, server):
    server("l = listen()")
    port = server("port(l)")
    client(f"c = connect('127.0.0.1', {port}); k = cookie(c)")
    tracer = make.tracer(space=space)
    client("c.close()")
    theirs = tracer.wait(lambda all_: [t for t in all_ if t["lport"] == port])[0]
    assert owner(theirs) == (server.pid, "listen")
    assert theirs["direction"] == "in"


def test_passed_descriptor_older_than_the_tool_is_the_holders(make, space, client, server):
    receiver = make.actor(space)
    name = secrets.token_hex(6)
    pair = Pair(client, server)
    receiver(f"b = open_mailbox({name!r})")
    client(f"pass_socket({name!r}, c); c.close()")
    receiver("r = take_socket(b)")
    tracer = make.tracer(space=space)
    receiver("r.close()")
    ours = tracer.wait_steps(pair.client_cookie, 2)
    assert {owner(t) for t in ours} == {(receiver.pid, "holder")}


def test_listener_forked_into_workers_has_one_of_them_as_owner(make, space, client, server):
    """All hold the listener; which one is listed first does not matter, that one is does."""
    server("l = listen(); w = [Child('pass') for i in range(3)]; [x.release() for x in w]")
    pids = {server.pid, *server("[x.pid for x in w]")}
    tracer = make.tracer(space=space)
    client(f"c = connect('127.0.0.1', {server('port(l)')})")
    accepted = tracer.wait(lambda all_: [t for t in all_ if t["old"] == "SYN_RECV"])[0]
    assert accepted["owner"]["pid"] in pids and accepted["owner_by"] == "listen"
    server("[x.stop() for x in w]")


def test_CLOSE_WAIT_and_FIN_WAIT2_older_than_the_tool_end_with_owner(make, space, client, server):
    pair = Pair(client, server)
    server("s.shutdown(socket.SHUT_WR)")
    tracer = make.tracer(space=space)
    client("drain(c); c.close()")
    ours = tracer.wait_steps(pair.client_cookie, 2)
    assert steps(ours) == PASSIVE[1:]
    assert {owner(t) for t in ours} == {(client.pid, "holder")}
    theirs = tracer.wait_steps(pair.server_cookie, 1)
    assert steps(theirs) == ["FIN_WAIT2->TIME_WAIT"]
    assert owner(theirs[0]) == (server.pid, "holder")


def test_FIN_WAIT2_minisocket_older_than_the_tool_is_followed(make, space, client, server):
    pair = Pair(client, server)
    client("c.close()")
    server("drain(s)")
    tracer = make.tracer(space=space)
    server("s.close()")
    ours = tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "TIME_WAIT")
    assert owner(ours) == (None, None)  # nobody can tell any more


def test_listener_older_than_the_tool_closes_with_owner(make, space, server):
    server("l = listen(); k = cookie(l)")
    tracer = make.tracer(space=space)
    server("l.close()")
    closed = tracer.wait_steps(server("k"), 1)[0]
    assert steps([closed]) == ["LISTEN->CLOSE"]
    assert closed["owner"]["pid"] == server.pid
    assert closed["direction"] == "unknown" and closed["raddr"] is None
