# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is found by descriptors, by accept queues, by tables."""
import json

import pytest

import closewait
from actors import ActorError
from leaksview import once
from tracer import tcplinger

MPTCP = 262


def test_proxy_that_waits_for_its_other_side_does_not_forget(make, space, client, server):
    """It does not read, nor watch, one side while the other does not take what was read before."""
    closewait.stall(space, client, server)
    port = server("port(l)")
    client(f"slow = connect('127.0.0.1', {port})")
    server("""
other = accept(l)
other.setblocking(False)
try:
    while True:
        other.send(bytes(65536))
except BlockingIOError:
    pass
import select
loop = select.epoll()
""")
    server.start("loop.poll(60)")
    leaks = make.leaks("--age", "0.1", space=space)
    row = leaks.wait_row(server.pid, lambda r: r["verdict"] == "stall" and
                         r["connections"][0]["watched"] == "no")
    assert row["evidence"]["idle_loop"] is True and row["evidence"]["unwatched"] == 1


def test_mptcp_socket_counts_once(space, client, server, source):
    try:
        client(f"make(protocol={MPTCP}).close()")
    except ActorError as error:
        pytest.skip(f"this kernel has no MPTCP: {error}")
    server(f"l = listen(protocol={MPTCP})")
    client(f"c = connect('127.0.0.1', {server('port(l)')}, protocol={MPTCP})")
    server("s = accept(l)")
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    row = once(space, *source).of(server.pid)
    assert row["sockets"] == 1 and row["kinds"]["unknown"] == 1 and row["verdict"] == "unknown"
    [connection] = row["connections"]
    assert connection["fd"] == server("s.fileno()") and connection["age_is_lower_bound"]
    assert connection["rport"] == client("port(c)") and connection["recvq_bytes"] == 0
    assert connection["holders_total"] == 1
    listed = space.run("ss", "-HMtane", "state", "close-wait")
    assert f"sk:{connection['cookie']} " in listed + " "


def test_what_is_in_flight_between_processes_stays(make, space, client, server):
    """No process has a descriptor of it: only the tables tell."""
    _, cookie = closewait.stall(space, client, server)
    server("""
pair = socket.socketpair()
socket.send_fds(pair[0], [b'x'], [s.fileno()])
kept.remove(s)
s.close()
""")
    leaks = make.leaks("--age", "0.1", "-i", "0.1", space=space)
    leaks.wait_refresh(lambda refresh: refresh.end["seq"] == 6)
    for refresh in leaks.refreshes():
        [row] = refresh.rows
        assert [c["cookie"] for c in row["connections"]] == [cookie]
        assert row["connections"][0]["fd"] is None and not row["connections"][0]["holders"]


@pytest.mark.parametrize("arguments", [(), ("--no-bpf",)], ids=["bpf", "diag"])
def test_other_ports_do_not_count(space, client, server, arguments):
    """What the filter leaves out is listed for verdicts, and shown nowhere."""
    closewait.stall(space, client, server)
    port = server("port(l)")
    closewait.stall(space, client, server)
    refresh = once(space, "--lport", str(port), *arguments)
    assert refresh.of(server.pid)["sockets"] == 1
    summary = tcplinger("--json", "--netns", space.name, "--lport", str(port), *arguments)
    [said] = [o for o in map(json.loads, summary.stdout.splitlines()) if o["type"] == "summary"]
    assert said["states"].get("CLOSE_WAIT") == 1
