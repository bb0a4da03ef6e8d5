# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the views that are refreshed have in common: what they do where something is not allowed, where
their output goes, how they end. Wrong usage: test_refusals.py."""
import json
import signal
import subprocess

import pytest

import closewait
import lingering
import truth
import views
from portsview import PORT, destinations
from privileges import anyones_binary, as_nobody, with_capabilities  # noqa: F401
from timewaits import total
from tracer import PATIENCE_S, binary, refused, tcplinger
from traffic import Pair
from views import complaints, refreshes

LOW, SUPPLY = 20000, 20


class OneLeak:
    command = "leaks"
    once = ("--once", "--age", "0")
    said = "without BPF"
    may_own = True  # without BPF: whose a socket is, /proc tells to those who may look

    @staticmethod
    def begin(space, client, server):
        closewait.stall(space, client, server)

    @staticmethod
    def check(refresh, owner):
        """`owner`: a pid, None where it is not told."""
        [row] = refresh.rows
        assert (row["verdict"], row["sockets"]) == ("stall", 1)
        assert (row["process"] and row["process"]["pid"]) == owner


class OneHalfClosed:
    command = "closing"
    once = ("--once", "--age", "0")
    said = "without BPF"
    may_own = True

    @staticmethod
    def begin(space, client, server):
        lingering.half_closed(space, client, server)

    @staticmethod
    def check(refresh, owner):
        [row] = refresh.rows
        assert (row["verdict"], row["sockets"]) == ("peer_does_not_close", 1)
        assert (row["process"] and row["process"]["pid"]) == owner


class OneThatWaits:
    command = "opening"
    once = ("--once",)
    said = "not counted"
    may_own = True

    @staticmethod
    def begin(space, client, server):
        server("l = listen()")
        lingering.silence(space, server("port(l)"))
        client(f"c = begin('127.0.0.1', {server('port(l)')})")

    @staticmethod
    def check(refresh, owner):
        [row] = [row for row in refresh.rows if row["type"] == "opening"]
        assert row["pending"] == 1
        assert (row["process"] and row["process"]["pid"]) == owner


class OneTimeWait:
    command = "timewait"
    once = ("--once",)
    said = "without BPF"
    may_own = False

    @staticmethod
    def begin(_, client, server):
        Pair(client, server).client_closes()

    @staticmethod
    def check(refresh, owner):
        assert total(refresh, "sockets") == 1
        assert {row["process"] and row["process"]["pid"] for row in refresh.rows} == {owner}


class ThreePorts:
    command = "ports"
    once = ("--once",)
    said = "failed connects are not seen"
    may_own = True

    @staticmethod
    def begin(space, client, server):
        space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}")
        server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")
        client(f"kept = [connect('127.0.0.1', {PORT}) for i in range(3)]")

    @staticmethod
    def check(refresh, owner):
        [row] = destinations(refresh)
        assert (row["used"], row["supply"]) == (3, SUPPLY)
        [held] = row["by_owner"]
        assert held["ports"] == 3
        assert (held["process"] and held["process"]["pid"]) == owner


@pytest.fixture(params=[OneLeak, OneTimeWait, ThreePorts, OneHalfClosed, OneThatWaits], ids=lambda scene: scene.command)
def scene(request):
    return request.param


@pytest.fixture
def begun(scene, space, client, server):
    """The pid of who has what the view shows."""
    scene.begin(space, client, server)
    return server.pid if scene is OneLeak else client.pid


def running(make, scene, *arguments, **options):
    kind = {"leaks": make.leaks, "timewait": make.timewaits, "ports": make.ports,
            "closing": make.closing, "opening": make.opening}[scene.command]
    return kind(*arguments, **options)


def lines_of(result):
    """What is said, but for the note of `timewait --once`, which has no owners in any case."""
    return [line for line in result.stderr.splitlines() if "owners are known only" not in line]


def check_goes_on(scene, result, owner):
    """One line of complaint that says what is not seen, and a view all the same."""
    assert result.returncode == 0, result.stderr
    [line] = lines_of(result)
    assert "without BPF" in line and scene.said in line
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    [refresh] = refreshes(objects)
    assert objects[-1]["type"] == "loss"
    scene.check(refresh, owner)
    return line


@pytest.mark.parametrize("capabilities", [[], ["sys_ptrace"]], ids=["none", "sys_ptrace"])
def test_without_capabilities_it_goes_on_without_BPF(anyones_binary, scene, begun, space,
                                                     capabilities):
    """Whose the sockets are is told to those who may look into other processes."""
    result = with_capabilities(capabilities, anyones_binary, scene.command, *scene.once, "--json",
                               inside=space)
    owner = begun if capabilities and scene.may_own else None
    assert "CAP_BPF" in check_goes_on(scene, result, owner)


def test_nobody_goes_on_without_BPF(anyones_binary, scene, begun, space):
    result = as_nobody(anyones_binary, scene.command, *scene.once, "--json", inside=space)
    check_goes_on(scene, result, None)


def check_refused(result):
    assert result.returncode == 3 and result.stdout == ""
    assert len(lines_of(result)) == 1


@pytest.mark.parametrize("once", [["--once"], []], ids=["once", "running"])
@pytest.mark.parametrize("form", ["tracepoint", "fentry"])
def test_forced_hooks_without_the_privilege_are_3(anyones_binary, scene, form, once):
    check_refused(as_nobody(anyones_binary, scene.command, *once, "--hooks", form))


@pytest.mark.parametrize("once", [["--once"], ["-d", "1"]], ids=["once", "running"])
def test_forced_fentry_hooks_are_3(scene, once):
    result = tcplinger(scene.command, *once, "--hooks", "fentry")
    check_refused(result)
    assert "fentry" in result.stderr


def test_forced_tracepoint_hooks_work_as_auto(make, scene, space, client, server):
    view = running(make, scene, "--hooks", "tracepoint", space=space)
    scene.begin(space, client, server)
    owner = server.pid if scene is OneLeak else client.pid

    def shows(refresh):
        try:
            scene.check(refresh, owner)
        except (AssertionError, ValueError):
            return False
        return True
    view.wait_refresh(shows)


def test_once_with_forced_tracepoint_hooks_works_as_auto(scene, begun, space):
    if refused():
        pytest.skip(refused())
    refresh, _ = views.once(scene.command, space, *scene.once[1:], "--hooks", "tracepoint")
    scene.check(refresh, begun if scene.may_own else None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_with_0_and_a_last_refresh(make, scene, space, source, number):
    view = running(make, scene, *source, space=space, interval=("-i", "30"))
    assert view.stop(number) == 0
    assert len(view.refreshes()) == 2
    assert complaints(view.stderr()) == []


def test_reader_that_goes_away_ends_it_with_0(scene, space, source):
    process = subprocess.Popen([binary(), scene.command, "--json", "-i", "0.05", "--netns",
                                space.name, *source],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 0
    assert complaints(process.stderr.read().decode()) == []
    process.stderr.close()


@pytest.mark.parametrize("how", [["--once"], ["-d", "5"]], ids=["once", "running"])
def test_full_disk_is_1_with_one_line(scene, space, source, how):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([binary(), scene.command, "--json", *how, "--netns", space.name,
                                 *source], stdout=full, stderr=subprocess.PIPE, text=True,
                                timeout=20)
    assert result.returncode == 1
    assert len(complaints("\n".join(lines_of(result)))) == 1


def test_once_makes_the_ready_file(scene, space, tmp_path, source):
    ready = tmp_path / "ready"
    views.once(scene.command, space, "--ready-file", str(ready), *source)
    assert ready.exists()


def test_programs_are_gone_afterwards(make, scene, space):
    view = running(make, scene, space=space)
    mine = truth.bpf_programs(view.pid)
    assert mine
    assert view.stop() == 0
    if not truth.await_bpf_programs_gone(mine):
        pytest.skip("no bpftool")
