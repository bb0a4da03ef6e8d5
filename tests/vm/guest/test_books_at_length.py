# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The books of very many connections, on kernels that run every BPF program as they are asked to. A
quarter of an hour for each: `make audit-vm` asks for it, and nothing else."""
import json
import subprocess

from audits import Books, unexplained

CONNECTIONS = 300000
RESET_EVERY = {"client": 10, "server": 7}
LIMIT_S = 3600
REFRESH = ("--interval", "60")  # the guest's memory is small: it keeps what the view prints


def churn(space, load_program, closer, connections):
    result = subprocess.run(space.enter(load_program, "churn", "--closer", closer, "--reset-every",
                                        str(RESET_EVERY[closer]), "--connections",
                                        str(connections)),
                            capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert json.loads(result.stdout)["connections"] == connections


def test_the_books_of_very_many_connections(make, space, load_program):
    space.sysctl(tcp_max_tw_buckets=1048576)
    account = Books(space, make.timewaits("--audit", *REFRESH, space=space))
    for closer in RESET_EVERY:
        churn(space, load_program, closer, CONNECTIONS // 2)
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["ActiveOpens"]["seen"] == CONNECTIONS
    assert lines["TW"]["seen"] == lines["TW"]["kernel"]
