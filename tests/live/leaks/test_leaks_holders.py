# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The row belongs to whoever can close: the present holders, not who made the connection."""
import os
import secrets

import pytest

import closewait
import truth
from leaksview import once


def holding(connection):
    return {(h["pid"], h["fd"]) for h in connection["holders"]}


def pids(refresh):
    return {row["process"] and row["process"]["pid"] for row in refresh.rows}


def test_forked_child_that_still_holds_is_charged(space, client, server, source):
    closewait.leak(space, client, server)
    server("w = Child('')")
    server("fd = s.fileno(); s.close(); kept.remove(s)")
    refresh = once(space, *source)
    child = server("w.pid")
    assert pids(refresh) == {child}
    [connection] = refresh.of(child)["connections"]
    assert holding(connection) == {(child, server("fd"))}
    assert refresh.of(child)["verdict"] == "leak"
    server("w.release(); w.stop()")


def test_forked_child_is_charged_by_a_tool_that_saw_it_all(make, space, client, server, source):
    """Until it is of age the socket is its owner's; then its holder's."""
    leaks = make.leaks("--age", "0.4", *source, space=space)
    closewait.leak(space, client, server)
    server("w = Child('')")
    child = server("w.pid")
    server("s.close(); kept.remove(s)")
    row = leaks.wait_row(child, lambda r: r["verdict"] == "leak")
    assert row["sockets"] == 1
    later = leaks.wait_refresh(lambda r: r.of(child) and r)
    gone = later.of(server.pid)
    assert not gone or gone["sockets"] == 0
    server("w.release(); w.stop()")


def test_passed_descriptor_is_charged_to_its_new_holder(make, space, client, server, source):
    receiver = make.actor(space)
    name = secrets.token_hex(6)
    _, cookie = closewait.leak(space, client, server)
    receiver(f"b = open_mailbox({name!r})")
    server(f"pass_socket({name!r}, s); s.close(); kept.remove(s)")
    receiver("r = take_socket(b)")
    refresh = once(space, *source)
    assert pids(refresh) == {receiver.pid}
    [connection] = refresh.of(receiver.pid)["connections"]
    assert connection["cookie"] == cookie
    assert holding(connection) == {(receiver.pid, receiver("r.fileno()"))}


def test_two_holders_make_two_rows_that_list_both(space, client, server, source):
    closewait.leak(space, client, server)
    server("w = Child('')")
    child, fd = server("w.pid"), server("s.fileno()")
    refresh = once(space, *source)
    assert pids(refresh) == {child, server.pid}
    for row in refresh.rows:
        [connection] = row["connections"]
        assert holding(connection) == {(child, fd), (server.pid, fd)}
        assert connection["fd"] == fd and row["sockets"] == 1
    server("w.release(); w.stop()")


def test_two_descriptors_of_one_process_are_one_socket(space, client, server, source):
    closewait.stall(space, client, server)
    server("d = s.dup()")
    refresh = once(space, *source)
    assert pids(refresh) == {server.pid}
    row = refresh.of(server.pid)
    assert row["sockets"] == 1 and row["unread_bytes"] == closewait.UNREAD
    [connection] = row["connections"]
    fds = {server("s.fileno()"), server("d.fileno()")}
    assert holding(connection) == {(server.pid, fd) for fd in fds}
    assert connection["fd"] in fds


def test_backlog_is_one_row_of_the_first_that_holds_the_listener(space, client, server, source):
    closewait.backlog(space, client, server)
    server("w = Child('')")
    refresh = once(space, *source)
    assert pids(refresh) == {server.pid}
    [row] = refresh.rows
    assert row["verdict"] == "backlog" and row["sockets"] == 1
    assert row["connections"][0]["holders"] == [] and row["connections"][0]["fd"] is None
    assert holding(row["evidence"]["listener"]) == \
        {(pid, server("l.fileno()")) for pid in (server.pid, server("w.pid"))}
    server("w.release(); w.stop()")


def test_threads_are_one_holder(space, client, server, source):
    closewait.leak(space, client, server)
    server("import threading; e = threading.Event()")
    server("for _ in range(3): threading.Thread(target=e.wait, daemon=True).start()")
    refresh = once(space, *source)
    assert pids(refresh) == {server.pid}
    assert len(refresh.rows[0]["connections"][0]["holders"]) == 1


def test_fds_and_limit_are_those_of_proc(space, client, server, source):
    server("import resource")
    server("resource.setrlimit(resource.RLIMIT_NOFILE, "
           "(777, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))")
    closewait.leak(space, client, server)
    row = once(space, *source).of(server.pid)
    assert row["fds"] == len(os.listdir(f"/proc/{server.pid}/fd"))
    assert row["fd_limit"] == 777


def test_process_is_described_as_proc_has_it(space, client, server, source):
    closewait.leak(space, client, server)
    process = once(space, *source).of(server.pid)["process"]
    assert process["pid"] == server.pid and process["comm"] == "python3"
    assert process["exe"] == os.readlink(f"/proc/{server.pid}/exe")
    assert process["cgroup"] == truth.cgroup_v2(server.pid)
    assert process["container"] is None
    truth.seconds(process["start_time"])


def keys(refresh):
    assert all(row["process"] is None for row in refresh.rows)
    return {row["key"]: row["sockets"] for row in refresh.rows}


def test_by_comm(make, space, client, source):
    """Two processes of one name; one socket that both hold counts once."""
    servers = [make.actor(space, comm=b"leak test") for _ in range(2)]
    for server in servers:
        closewait.leak(space, client, server)
    servers[0]("w = Child('')")
    other = make.actor(space, comm=b"other one")
    closewait.leak(space, client, other)
    refresh = once(space, "--by", "comm", *source)
    assert keys(refresh) == {"leak test": 2, "other one": 1}
    connections = refresh.key("leak test")["connections"]
    assert sorted(len(c["holders"]) for c in connections) == [1, 2]
    assert refresh.key("leak test")["verdict"] == "leak"
    servers[0]("w.release(); w.stop()")


def test_by_exe(make, space, client, server, source):
    closewait.leak(space, client, server)
    closewait.leak(space, client, make.actor(space))
    exe = os.readlink(f"/proc/{server.pid}/exe")
    assert keys(once(space, "--by", "exe", *source)) == {exe: 2}


def test_by_cgroup_and_container(make, space, client, source):
    mount = truth.cgroup_v2_mount()
    if not mount:
        pytest.skip("no cgroup v2 hierarchy is mounted")
    container = secrets.token_hex(32)
    parent = make.cgroup(f"{mount}/tcpl-{container[:6]}")
    path = make.cgroup(f"{parent}/docker-{container}.scope")
    inside, outside = make.actor(space, cgroup=path), make.actor(space)
    for server in (inside, outside):
        closewait.leak(space, client, server)
    assert keys(once(space, "--by", "cgroup", *source)) == \
        {path[len(mount):]: 1, truth.cgroup_v2(outside.pid): 1}
    assert keys(once(space, "--by", "container", *source)) == {container[:12]: 1, None: 1}
    within = once(space, "--cgroup", parent[len(mount):], *source)
    assert pids(within) == {inside.pid}
    inside.exit()


def test_by_pid_is_the_default(space, client, server, source):
    closewait.leak(space, client, server)
    for arguments in ([], ["--by", "pid"]):
        refresh = once(space, *arguments, *source)
        assert pids(refresh) == {server.pid} and refresh.rows[0]["key"] is None
