# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections between two actors, begun and ended one way or another."""


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
