# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The books of a million connections, on kernels that run every BPF program as they are asked to. An
hour or so for each: `make audit-vm` asks for it, and nothing else."""
import json
import subprocess

from audits import Books, unexplained

CONNECTIONS = 1000000
RESET_EVERY = {"client": 10, "server": 7}
LIMIT_S = 5000


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
    assert lines["ActiveOpens"]["seen"] == CONNECTIONS
    assert lines["TW"]["seen"] == lines["TW"]["kernel"]
