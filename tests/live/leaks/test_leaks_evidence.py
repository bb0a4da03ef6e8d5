# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Why it does not read: what its threads wait in. Blank where the kernel does not tell."""
import os
import signal
import time

import pytest

import closewait
import truth
from leaksview import once

KEYS = {"threads", "waiting", "state", "wchan", "syscall", "stopped", "frozen", "starved"}


def has_syscalls():
    return os.path.exists("/proc/self/syscall")


def evidence_of(space, source, pid):
    row = once(space, *source).of(pid)
    assert row["evidence"] is None or set(row["evidence"]) == KEYS
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
    assert evidence["stopped"] == evidence["frozen"] == 0
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
    assert verdict == "stall"
    assert evidence["stopped"] == evidence["threads"] == 1 and evidence["state"] == "T"


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
        _, evidence = evidence_of(space, source, server.pid)
    finally:
        freeze(path, 0)
    server.exit()
    assert evidence["frozen"] == 1 and evidence["stopped"] == 0


def freeze(path, value):
    with open(path + "/cgroup.freeze", "w", encoding="ascii") as file:
        file.write(str(value))
    deadline = time.monotonic() + 5
    while f"frozen {value}" not in open(path + "/cgroup.events", encoding="ascii").read():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["leak", "idle-pool", "half-closed", "backlog"])
def test_no_evidence_where_it_explains_nothing(space, client, server, name):
    scenario, _, verdict = closewait.SCENARIOS[name]
    who, _ = scenario(space, client, server)
    row = once(space).of(who.pid)
    assert row["verdict"] == verdict and row["evidence"] is None


def test_starvation_is_told_by_the_second_look(make, space, client, server):
    """A share of the time that its threads wanted a CPU: known after two refreshes."""
    if not os.path.exists("/proc/self/schedstat"):
        pytest.skip("no schedstat")
    leaks = make.leaks("--age", "0.1", space=space)
    closewait.stall(space, client, server)
    server.start("while True: pass")
    row = leaks.wait_row(server.pid, lambda r: r["evidence"]
                         and r["evidence"]["starved"] is not None)
    assert 0 <= row["evidence"]["starved"] <= 1
    server.kill()
