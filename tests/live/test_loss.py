# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is lost is counted under its name and shown; one listing later the present is the kernel's."""
import contextlib
import os
import re
import secrets
import signal
import subprocess
import time

import pytest

import losses
import truth
from many import MANY_FILES, await_only, close_connections, open_connections
from portsview import PORT, check_sums, destinations, towards
from timewaits import Counters, check_books, ends, total
from tracer import PATIENCE_S, binary, step, steps
from traffic import Pair, churn
from truth import ACTIVE, CLIENT

FEW, MANY = 20, 150


def close_waits(space):
    """{pid: sockets in CLOSE_WAIT}, by ss."""
    counts = {}
    for line in space.run("ss", "-Htanp", "state", "close-wait").splitlines():
        for pid in set(re.findall(r"pid=(\d+)", line)):
            counts[int(pid)] = counts.get(int(pid), 0) + 1
    return counts


def time_waits(space):
    return truth.ss_counts(space).get("TIME_WAIT", 0)


def used_ports(space, port=PORT):
    """Of connections towards a port: local ends, by ss."""
    return len({local for _, local, remote in truth.ss(space).values()
                if remote.endswith(f":{port}")})


def reset_connections(client, server, name):
    client(f"for s in {name}: reset_on_close(s); s.close()")
    server(f"for s in {name}: s.close()")


@pytest.fixture
def listening(space, server):
    # a TIME_WAIT is neither taken over by chance nor ended by the answer to a late packet
    space.sysctl(tcp_tw_reuse=0, tcp_rfc1337=1)
    server(f"l = listen('127.0.0.1', {PORT})")
    return server


def test_timewait_after_a_full_ring(make, space, client, listening):
    server, waits = listening, make.timewaits(*losses.TINY, space=space)
    open_connections(client, server, FEW, "old")
    with losses.stopped(waits):
        close_connections(client, server, "old")
        open_connections(client, server, MANY, "new")
        close_connections(client, server, "new")
    refresh, lost = losses.wait_healed(waits)
    assert set(lost) == {"ring_full"}
    assert total(refresh, "sockets") == time_waits(space) == FEW + MANY
    assert all(row["incomplete"] for row in refresh.rows)
    space.run("ss", "-K", "state", "time-wait")
    waits.wait_refresh(lambda refresh: not total(refresh, "sockets"))
    last = waits.end()
    assert total(last, "created") == total(last, "ended") == FEW + MANY
    assert all(row["incomplete"] for row in last.rows if row["created"])


def test_timewait_whose_ends_were_lost(make, space, client, listening):
    server, waits = listening, make.timewaits(*losses.TINY, space=space)
    open_connections(client, server, MANY, "old")
    close_connections(client, server, "old")
    refresh, _ = losses.wait_healed(waits)
    assert total(refresh, "sockets") == time_waits(space) == MANY
    known = len(losses.losses(waits))
    with losses.stopped(waits):
        space.run("ss", "-K", "state", "time-wait")
        open_connections(client, server, FEW, "new")
        close_connections(client, server, "new")
    refresh, _ = losses.wait_healed(waits, known)
    assert total(refresh, "sockets") == time_waits(space) == FEW
    last = waits.end()  # it shows what is gone as well
    assert (total(last, "created"), total(last, "ended")) == (MANY + FEW, MANY)
    assert set(ends(last)) <= {"destroyed", "unknown"}


def test_ports_after_a_full_ring(make, space, client, listening):
    server, ports = listening, make.ports(*losses.TINY, space=space)
    open_connections(client, server, FEW, "old")
    ports.wait_destination("127.0.0.1", condition=lambda row: row["used"] == FEW)
    with losses.stopped(ports):
        reset_connections(client, server, "old")
        open_connections(client, server, MANY, "new")
    refresh, lost = losses.wait_healed(ports)
    assert set(lost) == {"ring_full"}
    [row] = destinations(refresh)
    assert row["used"] == used_ports(space) == MANY
    assert row["by_state"] == {"ESTABLISHED": MANY}
    assert [owner["process"]["pid"] for owner in row["by_owner"]] == [client.pid]


def test_trace_after_a_full_ring(make, space, client, listening):
    """Nothing is told twice, or out of order; what is there after the loss is told on."""
    server, tracer = listening, make.tracer(*losses.TINY, space=space)
    with losses.stopped(tracer):
        open_connections(client, server, MANY, "c")
    assert set(losses.wait_relist(tracer)) == {"ring_full"}
    cookies = client("[cookie(s) for s in c]")
    server_cookies = server("[cookie(s) for s in c]")
    before = losses.last_loss(tracer)["ring_full"]
    client("s = c.pop(); s.close()")
    server("s = c.pop(); drain(s); s.close()")
    [fin] = tracer.wait(lambda all_: [t for t in all_ if step(t) == "ESTABLISHED->FIN_WAIT1"])
    [ack] = tracer.wait(lambda all_: [t for t in all_ if step(t) == "LAST_ACK->CLOSE"])
    assert losses.last_loss(tracer)["ring_full"] == before
    assert fin["cookie"] == cookies[-1] and ack["cookie"] == server_cookies[-1]
    assert fin["owner"]["pid"] == client.pid and ack["owner"]["pid"] == server.pid
    assert (fin["direction"], ack["direction"]) == ("out", "in")
    for cookie in cookies[:-1]:
        told = steps(tracer.transitions(cookie))
        assert told == ["CLOSE->SYN_SENT", "SYN_SENT->ESTABLISHED"][:len(told)]


def test_people_are_told_in_one_line(make, space, client, listening):
    server = listening
    waits = make.timewaits(*losses.TINY, space=space, json_lines=False)
    with losses.stopped(waits):
        open_connections(client, server, MANY, "c")
        close_connections(client, server, "c")
    said = wait_line(waits, rb"  (\d+) sockets in TIME_WAIT  \(something was lost\)")
    assert said
    wait_line(waits, rb"  %d sockets in TIME_WAIT$" % (MANY))
    assert waits.stop() == 0
    [line] = waits.stderr().splitlines()
    assert re.search(r"lost (\d+) records \(ring full \1, skipped 0, map full 0, no memory 0, "
                     r"refused 0\), relists [1-9]", line)


def wait_line(tool, pattern):
    """The first line of text that matches."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        tool.poll()
        found = [line for line in tool.lines if re.search(pattern, line)]
        if found:
            return found[0]
        assert time.monotonic() < deadline, tool.lines
        time.sleep(0.01)


def minisockets(space):
    """How many of those in FIN_WAIT2 no process has, by ss."""
    lines = space.run("ss", "-Htano", "state", "fin-wait-2").splitlines()
    return sum("timer:(timewait," in line for line in lines)


SMALL_MAP = 1024  # the least the tool makes it
OVERFLOW = 200


def test_full_map_of_minisockets(make, space, client, listening):
    """The tool runs in a namespace that allows few, and watches one that allows many. A minisocket
    for which there is no place gets the peer's FIN unseen, until a listing shows it."""
    server, own = listening, make.space()
    own.sysctl(tcp_max_tw_buckets=SMALL_MAP)
    client(MANY_FILES)
    server(MANY_FILES)
    waits = make.timewaits("--hooks", "tracepoint", space=space, prefix=own.enter())
    open_connections(client, server, SMALL_MAP + OVERFLOW, "c")
    client("for s in c: s.close()")
    await_only(space, "LISTEN", "CLOSE_WAIT", "FIN_WAIT2")
    there = minisockets(space)  # not all: where the ACK finds close() at work, a socket remains
    waits.wait_refresh(lambda refresh: total(refresh, "fin_wait2") == there
                       and losses.last_loss(waits)["relists"])
    assert waits.refreshes()[-1].end["incomplete"]  # as long as some cannot be followed
    assert losses.lost(losses.last_loss(waits))["map_full"] >= there - SMALL_MAP > 0
    server("for s in c: s.close()")
    await_only(space, "LISTEN", "TIME_WAIT")
    refresh, lost = losses.wait_healed(waits)
    assert set(lost) == {"map_full"}
    assert total(refresh, "fin_wait2") == minisockets(space) == 0
    assert total(refresh, "sockets") == time_waits(space) == SMALL_MAP + OVERFLOW


def refuse_memory(space):
    """Storage in a socket counts as its option memory, which a namespace can limit (since 6.8)."""
    if not space.run("find", "/proc/sys/net/core", "-name", "optmem_max"):
        pytest.skip("this kernel has no net.core.optmem_max for each network namespace")
    space.run("sysctl", "-q", "-w", "net.core.optmem_max=0")


def test_leaks_needs_no_memory_of_sockets(make, space, client, server):
    """It streams nothing and marks nothing."""
    refuse_memory(space)
    leaks = make.leaks(space=space)
    server("l = listen()")
    client("c = [connect('127.0.0.1', {}) for _ in range({})]".format(server("port(l)"), FEW))
    server(f"s = [accept(l) for _ in range({FEW})]")
    client("for one in c: one.close()")
    row = leaks.wait_row(server.pid, lambda row: row["sockets"] == FEW)
    assert close_waits(space) == {server.pid: FEW}
    assert all(c["direction"] == "in" for c in row["connections"])
    server("s.pop().close()")
    leaks.wait_row(server.pid, lambda row: row["sockets"] == FEW - 1)
    assert leaks.stop() == 0
    assert not losses.lost(losses.last_loss(leaks))


def test_owners_take_no_memory_of_the_kernel(make, space, client, server):
    """Where a socket can have none for anything of its own, who connected is known all the same."""
    refuse_memory(space)
    waits = make.timewaits(space=space)
    server(f"l = listen('127.0.0.1', {PORT})")
    open_connections(client, server, FEW, "c")
    close_connections(client, server, "c")
    row = waits.wait_row(client.pid, lambda row: row["sockets"] == FEW)
    assert (row["owner_by"], row["direction"]) == ("connect", "out")
    open_connections(client, server, FEW, "c")
    close_connections(server, client, "c")
    row = waits.wait_row(server.pid, lambda row: row["sockets"] == FEW)
    assert row["direction"] == "in" and row["owner_by"] in ("listen", "accept", "close", None)
    last = waits.end()
    assert total(last, "sockets") == time_waits(space) == 2 * FEW
    assert not losses.lost(losses.last_loss(waits))


STOPPED = ("--ring-size", "1024")
CHURN = 3000  # twice as much as that ring holds, whatever is streamed


def test_nobody_reads_for_seconds_under_load(make, space, client, listening, load_program):
    server = listening
    waits, ports, tracer, leaks = tools = [
        kind(*STOPPED, space=space) for kind in (make.timewaits, make.ports, make.tracer, make.leaks)]
    open_connections(client, server, FEW, "old")
    with losses.stopped(*tools):
        churn(space, load_program, CHURN)
        open_connections(client, server, FEW, "new")
        client("for s in new: s.close()")
        close_connections(client, server, "old")
        await_only(space, "TIME_WAIT", "LISTEN", "CLOSE_WAIT", "FIN_WAIT2")
    assert set(losses.wait_relist(tracer)) == {"ring_full"}
    refresh, lost = losses.wait_healed(waits)
    assert set(lost) == {"ring_full"}
    assert total(refresh, "sockets") == time_waits(space) > FEW
    assert total(refresh, "fin_wait2") == minisockets(space) == FEW
    refresh, lost = losses.wait_healed(ports)
    assert set(lost) == {"ring_full"}
    row = towards(destinations(refresh), "127.0.0.1")
    assert row["used"] == used_ports(space) == 2 * FEW
    assert row["by_state"] == {"FIN_WAIT2": FEW, "TIME_WAIT": FEW}
    # nothing of this is streamed to leaks
    row = leaks.wait_row(server.pid, lambda row: row["sockets"] == FEW)
    assert close_waits(space) == {server.pid: FEW}
    pair = Pair(client, server, port=PORT + 1)
    pair.client_closes()
    assert steps(tracer.wait_steps(pair.client_cookie, len(CLIENT + ACTIVE))) == CLIENT + ACTIVE


LIMIT = 24 << 20  # of memory: for a small ring, not for a large one
SMALL, LARGE = ("--ring-size", "256"), ("--ring-size", "65536")


class Limited:
    """A new cgroup with a limit of memory."""

    V2, V1 = ("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")

    def __init__(self, path, names):
        self.path, (self.limit, self.usage) = path, (f"{path}/{name}" for name in names)
        self.set(LIMIT)

    def set(self, limit):
        with open(self.limit, "w", encoding="ascii") as file:
            file.write(str(limit))

    def used(self):
        with open(self.usage, encoding="ascii") as file:
            return int(file.read())

    def entering(self):
        """A prefix to a command."""
        return ("sh", "-c", 'echo $$ > "$0"/cgroup.procs && exec "$@"', self.path)

    def leave(self, pid):
        """For its parent; what it has, and its maps, stays charged to this one."""
        with open(f"{os.path.dirname(self.path)}/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write(str(pid))


def memory_cgroup(make):
    """In the hierarchy, v2 or v1, that has memory."""
    mount = truth.cgroup_v2_mount()
    name = "tcpl-loss-" + secrets.token_hex(5)
    try:
        with open(f"{mount}/cgroup.subtree_control", encoding="ascii") as file:
            if "memory" in file.read().split():
                return Limited(make.cgroup(f"{mount}/{name}"), Limited.V2)
    except OSError:
        pass
    if not os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        pytest.skip("no cgroup of the machine limits memory")
    return Limited(make.cgroup(f"/sys/fs/cgroup/memory/{name}"), Limited.V1)


def once_in(cgroup, *arguments):
    """`leaks --once` as a member of the cgroup."""
    return subprocess.run([*cgroup.entering(), binary(), "leaks", "--once", "--json", *arguments],
                          capture_output=True, text=True, timeout=PATIENCE_S)


def test_no_memory_for_the_ring(make, space):
    cgroup = memory_cgroup(make)
    small = once_in(cgroup, "--netns", space.name, *SMALL)
    assert (small.returncode, small.stderr) == (0, "")
    large = once_in(cgroup, "--netns", space.name, *LARGE)
    assert large.returncode == 0
    [line] = large.stderr.splitlines()
    assert "Cannot allocate memory" in line and "--ring-size" in line
    assert "going on without BPF" in line


ROOM = 64 << 10  # what the kernel charges ahead, and more
BEYOND = 1000  # connections: ten times as much


def test_connections_take_no_memory_of_its_cgroup(make, space, client, listening):
    """Nothing is kept for a connection in the kernel: none can be refused it for a limit."""
    server, cgroup = listening, memory_cgroup(make)
    cgroup.set(4 * LIMIT)
    waits = make.timewaits(space=space, prefix=cgroup.entering())
    cgroup.leave(waits.pid)  # which is killed otherwise, as it asks for a page of its own
    limit = cgroup.used() + ROOM
    cgroup.set(limit)
    open_connections(client, server, BEYOND, "c")
    assert cgroup.used() <= limit
    close_connections(client, server, "c")
    row = waits.wait_row(client.pid, lambda row: row["sockets"] == BEYOND)
    assert row["owner_by"] == "connect"
    assert total(waits.end(), "sockets") == time_waits(space) == BEYOND
    assert losses.lost(losses.last_loss(waits)) == {}


RACE = ("--ring-size", "4", "-i", "0.02")  # a listing of the ports at almost each refresh
RELISTS = 2
BURST = 50  # connections, more than the ring holds


@contextlib.contextmanager
def busy(space, load_program):
    """Connections come and go, until the end."""
    stream = subprocess.Popen(space.enter(load_program, "churn", "--interval-ms", "1",
                                          "--duration", "60"), stdout=subprocess.DEVNULL)
    try:
        yield
        stream.send_signal(signal.SIGINT)
        assert stream.wait(PATIENCE_S) == 0
    finally:
        stream.kill()
        stream.wait()


def miss_a_burst(space, tools):
    """Until each has listed again, while connections come and go."""
    seen = [losses.relists(tool) for tool in tools]
    counters, deadline = Counters(space), time.monotonic() + PATIENCE_S
    with losses.stopped(*tools):
        while counters.minisockets() < BURST:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    while any(losses.relists(tool) <= before for tool, before in zip(tools, seen)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_relists_race_with_a_busy_stream(make, space, client, listening, load_program):
    """Of what stays and what goes no row is ever wrong, and at the end all is right."""
    server = listening
    waits, ports, leaks = [kind(*RACE, space=space)
                           for kind in (make.timewaits, make.ports, make.leaks)]
    open_connections(client, server, FEW, "stay")
    open_connections(client, server, FEW, "half")
    client("for s in half: s.close()")
    counters = Counters(space)
    with busy(space, load_program):
        for _ in range(RELISTS):
            miss_a_burst(space, [waits, ports])
    await_only(space, "TIME_WAIT", "LISTEN", "CLOSE_WAIT", "FIN_WAIT2", "ESTABLISHED")
    refresh, lost = losses.wait_healed(waits)
    assert set(lost) == {"ring_full"}
    assert total(refresh, "sockets") == time_waits(space)
    assert total(refresh, "fin_wait2") == minisockets(space)
    ports.wait_refreshes_from_now()
    row = ports.destination("127.0.0.1")
    assert row["used"] == used_ports(space) == 2 * FEW
    assert row["by_state"] == {"ESTABLISHED": FEW, "FIN_WAIT2": FEW}
    leaks.wait_row(server.pid, lambda row: row["sockets"] == FEW)
    made = counters.minisockets() + 2 * FEW
    for row in [row for refresh in waits.refreshes() for row in refresh.rows]:
        check_books(row)
        assert row["sockets"] + row["fin_wait2"] <= made
    for row in [row for refresh in ports.refreshes() for row in destinations(refresh)]:
        check_sums(row)
        assert row["used"] <= made
    for row in [refresh.of(server.pid) for refresh in leaks.refreshes()]:
        assert not row or row["sockets"] <= FEW
    assert {tool.stop() for tool in (waits, ports, leaks)} == {0}
