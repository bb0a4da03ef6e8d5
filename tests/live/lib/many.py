# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""More connections at once than a process may have by itself, in variables of two actors."""
import time

import truth
from portsview import PORT
from tracer import PATIENCE_S

MANY_FILES = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (5000, 5000))"


def await_only(space, *states):
    """Nothing else moves any more."""
    deadline = time.monotonic() + PATIENCE_S
    while not set(counts := truth.ss_counts(space)) <= set(states):
        assert time.monotonic() < deadline, counts
        time.sleep(0.1)


def open_connections(client, server, count, name):
    """In the variable `name` of both."""
    server.start(f"{name} = [accept(l) for _ in range({count})]")
    client(f"{name} = [connect('127.0.0.1', {PORT}) for _ in range({count})]")
    server.answer()


def close_connections(first, second, name):
    first(f"for s in {name}: s.close()")
    second(f"for s in {name}: drain(s); s.close()")
