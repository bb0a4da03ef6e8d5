# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Redis: clients that it times out, and a server that does not run."""
import os
import subprocess
import sys

import pytest

import truth
from servers import (accused, await_held, await_state, await_unaccepted, check, looks, need, row_of,
                     stop, wait_for)

PORT = 6379


@pytest.fixture
def redis(servers):
    """redis(arguments): its pid"""
    def begin(*arguments):
        return servers.begin(need("redis-server"), "--port", str(PORT), "--bind", "127.0.0.1",
                             "--save", "", "--daemonize", "no", *arguments, port=PORT)
    return begin


def ping(client, count):
    """`count` connections, which have got an answer each."""
    client(f"""
kept = [connect('127.0.0.1', {PORT}) for _ in range({count})]
for c in kept:
    c.sendall(b'PING\\r\\n')
    assert c.recv(10) == b'+PONG\\r\\n'
""")


def test_healthy(make, space, client, redis):
    """A second idle, and it closes: the client's pool finds out at its next use."""
    redis("--timeout", "1")
    leaks = make.leaks("--age", "1", space=space)
    for keep in ("0", "1"):
        space.run(need("redis-benchmark"), "-p", str(PORT), "-n", "1000", "-c", "20", "-k", keep,
                  "-t", "ping_mbulk,get,set", "-q")
    ping(client, 6)
    pool = await_held(space, client.pid, 6)
    check(leaks.wait_row(client.pid, lambda r: r["verdict"] == "idle_pool"), "idle_pool", pool)
    for refresh in leaks.refreshes():
        assert accused([refresh]) == set()


def stopped_by_signal(_, server):
    stop(server)
    return lambda evidence: evidence["stopped"] and evidence["tracer"] is None


TRACER = """
import ctypes, os, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
for thread in map(int, os.listdir(f'/proc/{pid}/task')):
    assert libc.ptrace(16, thread, None, None) == 0, ctypes.get_errno()  # PTRACE_ATTACH
    os.waitpid(thread, 0x40000000)  # __WALL
print('attached', flush=True)
sys.stdin.read()
"""


def stopped_by_debugger(servers, server):
    """As gdb does it, all threads."""
    tracer = servers.follow(subprocess.Popen([sys.executable, "-c", TRACER, str(server)], text=True,
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    assert tracer.stdout.readline() == "attached\n"
    await_state(server, "t")
    return lambda evidence: evidence["stopped"] and evidence["tracer"]["pid"] == tracer.pid


def frozen(servers, server):
    mount = truth.cgroup_v2_mount()
    if not mount or not os.path.isdir(mount):
        pytest.skip("no cgroup v2 hierarchy is mounted")
    path = servers.cgroup(f"{mount}/tcpl-redis-{os.getpid()}-{server}")
    if not os.path.exists(path + "/cgroup.freeze"):
        pytest.skip("no freezer")
    for name, value in (("procs", server), ("freeze", 1)):
        with open(f"{path}/cgroup.{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    def is_frozen():
        with open(path + "/cgroup.events", encoding="ascii") as file:
            return "frozen 1" in file.read()
    wait_for(is_frozen, "the cgroup to freeze")
    return lambda evidence: evidence["frozen"] and not evidence["stopped"]


@pytest.mark.parametrize("how", [stopped_by_signal, stopped_by_debugger, frozen])
def test_stopped(space, client, servers, redis, how):
    """Neither what it holds nor what waits in its queue is the fault of its code."""
    server = redis()
    ping(client, 5)
    is_so = how(servers, server)
    client(f"""
for c in kept:
    c.sendall(b'PING\\r\\n')
    c.close()
for _ in range(10):
    c = connect('127.0.0.1', {PORT})
    c.sendall(b'PING\\r\\n')
    c.close()
""")
    queue, own = await_unaccepted(space, PORT, 10), await_held(space, server, 5)
    assert {s.queued for s in own} == {7}
    for refresh in looks(space):
        rows = {by: row_of(refresh, server, by) for by in ("holder", "listen")}
        check(rows["holder"], "stopped", own)
        assert rows["holder"]["kinds"]["unread_data"] == 5
        assert (rows["listen"]["verdict"], rows["listen"]["sockets"]) == ("stopped", 10)
        assert rows["listen"]["kinds"]["unaccepted"] == len(queue)
        assert rows["listen"]["evidence"]["listener"]["queue"] == 10
        for row in rows.values():
            assert row["process"]["comm"] == "redis-server" and is_so(row["evidence"])
