# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""HAProxy: before an HTTP server, and as a relay of plain TCP."""
import pytest

from servers import HOLDER, accused, await_held, check, check_healthy, looks, need, row_of

CONFIG = """
global
    nbthread 1
defaults
    mode {mode}
    timeout connect 5s
    timeout client 300s
    timeout server 300s
    timeout http-keep-alive 1s
frontend front
    bind 127.0.0.1:8080
    default_backend back
backend back
    server one 127.0.0.1:8081
"""


@pytest.fixture
def haproxy(servers):
    """haproxy(mode): its pid."""
    def begin(mode):
        config = servers.file("haproxy.cfg", CONFIG.format(mode=mode))
        return servers.begin(need("haproxy"), "-db", "-f", config, port=8080)
    return begin


@pytest.fixture
def backend(servers):
    return servers.python("""
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '6')
        self.end_headers()
        self.wfile.write(b'hello\\n')
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(('127.0.0.1', 8081), Answer).serve_forever()
""", port=8081)


def test_healthy(make, space, client, backend, haproxy):
    haproxy("http")
    check_healthy(make, space, client, 8080)


def test_it_waits_for_a_backend_that_holds(space, client, servers, haproxy):
    """It passes a half-close on and waits for the other side's, for ever: the backend is the cause,
    which has not even read."""
    backend = servers.python(HOLDER, "8081", port=8081)
    proxy = haproxy("tcp")
    client("""
kept = [connect('127.0.0.1', 8080) for _ in range(10)]
for c in kept:
    c.sendall(b'hello')
""")
    await_held(space, backend, 10, "established")
    client("for c in kept: c.close()")
    fronts, ends = await_held(space, proxy, 10), await_held(space, backend, 10)
    await_held(space, proxy, 10, "fin-wait-2")
    for refresh in looks(space):
        row = row_of(refresh, proxy)
        check(row, "relay", fronts)
        peer = row["evidence"]["peer"]
        assert (peer["raddr"], peer["rport"]) == ("127.0.0.1", 8081)
        assert peer["sockets"] == 10
        assert {h["pid"] for h in peer["holders"]} == {backend}
        check(row_of(refresh, backend), "stall", ends)
        assert {s.queued for s in ends} == {6}
        assert accused([refresh]) == {("python3", "stall")}
