# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What was reported of programs and libraries elsewhere, made anew in small."""
import importlib.util
import re
import subprocess

import pytest

from servers import (accused, await_held, await_unaccepted, check, check_listener, looks, row_of,
                     sockets, unaccepted, wait_for)
from tracer import PATIENCE_S, tcplinger

# Eight are to ask at once: none gets an answer before. A while later it closes.
HTTP = """
import http.server, threading
together = threading.Barrier(8)
class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version, timeout = 'HTTP/1.1', 2
    def do_GET(self):
        together.wait()
        self.send_response(200)
        self.send_header('Content-Length', '6')
        self.end_headers()
        self.wfile.write(b'hello\\n')
http.server.ThreadingHTTPServer(('127.0.0.1', 8080), Hello).serve_forever()
"""


def test_pool_of_requests(space, servers):
    """urllib3 looks at what it keeps when it needs one: as many as its threads were, no more."""
    if not importlib.util.find_spec("requests"):
        pytest.skip("python3-requests is not installed")
    servers.python(HTTP, port=8080)
    client = servers.python("""
import requests, threading
session = requests.Session()
session.mount('http://', requests.adapters.HTTPAdapter(pool_maxsize=20))
ask = lambda: session.get('http://127.0.0.1:8080/').text
threads = [threading.Thread(target=ask) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
threading.Event().wait()
""")
    pool = await_held(space, client, 8)
    for refresh in looks(space):
        check(row_of(refresh, client), "idle_pool", pool)
        assert accused([refresh]) == set()


GREETING = 85

GREETS = f"""
import socket, threading
listener = socket.create_server(('127.0.0.1', 3306), backlog=64)
def greet(connection):
    connection.sendall(b'J' * {GREETING})
    connection.settimeout(1.5)
    try:
        connection.recv(100)
    except TimeoutError:
        connection.close()
while True:
    threading.Thread(target=greet, args=(listener.accept()[0],)).start()
"""

GIVES_UP = """
import selectors, socket
loop = selectors.DefaultSelector()
kept, (ours, theirs) = [], socket.socketpair()
loop.register(ours, selectors.EVENT_READ)
for _ in range(12):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(('127.0.0.1', 3306))
    kept.append(s)
loop.select()
"""


def test_greetings_that_nobody_reads(space, servers):
    """A client that gave up on its connects and forgot them: its loop idles, and does not watch
    them. No stall: it would read if it knew of them."""
    servers.python(GREETS, port=3306)
    client = servers.python(GIVES_UP)
    forgotten = await_held(space, client, 12)
    assert {s.queued for s in forgotten} == {GREETING + 1}
    for refresh in looks(space, "--age", "0.1"):
        row = row_of(refresh, client)
        if row["evidence"]["syscall"] is None:
            pytest.skip("this kernel does not tell system calls")
        check(row, "leak", forgotten)
        assert row["evidence"]["cause"] == "forgotten" and row["evidence"]["idle_loop"] is True
        assert row["evidence"]["unwatched"] == 12
        assert {c["watched"] for c in row["connections"]} == {"no"}


HEARS_AND_CLOSES = """
import socket, sys
listener = socket.create_server(('127.0.0.1', 1521), backlog=64)
kept = [listener.accept()[0] for _ in range(6)]
for one in kept: one.recv(1)
sys.stdin.readline()
for one in kept: one.close()
"""

STARTS_A_DAEMON = """
import socket, subprocess, sys
kept = [socket.create_connection(('127.0.0.1', 1521)) for _ in range(6)]
for s in kept:
    s.set_inheritable(True)
    s.sendall(b'q')
sys.stdin.readline()
daemon = subprocess.Popen(['sleep', '600'], close_fds=False)
print(daemon.pid, flush=True)
sys.stdin.readline()
"""


def await_age(space, state, figure, milliseconds):
    """Until a time that ss -i shows of all sockets in a state is as long ago."""
    def there():
        shown = re.findall(rf"\b{figure}:(\d+)", space.run("ss", "-Htni", "state", state))
        return shown and all(int(ms) >= milliseconds for ms in shown)
    wait_for(there, f"{figure} of {milliseconds} ms")


def interactive(space, servers, text):
    """A Python program that is told when to go on."""
    return servers.follow(subprocess.Popen(
        space.enter("/usr/bin/python3", "-c", text), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True))


def go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture
def inherited(space, servers):
    """(server, maker, daemon): six connections, and `sleep`, which was begun with them a second
    after their last data."""
    server = interactive(space, servers, HEARS_AND_CLOSES)
    wait_for(lambda: space.run("ss", "-Htln", "sport", "=", ":1521"), "the server")
    maker = interactive(space, servers, STARTS_A_DAEMON)
    await_held(space, maker.pid, 6, "established")
    await_age(space, "established", "lastsnd", 1200)
    go_on(maker)
    return server, maker, int(maker.stdout.readline())


def check_inherited(refresh, daemon, expected):
    row = row_of(refresh, daemon)
    check(row, "leak", expected)
    assert row["process"]["comm"] == "sleep" and row["evidence"]["cause"] == "inherited"
    return row


def test_daemon_inherits_what_it_does_not_know(space, inherited):
    """No CLOEXEC: `sleep` has no connections of its own. Who made them has ended."""
    server, maker, daemon = inherited
    go_on(maker)
    maker.wait(PATIENCE_S)
    go_on(server)
    expected = await_held(space, daemon, 6)
    for refresh in looks(space):
        assert check_inherited(refresh, daemon, expected)["maker"] is None


def test_daemon_inherits_from_who_was_seen(make, space, inherited):
    leaks = make.leaks("--age", "0.3", space=space)
    server, maker, daemon = inherited
    go_on(server)
    expected = await_held(space, daemon, 6)

    def judged(refresh):
        row = row_of(refresh, daemon)
        return row and row["verdict"] == "leak" and refresh
    row = check_inherited(leaks.wait_refresh(judged), daemon, expected)
    assert (row["maker"]["pid"], row["maker"]["comm"]) == (maker.pid, "python3")
    go_on(maker)
    maker.wait(PATIENCE_S)
    seen = leaks.refreshes()[-1].end["seq"]
    refresh = leaks.wait_refresh(lambda r: r.end["seq"] > seen + 1 and r)
    assert not (row_of(refresh, maker.pid) or {}).get("sockets")
    assert check_inherited(refresh, daemon, expected)["maker"]["pid"] == maker.pid


LONG_POLL = """
import socket, threading
listener = socket.create_server(('127.0.0.1', 8081), backlog=64)
def answer(connection):
    while connection.recv(1000):
        pass
    threading.Event().wait()  # for news
while True:
    threading.Thread(target=answer, args=(listener.accept()[0],)).start()
"""


def test_long_poll_of_half_closed_clients(space, client, servers):
    """All was read, nothing is to be sent now: the socket does not tell whether an answer comes,
    and the reason says so."""
    server = servers.python(LONG_POLL, port=8081)
    client("""
kept = [connect('127.0.0.1', 8081) for _ in range(4)]
for c in kept:
    c.sendall(b'GET')
    c.shutdown(socket.SHUT_WR)
""")
    drained = await_held(space, server, 4, condition=lambda s: s.queued == 0)
    for refresh in looks(space):
        row = row_of(refresh, server)
        check(row, "leak", drained)
        assert row["evidence"]["cause"] == "drained"
    text = tcplinger("leaks", "--once", "--age", "0", "--netns", space.name).stdout
    assert "an answer may still come" in re.sub(r"\s+", " ", text), text


WORKER = """
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(('127.0.0.1', 9400))
listener.listen(64)
print('listens', flush=True)
if {dead}:
    sys.stdin.read()
while True:
    connection = listener.accept()[0]
    while connection.recv(100):
        pass
    connection.close()
"""


@pytest.mark.parametrize("dead", [0, 3])
def test_one_of_the_workers_of_a_port_is_dead(space, client, servers, dead):
    """SO_REUSEPORT: each has a queue of its own, and those in the dead one's are its own."""
    workers = []
    for i in range(4):
        worker = interactive(space, servers, WORKER.format(dead=i == dead))
        assert worker.stdout.readline() == "listens\n"
        workers.append(worker.pid)
    client("""
for _ in range(80):
    c = connect('127.0.0.1', 9400)
    c.sendall(b'x')
    c.close()
""")
    wait_for(lambda: len(sockets(space, "close-wait")) == len(unaccepted(space, 9400)),
             "the well ones to close")
    [count] = [s.queued for s in sockets(space, "listening") if workers[dead] in s.holders]
    queue = await_unaccepted(space, 9400, count)
    assert count > 0
    for refresh in looks(space):
        check_listener(row_of(refresh, workers[dead], "listen"), 9400, queue, 64, [workers[dead]])
        assert len(refresh.rows) == 1


FORGETS_AND_SLEEPS = """
import socket, time
listener = socket.create_server(('127.0.0.1', 9000), backlog=64)
kept = []
for _ in range(20):
    client = socket.create_connection(('127.0.0.1', 9000))
    kept.append(listener.accept()[0])
    client.sendall(b'x' * 100)
    client.close()
while True:
    time.sleep(0.1)
"""


def waited_ns(pid):
    """For a CPU, its only thread, so far."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[1])


def test_who_sleeps_beside_busy_processes_is_not_starved(make, space, servers):
    """The share is of the wall's time, not of what it wanted to run."""
    server = servers.python(FORGETS_AND_SLEEPS)
    await_held(space, server, 20)
    for _ in range(3):
        servers.python("while True: pass")
    before = waited_ns(server)
    leaks = make.leaks("--age", "0.1", space=space, interval=("-i", "0.5"))
    rows = []

    def collect(refresh):
        row = row_of(refresh, server)
        if row and row["evidence"]["starved"] is not None:
            rows.append(row)
        return rows
    leaks.wait_refresh(collect, limit=4 * PATIENCE_S)  # they may be many seconds apart
    waited_s = (waited_ns(server) - before) / 1e9
    assert {row["verdict"] for row in rows} == {"stall"}
    for row in rows:
        # over no more than what was waited for since, and half a second at least
        assert row["evidence"]["starved"] <= waited_s / 0.4
        assert row["evidence"]["cpu_share"] < 0.5


def test_who_comes_late_knows_since_when(space, client, server):
    """Nine that were closed a while ago: by the kernel's own clock, also in words."""
    server("l = listen(); kept = []")
    client(f"kept = [connect('127.0.0.1', {server('port(l)')}) for _ in range(9)]")
    server("kept = [accept(l) for _ in range(9)]")
    client("for c in kept: c.close()")
    server("for s in kept: drain(s)")
    await_held(space, server.pid, 9)
    await_age(space, "close-wait", "lastack", 1500)
    for refresh in looks(space, "--age", "1"):
        row = row_of(refresh, server.pid)
        assert (row["verdict"], row["sockets"]) == ("leak", 9) and row["oldest_s"] >= 1.5
        assert all(c["age_is_lower_bound"] is False for c in row["connections"])
    text = tcplinger("leaks", "--once", "--age", "1", "--netns", space.name).stdout
    assert "none has been there" not in text
