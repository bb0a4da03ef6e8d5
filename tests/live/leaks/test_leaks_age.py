# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Age, growth, and what comes and goes while it is looked at."""
import subprocess
import time

import pytest

import closewait
import truth
from leaksview import complaints, once

TICK_S = 0.02  # of any kernel: what the kernel keeps is in jiffies


def test_age_of_a_socket_seen_entering_is_exact(make, space, client, server):
    leaks = make.leaks("--age", "0.5", space=space)
    pair = closewait.pair(client, server)
    before = time.monotonic()
    client("c.shutdown(socket.SHUT_WR)")
    after = time.monotonic()
    time.sleep(0.7)
    row = leaks.wait_row(server.pid, lambda r: r["verdict"] == "not_reading")
    now = time.monotonic()
    [connection] = row["connections"]
    assert connection["cookie"] == pair.server_cookie
    assert connection["age_is_lower_bound"] is False
    assert 0.5 <= connection["age_s"] <= now - before
    # the refresh's own time says when that was
    assert row["oldest_s"] == connection["age_s"]
    first = leaks.refreshes()
    seen = [r.of(server.pid) for r in first if r.of(server.pid)]
    entered = {round(seconds_of(r) - r["oldest_s"], 2) for r in seen if r["sockets"]}
    assert max(entered) - min(entered) <= 0.02  # the same moment, whenever asked
    wall = time.time() - time.monotonic()
    assert before + wall - 0.02 <= min(entered) <= max(entered) <= after + wall + 0.02


def seconds_of(row):
    return truth.seconds(row["time"])


def test_transient_until_it_is_of_age(make, space, client, server, source):
    leaks = make.leaks("--age", "5", *source, space=space)
    closewait.leak(space, client, server)
    row = leaks.wait_row(server.pid, lambda r: r["verdict"] == "leak")
    assert row["oldest_s"] >= 5
    # before that it was transient, charged to its owner; without BPF to its holder or to nobody
    for refresh in leaks.refreshes():
        for row in refresh.rows:
            if row["sockets"] and row["oldest_s"] < 5:
                assert row["verdict"] == "transient"
    young = [row for refresh in leaks.refreshes() for row in refresh.rows
             if row["sockets"] and row["oldest_s"] < 5]
    assert young
    if not source:
        assert {row["process"]["pid"] for row in young} == {server.pid}


def test_age_of_what_is_older_than_the_tool(make, space, client, server, source):
    """The kernel keeps when the last ACK came: with nothing sent since, that is the FIN."""
    before = time.monotonic()
    closewait.leak(space, client, server)
    after = time.monotonic()
    time.sleep(1)
    asked = time.monotonic()
    [connection] = once(space, *source).of(server.pid)["connections"]
    assert connection["age_is_lower_bound"] is False
    assert asked - after - TICK_S <= connection["age_s"] <= time.monotonic() - before + TICK_S
    leaks = make.leaks("--age", "0.5", *source, space=space)
    row = leaks.wait_row(server.pid, lambda r: r["verdict"] == "leak")
    assert row["connections"][0]["age_is_lower_bound"] is False
    assert row["oldest_s"] >= asked - after - TICK_S


def keep_alive(actor, idle_s):
    actor("s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)")
    actor(f"s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, {idle_s})")
    actor("s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)")


def test_answered_probes_hide_the_age(space, client, server, source):
    """A second idle, then a probe each second, which the peer's kernel answers."""
    closewait.pair(client, server)
    keep_alive(server, 1)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    closed = time.monotonic()
    time.sleep(2.6)
    [connection] = once(space, *source).of(server.pid)["connections"]
    assert connection["age_is_lower_bound"] is True
    assert connection["age_s"] <= 1.5 < time.monotonic() - closed
    # its last data tells that it may well be of age; a moment later it is there still
    row = once(space, "--age", "2", *source).of(server.pid)
    assert row["verdict"] == "leak" and row["oldest_s"] < 2


def test_an_age_that_probes_hide_later_is_kept(make, space, client, server):
    leaks = make.leaks("--age", "0.1", space=space, interval=("-i", "0.1"))
    closewait.pair(client, server)
    keep_alive(server, 1)
    before = time.monotonic()
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    row = leaks.wait_row(server.pid, lambda r: r["oldest_s"] and r["oldest_s"] > 2.5)
    assert row["connections"][0]["age_is_lower_bound"] is False
    assert row["oldest_s"] <= time.monotonic() - before + TICK_S


def test_no_probe_was_sent_yet(space, client, server):
    """Two hours by default: only the program can know it, sock_diag does not tell."""
    closewait.pair(client, server)
    keep_alive(server, 7200)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    [connection] = once(space).of(server.pid)["connections"]
    assert connection["age_is_lower_bound"] is False
    [connection] = once(space, "--no-bpf").of(server.pid)["connections"]
    assert connection["age_is_lower_bound"] is True


def test_the_last_ACK_may_be_of_what_it_sent(space, client, server, source):
    closewait.pair(client, server)
    server("s.send(b'answer')")
    client("c.recv(6); c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    [connection] = once(space, *source).of(server.pid)["connections"]
    assert connection["age_is_lower_bound"] is True


def test_once_judges_by_age(space, client, server, source):
    closewait.leak(space, client, server)
    time.sleep(0.6)
    assert once(space, "--age", "0.5", *source).of(server.pid)["verdict"] == "leak"
    assert once(space, "--age", "3600", *source).of(server.pid)["verdict"] == "transient"


def test_age_zero_counts_all(make, space, client, server):
    leaks = make.leaks("--age", "0", space=space)
    closewait.leak(space, client, server)
    leaks.wait_row(server.pid, lambda r: r["verdict"] == "leak")


def test_the_ten_oldest_are_shown_and_the_rest_omitted(make, space, client, server):
    leaks = make.leaks("--age", "0.2", space=space)
    cookies = [closewait.leak(space, client, server)[1] for _ in range(13)]
    row = leaks.wait_row(server.pid, lambda r: r["sockets"] == 13 and r["verdict"] == "leak")
    assert [c["cookie"] for c in row["connections"]] == cookies[:10]
    assert row["omitted"] == 3
    ages = [c["age_s"] for c in row["connections"]]
    assert ages == sorted(ages, reverse=True)
    assert row["oldest_s"] == ages[0]


def test_growth_is_what_has_come_over_the_time(make, space, client, server, source):
    """Before it was watched for 10 s only ages tell it."""
    leaks = make.leaks("--age", "0", *source, space=space, interval=("-i", "0.2"))
    closewait.leak(space, client, server)
    first = leaks.wait_row(server.pid)
    for _ in range(9):
        closewait.leak(space, client, server)
    row = leaks.wait_row(server.pid, lambda r: r["sockets"] == 10 and
                         seconds_of(r) >= seconds_of(first) + 10)
    earlier = [r.of(server.pid) for r in leaks.refreshes() if r.of(server.pid)]
    begun = next(r for r in earlier if r["sockets"])
    expected = (10 - begun["sockets"]) / (seconds_of(row) - seconds_of(begun))
    # the row may have been known, with 0 sockets, before it was first shown
    assert 0 < row["growth_per_s"] <= expected * 1.5
    assert row["growth_per_s"] == pytest.approx(expected, rel=0.5)
    young = [r for r in earlier if seconds_of(r) < seconds_of(begun) + 9.9]
    for r in young:
        filled = sum(span["count"] > 0 for span in r["began"] or [])
        assert (r["growth_per_s"] is not None) == (filled >= 9)


def shown_of(leaks, pid):
    return [r.of(pid) for r in leaks.refreshes()]


def test_process_that_dies_is_shown_once_more_and_at_the_end(make, space, client, server, source):
    leaks = make.leaks("--age", "0.1", *source, space=space)
    closewait.leak(space, client, server)
    leaks.wait_row(server.pid, lambda r: r["verdict"] == "leak")
    server.kill()
    last = leaks.wait_row(server.pid, lambda r: r["sockets"] == 0)
    assert last["verdict"] == "leak" and last["connections"] == []  # the last that was said
    assert last["omitted"] == 0 and last["unread_bytes"] == 0 and last["oldest_s"] is None
    count = len(leaks.refreshes())
    leaks.wait_refresh(lambda r: r.end["seq"] >= count + 3)
    assert leaks.stop() == 0
    rows = shown_of(leaks, server.pid)
    zero = [i for i, row in enumerate(rows) if row and row["sockets"] == 0]
    assert zero[-1] == len(rows) - 1  # the last refresh has every row that ever was
    assert len(zero) == 2 and all(row is None for row in rows[zero[0] + 1:-1])


def test_row_that_returns(make, space, client, server, source):
    leaks = make.leaks("--age", "0.1", *source, space=space)
    closewait.leak(space, client, server)
    leaks.wait_row(server.pid, lambda r: r["sockets"] == 1)
    server("s.close(); kept.remove(s)")
    leaks.wait_row(server.pid, lambda r: r["sockets"] == 0)
    count = len(leaks.refreshes())
    leaks.wait_refresh(lambda r: r.end["seq"] >= count + 2)
    closewait.leak(space, client, server)
    row = leaks.wait_refresh(lambda r: r.end["seq"] > count + 2 and r.of(server.pid))
    assert row["sockets"] == 1


def test_processes_that_come_and_go_while_shown(make, space, client):
    """Nothing breaks, nothing stays behind."""
    leaks = make.leaks("--age", "0.05", space=space, interval=("-i", "0.05"))
    pids = []
    for _ in range(8):
        server = make.actor(space)
        closewait.leak(space, client, server)
        pids.append(server.pid)
        server.kill()
    leaks.wait_refresh(lambda r: not any(row["sockets"] for row in r.rows))
    assert leaks.stop() == 0
    assert complaints(leaks.stderr()) == []
    shown = {row["process"]["pid"] for r in leaks.refreshes() for row in r.rows if row["process"]}
    # the client's ends, which it does not close, die with them
    assert shown <= {*pids, client.pid}


def test_socket_that_is_killed_is_gone(make, space, client, server, source):
    leaks = make.leaks("--age", "0.1", *source, space=space)
    closewait.leak(space, client, server)
    leaks.wait_row(server.pid, lambda r: r["sockets"] == 1)
    try:
        space.run("ss", "-K", "state", "close-wait")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no ss -K here: {error}")
    leaks.wait_row(server.pid, lambda r: r["sockets"] == 0)


def test_short_close_waits_before_the_end_are_forgotten(make, space, client, server):
    """The first of many that was closed in time leaves no trace in the counts."""
    leaks = make.leaks("--age", "0.1", space=space)
    for _ in range(20):
        pair = closewait.pair(client, server)
        pair.client_closes()
    who, cookie = closewait.leak(space, client, server)
    row = leaks.wait_row(who.pid, lambda r: r["verdict"] == "leak")
    assert row["sockets"] == 1 and row["connections"][0]["cookie"] == cookie
