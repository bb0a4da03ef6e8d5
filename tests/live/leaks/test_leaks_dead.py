# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Dead descriptors: the connection is gone, reset or ended, and nobody has closed the descriptor. It
is in no table of sockets; "can't identify protocol", says lsof."""
import time

import pytest

import closewait
import traffic
from leaksview import once
from tracer import PATIENCE_S, refused, tcplinger

TCP_CLOSE = 7


@pytest.fixture(autouse=True)
def with_bpf(request):
    if "source" not in request.fixturenames and refused():
        pytest.skip(refused())


def await_dead(actor, name):
    """What the kernel says of the socket itself."""
    deadline = time.monotonic() + PATIENCE_S
    while actor(f"{name}.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]") != TCP_CLOSE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def reset(client, server):
    """`c` of the client is dead: the server has answered with an RST."""
    server("reset_on_close(s); s.close(); kept.remove(s)")
    await_dead(client, "c")


def die(client, server):
    """One more that is, of an established connection."""
    closewait.pair(client, server)
    reset(client, server)


def age_of(source):
    return ["--age", "0.5", *source]


@pytest.mark.parametrize("count, verdict", [(2, "transient"), (3, "dead")])
def test_with_once_what_is_dead_now_counts(space, client, server, count, verdict):
    for _ in range(count):
        die(client, server)
    row = once(space).of(client.pid)
    assert row["dead"] == count and row["verdict"] == verdict
    assert row["sockets"] == 0 and row["connections"] == [] and row["oldest_s"] is None
    assert row["began"] is None and row["maker"] is None


def test_without_BPF_nobody_knows(space, client, server):
    closewait.idle_pool(space, client, server)
    client("kept = kept + [c]")
    for _ in range(3):
        die(client, server)
    row = once(space, "--no-bpf").of(client.pid)
    assert row["dead"] is None and row["sockets"] == 1 and row["verdict"] == "idle_pool"


def test_one_that_stays_dead_is_told_when_it_is_of_age(make, space, client, server):
    leaks = make.leaks(*age_of([]), space=space)
    die(client, server)
    row = leaks.wait_row(client.pid)
    assert row["dead"] == 1 and row["verdict"] == "dead"
    client("c.close(); kept.remove(c)")
    gone = leaks.wait_row(client.pid, lambda r: r["dead"] == 0)
    assert gone["sockets"] == 0
    leaks.wait_refresh(lambda refresh: refresh.end["seq"] > gone["seq"] and
                       refresh.of(client.pid) is None)


def test_a_CLOSE_WAIT_that_is_reset_dies(make, space, client, server):
    """It is leaked before, and it is leaked after."""
    leaks = make.leaks(*age_of([]), space=space)
    for _ in range(3):
        closewait.idle_pool(space, client, server)
        client("kept.append(c)")
    leaks.wait_row(client.pid, lambda r: r["sockets"] == 3 and r["verdict"] == "idle_pool")
    server("for s in kept[1::2]: reset_on_close(s); s.close()")
    row = leaks.wait_row(client.pid, lambda r: r["dead"] == 3)
    assert row["sockets"] == 0 and row["verdict"] == "dead"


def test_ended_by_both_sides_it_is_dead_as_well(make, space, client, server):
    closewait.idle_pool(space, client, server)
    client("drain(c); c.shutdown(socket.SHUT_WR)")
    await_dead(client, "c")
    leaks = make.leaks(*age_of([]), space=space)
    assert leaks.wait_row(client.pid)["dead"] == 1


def test_an_idle_pool_beside_three_dead_is_dead(space, client, server):
    closewait.idle_pool(space, client, server)
    assert once(space).of(client.pid)["verdict"] == "idle_pool"
    for _ in range(3):
        die(client, server)
    row = once(space).of(client.pid)
    assert (row["sockets"], row["dead"], row["verdict"]) == (1, 3, "dead")


def test_what_was_never_connected_is_not_dead(space, client, server):
    """Fresh, bound, refused, and listening no more."""
    die(client, server)
    client("""
kept += [make(), bind("127.0.0.1", 0), listen()]
kept[-1].shutdown(socket.SHUT_RDWR)
refused = make()
try:
    refused.connect(("127.0.0.1", 9))
except ConnectionRefusedError:
    pass
blocking = begin("127.0.0.1", 9)
""")
    client("await_end(blocking)")
    assert once(space).of(client.pid)["dead"] == 1


def test_what_is_used_once_more_is_not_dead(space, client, server):
    die(client, server)
    assert once(space).of(client.pid)["dead"] == 1
    client("disconnect(c)")
    assert once(space).of(client.pid) is None
    client(f"c.connect(('127.0.0.1', {server('port(l)')}))")
    assert once(space).of(client.pid) is None


def test_two_holders_have_it_both(space, client, server):
    for _ in range(3):
        die(client, server)
    client("w = Child('')")
    refresh = once(space)
    for pid in (client.pid, client("w.pid")):
        assert refresh.of(pid)["dead"] == 3
    client("w.release(); w.stop()")


def test_filters_on_addresses_and_ports_do_not_match_them(space, client, server):
    for _ in range(3):
        die(client, server)
    port = server("port(l)")
    for arguments in (["--rport", str(port)], ["--lport", "1-65535"], ["--raddr", "127.0.0.1"],
                      ["-p", str(server.pid)], ["-6"]):
        assert once(space, *arguments).of(client.pid) is None, arguments
    for arguments in (["-p", str(client.pid)], ["-c", "python3"], ["-4"]):
        assert once(space, *arguments).of(client.pid)["dead"] == 3, arguments
    assert once(space, "--by", "comm").key("python3")["dead"] == 3


def test_a_busy_client_has_none(make, space, load_program):
    """For a millisecond at any instant some are dead, and others the next time."""
    leaks = make.leaks("--age", "1", space=space, interval=("-i", "0.2"))
    traffic.churn(space, load_program, 20000)
    leaks.wait_refresh(lambda refresh: refresh.end["seq"] > 5)
    assert [row for refresh in leaks.refreshes() for row in refresh.rows if row["dead"]] == []


def test_of_a_relay_the_side_that_died_counts(make, space, client, server):
    """Keepalive on both legs: the one that its peer has left is dead after a while, the other waits
    for its peer to close."""
    proxy = make.actor(space)
    leaks = make.leaks(*age_of([]), space=space)
    proxy("l, kept = listen(), []")
    server("l, kept = listen(), []")
    for _ in range(3):
        client(f"c = connect('127.0.0.1', {proxy('port(l)')})")
        proxy(f"s = accept(l); b = connect('127.0.0.1', {server('port(l)')}); kept += [s, b]")
        server("kept.append(accept(l))")
        client("c.shutdown(socket.SHUT_WR)")
        proxy("drain(s); b.shutdown(socket.SHUT_WR)")
        client("reset_on_close(c); c.close()")
        await_dead(proxy, "s")
    row = leaks.wait_row(proxy.pid, lambda r: r["dead"] == 3 and r["verdict"] != "dead")
    assert row["verdict"] == "relay" and row["sockets"] == 0


def test_the_sentence_says_how_many(space, client, server):
    for _ in range(3):
        die(client, server)
    shown = tcplinger("leaks", "--once", "--netns", space.name).stdout
    assert "3 connections are gone, reset or timed out, and the descriptors are not closed" in shown
    assert "0 sockets in CLOSE_WAIT, 3 dead" in shown


def test_what_dies_has_not_left(make, space, client, server, source):
    """A pool closes what is dead; who does not, leaks: also where only its inode tells that it is
    open still."""
    leaks = make.leaks("--age", "0.2", *source, space=space, interval=("-i", "0.5"))
    closewait.idle_pool(space, client, server)
    for i in range(150):
        closewait.idle_pool(space, client, server)
        client("kept.append(c)")
        if i % 10 == 9:  # one that has been there for seconds
            server(f"s = kept[{2 * (i - 4) + 1}]; reset_on_close(s); s.close()")
        time.sleep(0.42)  # for a minute
    row = leaks.wait_row(client.pid, lambda r: r["seq"] >= 125)
    assert row["verdict"] == "leak" and row["evidence"]["cause"] == "growing"
