# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""CLOSE_WAIT: each reason for real, what is advised, and that it is silent once that was done."""
import os
import resource
import signal

import pytest

import lingering
from closewait import UNREAD, await_close_wait
from diagnosis import diagnose, is_place
from servers import await_state, wait_for

AGE = ("--age", "0.2")
DEAD_S = 3.5  # so long is a descriptor watched before it is called dead
LEAKED, DEAD = 5, 4


class Scene:
    """Actors by name; each has a listener of its own to be connected to, `l`."""

    def __init__(self, make, space):
        self.make, self.space, self.actors = make, space, {}

    def __getitem__(self, name):
        if name not in self.actors:
            self.actors[name] = self.make.actor(self.space, comm=name.encode())
            self.actors[name]("kept = []")
        return self.actors[name]

    def pairs(self, client, server, count, backlog=128):
        """So many connections; both ends are in `kept` of their actors."""
        self[server](f"l = listen(backlog={backlog})")
        port = self[server]("port(l)")
        self[client](f"kept += [connect('127.0.0.1', {port}) for _ in range({count})]")
        self[server](f"kept += [accept(l) for _ in range({count})]")
        return port

    def await_close_waits(self, name):
        for cookie in self[name]("[cookie(s) for s in kept]"):
            await_close_wait(self.space, cookie)


@pytest.fixture
def scene(make, space):
    return Scene(make, space)


def close(actor):
    actor("for s in kept: s.close()")
    actor("kept = []")


def leak(scene):
    """A client that reads the end of file, and forgets."""
    port = scene.pairs("leaker", "far", LEAKED)
    close(scene["far"])
    scene["leaker"]("for s in kept: drain(s)")
    return port


def die(scene):
    """What the server resets leaves descriptors."""
    scene.pairs("holder", "resetter", DEAD)
    scene["resetter"]("for s in kept: reset_on_close(s)")
    close(scene["resetter"])
    wait_for(lambda: not scene.space.run("ss", "-Htn", "sport", "=", scene["holder"](
        "str(port(kept[0]))")), "the resets")


def test_reasons(scene, space):
    leaked_to = leak(scene)
    die(scene)
    scene.pairs("speaker", "staller", 2)
    scene["speaker"](f"for s in kept: s.sendall(bytes({UNREAD})); s.shutdown(socket.SHUT_WR)")
    scene.pairs("goer", "stopped", 1)
    scene["goer"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    scene.pairs("leaver", "sleeper", 3)
    scene["leaver"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    pool_to = scene.pairs("pool", "server", 2)
    scene["server"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    scene["refuser"]("l = listen(backlog=8)")
    queue_at = scene["refuser"]("port(l)")
    scene["impatient"](f"kept += [connect('127.0.0.1', {queue_at}) for _ in range(3)]")
    scene["impatient"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    for name in ("leaker", "staller", "stopped", "sleeper", "pool"):
        scene.await_close_waits(name)
    os.kill(scene["stopped"].pid, signal.SIGSTOP)
    await_state(scene["stopped"].pid, "T")

    found = diagnose(space, *AGE, seconds=DEAD_S)
    check_reasons(found, scene, leaked_to, pool_to, queue_at)

    os.kill(scene["stopped"].pid, signal.SIGCONT)
    scene["refuser"]("kept += [accept(l) for _ in range(3)]")
    for name in list(scene.actors):
        close(scene[name])
    found = diagnose(space, *AGE, seconds=DEAD_S)
    assert found.rules() <= {"listener_in_range"}, found.advice


def check_reasons(found, scene, leaked_to, pool_to, queue_at):
    leaked = found.one("close_wait_leak", "warning")
    evidence = leaked["evidence"]
    assert leaked["about"]["process"]["pid"] == scene["leaker"].pid
    assert (evidence["cause"], evidence["sockets"]) == ("drained", LEAKED)
    assert is_place(evidence["place"], direction="out", raddr="127.0.0.1", rport=leaked_to)
    assert evidence["fds"] == len(os.listdir(f"/proc/{scene['leaker'].pid}/fd"))
    assert evidence["fd_limit"] == resource.prlimit(scene["leaker"].pid, resource.RLIMIT_NOFILE)[0]
    assert evidence["fds_exhausted_in_s"] is None and evidence["growth_per_s"] in (None, 0)
    assert "close()" in leaked["helps"][0] and "sysctl" in leaked["does_not_help"][0]

    assert found.evidence("dead_descriptors", "warning")["dead"] == DEAD
    assert found.one("dead_descriptors")["about"]["process"]["pid"] == scene["holder"].pid
    assert found.evidence("close_wait_stall", "warning")["unread_bytes"] == 2 * UNREAD
    stopped = found.evidence("close_wait_stopped", "warning")
    assert (stopped["sockets"], stopped["stopped"], stopped["tracer"], stopped["frozen"]) == \
        (1, True, None, False)
    assert found.evidence("close_wait_not_reading", "warning")["sockets"] == 3
    backlog = found.one("close_wait_backlog", "warning")
    assert (backlog["evidence"]["queue"], backlog["evidence"]["queue_limit"]) == (3, 8)
    assert backlog["evidence"]["listener"]["lport"] == queue_at
    assert backlog["about"]["process"]["pid"] == scene["refuser"].pid
    pool = found.evidence("idle_pool", "info")
    assert pool["sockets"] == 2 and pool["place"]["rport"] == pool_to
    assert found.grave() == {"close_wait_leak", "dead_descriptors", "close_wait_stall",
                             "close_wait_stopped", "close_wait_not_reading", "close_wait_backlog"}


FORGET = """
while True:
    kept.append(connect('127.0.0.1', {port}))
    time.sleep(0.05)
"""


def test_a_leak_that_takes_the_last_descriptor_within_the_hour(scene, space):
    """Whom nobody waits for. The forecast is part of the leak: one cause, one finding."""
    scene["closer"]("l = listen()")
    port = scene["closer"]("port(l)")
    scene["closer"].start("while True: accept(l).close()")
    leaker, limit = scene["leaker"], 4000
    resource.prlimit(leaker.pid, resource.RLIMIT_NOFILE, (limit, limit))
    leaker.start(FORGET.format(port=port))
    found = diagnose(space, *AGE, seconds=4)
    advice = found.one("close_wait_leak", "critical")
    evidence = advice["evidence"]
    assert advice["about"]["process"]["pid"] == leaker.pid and evidence["cause"] == "growing"
    assert evidence["fd_limit"] == limit and 5 < evidence["growth_per_s"] < 25
    left = (limit - evidence["fds"]) / evidence["growth_per_s"]
    assert 0.5 * left < evidence["fds_exhausted_in_s"] < 2 * left
    assert 16 <= sum(span["count"] for span in evidence["began"]) <= evidence["sockets"]
    assert "descriptor_limit" not in found.rules()
    leaker.kill()  # a restart frees them
    found = diagnose(space, *AGE)
    assert not found.rules() & {"close_wait_leak", "descriptor_limit"}, found.advice


def test_descriptors_run_short_for_another_reason(scene, space):
    scene.pairs("pool", "server", 1)
    scene["server"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    scene.await_close_waits("pool")
    pool = scene["pool"]
    pool("files = [os.dup(0) for _ in range(60)]")
    fds = len(os.listdir(f"/proc/{pool.pid}/fd"))
    resource.prlimit(pool.pid, resource.RLIMIT_NOFILE, (fds * 10 // 8, 4096))
    evidence = diagnose(space, *AGE).evidence("descriptor_limit", "warning")
    assert (evidence["fds"], evidence["fd_limit"]) == (fds, fds * 10 // 8)
    resource.prlimit(pool.pid, resource.RLIMIT_NOFILE, (4096, 4096))
    assert "descriptor_limit" not in diagnose(space, *AGE).rules()


def test_a_relay_is_not_the_one_to_blame(scene, space):
    """It has passed the end on; the process behind it has not looked."""
    front = scene.pairs("client", "relay", 3)
    scene["behind"]("l = listen()")
    port = scene["behind"]("port(l)")
    scene["relay"](f"on = [connect('127.0.0.1', {port}) for _ in range(3)]")
    scene["behind"]("kept += [accept(l) for _ in range(3)]")
    scene["client"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    scene["relay"]("for s in kept: drain(s)")
    scene["relay"]("for s in on: s.shutdown(socket.SHUT_WR)")
    scene.await_close_waits("behind")
    found = diagnose(space, *AGE)
    relay = found.one("close_wait_relay", "info")
    assert relay["about"]["process"]["pid"] == scene["relay"].pid
    assert relay["evidence"]["sockets"] == 3
    [holder] = relay["evidence"]["peer"]["holders"]
    assert holder["pid"] == scene["behind"].pid
    blamed = found.one("close_wait_not_reading", "warning")
    assert blamed["about"]["process"]["pid"] == scene["behind"].pid
    assert is_place(blamed["evidence"]["place"], direction="in", lport=port)
    assert found.grave() == {"close_wait_not_reading"} and front != port
    for name in ("behind", "relay", "client"):
        close(scene[name])
    scene["relay"]("for s in on: s.close()")
    assert diagnose(space, *AGE).rules() <= {"listener_in_range"}


def test_many_for_no_single_reason(scene, space):
    scene.pairs("leaver", "server", 120)
    scene["leaver"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    scene["server"]("for s in kept[:60]: drain(s)")
    scene.await_close_waits("server")
    found = diagnose(space, *AGE)
    evidence = found.evidence("close_wait_other", "warning")
    assert evidence["sockets"] == 120 and found.grave() == {"close_wait_other"}
    close(scene["server"])
    assert found.one("close_wait_other")["about"]["process"]["pid"] == scene["server"].pid
    assert "close_wait_other" not in diagnose(space, *AGE).rules()


def test_nobody_answers_the_end(scene, space):
    """Three FINs are sent again and again: the way to the peer is gone, and comes back."""
    port = scene.pairs("closer", "peer", 3)
    lingering.silence(space, port)
    scene["closer"]("for s in kept: s.shutdown(socket.SHUT_WR)")
    wait_for(lambda: space.run("ss", "-Htnoi", "state", "fin-wait-1").count("retrans:") == 3,
             "all three to be sent again")
    found = diagnose(space, *AGE, seconds=2.5)
    advice = found.one("last_ack_silent", "info")
    assert advice["about"]["process"]["pid"] == scene["closer"].pid
    assert advice["evidence"]["retransmits"] >= 1
    assert is_place(advice["evidence"]["place"], direction="out", raddr="127.0.0.1", rport=port)
    assert found.grave() == set()
    lingering.nft(space, "delete table inet silence")
    lingering.await_state(space, "fin-wait-1", 0)
    close(scene["peer"])
    assert "last_ack_silent" not in diagnose(space, *AGE).rules()
