# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The whole life of a connection, step by step, from both ends."""
import time

import pytest

import truth
from traffic import Pair
from tracer import step, steps
from truth import ACTIVE, CLIENT, PASSIVE, SERVER

KEYS = {"type", "time", "cookie", "netns", "family", "laddr", "lport", "raddr", "rport",
        "direction", "old", "new", "in_old_s", "owner", "owner_by", "closer", "end_reason", "stack",
        "error"}
PROCESS_KEYS = {"pid", "start_time", "comm", "exe", "cgroup", "container"}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_client_closes_first_exact_steps_of_both_ends(tracer, client, server, address):
    pair = Pair(client, server, address)
    pair.client_closes()
    ours = tracer.wait_steps(pair.client_cookie, 5)
    theirs = tracer.wait_steps(pair.server_cookie, 4)
    assert steps(ours) == CLIENT + ACTIVE
    assert steps(theirs) == SERVER + PASSIVE
    assert {t["direction"] for t in ours} == {"out"}
    assert {t["direction"] for t in theirs} == {"in"}
    assert {t["family"] for t in ours + theirs} == {"ipv6" if ":" in address else "ipv4"}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_server_closes_first_exact_steps_of_both_ends(tracer, client, server, address):
    pair = Pair(client, server, address)
    pair.server_closes()
    assert steps(tracer.wait_steps(pair.client_cookie, 5)) == CLIENT + PASSIVE
    assert steps(tracer.wait_steps(pair.server_cookie, 4)) == SERVER + ACTIVE


def test_both_close_at_once_goes_through_CLOSING_or_either_side(tracer, client, server):
    pair = Pair(client, server)
    client.start("c.close()")
    server("s.close()")
    client.answer()
    for cookie, first in ((pair.client_cookie, CLIENT), (pair.server_cookie, SERVER)):
        last = tracer.wait(lambda all_: [t for t in all_ if t["cookie"] == cookie and
                                         t["new"] in ("TIME_WAIT", "CLOSE")])[-1]
        got = steps(tracer.transitions(cookie))
        assert got[:len(first)] == first
        # each step begins where the one before it ended
        assert all(a.split("->")[1] == b.split("->")[0] for a, b in zip(got, got[1:]))
        assert last["old"] in ("FIN_WAIT2", "CLOSING", "LAST_ACK")


def test_shutdown_with_open_descriptor_goes_to_TIME_WAIT_once(tracer, client, server):
    pair = Pair(client, server)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    server("s.close()")
    client("drain(c)")
    tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "TIME_WAIT")
    client("c.close()")
    server("l.close()")
    tracer.wait(lambda all_: any(t["old"] == "LISTEN" for t in all_))
    assert steps(tracer.transitions(pair.client_cookie)) == CLIENT + ACTIVE


def test_every_line_has_every_key_with_its_type(tracer, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    tracer.wait_steps(pair.client_cookie, 5)
    tracer.wait_steps(pair.server_cookie, 4)
    server("l.close()")
    tracer.wait(lambda all_: any(t["old"] == "LISTEN" for t in all_))
    for t in tracer.transitions():
        assert set(t) == KEYS
        assert isinstance(t["cookie"], str) and int(t["cookie"], 16)
        assert isinstance(t["netns"], int)
        assert t["family"] in ("ipv4", "ipv6")
        assert isinstance(t["laddr"], str)
        assert t["lport"] is None or 0 < t["lport"] < 65536
        assert t["rport"] is None or 0 < t["rport"] < 65536
        assert t["direction"] in ("in", "out", "unknown")
        assert t["in_old_s"] is None or t["in_old_s"] >= 0
        assert t["owner_by"] in ("connect", "accept", "holder", "close", "listen")
        assert t["end_reason"] is None
        for process in filter(None, (t["owner"], t["closer"])):
            assert set(process) == PROCESS_KEYS
            assert isinstance(process["pid"], int)
        truth.seconds(t["time"])


def test_cookie_is_that_of_SO_COOKIE_and_of_ss(tracer, space, client, server):
    pair = Pair(client, server)
    tracer.wait_steps(pair.client_cookie, 2)
    tracer.wait_steps(pair.server_cookie, 1)
    rows = truth.ss(space)
    here, there = f"127.0.0.1:{pair.client_port}", f"127.0.0.1:{pair.port}"
    assert rows[pair.client_cookie] == ("ESTABLISHED", here, there)
    assert rows[pair.server_cookie] == ("ESTABLISHED", there, here)
    pair.client_closes()
    tracer.wait_step(pair.client_cookie, "FIN_WAIT2", "TIME_WAIT")
    assert truth.ss(space)[pair.client_cookie] == ("TIME_WAIT", here, there)


def test_netns_is_the_inode_and_tuple_is_the_sockets_own(tracer, space, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    ours = tracer.wait_steps(pair.client_cookie, 5)
    theirs = tracer.wait_steps(pair.server_cookie, 4)
    for t in ours[1:]:
        assert (t["laddr"], t["lport"]) == ("127.0.0.1", pair.client_port)
        assert (t["raddr"], t["rport"]) == ("127.0.0.1", pair.port)
    for t in theirs:
        assert (t["lport"], t["rport"]) == (pair.port, pair.client_port)
    assert {t["netns"] for t in ours + theirs} == {space.inode}


def test_lport_is_null_until_connect_has_chosen_it(tracer, client, server):
    pair = Pair(client, server)
    first, second = tracer.wait_steps(pair.client_cookie, 2)
    assert step(first) == "CLOSE->SYN_SENT" and first["lport"] is None
    assert first["rport"] == pair.port
    assert second["lport"] == pair.client_port


def test_bound_port_is_shown_from_the_first_step(tracer, client, server):
    pair = Pair(client, server, source=("127.0.0.1", 34567))
    assert tracer.wait_steps(pair.client_cookie, 1)[0]["lport"] == 34567


def test_in_old_s_lies_within_what_the_client_measured(tracer, client, server):
    server("l = listen()")
    port = server("port(l)")
    client(f"t = [time.monotonic()]; c = connect('127.0.0.1', {port}); t.append(time.monotonic())")
    server("s = accept(l)")
    time.sleep(0.3)
    client("k = cookie(c); t.append(time.monotonic()); c.close(); t.append(time.monotonic())")
    times, cookie = client("t"), client("k")
    closed = tracer.wait_step(cookie, "ESTABLISHED", "FIN_WAIT1")
    assert times[2] - times[1] <= closed["in_old_s"] <= times[3] - times[0]
    assert tracer.transitions(cookie)[0]["in_old_s"] is None
    time.sleep(0.2)
    server("drain(s); a = time.monotonic(); s.close(); b = time.monotonic()")
    fin_wait2 = tracer.wait_step(cookie, "FIN_WAIT2", "TIME_WAIT")
    # entry is reckoned from the minisocket's timer: exact to a jiffy, ten milliseconds at most
    assert server("a") - times[3] - 0.02 <= fin_wait2["in_old_s"] <= server("b") - times[2] + 0.02


def test_time_is_when_it_happened(tracer, client, server):
    pair = Pair(client, server)
    client("a = time.time(); c.close(); b = time.time()")
    closed = tracer.wait_step(pair.client_cookie, "ESTABLISHED", "FIN_WAIT1")
    assert client("a") - 0.005 <= truth.seconds(closed["time"]) <= client("b") + 0.005


def test_times_of_a_connection_never_run_backwards(tracer, client, server):
    pair = Pair(client, server)
    pair.client_closes()
    for cookie, count in ((pair.client_cookie, 5), (pair.server_cookie, 4)):
        times = [t["time"] for t in tracer.wait_steps(cookie, count)]
        assert times == sorted(times)


def test_listener_opens_and_closes_without_remote_end(tracer, server):
    server("l = listen('127.0.0.1'); k = cookie(l); p = port(l); l.close()")
    opened, closed = tracer.wait_steps(server("k"), 2)
    assert (step(opened), step(closed)) == ("CLOSE->LISTEN", "LISTEN->CLOSE")
    for t in (opened, closed):
        assert t["direction"] == "unknown"
        assert t["raddr"] is None and t["rport"] is None
        assert (t["laddr"], t["lport"]) == ("127.0.0.1", server("p"))
        assert t["owner"]["pid"] == server.pid and t["owner_by"] == "listen"
    assert closed["in_old_s"] is not None


def test_refused_connect_is_SYN_SENT_to_CLOSE(tracer, client):
    client("""
c = make()
k = cookie(c)
try:
    c.connect(('127.0.0.1', 9))
except ConnectionRefusedError:
    refused = True
""")
    assert client("refused")
    ours = tracer.wait_steps(client("k"), 2)
    assert steps(ours) == ["CLOSE->SYN_SENT", "SYN_SENT->CLOSE"]
    assert {t["owner"]["pid"] for t in ours} == {client.pid}
    assert ours[1]["lport"] is not None and ours[1]["end_reason"] is None


def test_nonblocking_connect_is_owned_and_complete(tracer, client, server):
    server("l = listen()")
    port = server("port(l)")
    client(f"c = make(); c.setblocking(False); e = c.connect_ex(('127.0.0.1', {port}))")
    server("s = accept(l)")
    client("c.setblocking(True)")
    cookie = client("cookie(c)")
    client("c.close()")
    server("drain(s); s.close()")
    ours = tracer.wait_steps(cookie, 5)
    assert steps(ours) == CLIENT + ACTIVE
    assert {(t["owner"]["pid"], t["owner_by"]) for t in ours} == {(client.pid, "connect")}


def test_second_connect_on_the_same_socket_is_a_new_life(tracer, client, server):
    server("l = listen()")
    port = server("port(l)")
    client(f"""
c = make()
k = cookie(c)
c.connect_ex(('127.0.0.1', 9))
c.connect(('127.0.0.1', {port}))
""")
    server("s = accept(l)")
    client("c.close()")
    server("drain(s); s.close()")
    ours = tracer.wait_steps(client("k"), 7)
    assert steps(ours) == ["CLOSE->SYN_SENT", "SYN_SENT->CLOSE"] + CLIENT + ACTIVE
    assert [t["lport"] for t in ours if t["new"] == "SYN_SENT"] == [None, None]
    assert {t["owner"]["pid"] for t in ours} == {client.pid}


def test_refused_minisocket_shows_CLOSE_without_end_reason(make, space, client, server):
    """tcp_max_tw_buckets is full: the kernel closes at once, and TIME_WAIT never was."""
    space.sysctl(tcp_max_tw_buckets=0)
    tracer = make.tracer(space=space)
    pair = Pair(client, server)
    pair.client_closes()
    last = tracer.wait(lambda all_: [t for t in all_ if t["cookie"] == pair.client_cookie
                                     and t["new"] == "CLOSE"])[0]
    assert last["end_reason"] is None
    assert "TIME_WAIT" not in {t["new"] for t in tracer.transitions(pair.client_cookie)}
