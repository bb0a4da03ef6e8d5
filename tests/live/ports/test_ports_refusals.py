# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`ports` where something is not allowed, or wrongly asked for; and how it ends."""
import json
import signal
import subprocess

import pytest

from portsview import PORT, complaints, destinations, once, refreshes
from privileges import anyones_binary, as_nobody, with_capabilities  # noqa: F401
from tracer import binary, refused, tcplinger

LOW, SUPPLY = 20000, 20
WRONG = {
    # arguments, the bad value that the line names, what it says
    "by": (["--by", "comm"], "--by", "its rows are destinations"),
    "age": (["--age", "1"], "--age", "ports"),
    "state": (["--state", "CLOSE_WAIT"], "--state", "ports"),
    "sort": (["--sort", "foo"], "foo", "sustainable_per_s"),
    "sort-of-no-number": (["--sort", "by_state"], "by_state", "used"),
    "limit-0": (["--limit", "0"], "0", "1"),
    "interval-0": (["-i", "0"], "0", "greater than 0"),
    "raddr": (["--raddr", "10.0.0.5:x"], "10.0.0.5:x", "ADDRESS:PORT"),
    "range-reversed": (["--rport", "2-1"], "2-1", "N <= M"),
    "netns": (["--netns", "no-such-ns"], "no-such-ns", "/run/netns"),
    "stray": (["stray"], "stray", "usage"),
}


@pytest.fixture
def held(space, server, client):
    """Three ports of twenty."""
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}")
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")
    client(f"kept = [connect('127.0.0.1', {PORT}) for i in range(3)]")
    return space


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_2_with_one_line_naming_the_value(name):
    arguments, value, said = WRONG[name]
    result = tcplinger("ports", *arguments)
    assert result.returncode == 2 and result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("tcplinger: ") and value in line and said in line


def test_help_has_no_option_that_is_refused():
    result = tcplinger("ports", "--help")
    assert result.returncode == 0 and result.stderr == ""
    for option in ("--by", "--age", "--state"):
        assert option not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def check_goes_on(result, owned):
    """One line of complaint that says what is not seen, and a view all the same."""
    assert result.returncode == 0, result.stderr
    [line] = result.stderr.splitlines()
    assert "without BPF" in line and "failed connects are not seen" in line
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    [refresh] = refreshes(objects)
    [row] = destinations(refresh)
    assert (row["used"], row["supply"], row["free"]) == (3, SUPPLY, SUPPLY - 3)
    [owner] = row["by_owner"]
    assert owner["ports"] == 3 and (owner["process"] is not None) == owned


@pytest.mark.parametrize("capabilities, owned", [([], False), (["sys_ptrace"], True)],
                         ids=["none", "sys_ptrace"])
def test_without_capabilities_it_goes_on_without_BPF(anyones_binary, held, capabilities, owned):
    check_goes_on(with_capabilities(capabilities, anyones_binary, "ports", "--once", "--json",
                                    inside=held), owned)


def test_nobody_goes_on_without_BPF(anyones_binary, held):
    check_goes_on(as_nobody(anyones_binary, "ports", "--once", "--json", inside=held), False)


def test_forced_fentry_hooks_are_3():
    result = tcplinger("ports", "--once", "--hooks", "fentry")
    assert result.returncode == 3 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and "fentry" in result.stderr


def test_forced_tracepoint_hooks_work_as_auto(held):
    if refused():
        pytest.skip(refused())
    assert destinations(once(held, "--hooks", "tracepoint"))[0]["used"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_with_0_and_a_last_refresh(make, space, source, number):
    ports = make.ports(*source, space=space, interval=("-i", "30"))
    assert ports.stop(number) == 0
    assert len(ports.refreshes()) == 2
    assert complaints(ports.stderr()) == []


def test_reader_that_goes_away_ends_it_with_0(space, source):
    process = subprocess.Popen([binary(), "ports", "--json", "-i", "0.05", "--netns", space.name,
                                *source], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) == 0
    assert complaints(process.stderr.read().decode()) == []
    process.stderr.close()
