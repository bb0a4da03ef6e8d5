# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""gunicorn: threads under traffic, and synchronous workers that are all held up."""
import pytest

from servers import (accused, await_children, await_held, await_unaccepted, check, check_healthy,
                     check_listener, looks, need, row_of)

BACKLOG = 32

APPLICATION = """
import threading

def application(environ, start_response):
    if environ['PATH_INFO'] == '/hold':
        threading.Event().wait()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '6')])
    return [b'hello\\n']
"""


@pytest.fixture
def gunicorn(servers):
    """gunicorn(arguments): the pid of the arbiter"""
    def begin(*arguments):
        servers.file("hello.py", APPLICATION)
        return servers.begin(need("gunicorn"), "--bind", "127.0.0.1:8000", "--timeout", "0",
                             "--backlog", str(BACKLOG), "--worker-tmp-dir", servers.folder.name,
                             *arguments, "hello:application", port=8000)
    return begin


def test_healthy(make, space, client, gunicorn):
    gunicorn("--worker-class", "gthread", "--threads", "8", "--workers", "2", "--keep-alive", "1")
    check_healthy(make, space, client, 8000)


def test_all_workers_are_held_up(space, client, gunicorn):
    arbiter = gunicorn("--workers", "2")
    workers = await_children(arbiter, 2)
    client("""
kept = [connect('127.0.0.1', 8000) for _ in range(7)]
for c in kept:
    c.sendall(b'GET /hold HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
""")
    for worker in workers:
        await_held(space, worker, 1, "established")
    client("for c in kept: c.close()")
    queue = await_unaccepted(space, 8000, 5)
    for refresh in looks(space):
        for worker in workers:
            check(row_of(refresh, worker), "not_reading", await_held(space, worker, 1))
        check_listener(row_of(refresh, arbiter, "listen"), 8000, queue, BACKLOG,
                       [arbiter, *workers])
        assert {verdict for _, verdict in accused([refresh])} == {"not_reading", "backlog"}
        assert len(refresh.rows) == 3
