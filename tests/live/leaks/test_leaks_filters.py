# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is shown: filters, order, limit; a namespace at a time or all."""
import pytest

import closewait
from leaksview import once
from tracer import tcplinger


def pids(refresh):
    return {row["process"] and row["process"]["pid"] for row in refresh.rows}


@pytest.fixture
def two(make, space, client, source):
    """Two leakers; what a filter says of them."""
    first, second = make.actor(space, comm=b"first one"), make.actor(space)
    cookies = {first.pid: closewait.leak(space, client, first)[1],
               second.pid: closewait.stall(space, client, second, address="::1")[1]}

    def shown(*arguments):
        return pids(once(space, *arguments, *source))
    return first, second, cookies, shown


def test_pid_and_comm(two):
    first, second, _, shown = two
    assert shown("-p", str(first.pid)) == {first.pid}
    assert shown("--pid", str(second.pid)) == {second.pid}
    assert shown("-c", "first one") == {first.pid}
    assert shown("-c", "nobody") == set()
    assert shown("-c", "first one", "-p", str(second.pid)) == set()


def test_ports_addresses_and_families(two):
    first, second, _, shown = two
    port = first("port(l)")
    assert shown("--lport", str(port)) == {first.pid}
    assert shown("--lport", f"1-{port - 1},{port + 1}-65535") == {second.pid}
    assert shown("--rport", str(first("s.getpeername()[1]"))) == {first.pid}
    assert shown("--laddr", f"127.0.0.1:{port}") == {first.pid}
    assert shown("--raddr", "127.0.0.0/8") == {first.pid}
    assert shown("--raddr", "::1") == {second.pid}
    assert shown("-4") == {first.pid}
    assert shown("-6") == {second.pid}
    assert shown("-4", "-6") == {first.pid, second.pid}


def test_pid_filter_shows_the_holders_it_asks_for(space, client, server, source):
    """A socket with two holders: the one that was not asked for is in `holders`, and its own row
    is there too or not, but the asked one's is."""
    closewait.leak(space, client, server)
    server("w = Child('')")
    child = server("w.pid")
    for pid in (child, server.pid):
        row = once(space, "-p", str(pid), *source).of(pid)
        assert row["sockets"] == 1
        assert {h["pid"] for h in row["connections"][0]["holders"]} == {child, server.pid}
    server("w.release(); w.stop()")


def test_pid_filter_of_a_running_tool_finds_the_young_of_another_owner(make, space, client, server):
    """The holder asked for is not the owner."""
    server("l = listen()")
    server("w = Child('s = accept(l); drain(s)')")
    leaks = make.leaks("--age", "60", "-p", str(server("w.pid")), space=space)
    client(f"c = connect('127.0.0.1', {server('port(l)')}); c.shutdown(socket.SHUT_WR)")
    server("w.release()")
    leaks.wait_refresh(lambda r: any(row["sockets"] for row in r.rows))
    server("w.stop()")


def test_namespaces(make, source):
    """Without --netns all are shown, with it one."""
    spaces = [make.space() for _ in range(2)]
    servers = []
    for space in spaces:
        client, server = make.actor(space), make.actor(space)
        closewait.leak(space, client, server)
        servers.append(server)
    everything = once(None, *source)
    for space, server in zip(spaces, servers):
        assert everything.of(server.pid)["connections"][0]["netns"] == space.inode
        alone = once(space, *source)
        assert pids(alone) == {server.pid}


def test_order_and_limit(make, space, client, source):
    """Most sockets first, --sort by any figure, --limit after the order."""
    many, unread = make.actor(space), make.actor(space)
    for _ in range(3):
        closewait.leak(space, client, many)
    closewait.stall(space, client, unread, unread=50)

    def order(*arguments):
        return [row["process"]["pid"] for row in once(space, *arguments, *source).rows]
    assert order() == [many.pid, unread.pid]
    assert order("--sort", "sockets") == [many.pid, unread.pid]
    assert order("--sort", "unread_bytes") == [unread.pid, many.pid]
    unread("resource_limit = __import__('resource')")
    unread("resource_limit.setrlimit(resource_limit.RLIMIT_NOFILE, (3000, 3000))")
    many("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))")
    assert order("--sort", "fd_limit") == [unread.pid, many.pid]
    assert order("--sort", "fds") == [many.pid, unread.pid]
    assert order("--limit", "1") == [many.pid]
    assert order("--limit", "1", "--sort", "unread_bytes") == [unread.pid]
    limited = once(space, "--limit", "1", *source)
    assert limited.end["rows"] == 1


@pytest.mark.parametrize("key", ["sockets", "unread_bytes", "oldest_s", "growth_per_s", "fds",
                                 "fd_limit"])
def test_every_sort_key_is_taken(space, key):
    result = tcplinger("leaks", "--once", "--no-bpf", "--sort", key, "--netns", space.name)
    assert result.returncode == 0, result.stderr


def test_empty_namespace_has_no_rows(space, source):
    refresh = once(space, *source)
    assert refresh.rows == [] and refresh.end["rows"] == 0
