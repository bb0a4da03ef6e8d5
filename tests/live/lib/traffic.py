# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections between two actors, begun and ended one way or another; and very many."""
import json
import os
import subprocess

import pytest

from tracer import binary

# Some hosts' kernels run no BPF program in a softirq that interrupts a task which they protect, and
# count nothing: a burst of packets may be missing, then and now, but not in every run.
CHURN_TRIES = 5
CHURN_MISSED_MAX = 0.03
CHURN_LIMIT_S = 120


def built(program):
    """The path of a program that make has built for the tests."""
    path = os.path.join(os.path.dirname(os.path.abspath(binary())), "tests", program)
    if not os.access(path, os.X_OK):
        pytest.skip(f"{path} is not built (make build/tests/{program})")
    return path


def nearly_all(have, want):
    """But what no BPF program of the host was shown."""
    return want * (1 - CHURN_MISSED_MAX) <= have <= want


def churn(space, load_program, connections, *arguments, limit_s=CHURN_LIMIT_S):
    """Runs the load of the benchmark to its end."""
    result = subprocess.run(space.enter(load_program, "churn", "--connections", str(connections),
                                        *arguments),
                            capture_output=True, text=True, timeout=limit_s, check=True)
    assert json.loads(result.stdout)["connections"] == connections


def unspecified(address):
    return "::" if ":" in address else "0.0.0.0"


class Pair:
    """A connection of `client` (there: variable c) to `server` (there: l, s), accepted."""

    def __init__(self, client, server, address="127.0.0.1", source=None, protocol=0, port=0):
        self.client, self.server, self.address = client, server, address
        server(f"l = listen({address!r}, {port}, {protocol})")
        self.port = server("port(l)")
        self.connect(source, protocol)

    def connect(self, source=None, protocol=0):
        self.client(f"c = connect({self.address!r}, {self.port}, {source!r}, {protocol})")
        self.server("s = accept(l)")
        self.client_port = self.client("port(c)")
        self.client_cookie = self.client("cookie(c)")
        self.server_cookie = self.server("cookie(s)")

    def client_closes(self):
        self.client("c.close()")
        self.server("drain(s)")
        self.server("s.close()")

    def server_closes(self):
        self.server("s.close()")
        self.client("drain(c)")
        self.client("c.close()")
