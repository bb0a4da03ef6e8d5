# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections of which one side has shut down, and the other does not close, for a minute."""
import time

import lingering
from servers import wait_for

AGE_S = 60
FORGOTTEN = 3


class Aged:
    """Between two namespaces (`here`: who has shut down), and within one (`both`)."""

    def __init__(self, made):
        self.here, there, self.both = made.space(), made.space(), made.space()
        lingering.link(self.here, there)
        self.client, self.server = made.actor(self.here), made.actor(there)
        self.waits, self.closes = made.actor(self.both), made.actor(self.both)
        half_close(self.client, self.server, "10.77.0.2")
        half_close(self.waits, self.closes, "127.0.0.1")
        self.closes("for s in kept: drain(s)")
        for space in (self.here, self.both):
            lingering.await_state(space, "fin-wait-2", FORGOTTEN)
        self.begun = time.monotonic()

    def age(self):
        return time.monotonic() - self.begun

    def await_age(self):
        wait_for(lambda: self.age() > AGE_S + 0.5, "a minute", AGE_S + 1)


def half_close(client, server, address):
    server(f"l = listen({address!r}, 8080)")
    client(f"kept = [connect({address!r}, 8080) for _ in range({FORGOTTEN})]")
    server(f"kept = [accept(l) for _ in range({FORGOTTEN})]")
    client("for s in kept: s.shutdown(socket.SHUT_WR)")
