# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Node: healthy on both ends, and an event loop that something holds up."""
import pytest

from servers import (accused, await_held, check, check_healthy, looks, need, row_of, sockets,
                     wait_for)

SERVER = """
const server = require('http').createServer((request, response) => {
    if (request.url === '/spin') for (;;);
    response.setHeader('Content-Type', 'text/plain');
    response.end('hello\\n');
});
server.keepAliveTimeout = 500;
server.listen(8080, '127.0.0.1');
"""

# Asks again and again by a pool that is kept, half a second more than the server keeps it.
CLIENT = """
const http = require('http');
const agent = new http.Agent({keepAlive: true, maxSockets: 4});
const where = {port: 8080, host: '127.0.0.1', agent};
const ask = () => http.get(where, (answer) => answer.resume()).on('error', () => 0);
const burst = () => { for (let i = 0; i < 20; i++) ask(); };
burst(); setInterval(burst, 2500);
"""


@pytest.fixture
def node(servers):
    return lambda text, **options: servers.begin(need("node"), "-e", text, **options)


def test_healthy(make, space, client, node):
    node(SERVER, port=8080)
    pool = node(CLIENT)
    leaks = check_healthy(make, space, client, 8080)
    shown = [refresh.of(pool) for refresh in leaks.refreshes()]
    assert {row["verdict"] for row in shown if row} <= {"transient"}


def test_event_loop_that_spins(space, client, node):
    """One request takes the only thread; what the others ask is not read."""
    server = node(SERVER.replace("= 500", "= 0"), port=8080)
    client("""
kept = [connect('127.0.0.1', 8080) for _ in range(6)]
for c in kept:
    c.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
    assert c.recv(65536).startswith(b'HTTP/1.1 200')
spin = connect('127.0.0.1', 8080)
spin.sendall(b'GET /spin HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
""")
    spin = f":{client('port(spin)')}"
    wait_for(lambda: [s for s in sockets(space, "established", "dport", "=", spin)
                      if s.queued == 0 and server in s.holders], "the request to be read")
    client("""
for c in kept:
    c.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
    c.close()
""")
    unread = await_held(space, server, 6, condition=lambda s: s.queued > 1)
    for refresh in looks(space):
        row = row_of(refresh, server)
        check(row, "stall", unread)
        assert row["evidence"]["state"] == "R" and row["evidence"]["idle_loop"] is False
        assert [verdict for _, verdict in accused([refresh])] == ["stall"]
