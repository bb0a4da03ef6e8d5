# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`timewait` where something is not allowed, or wrongly asked for; and how it ends."""
import json
import signal
import subprocess

import pytest

import truth
from privileges import anyones_binary, as_nobody, with_capabilities  # noqa: F401
from test_leaks_refusals import WRONG
from timewaits import complaints, ends, once, refreshes, total
from tracer import PATIENCE_S, binary, tcplinger
from traffic import Pair

SAME_AS_LEAKS = ("by", "by-empty", "sort", "sort-empty", "limit-0", "limit-negative", "limit-word",
                 "state", "interval-0", "duration-0", "range-reversed", "netns", "hooks", "stray",
                 "once-with-value")
WRONG_HERE = {
    **{name: WRONG[name] for name in SAME_AS_LEAKS},
    "sort": (["--sort", "unread_bytes"], "unread_bytes", "created_per_s"),
    "state": (["--state", "TIME_WAIT"], "--state", "timewait"),
    "age": (["--age", "5"], "--age", "timewait"),
}


@pytest.mark.parametrize("name", WRONG_HERE)
def test_wrong_usage_is_2_with_one_line_naming_the_value(name):
    arguments, value, accepted = WRONG_HERE[name]
    result = tcplinger("timewait", *arguments)
    assert result.returncode == 2 and result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("tcplinger: ")
    assert value in line and accepted in line


def test_help_lists_every_option_that_it_takes():
    result = tcplinger("timewait", "--help")
    assert result.returncode == 0 and result.stderr == ""
    for option in ("-p, --pid", "-c, --comm", "--cgroup", "--netns", "--lport", "--rport",
                   "--laddr", "--raddr", "-4, --", "-6, --", "--by", "--once", "--limit", "--sort",
                   "-i, --interval", "-d, --duration", "--json", "--hooks", "--no-bpf",
                   "--ready-file", "--color", "-v, --verbose", "-h, --help", "--version"):
        assert option in result.stdout, option
    assert "--state" not in result.stdout and "--age" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def check_goes_on(result, sockets):
    """One line of complaint beside the note of --once, and a view without owners all the same."""
    assert result.returncode == 0, result.stderr
    [line] = [line for line in result.stderr.splitlines() if "owners are known only" not in line]
    assert "without BPF" in line
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    [refresh] = refreshes(objects)
    assert objects[-1]["type"] == "loss"
    assert total(refresh, "sockets") == sockets
    assert {row["process"] for row in refresh.rows} == {None}
    return line


def test_without_capabilities_it_goes_on_without_BPF(anyones_binary, space, client, server):
    Pair(client, server).client_closes()
    result = with_capabilities([], anyones_binary, "timewait", "--once", "--json", inside=space)
    assert "CAP_BPF" in check_goes_on(result, 1)


def test_nobody_goes_on_without_BPF(anyones_binary, space, client, server):
    Pair(client, server).client_closes()
    check_goes_on(as_nobody(anyones_binary, "timewait", "--once", "--json", inside=space), 1)


def test_running_without_privileges_says_so_once(anyones_binary, space, client, server):
    Pair(client, server).client_closes()
    result = as_nobody(anyones_binary, "timewait", "--json", "-i", "0.1", "-d", "0.6",
                       inside=space)
    assert result.returncode == 0
    [line] = result.stderr.splitlines()
    assert "without BPF" in line
    all_ = refreshes([json.loads(line) for line in result.stdout.splitlines()])
    assert len(all_) >= 3
    assert {total(refresh, "sockets") for refresh in all_} == {1}


@pytest.mark.parametrize("form", ["tracepoint", "fentry"])
def test_forced_hooks_without_the_privilege_are_3(anyones_binary, form):
    result = as_nobody(anyones_binary, "timewait", "--hooks", form)
    assert result.returncode == 3 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_forced_fentry_hooks_are_3():
    result = tcplinger("timewait", "-d", "1", "--hooks", "fentry")
    assert result.returncode == 3 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and "fentry" in result.stderr


def test_forced_tracepoint_hooks_work_as_auto(make, space, client, server):
    waits = make.timewaits("--hooks", "tracepoint", space=space)
    Pair(client, server).client_closes()
    waits.wait_row(client.pid, lambda row: row["sockets"] == 1)


def test_without_BPF_what_comes_and_goes_is_counted_from_listings(make, space, client, server):
    """No owners, no reasons: but how many there are is right, and the books balance."""
    Pair(client, server, port=5001).client_closes()
    waits = make.timewaits("--no-bpf", space=space)
    [row] = waits.wait_refresh(lambda refresh: refresh.rows)
    assert (row["sockets"], row["predates"], row["process"]) == (1, 1, None)
    pair = Pair(client, server, port=5002)
    pair.client_closes()
    [new] = waits.wait_refresh(lambda refresh: [r for r in refresh.rows if r["rport"] == 5002])
    assert (new["sockets"], new["predates"], new["created"]) == (1, 0, 1)
    assert (new["process"], new["closed"], new["closed_first"]) == (None, 0, 0)
    space.run("ss", "-K", "state", "time-wait")
    last = waits.wait_refresh(lambda refresh: total(refresh, "ended") == 2 and refresh)
    assert ends(last) == {"unknown": 2} and total(last, "sockets") == 0
    assert waits.stop() == 0 and complaints(waits.stderr()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_with_0_and_a_last_refresh(make, space, source, number):
    waits = make.timewaits(*source, space=space, interval=("-i", "30"))
    assert waits.stop(number) == 0
    assert len(waits.refreshes()) == 2
    assert complaints(waits.stderr()) == []


def test_reader_that_goes_away_ends_it_with_0(space, source):
    process = subprocess.Popen([binary(), "timewait", "--json", "-i", "0.05", "--netns",
                                space.name, *source],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 0
    assert complaints(process.stderr.read().decode()) == []
    process.stderr.close()


def test_full_disk_is_1_with_one_line(space, source):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([binary(), "timewait", "--json", "-d", "5", "--netns", space.name,
                                 *source], stdout=full, stderr=subprocess.PIPE, timeout=20)
    assert result.returncode == 1
    assert len(complaints(result.stderr.decode())) == 1


def test_once_makes_the_ready_file(space, tmp_path, source):
    ready = tmp_path / "ready"
    once(space, "--ready-file", str(ready), *source)
    assert ready.exists()


def test_programs_are_gone_afterwards(make, space):
    waits = make.timewaits(space=space)
    mine = truth.bpf_programs(waits.pid)
    assert mine
    assert waits.stop() == 0
    if not truth.await_bpf_programs_gone(mine):
        pytest.skip("no bpftool")
