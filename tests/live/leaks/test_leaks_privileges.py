# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whose sockets `leaks` shows to somebody who is not root. What it does without BPF:
../test_each_view.py."""
import json
import re

import closewait
from leaksview import refreshes
from privileges import anyones_binary, as_nobody  # noqa: F401


def test_nobody_sees_its_own_and_the_others_without_owner(anyones_binary, make, space, client):
    other, own = make.actor(space), make.actor(space)
    own("os.setgroups([]); os.setgid(65534); os.setuid(65534)")
    # a process that changed its user may not be looked into until it executes something
    own("libc.prctl(4, 1, 0, 0, 0)")
    closewait.stall(space, client, other)
    closewait.stall(space, client, own)
    result = as_nobody(anyones_binary, "leaks", "--once", "--age", "0", "--json", "--no-bpf", inside=space)
    assert result.returncode == 0
    # and other namespaces, where it knows of them by names that somebody else gave them
    assert re.fullmatch(r"tcplinger: not seen: (\d+ other network namespaces \(CAP_SYS_ADMIN\), )?"
                        r"owners of [^\n]* \(CAP_SYS_PTRACE\), [^\n]*\n", result.stderr)
    [refresh] = refreshes([json.loads(line) for line in result.stdout.splitlines()])
    assert {row["process"] and row["process"]["pid"] for row in refresh.rows} == {own.pid, None}
    [nobodys] = [row for row in refresh.rows if not row["process"]]
    assert nobodys["verdict"] == "stall" and nobodys["sockets"] == 1
    assert nobodys["fds"] is None and nobodys["connections"][0]["holders"] == []
    mine = refresh.of(own.pid)
    assert mine["verdict"] == "stall" and mine["fds"] is not None
    assert mine["connections"][0]["holders"][0]["pid"] == own.pid
