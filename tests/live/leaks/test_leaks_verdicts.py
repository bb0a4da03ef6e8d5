# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Each kind of CLOSE_WAIT and each verdict, made for real: with BPF and without the same."""
import json
import subprocess

import pytest

import closewait
from actors import ActorError
from leaksview import once
from truth import NO_LOSS

MPTCP = 262
KINDS = ["unread_data", "fin_only", "drained", "sending", "unaccepted", "unknown"]


def check_alone(row, kind, verdict):
    """The row has this one socket."""
    assert row["verdict"] == verdict
    assert row["kinds"] == {k: int(k == kind) for k in KINDS}
    assert row["sockets"] == 1 and row["omitted"] == 0


@pytest.mark.parametrize("name", closewait.SCENARIOS)
def test_each_is_what_it_is(space, client, server, source, name):
    scenario, kind, verdict = closewait.SCENARIOS[name]
    who, cookie = scenario(space, client, server)
    refresh = once(space, *source)
    assert len(refresh.rows) == 1
    row = refresh.of(who.pid)
    check_alone(row, kind, verdict)
    [connection] = row["connections"]
    assert connection["cookie"] == cookie and connection["kind"] == kind
    # older than the tool: a listener on its port tells a direction, or that connect() chose the port
    outgoing = "unknown" if source else "out"
    assert connection["direction"] == (outgoing if who is client else "in")
    recvq = {"unread_data": closewait.UNREAD + 1, "drained": 0, "sending": 0}.get(kind, 1)
    assert connection["recvq_bytes"] == recvq
    assert row["unread_bytes"] == (closewait.UNREAD if kind == "unread_data" else 0)
    if kind == "unaccepted":
        assert connection["fd"] is None and connection["holders"] == []
    else:
        fd = who("c.fileno()" if who is client else "s.fileno()")
        assert connection["fd"] == fd
        assert connection["holders"] == [{"pid": who.pid, "comm": "python3", "fd": fd}]


@pytest.mark.parametrize("name", closewait.SCENARIOS)
def test_each_is_the_same_when_it_is_seen_to_come(make, space, client, server, source, name):
    """A running tool, which knows directions and owners."""
    scenario, kind, verdict = closewait.SCENARIOS[name]
    leaks = make.leaks("--age", "0.3", *source, space=space)
    who, cookie = scenario(space, client, server)
    row = leaks.wait_row(who.pid, lambda r: r["verdict"] != "transient" and r["kinds"][kind])
    check_alone(row, kind, verdict)
    [connection] = row["connections"]
    assert connection["cookie"] == cookie
    if not source:
        assert connection["direction"] == ("out" if who is client else "in")
        assert connection["age_is_lower_bound"] is (kind == "sending")


def test_sending_since_the_end_of_file_is_half_closed_without_a_queue(make, space, client, server):
    """The peer takes all at once: only what was sent within --age tells, which is to be long enough
    for a refresh."""
    leaks = make.leaks("--age", "3", space=space)
    who, _ = closewait.leak(space, client, server)
    leaks.wait_row(who.pid, lambda r: r["verdict"] == "leak")
    server("s.send(b'more')")
    client("c.recv(4)")
    row = leaks.wait_row(who.pid, lambda r: r["verdict"] == "half_closed")
    check_alone(row, "sending", "half_closed")


def test_reading_changes_the_kind(make, space, client, server, source):
    leaks = make.leaks("--age", "0.2", *source, space=space)
    closewait.stall(space, client, server, unread=10)
    leaks.wait_row(server.pid, lambda r: r["verdict"] == "stall" and r["unread_bytes"] == 10)
    server("s.recv(4)")
    leaks.wait_row(server.pid, lambda r: r["verdict"] == "stall" and r["unread_bytes"] == 6)
    server("drain(s)")
    leaks.wait_row(server.pid, lambda r: r["verdict"] == "leak" and r["unread_bytes"] == 0)
    server("s.close()")
    leaks.wait_row(server.pid, lambda r: r["sockets"] == 0)


def test_without_a_majority_it_is_mixed(space, client, server, source):
    closewait.leak(space, client, server)
    closewait.stall(space, client, server)
    row = once(space, *source).of(server.pid)
    assert row["verdict"] == "mixed" and row["sockets"] == 2
    assert row["kinds"]["drained"] == row["kinds"]["unread_data"] == 1


@pytest.mark.parametrize("leaks, verdict", [(4, "leak"), (3, "mixed")])
def test_eighty_percent_are_a_majority(space, client, server, source, leaks, verdict):
    for _ in range(leaks):
        closewait.leak(space, client, server)
    closewait.stall(space, client, server)
    assert once(space, *source).of(server.pid)["verdict"] == verdict


@pytest.mark.parametrize("address", ["::1", "::ffff:127.0.0.1"])
def test_IPv6_and_v4_mapped(space, client, server, source, address):
    server("l = listen('::'); kept = [l]")
    client(f"c = connect({address!r}, {server('port(l)')}); c.shutdown(socket.SHUT_WR)")
    server("s = accept(l); drain(s)")
    cookie = server("cookie(s)")
    closewait.await_close_wait(space, cookie)
    row = once(space, *source).of(server.pid)
    check_alone(row, "drained", "leak")
    [connection] = row["connections"]
    plain = address.rpartition("::ffff:")[2]
    assert (connection["family"], connection["laddr"], connection["raddr"]) == \
        ("ipv6", plain, plain)
    assert connection["lport"] == server("port(l)") and connection["rport"] == client("port(c)")
    assert connection["netns"] == space.inode and connection["direction"] == "in"


def need_mptcp(client):
    try:
        client(f"make(protocol={MPTCP}).close()")
    except ActorError as error:
        pytest.skip(f"this kernel has no MPTCP: {error}")


def test_child_of_an_mptcp_listener_is_plain_tcp(space, client, server, source):
    """Go listens so by default; a client without MPTCP gets a plain connection."""
    need_mptcp(client)
    server(f"l = listen(protocol={MPTCP})")
    client(f"c = connect('127.0.0.1', {server('port(l)')}); c.shutdown(socket.SHUT_WR)")
    server("s = accept(l); drain(s)")
    row = once(space, *source).of(server.pid)
    check_alone(row, "drained", "leak")
    [connection] = row["connections"]
    assert connection["fd"] == server("s.fileno()") and connection["direction"] == "in"


def test_backlog_of_an_mptcp_listener_is_charged_to_it(space, client, server, source):
    need_mptcp(client)
    server(f"l = listen(protocol={MPTCP})")
    client(f"c = connect('127.0.0.1', {server('port(l)')}); c.close()")
    row = once(space, *source).of(server.pid)
    check_alone(row, "unaccepted", "backlog")


def test_sockmap_is_unknown(make, space, client, server):
    """Where the kernel reads for the process, what is unread is not the process's."""
    leaks = make.leaks("--age", "0.2", space=space)
    server("l = listen()")
    client(f"c = connect('127.0.0.1', {server('port(l)')})")
    server("s = accept(l)")
    try:
        server(SOCKMAP)
    except ActorError as error:
        pytest.skip(f"no sockmap: {error}")
    client("c.send(b'data'); c.shutdown(socket.SHUT_WR)")
    row = leaks.wait_row(server.pid, lambda r: r["verdict"] != "transient")
    check_alone(row, "unknown", "unknown")


SOCKMAP = """
import platform
def bpf(command, attr):
    number = {'x86_64': 321, 'aarch64': 280}[platform.machine()]
    buffer = ctypes.create_string_buffer(attr, 128)
    done = libc.syscall(number, command, buffer, 128)
    if done < 0:
        raise OSError(ctypes.get_errno(), 'bpf')
    return done
sockmap = bpf(0, struct.pack('=IIII', 15, 4, 4, 1))
key, value = ctypes.c_uint32(0), ctypes.c_uint32(s.fileno())
bpf(2, struct.pack('=IIQQQ', sockmap, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
"""


def test_ktls_is_unknown(space, client, server, source):
    server("l = listen()")
    client(f"c = connect('127.0.0.1', {server('port(l)')})")
    server("s = accept(l)")
    try:
        server("s.setsockopt(socket.IPPROTO_TCP, 31, b'tls')")  # TCP_ULP
    except ActorError as error:
        pytest.skip(f"this kernel has no kTLS: {error}")
    client("c.shutdown(socket.SHUT_WR)")
    cookie = server("cookie(s)")
    closewait.await_close_wait(space, cookie)
    check_alone(once(space, *source).of(server.pid), "unknown", "unknown")


def test_healthy_traffic_at_full_speed_is_transient(make, space, load_program):
    """Ten thousand connections a second, each in CLOSE_WAIT for some microseconds."""
    leaks = make.leaks(space=space)
    result = subprocess.run(space.enter(load_program, "churn", "--duration", "3"),
                            capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(result.stdout)["connections"] > 1000
    leaks.wait_refresh(lambda refresh: not any(row["sockets"] for row in refresh.rows))
    assert leaks.stop() == 0
    assert {row["verdict"] for r in leaks.refreshes() for row in r.rows} <= {"transient"}
    assert {k: leaks.objects[-1][k] for k in NO_LOSS} == NO_LOSS
    assert not any(r.end["incomplete"] for r in leaks.refreshes())


def relay_passes_ends_on(client, relay, upstream, count):
    """`count` clients have closed; the relay has told its other side, which has not closed yet."""
    upstream("ul = listen()")
    relay(f"u = [connect('127.0.0.1', {upstream('port(ul)')}) for _ in range({count})]; rl = listen()")
    upstream(f"us = [accept(ul) for _ in range({count})]")
    client(f"cs = [connect('127.0.0.1', {relay('port(rl)')}) for _ in range({count})]")
    relay(f"rs = [accept(rl) for _ in range({count})]")
    client("for one in cs: one.shutdown(socket.SHUT_WR)")
    relay("for one in rs: drain(one)")
    relay("for one in u: one.shutdown(socket.SHUT_WR)")


def test_a_relay_waits_for_its_other_side(make, space, client, server, source):
    upstream = make.actor(space)
    relay_passes_ends_on(client, server, upstream, 3)
    leaks = make.leaks("--age", "0.2", *source, space=space)
    row = leaks.wait_row(server.pid, lambda r: r["verdict"] == "relay")
    assert row["sockets"] == 3 and row["kinds"]["drained"] == 3
    upstream("for one in us: one.close()")
    leaks.wait_row(server.pid, lambda r: r["verdict"] == "leak")
    assert {row["process"]["pid"] for r in leaks.refreshes() for row in r.rows
            if row["verdict"] == "relay"} == {server.pid}


def test_who_has_passed_on_few_ends_is_no_relay(make, space, client, server, source):
    relay_passes_ends_on(client, server, make.actor(space), 3)
    for _ in range(2):
        closewait.leak(space, client, server)
    assert once(space, *source).of(server.pid)["verdict"] == "leak"


def test_what_nobody_has_any_more_is_no_leg(make, space, client, server, source):
    """Closed, and in FIN_WAIT2 without a descriptor."""
    relay_passes_ends_on(client, server, make.actor(space), 3)
    server("for one in u: one.close()")
    assert once(space, *source).of(server.pid)["verdict"] == "leak"
