# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A daemon that a program starts holds the program's connections: it does not know them."""
import os
import signal
import subprocess

import pytest

from actors import PYTHON
from leaksview import once
from tracer import tcplinger

COUNT = 3

# A client library without CLOEXEC; the last data is older than the child by more than a second.
PARENT = f"""
import socket, subprocess, sys, time
port = int(sys.stdin.readline())
kept = [socket.create_connection(("127.0.0.1", port)) for _ in range({COUNT})]
for s in kept:
    s.set_inheritable(True)
    s.sendall(b"q")
print("connected", flush=True)
sys.stdin.readline()
time.sleep(1.2)
child = subprocess.Popen(["/bin/sleep", "600"], close_fds=False, stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
sys.stdin.readline()
"""


class Family:
    def __init__(self, space, server):
        self.server = server
        self.parent = subprocess.Popen(space.enter(PYTHON, "-c", PARENT), stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = self.parent.pid
        self.tell(server("port(l)"))
        assert self.parent.stdout.readline() == "connected\n"
        server(f"kept = [accept(l) for _ in range({COUNT})]; [s.recv(1) for s in kept]")
        self.tell("")
        self.child = int(self.parent.stdout.readline())

    def tell(self, line):
        self.parent.stdin.write(f"{line}\n")

    def server_closes(self):
        self.server("[s.shutdown(socket.SHUT_WR) for s in kept]")

    def parent_ends(self):
        self.parent.stdin.close()
        self.parent.wait()

    def end(self):
        os.kill(self.child, signal.SIGKILL)
        self.parent.kill()
        self.parent.wait()
        self.parent.stdout.close()


@pytest.fixture
def family(space, server):
    server("l = listen()")
    family = Family(space, server)
    yield family
    family.end()


def check_inherited(row, maker):
    assert row["sockets"] == row["kinds"]["fin_only"] == COUNT
    assert row["verdict"] == "leak" and row["evidence"]["cause"] == "inherited"
    assert (row["maker"] and row["maker"]["pid"]) == maker


def test_the_child_has_inherited_what_its_parent_has_made(family, space, source):
    family.server_closes()
    refresh = once(space, *source)
    row = refresh.of(family.child)
    check_inherited(row, family.pid)
    assert row["maker"]["comm"].startswith("python3")
    own = refresh.of(family.pid)
    assert own["sockets"] == COUNT and own["maker"] is None
    assert own["verdict"] == "idle_pool"


def test_the_sentence_names_the_maker(family, space, source):
    family.server_closes()
    shown = tcplinger("leaks", "--once", "--age", "0", "--netns", space.name, *source).stdout
    comm = once(space, *source).of(family.child)["maker"]["comm"]
    assert f"{COUNT} are older than the process: inherited from {comm}[{family.pid}]; " \
        "no CLOEXEC" in shown


def test_a_maker_that_has_ended_is_remembered(family, make, space, source):
    leaks = make.leaks("--age", "0.2", *source, space=space)
    family.server_closes()
    leaks.wait_row(family.child, lambda r: r["maker"] and r["evidence"]["cause"] == "inherited")
    family.parent_ends()
    gone = leaks.wait_row(family.pid, lambda r: r["sockets"] == 0)
    check_inherited(leaks.wait_row(family.child, lambda r: r["seq"] > gone["seq"]), family.pid)


def test_whom_nobody_has_seen_is_not_named(family, space, source):
    """Its parent ends before the server does: nobody saw it hold a socket in CLOSE_WAIT."""
    family.parent_ends()
    family.server_closes()
    check_inherited(once(space, *source).of(family.child), None)
    shown = tcplinger("leaks", "--once", "--age", "0", "--netns", space.name, *source).stdout
    assert "inherited over fork or exec; no CLOEXEC (inferred)" in shown
