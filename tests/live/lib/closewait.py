# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets that stay in CLOSE_WAIT, each for a reason of its own. Each function makes one and returns
(the actor that could close it, its cookie); listeners and sockets are kept in the actors' `kept`."""
import time

from traffic import Pair

UNREAD = 1000  # bytes


def await_close_wait(space, cookie):
    """A FIN takes its time, even over loopback."""
    deadline = time.monotonic() + 10
    while True:
        lines = space.run("ss", "-Htane", "state", "close-wait").splitlines()
        if any(f"sk:{cookie} " in line + " " for line in lines):
            return
        assert time.monotonic() < deadline, lines
        time.sleep(0.01)


def pair(client, server, **options):
    made = Pair(client, server, **options)
    client("kept = globals().get('kept', []) + [c]")
    server("kept = globals().get('kept', []) + [l, s]")
    return made


def leak(space, client, server, **options):
    """Read to the end of file, never closed."""
    made = pair(client, server, **options)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s)")
    await_close_wait(space, made.server_cookie)
    return server, made.server_cookie


def leak_of_fin_with_data(space, client, server, **options):
    """One segment has data and FIN: the read of the data takes both, none returned 0."""
    made = pair(client, server, **options)
    client("c.send(b'last words', socket.MSG_MORE); c.shutdown(socket.SHUT_WR)")
    await_close_wait(space, made.server_cookie)
    assert server("len(s.recv(65536))") == 10
    return server, made.server_cookie


def stall(space, client, server, unread=UNREAD, **options):
    made = pair(client, server, **options)
    client(f"c.sendall(bytes({unread})); c.shutdown(socket.SHUT_WR)")
    await_close_wait(space, made.server_cookie)
    return server, made.server_cookie


def idle_pool(space, client, server, **options):
    made = pair(client, server, **options)
    server("s.shutdown(socket.SHUT_WR)")
    await_close_wait(space, made.client_cookie)
    return client, made.client_cookie


def not_reading(space, client, server, **options):
    made = pair(client, server, **options)
    client("c.shutdown(socket.SHUT_WR)")
    await_close_wait(space, made.server_cookie)
    return server, made.server_cookie


def half_closed(space, client, server, **options):
    """Has seen the end of file, and has more to send than the peer takes."""
    made = pair(client, server, **options)
    client("c.shutdown(socket.SHUT_WR)")
    server("drain(s); s.setblocking(False)")
    server("""
try:
    while True:
        s.send(bytes(65536))
except BlockingIOError:
    pass
""")
    await_close_wait(space, made.server_cookie)
    return server, made.server_cookie


def backlog(space, client, server, address="127.0.0.1"):
    """Nobody accepts; the cookie is found by the ports."""
    server(f"l = listen({address!r}); kept = globals().get('kept', []) + [l]")
    client(f"c = connect({address!r}, {server('port(l)')})")
    client("kept = globals().get('kept', []) + [c]; c.shutdown(socket.SHUT_WR)")
    port, cookie, deadline = client("port(c)"), None, time.monotonic() + 10
    while not cookie:
        lines = space.run("ss", "-Htane", "state", "close-wait", "dport", "=", str(port))
        cookie = lines.partition("sk:")[2].split(" ")[0].strip()
        assert time.monotonic() < deadline
    return server, cookie


# what makes it, its kind, its verdict
SCENARIOS = {
    "leak": (leak, "drained", "leak"),
    "leak-fin-with-data": (leak_of_fin_with_data, "drained", "leak"),
    "stall": (stall, "unread_data", "stall"),
    "idle-pool": (idle_pool, "fin_only", "idle_pool"),
    "not-reading": (not_reading, "fin_only", "not_reading"),
    "half-closed": (half_closed, "sending", "half_closed"),
    "backlog": (backlog, "unaccepted", "backlog"),
}
