# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What its threads do, and who holds them up. Blank where the kernel does not tell."""
import os
import signal
import subprocess
import sys
import time

import pytest

import closewait
import truth
from leaksview import once

KEYS = {"cause", "threads", "looked_at", "waiting", "state", "wchan", "syscall", "names",
        "idle_loop", "stopped", "tracer", "frozen", "cpu_share", "starved", "unwatched",
        "listener", "peer"}


def has_syscalls():
    return os.path.exists("/proc/self/syscall")


def evidence_of(space, source, pid):
    row = once(space, *source).of(pid)
    assert set(row["evidence"]) == KEYS
    return row["verdict"], row["evidence"]


def await_state(pid, states):
    deadline = time.monotonic() + 10
    while truth.stat_fields(pid)[0].decode() not in states:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_blocked_process_says_where(space, client, server, source):
    closewait.stall(space, client, server)
    server.start("time.sleep(60)")
    await_state(server.pid, "S")
    time.sleep(0.1)
    verdict, evidence = evidence_of(space, source, server.pid)
    assert verdict == "stall"
    assert (evidence["threads"], evidence["waiting"]) == (1, 1)
    assert evidence["state"] == "S"
    assert evidence["stopped"] is evidence["frozen"] is evidence["idle_loop"] is False
    assert evidence["tracer"] is None and evidence["looked_at"] == 1
    if has_syscalls():
        assert evidence["syscall"] == "clock_nanosleep"
    else:
        assert evidence["syscall"] is None


def test_stopped_process(space, client, server, source):
    closewait.stall(space, client, server)
    os.kill(server.pid, signal.SIGSTOP)
    await_state(server.pid, "T")
    verdict, evidence = evidence_of(space, source, server.pid)
    os.kill(server.pid, signal.SIGCONT)
    assert verdict == "stopped"
    assert evidence["stopped"] is True and evidence["state"] == "T"
    assert evidence["tracer"] is None and evidence["frozen"] is False


def test_most_threads_are_told(space, client, server, source):
    closewait.not_reading(space, client, server)
    server("import threading; lock = threading.Lock(); lock.acquire()")
    server("for _ in range(5): threading.Thread(target=lock.acquire, daemon=True).start()")
    time.sleep(0.2)
    verdict, evidence = evidence_of(space, source, server.pid)
    assert verdict == "not_reading"
    assert (evidence["threads"], evidence["waiting"]) == (6, 5)
    if has_syscalls():
        assert evidence["syscall"] == "futex"


def test_process_that_runs(space, client, server, source):
    closewait.stall(space, client, server)
    server.start("while True: pass")
    await_state(server.pid, "R")
    _, evidence = evidence_of(space, source, server.pid)
    assert evidence["state"] == "R" and evidence["syscall"] is None
    server.kill()


def test_frozen_process(make, space, client, source):
    mount = truth.cgroup_v2_mount()
    if not mount or not os.path.isdir(mount):
        pytest.skip("no cgroup v2 hierarchy is mounted")
    path = make.cgroup(f"{mount}/tcpl-freeze-{os.getpid()}")
    if not os.path.exists(path + "/cgroup.freeze"):
        pytest.skip("no freezer")
    server = make.actor(space, cgroup=path)
    closewait.stall(space, client, server)
    freeze(path, 1)
    try:
        verdict, evidence = evidence_of(space, source, server.pid)
    finally:
        freeze(path, 0)
    server.exit()
    assert verdict == "stopped"
    assert evidence["frozen"] is True and evidence["stopped"] is False


def freeze(path, value):
    with open(path + "/cgroup.freeze", "w", encoding="ascii") as file:
        file.write(str(value))
    deadline = time.monotonic() + 5
    while f"frozen {value}" not in open(path + "/cgroup.events", encoding="ascii").read():
        assert time.monotonic() < deadline
        time.sleep(0.01)


TRACER = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
assert libc.ptrace(16, pid, None, None) == 0, ctypes.get_errno()  # PTRACE_ATTACH
os.waitpid(pid, 0x40000000)  # __WALL
print("stopped", flush=True)
sys.stdin.read()
"""


def test_traced_process(space, client, server, source):
    closewait.stall(space, client, server)
    with subprocess.Popen([sys.executable, "-c", TRACER, str(server.pid)], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tracer:
        try:
            assert tracer.stdout.readline() == "stopped\n"
            verdict, evidence = evidence_of(space, source, server.pid)
        finally:
            tracer.stdin.close()
    assert verdict == "stopped" and evidence["stopped"] is True and evidence["state"] == "t"
    assert evidence["tracer"]["pid"] == tracer.pid
    assert evidence["tracer"]["comm"].startswith("python")


@pytest.mark.parametrize("name", closewait.SCENARIOS)
def test_whoever_has_old_ones_is_looked_at(space, client, server, source, name):
    scenario, _, verdict = closewait.SCENARIOS[name]
    who, _ = scenario(space, client, server)
    said, evidence = evidence_of(space, source, who.pid)
    assert said == verdict and evidence["threads"] == 1
    assert evidence["cause"] == ("drained" if verdict == "leak" else None)
    assert evidence["names"][0]["name"].startswith("python")
    assert evidence["names"][0]["threads"] == 1
    # it has no epoll set
    assert evidence["unwatched"] == (0 if verdict in ("stall", "idle_pool", "not_reading")
                                     else None)


def test_of_the_young_nothing_is_looked_at(make, space, client, server):
    leaks = make.leaks("--age", "60", space=space)
    closewait.stall(space, client, server)
    row = leaks.wait_row(server.pid, lambda r: r["sockets"] == 1)
    assert row["verdict"] == "transient"
    assert set(row["evidence"]) == KEYS and set(row["evidence"].values()) == {None}
    assert row["connections"][0]["watched"] is None


EVENT_LOOP = """
import select
loop = select.epoll()
loop.register(l, select.EPOLLIN)
"""


@pytest.mark.parametrize("register, watched", [
    (None, "no"), ("select.EPOLLIN", "in"), ("select.EPOLLOUT", "other"),
    ("select.EPOLLIN | select.EPOLLONESHOT", "other")])
def test_what_an_idle_event_loop_does_not_watch_is_forgotten(space, client, server, source,
                                                             register, watched):
    """Unread data: whether it is a stall, the epoll set says."""
    closewait.stall(space, client, server)
    server(EVENT_LOOP)
    if register:
        server(f"loop.register(s, {register})")
    if "ONESHOT" in str(register):
        server("loop.poll()")
    # a set that watches what is unread does not wait
    server.start("time.sleep(60)" if watched == "in" else "select.epoll().poll(60)"
                 if watched == "other" and "OUT" in register else "loop.poll(60)")
    await_state(server.pid, "S")
    time.sleep(0.1)
    row = once(space, *source).of(server.pid)
    assert row["connections"][0]["watched"] == watched
    assert row["evidence"]["unwatched"] == (watched == "no")
    if watched == "no" and has_syscalls():
        assert row["evidence"]["idle_loop"] is True
        assert row["verdict"] == "leak" and row["evidence"]["cause"] == "forgotten"
    else:
        assert row["verdict"] == "stall" and row["evidence"]["cause"] is None


def test_starvation_is_told_by_the_second_look(make, space, client, server):
    """Shares of the time between two looks: known after two refreshes."""
    if not os.path.exists("/proc/self/schedstat"):
        pytest.skip("no schedstat")
    leaks = make.leaks("--age", "0.1", space=space)
    closewait.stall(space, client, server)
    server.start("while True: pass")
    row = leaks.wait_row(server.pid, lambda r: r["evidence"]["starved"] is not None
                         and r["evidence"]["cpu_share"])
    assert 0 <= row["evidence"]["starved"] <= 1 and 0 < row["evidence"]["cpu_share"] <= 1.1
    server.kill()
