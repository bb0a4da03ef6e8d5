# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`leaks` where something is not allowed, or wrongly asked for; and how it ends."""
import json
import re
import signal
import subprocess

import pytest

import closewait
import truth
from leaksview import complaints, once, refreshes
from privileges import anyones_binary, as_nobody, with_capabilities  # noqa: F401
from tracer import binary, refused, tcplinger

WRONG = {
    # arguments, the bad value that the line names, what it says is accepted
    "age-word": (["--age", "x"], "x", "0"),
    "age-negative": (["--age", "-1"], "-1", "0"),
    "age-nan": (["--age", "nan"], "nan", "0"),
    "age-unit": (["--age", "5s"], "5s", "0"),
    "by": (["--by", "foo"], "foo", "pid, comm, exe, cgroup or container"),
    "by-empty": (["--by", ""], "--by", "container"),
    "sort": (["--sort", "foo"], "foo", "unread_bytes"),
    "sort-of-no-number": (["--sort", "verdict"], "verdict", "sockets"),
    "sort-empty": (["--sort", ""], "--sort", "sockets"),
    "limit-0": (["--limit", "0"], "0", "1"),
    "limit-negative": (["--limit", "-3"], "-3", "1"),
    "limit-word": (["--limit", "ten"], "ten", "1"),
    "state": (["--state", "CLOSE_WAIT"], "--state", "leaks"),
    "interval-0": (["-i", "0"], "0", "greater than 0"),
    "duration-0": (["-d", "0"], "0", "greater than 0"),
    "range-reversed": (["--lport", "2-1"], "2-1", "N <= M"),
    "netns": (["--netns", "no-such-ns"], "no-such-ns", "/run/netns"),
    "hooks": (["--hooks", "kprobe"], "kprobe", "tracepoint"),
    "stray": (["stray"], "stray", "usage"),
    "once-with-value": (["--once=1"], "--once", "no argument"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_2_with_one_line_naming_the_value(name):
    arguments, value, accepted = WRONG[name]
    result = tcplinger("leaks", *arguments)
    assert result.returncode == 2 and result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("tcplinger: ")
    assert value in lines[0] and accepted in lines[0]


def test_help_lists_every_option_that_it_takes():
    result = tcplinger("leaks", "--help")
    assert result.returncode == 0 and result.stderr == ""
    for option in ("-p, --pid", "-c, --comm", "--cgroup", "--netns", "--lport", "--rport",
                   "--laddr", "--raddr", "-4, --", "-6, --", "--by", "--once", "--limit", "--sort",
                   "--age", "-i, --interval", "-d, --duration", "--json", "--hooks", "--no-bpf",
                   "--ready-file", "--color", "-v, --verbose", "-h, --help", "--version"):
        assert option in result.stdout, option
    assert "--state" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def check_goes_on(result):
    """One line of complaint, and a view all the same."""
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert "without BPF" in lines[0]
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    [refresh] = refreshes(objects)
    assert objects[-1]["type"] == "loss"
    return refresh, lines[0]


@pytest.mark.parametrize("capabilities, told", [([], False), (["sys_ptrace"], True)],
                         ids=["none", "sys_ptrace"])
def test_without_capabilities_it_goes_on_without_BPF(anyones_binary, space, client, server,
                                                     capabilities, told):
    """Whose the sockets are is told to those who may look into other processes."""
    closewait.stall(space, client, server)
    result = with_capabilities(capabilities, anyones_binary, "leaks", "--once", "--json",
                               inside=space)
    refresh, line = check_goes_on(result)
    assert "CAP_BPF" in line
    [row] = refresh.rows
    assert row["verdict"] == "stall"
    assert row["process"] is None or told
    if told:
        assert row["process"]["pid"] == server.pid


def test_nobody_sees_its_own_and_the_others_without_owner(anyones_binary, make, space, client):
    other, own = make.actor(space), make.actor(space)
    own("os.setgroups([]); os.setgid(65534); os.setuid(65534)")
    # a process that changed its user may not be looked into until it executes something
    own("libc.prctl(4, 1, 0, 0, 0)")
    closewait.stall(space, client, other)
    closewait.stall(space, client, own)
    result = as_nobody(anyones_binary, "leaks", "--once", "--json", "--no-bpf", inside=space)
    assert result.returncode == 0
    # and other namespaces, where it knows of them by names that somebody else gave them
    assert re.fullmatch(r"tcplinger: not seen: (\d+ other network namespaces \(CAP_SYS_ADMIN\), )?"
                        r"owners of [^\n]* \(CAP_SYS_PTRACE\), [^\n]*\n", result.stderr)
    [refresh] = refreshes([json.loads(line) for line in result.stdout.splitlines()])
    assert {row["process"] and row["process"]["pid"] for row in refresh.rows} == {own.pid, None}
    [nobodys] = [row for row in refresh.rows if not row["process"]]
    assert nobodys["verdict"] == "stall" and nobodys["sockets"] == 1
    assert nobodys["fds"] is None and nobodys["connections"][0]["holders"] == []
    mine = refresh.of(own.pid)
    assert mine["verdict"] == "stall" and mine["fds"] is not None
    assert mine["connections"][0]["holders"][0]["pid"] == own.pid


def test_nobody_goes_on_without_BPF(anyones_binary, space, client, server):
    closewait.leak(space, client, server)
    result = as_nobody(anyones_binary, "leaks", "--once", "--json", inside=space)
    refresh, _ = check_goes_on(result)
    assert [row["process"] for row in refresh.rows] == [None]


@pytest.mark.parametrize("form", ["tracepoint", "fentry"])
def test_forced_hooks_without_the_privilege_are_3(anyones_binary, form):
    result = as_nobody(anyones_binary, "leaks", "--once", "--hooks", form)
    assert result.returncode == 3 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_forced_fentry_hooks_are_3():
    result = tcplinger("leaks", "--once", "--hooks", "fentry")
    assert result.returncode == 3 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and "fentry" in result.stderr


def test_forced_tracepoint_hooks_work_as_auto(space):
    if refused():
        pytest.skip(refused())
    assert once(space, "--hooks", "tracepoint").rows == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_with_0_and_a_last_refresh(make, space, source, number):
    leaks = make.leaks(*source, space=space, interval=("-i", "30"))
    assert leaks.stop(number) == 0
    assert len(leaks.refreshes()) == 2
    assert complaints(leaks.stderr()) == []


def test_reader_that_goes_away_ends_it_with_0(space, source):
    process = subprocess.Popen([binary(), "leaks", "--json", "-i", "0.05", "--netns", space.name,
                                *source], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) == 0
    assert complaints(process.stderr.read().decode()) == []
    process.stderr.close()


def test_full_disk_is_1_with_one_line(space, source):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([binary(), "leaks", "--json", "--once", "--netns", space.name,
                                 *source], stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert result.returncode == 1
    assert len(complaints(result.stderr.decode())) == 1


def test_once_makes_the_ready_file(space, tmp_path, source):
    ready = tmp_path / "ready"
    once(space, "--ready-file", str(ready), *source)
    assert ready.exists()


def test_programs_are_gone_afterwards(make, space):
    leaks = make.leaks(space=space)
    mine = truth.bpf_programs(leaks.pid)
    assert mine
    assert leaks.stop() == 0
    if not truth.await_bpf_programs_gone(mine):
        pytest.skip("no bpftool")
