# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Servers as a distribution ships them, in a namespace and a folder of the test's own; what ss says
of their sockets, and whether `leaks` says the same."""
import collections
import contextlib
import errno
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

import sockdiag
from leaksview import once
from tracer import PATIENCE_S, refused

# What nobody has to answer for: pools, legal half-closes, a relay whose other side is slow.
HARMLESS = {"transient", "idle_pool", "half_closed", "relay"}

# Accepts all that comes to a port, and does nothing else.
HOLDER = """
import socket, sys
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=128)
kept = []
while True:
    kept.append(listener.accept())
"""


def need(*names):
    """The path of the first of these programs, or patterns of paths, that is there."""
    for name in names:
        found = sorted(glob.glob(os.path.join("/usr/sbin", name))) or [shutil.which(name)]
        if found[-1]:
            return found[-1]
    return pytest.skip(f"{names[0]} is not installed")


class Servers:
    """Begins programs inside `space`; ends all that runs in there."""

    def __init__(self, space):
        sockdiag.need()
        self.space = space
        self.folder = tempfile.TemporaryDirectory(prefix="tcpl-")
        os.chmod(self.folder.name, 0o755)  # some give up root, and read it then
        self.stack = contextlib.ExitStack()
        self.stack.callback(self.folder.cleanup)
        self.stack.callback(self.end_the_rest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def end_the_rest(self):
        """What made a session of its own."""
        for pid in self.space.run("ip", "netns", "pids", self.space.name).split():
            self.end(int(pid))

    def follow(self, process):
        """A process that ends when the test does, those that began later having ended."""
        self.stack.callback(process.wait, PATIENCE_S)
        self.stack.callback(self.end, process.pid)
        return process

    def cgroup(self, path):
        """For processes that end before the rest."""
        os.mkdir(path)
        self.stack.callback(self.remove_cgroup, path)
        return path

    def remove_cgroup(self, path):
        with open(path + "/cgroup.procs", encoding="ascii") as file:
            for pid in file.read().split():
                self.end(int(pid))
        wait_for(lambda: is_removed(path), f"{path} to be empty")

    @staticmethod
    def end(pid):
        """And its group, if it leads one. SIGKILL ends the stopped as well."""
        for kill in (os.killpg, os.kill):
            try:
                kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def begin(self, *command, port=None, **options):
        """The pid of `command`, which is to stay in the foreground, once `port` is listened on."""
        with tempfile.NamedTemporaryFile("wb", dir=self.folder.name, delete=False) as log:
            process = self.follow(subprocess.Popen(
                self.space.enter(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd=self.folder.name, **options))
        if port:
            self.await_listener(port, process, log.name)
        return process.pid  # nsenter executes: it is the program's own

    def python(self, text, *arguments, **options):
        return self.begin("/usr/bin/python3", "-u", "-c", text, *arguments, **options)

    def await_listener(self, port, process, log):
        def is_there():
            if process.poll() is not None:
                with open(log, encoding="utf-8", errors="replace") as file:
                    pytest.fail(f"{process.args} has ended: {file.read()[-2000:]}")
            return self.space.run("ss", "-Htln", "sport", "=", f":{port}")
        wait_for(is_there, f"a listener on port {port} of {process.args}")


def is_removed(path):
    """A cgroup, once those that ended in there have left it."""
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def wait_for(condition, what, limit=PATIENCE_S):
    """Until condition() is true; its value."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {limit} s for {what}"
        time.sleep(0.02)


Socket = collections.namedtuple("Socket", "cookie queued local remote holders")


def sockets(space, state, *filters):
    """What ss says. `queued`: Recv-Q; `holders`: pids."""
    found = []
    for line in space.run("ss", "-Htanpe", "state", state, *filters).splitlines():
        fields = line.split()
        holders = {int(pid) for pid in re.findall(r"\bpid=(\d+),", line)}
        cookie = re.search(r"\bsk:([0-9a-f]+)", line)[1]
        found.append(Socket(cookie, int(fields[0]), fields[2], fields[3], holders))
    return found


def held(space, pid, state="close-wait"):
    return [s for s in sockets(space, state) if pid in s.holders]


def unaccepted(space, port):
    return [s for s in sockets(space, "close-wait", "sport", "=", f":{port}") if not s.holders]


def await_held(space, pid, count, state="close-wait", condition=lambda socket: True):
    """The sockets of a process once there are `count` for which condition holds."""
    def there():
        found = [s for s in held(space, pid, state) if condition(s)]
        return found if len(found) == count else None
    return wait_for(there, f"{count} sockets of {pid} in {state}")


def await_unaccepted(space, port, count):
    def there():
        found = unaccepted(space, port)
        return found if len(found) == count else None
    return wait_for(there, f"{count} CLOSE_WAITs in the queue of port {port}")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return sorted(int(child) for child in file.read().split())


def await_children(pid, count):
    return wait_for(lambda: len(children(pid)) == count and children(pid),
                    f"{count} children of {pid}")


def await_state(pid, states):
    """Of /proc/PID/stat, as "T" or "RS"."""
    def is_so():
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in states
    wait_for(is_so, f"state {states} of {pid}")


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    await_state(pid, "T")


# --- what `leaks` makes of it ---

def looks(space, *arguments):
    """What `leaks --once` says, with BPF and without, as far as this host has them."""
    for source in ([] if refused() else [[]]) + [["--no-bpf"]]:
        yield once(space, *source, *arguments)


def row_of(refresh, pid, owner_by="holder"):
    """That of a process, or of its listener (`listen`); None where there is none."""
    found = [row for row in refresh.rows if row["process"] and row["process"]["pid"] == pid
             and row["owner_by"] == owner_by]
    assert len(found) <= 1, found
    return found[0] if found else None


def check(row, verdict, expected):
    """The row is about what ss has, to a socket and a byte."""
    assert row is not None
    assert (row["verdict"], row["sockets"]) == (verdict, len(expected)), row
    shown = {c["cookie"] for c in row["connections"]}
    assert len(shown) == min(10, len(expected)) and shown <= {s.cookie for s in expected}
    assert row["omitted"] == max(0, len(expected) - 10)
    assert row["unread_bytes"] == sum(max(0, s.queued - 1) for s in expected)


def check_listener(row, port, expected, limit, holders):
    """The row is about the queue of a listener, in which nothing else is."""
    check(row, "backlog", expected)
    assert row["kinds"]["unaccepted"] == len(expected)
    assert all(c["fd"] is None and c["holders"] == [] for c in row["connections"])
    listener = row["evidence"]["listener"]
    assert (listener["laddr"], listener["lport"], listener["rport"]) == ("127.0.0.1", port, None)
    assert (listener["queue"], listener["queue_limit"]) == (len(expected), limit)
    assert {h["pid"] for h in listener["holders"]} == set(holders)


def check_grows(leaks, space, pid, rport):
    """A refresh that calls a process that makes ever more connections to a port what it is."""
    before = wait_for(lambda: len(held(space, pid)) >= 20 and held(space, pid), "20 of them")

    def told(refresh):
        row = row_of(refresh, pid)
        return row and row["verdict"] == "leak" and row["sockets"] >= len(before) and refresh
    refresh = leaks.wait_refresh(told)
    row, after = row_of(refresh, pid), held(space, pid)
    assert row["evidence"]["cause"] == "growing" and row["sockets"] <= len(after)
    assert {c["cookie"] for c in row["connections"]} <= {s.cookie for s in after}
    # where the peer was slow with an ACK the age is a lower bound, and left out
    assert 16 <= sum(span["count"] for span in row["began"]) <= row["sockets"]
    assert row["growth_per_s"] > 1
    [place] = row["places"]
    assert (place["raddr"], place["rport"]) == ("127.0.0.1", rport)
    assert place["sockets"] == row["sockets"]
    return refresh


def accused(refreshes):
    """Who has to answer for something: (comm, verdict)."""
    return {(row["process"] and row["process"]["comm"], row["verdict"])
            for refresh in refreshes for row in refresh.rows if row["verdict"] not in HARMLESS}


# --- healthy traffic ---

def busy(space, port, requests=300, path="/", scheme="http"):
    """Half of the requests with keep-alive, half without; all are answered."""
    ab = need("ab")
    for arguments in (["-k"], []):
        said = space.run(ab, "-q", *arguments, "-n", str(requests // 2), "-c", "6",
                         f"{scheme}://127.0.0.1:{port}{path}")
        assert re.search(r"^Failed requests:\s+0$", said, re.M), said
        assert "Non-2xx" not in said, said


def keep_pool(client, port, size, path="/", scheme="http"):
    """A client's `size` connections, each used three times, then idle; its variable `pool`."""
    more = ", context=ssl._create_unverified_context()" if scheme == "https" else ""
    kind = "HTTPSConnection" if scheme == "https" else "HTTPConnection"
    client(f"""
import http.client, ssl
pool = [http.client.{kind}('127.0.0.1', {port}{more}) for _ in range({size})]
for _ in range(3):
    for one in pool:
        one.request('GET', {path!r})
        answer = one.getresponse()
        assert answer.status == 200
        answer.read()
""")


def check_healthy(make, space, client, port, size=6, **place):
    """A server under traffic, whose keep-alive ends after a second: the client's pool has what it
    closed, and nobody is accused, by who watches and by who comes late."""
    leaks = make.leaks("--age", "1", space=space)
    busy(space, port, **place)
    keep_pool(client, port, size, **place)
    pool = await_held(space, client.pid, size)
    row = leaks.wait_row(client.pid, lambda r: r["verdict"] == "idle_pool")
    check(row | {"unread_bytes": 0}, "idle_pool", [s._replace(queued=1) for s in pool])
    for refresh in [*leaks.refreshes(), *looks(space, "--age", "0.5")]:
        assert accused([refresh]) == set(), refresh.rows
    return leaks
