# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The books of very many connections, on kernels that run every BPF program as they are asked to. A
quarter of an hour for each: `make audit-vm` asks for it, and nothing else."""
from audits import Books, unexplained
from traffic import churn

CONNECTIONS = 300000
RESET_EVERY = {"client": 10, "server": 7}
LIMIT_S = 3600
REFRESH = ("--interval", "60")  # the guest's memory is small: it keeps what the view prints


def test_the_books_of_very_many_connections(make, space, load_program):
    space.sysctl(tcp_max_tw_buckets=1048576)
    account = Books(space, make.timewaits("--audit", *REFRESH, space=space))
    for closer, every in RESET_EVERY.items():
        churn(space, load_program, CONNECTIONS // 2, "--closer", closer, "--reset-every", str(every),
              limit_s=LIMIT_S)
    lines = account.close(expiring=True)
    assert unexplained(lines) == {}
    assert lines["ActiveOpens"]["seen"] == CONNECTIONS
    assert lines["TW"]["seen"] == lines["TW"]["kernel"]
