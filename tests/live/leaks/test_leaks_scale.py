# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A hundred thousand sockets in CLOSE_WAIT: the figures are exact, the table stays readable."""
import contextlib
import re
import resource
import subprocess
import time

import pytest

from leaksview import Leaks, once
from tracer import refused, tcplinger

pytestmark = pytest.mark.alone

SOCKETS = 100000
SHOWN = 10
LIMIT_S = 10  # of --once and of a refresh: far above what it takes, far below what hangs


@contextlib.contextmanager
def held(made, load_program, *arguments):
    """(the space, the pid of the server that holds, or does not accept, all of them)"""
    space = made.space()
    space.run("sysctl", "-q", "-w", f"net.core.somaxconn={2 * SOCKETS}")
    load = subprocess.Popen(space.enter(load_program, "hold", "--connections", str(SOCKETS),
                                        "--duration", "300", *arguments),
                            stdout=subprocess.PIPE, text=True)
    try:
        line = load.stdout.readline()
        yield space, int(re.fullmatch(r"held by (\d+)\n", line)[1])
    finally:
        load.terminate()
        load.wait(60)
        load.stdout.close()


@pytest.fixture(scope="module")
def accepted(make_module, load_program):
    """Held by descriptors, of as few processes as the limit of descriptors allows."""
    with held(make_module, load_program) as it:
        yield it


@pytest.fixture(scope="module")
def backlog(make_module, load_program):
    """In the backlog of one process, whatever the limit of descriptors."""
    with held(make_module, load_program, "--unaccepted") as it:
        yield it


def check(row, verdict, kind):
    assert row["sockets"] == SOCKETS
    assert row["verdict"] == verdict and row["kinds"][kind] == SOCKETS
    assert len(row["connections"]) == SHOWN and row["omitted"] == SOCKETS - SHOWN


def test_backlog_of_one_process_once(backlog, source):
    space, pid = backlog
    begun = time.monotonic()
    refresh = once(space, *source, timeout=2 * LIMIT_S)
    assert time.monotonic() - begun < LIMIT_S
    assert len(refresh.rows) == 1
    check(refresh.of(pid), "backlog", "unaccepted")


def test_a_ring_that_holds_a_few_of_them(backlog):
    if refused():
        pytest.skip(refused())
    space, pid = backlog
    refresh = once(space, "--ring-size", "4096", timeout=2 * LIMIT_S)
    check(refresh.of(pid), "backlog", "unaccepted")
    assert not refresh.end["incomplete"]


def test_holders_of_all_once(accepted, source):
    space, pid = accepted
    begun = time.monotonic()
    refresh = once(space, "--by", "comm", *source, timeout=2 * LIMIT_S)
    assert time.monotonic() - begun < LIMIT_S
    assert [row["key"] for row in refresh.rows] == ["load-server"]
    check(refresh.rows[0], "not_reading", "fin_only")
    for connection in refresh.rows[0]["connections"]:
        assert len(connection["holders"]) == 1 and connection["fd"] is not None


def test_holders_by_pid_add_up(accepted):
    """One row of 100,000 where a process may have so many descriptors."""
    space, pid = accepted
    refresh = once(space, timeout=2 * LIMIT_S)
    assert sum(row["sockets"] for row in refresh.rows) == SOCKETS
    assert refresh.of(pid)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert len(refresh.rows) <= SOCKETS // (hard - 64) + 1
    for row in refresh.rows:
        assert row["verdict"] == "not_reading" and row["fds"] >= row["sockets"]


def test_refreshes_of_a_running_tool_are_exact_and_in_time(accepted):
    if refused():
        pytest.skip(refused())
    space, _ = accepted
    with Leaks("--by", "comm", "--age", "0.1", space=space, interval=("-i", "0.5")) as leaks:
        begun = time.monotonic()
        leaks.wait_refresh(lambda r: r.end["seq"] >= 4, limit=4 * LIMIT_S)
        assert time.monotonic() - begun < 4 * LIMIT_S
        assert leaks.stop() == 0
        for refresh in leaks.refreshes()[1:]:
            check(refresh.key("load-server"), "not_reading", "fin_only")
            assert not refresh.end["incomplete"]


def test_table_of_all_stays_readable(accepted):
    space, _ = accepted
    result = tcplinger("leaks", "--once", "-v", "--by", "comm", "--netns", space.name,
                       timeout=2 * LIMIT_S)
    lines = result.stdout.splitlines()
    assert f"{SOCKETS} sockets in CLOSE_WAIT" in lines[0]
    # in a pipe a sentence is one line, however long
    assert len(lines) < 30 and max(len(line) for line in lines if "; " not in line) <= 120
    assert any(f"and {SOCKETS - SHOWN} younger ones" in line for line in lines)
