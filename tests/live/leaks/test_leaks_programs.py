# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs as they are out there: their bugs, and what `leaks` makes of them."""
import shutil
import subprocess

import pytest

from leaksview import once

CONNECTIONS = 12

# allowHalfOpen leaves the end of a socket to the program, and it forgets: each request is answered,
# each client's end of file is read, no socket is ever ended.
NODE = """
const server = require('http').createServer({keepAliveTimeout: 0}, (request, response) => {
    response.writeHead(200, {'Content-Length': 2, 'Connection': 'keep-alive'});
    response.write('ok');  // and no end()
});
server.allowHalfOpen = server.httpAllowHalfOpen = true;
server.keepAliveTimeout = server.requestTimeout = server.headersTimeout = server.timeout = 0;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""

# One client at a time, and this one has to wait for something that does not come.
PERL = """
use strict; use IO::Socket::INET; $| = 1;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die $!;
print $listener->sockport, "\\n";
my $client = $listener->accept;
sysread($client, my $greeting, 5);
pipe(my $never, my $comes);
sysread($never, my $byte, 1);
"""


@pytest.fixture
def program(space):
    """program(interpreter, flag, text): (its pid, the port that it prints)"""
    begun = []

    def begin(name, flag, text):
        path = shutil.which(name)
        if not path:
            pytest.skip(f"{name} is not installed")
        process = subprocess.Popen(space.enter(path, flag, text), stdout=subprocess.PIPE, text=True)
        begun.append(process)
        port = process.stdout.readline().strip()
        assert port.isdigit(), f"{name} says {port!r}"
        return process.pid, int(port)  # nsenter executes: the pid is the program's own
    yield begin
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()


def test_node_server_that_never_ends_its_half_open_sockets(program, make, space, client):
    pid, port = program("node", "-e", NODE)
    leaks = make.leaks("--age", "0.3", space=space)
    client(f"""
kept = []
for i in range({CONNECTIONS}):
    c = connect('127.0.0.1', {port})
    c.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
    c.settimeout(10)
    answer = b''
    while not answer.endswith(b'ok'):
        answer += c.recv(65536)
    c.shutdown(socket.SHUT_WR)
    kept.append(c)
""")
    # holders are looked up of sockets that are of age
    row = leaks.wait_row(pid, lambda r: r["kinds"]["drained"] == CONNECTIONS and
                         all(c["fd"] is not None for c in r["connections"]))
    assert row["verdict"] == "leak"
    assert row["process"]["comm"].startswith("node") or row["process"]["comm"] == "MainThread"
    assert row["omitted"] == CONNECTIONS - 10
    assert {c["direction"] for c in row["connections"]} == {"in"}


def test_perl_daemon_that_blocks_stalls_one_and_its_backlog(program, space, client, source):
    pid, port = program("perl", "-e", PERL)
    client(f"""
kept = []
for i in range(2):
    c = connect('127.0.0.1', {port})
    c.sendall(b'hello, is anybody there?')
    c.shutdown(socket.SHUT_WR)
    kept.append(c)
    time.sleep(0.2)
""")
    held, waits = sorted(once(space, *source).rows, key=lambda row: row["owner_by"])
    assert {held["process"]["pid"], waits["process"]["pid"]} == {pid}
    assert held["kinds"]["unread_data"] == 1 and held["verdict"] == "stall"
    assert waits["kinds"]["unaccepted"] == 1 and waits["verdict"] == "backlog"
    [first] = held["connections"]
    assert first["recvq_bytes"] == len("hello, is anybody there?") - len("hello") + 1
    client("kept[1].close()")


def test_python_daemon_that_blocks_says_where(program, space, client, source):
    pid, port = program("/usr/bin/python3", "-c", """
import socket, threading
lock = threading.Lock()
lock.acquire()
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def serve(connection):
    with lock:
        connection.recv(65536)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],)).start()
""")
    client(f"""
kept = []
for i in range(5):
    c = connect('127.0.0.1', {port})
    c.sendall(b'x' * 100)
    c.shutdown(socket.SHUT_WR)
    kept.append(c)
time.sleep(0.3)
""")
    row = once(space, *source).of(pid)
    assert row["verdict"] == "stall" and row["sockets"] == 5 and row["unread_bytes"] == 500
    assert row["evidence"]["threads"] == 6 and row["evidence"]["waiting"] == 5
    assert row["evidence"]["syscall"] in ("futex", None)
