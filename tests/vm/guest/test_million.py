# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The books of a million connections, where the kernel runs every BPF program that it is asked to.
Takes an hour or two: make audit-vm asks for it, and nothing else."""
import json
import subprocess

from audits import Books, explained, unexplained

CONNECTIONS = 1000000
RESET_EVERY = {"client": 10, "server": 7}
LIMIT_S = 7200


def churn(space, load_program, closer, connections):
    result = subprocess.run(space.enter(load_program, "churn", "--closer", closer, "--reset-every",
                                        str(RESET_EVERY[closer]), "--connections",
                                        str(connections)),
                            capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert json.loads(result.stdout)["connections"] == connections


def test_the_books_of_a_million_connections(make, space, load_program):
    space.sysctl(tcp_max_tw_buckets=1048576)
    account = Books(space, make.timewaits("--audit", space=space))
    for closer in RESET_EVERY:
        churn(space, load_program, closer, CONNECTIONS // 2)
    lines = account.close()
    assert unexplained(lines) == {}
    assert all(explained(line) == {} for line in lines.values())
    assert lines["ActiveOpens"]["seen"] == lines["PassiveOpens"]["seen"] == CONNECTIONS
    assert lines["EstabResets"]["seen"] == sum(CONNECTIONS // 2 // every
                                               for every in RESET_EVERY.values())
