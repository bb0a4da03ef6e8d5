# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""PostgreSQL: clients that are timed out, one that forgets its sessions, stopped backends."""
import os
import shutil
import subprocess

import pytest

from servers import (accused, await_held, check, check_grows, looks, need, row_of, sockets, stop,
                     wait_for)

PORT = 5432
ADDRESS = ("-h", "127.0.0.1", "-p", str(PORT))
UNPRIVILEGED = ("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups")

# What a client says and hears until it may ask.
LOGIN = f"""
import socket, struct
def login():
    c = socket.create_connection(('127.0.0.1', {PORT}))
    names = b'user\\0daemon\\0database\\0postgres\\0\\0'
    c.sendall(struct.pack('!II', 8 + len(names), 3 << 16) + names)
    heard = b''
    while not heard.endswith(b'Z\\0\\0\\0\\5I'):  # ready for a query
        more = c.recv(65536)
        if not more:
            raise ConnectionError(heard)
        heard += more
    return c
def ask(c, query):
    c.sendall(struct.pack('!cI', b'Q', 5 + len(query)) + query + b'\\0')
"""


@pytest.fixture
def postgres(servers):
    """postgres(arguments): the pid of the postmaster"""
    def begin(*arguments):
        programs = os.path.dirname(need("/usr/lib/postgresql/*/bin/postgres", "postgres"))
        data = servers.path("data")
        os.mkdir(data, 0o700)
        shutil.chown(data, "daemon", "daemon")
        servers.space.run(*UNPRIVILEGED, f"{programs}/initdb", "-D", data, "-A", "trust",
                          "--no-sync", "--no-instructions", "-U", "daemon", "--locale=C")
        settings = {"listen_addresses": "127.0.0.1", "port": PORT, "unix_socket_directories": "",
                    "fsync": "off"}
        pid = servers.begin(*UNPRIVILEGED, f"{programs}/postgres", "-D", data, *arguments,
                            *[word for item in settings.items() for word in ("-c", "%s=%s" % item)],
                            port=PORT)
        ready = servers.space.enter(f"{programs}/pg_isready", "-q", *ADDRESS)
        wait_for(lambda: subprocess.run(ready).returncode == 0, "PostgreSQL to be ready")
        return pid
    return begin


def test_healthy(make, space, client, servers, postgres):
    """A session that idles for too long is told so, which its pool reads at the next use."""
    postgres("-c", "idle_session_timeout=1s")
    leaks = make.leaks("--age", "1", space=space)
    script = servers.file("script.sql", "SELECT 1;\n")
    for more in ([], ["-C"]):
        space.run(need("pgbench"), *ADDRESS, "-U", "daemon", "-n", "-f", script, "-c", "4",
                  "-t", "20", *more, "postgres")
    client(LOGIN)
    client("kept = [login() for _ in range(6)]")
    pool = await_held(space, client.pid, 6)
    assert all(s.queued > 50 for s in pool)
    check(leaks.wait_row(client.pid, lambda r: r["verdict"] == "idle_pool"), "idle_pool", pool)
    for refresh in [*leaks.refreshes(), *looks(space, "--age", "0.5")]:
        assert accused([refresh]) == set(), refresh.rows


def test_client_that_forgets_its_sessions(make, space, servers, postgres):
    """Ten a second, each timed out: a pool does not grow so, and reads what it was told."""
    leaks = make.leaks("--age", "0.5", space=space)
    postgres("-c", "idle_session_timeout=300ms", "-c", "max_connections=40")
    client = servers.python(LOGIN + """
import time
kept = []
while True:
    kept.append(login())
    time.sleep(0.1)
""")
    refresh = check_grows(leaks, space, client, PORT)
    assert accused([refresh]) == {("python3", "leak")}


def test_stopped_backends(space, client, postgres):
    """Each session has a process of its own."""
    postgres()
    client(LOGIN)
    client("kept = [login() for _ in range(3)]")
    backends = {pid for s in sockets(space, "established", "sport", "=", f":{PORT}")
                for pid in s.holders}
    assert len(backends) == 3
    for pid in backends:
        stop(pid)
    client("for c in kept: ask(c, b'SELECT 1'); c.close()")
    expected = {pid: await_held(space, pid, 1) for pid in backends}
    for refresh in looks(space):
        for pid in backends:
            row = row_of(refresh, pid)
            check(row, "stopped", expected[pid])
            assert row["process"]["comm"] == "postgres" and row["evidence"]["stopped"] is True
        assert len(refresh.rows) == 3
