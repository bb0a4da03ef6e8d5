# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How a trace ends: at once, with its last counters, leaving nothing in the kernel."""
import os
import shutil
import signal
import subprocess
import time

import pytest

import truth
from traffic import Pair
from tracer import binary, refused, tcplinger

PROMPT_S = 10  # far above what it takes, far below what hangs


@pytest.fixture(autouse=True)
def bpf():
    if os.geteuid() != 0 or refused():
        pytest.skip(refused() or "needs root")


def bpftool():
    found = shutil.which("bpftool") or "/usr/sbin/bpftool"
    if not os.path.exists(found):
        pytest.skip("bpftool is not installed")
    return found


def await_unloaded(programs):
    """The kernel frees them a grace period after the last reference."""
    deadline = time.monotonic() + 10
    while programs & truth.bpf_programs_loaded(bpftool()):
        assert time.monotonic() < deadline, f"still loaded: {programs}"
        time.sleep(0.05)


def last_counters(tracer):
    """The one line on stderr."""
    lines = tracer.stderr().splitlines()
    assert len(lines) == 1, lines
    assert "relists" in lines[0] and "transitions shown" in lines[0]
    return lines[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_with_0_at_once_and_the_last_counters(tracer, client, server, number):
    pair = Pair(client, server)
    tracer.wait_steps(pair.client_cookie, 2)
    began = time.monotonic()
    assert tracer.stop(number) == 0
    assert time.monotonic() - began < PROMPT_S
    assert [o["type"] for o in tracer.objects[-2:]] == ["transition", "loss"]
    loss = tracer.objects[-1]
    assert set(loss) == {"type", "time", "ring_full", "skipped", "map_full", "no_memory",
                         "refused", "stacks_dropped", "relists"}
    assert all(isinstance(loss[k], int) for k in set(loss) - {"type", "time"})
    last_counters(tracer)


def test_text_form_ends_with_the_last_counters_on_stderr_only(make, space):
    tracer = make.tracer(space=space, json_lines=False)
    assert tracer.stop() == 0
    assert tracer.lines == []
    assert "0 transitions shown" in last_counters(tracer)


def test_duration_ends_with_0_after_that_time(make, space):
    tracer = make.tracer("-d", "0.5", space=space)
    ready = time.monotonic()
    assert tracer.process.wait(10) == 0
    assert 0.3 <= time.monotonic() - ready <= PROMPT_S
    tracer.poll()
    assert tracer.objects[-1]["type"] == "loss"
    last_counters(tracer)


def test_signal_before_it_is_ready_ends_with_0(space):
    for delay in (0.02, 0.1, 0.2):
        process = subprocess.Popen([binary(), "trace", "--json", "--netns", space.name],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        # before main() has its handlers, the signal's default applies
        assert process.returncode in ((0,) if delay > 0.05 else (0, -signal.SIGTERM))


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_reader_that_goes_away_ends_it_with_0(make, space, client, server, form):
    """tcplinger trace | head -n1"""
    ready = f"/tmp/{space.name}.ready"
    process = subprocess.Popen([binary(), "trace", *form, "--netns", space.name,
                                "--ready-file", ready], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 10
        while not os.path.exists(ready):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server("l = listen()")
        process.stdout.readline()
        process.stdout.close()
        client(f"c = connect('127.0.0.1', {server('port(l)')})")
        assert process.wait(10) == 0
        assert len(process.stderr.read().splitlines()) == 1
    finally:
        process.kill()
        process.wait()
        os.unlink(ready)


def test_full_disk_ends_with_1_and_one_line_that_says_so(space, client, server):
    with open("/dev/full", "w") as full:
        process = subprocess.Popen([binary(), "trace", "--json", "--netns", space.name],
                                   stdout=full, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 10
        while process.poll() is None and time.monotonic() < deadline:
            server("l = listen()")
            time.sleep(0.1)
        assert process.wait(10) == 1
        said = process.stderr.read().splitlines()
        assert len(said) == 1 and "No space left" in said[0]
    finally:
        process.kill()
        process.wait()


def test_closed_stdout_does_not_hang(space, server):
    process = subprocess.Popen(["sh", "-c", f'exec "{binary()}" trace --json --netns {space.name}'
                                ' -d 5 >&-'], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 8
        while process.poll() is None and time.monotonic() < deadline:
            server("l = listen()")
            time.sleep(0.1)
        assert process.wait(5) == 1
    finally:
        process.kill()
        process.wait()


def test_stalled_reader_does_not_keep_it_from_ending(make, space, server):
    """A full pipe that nobody reads: SIGINT still ends it."""
    read_end, write_end = os.pipe()
    ready = f"/tmp/{space.name}.ready"
    process = subprocess.Popen([binary(), "trace", "--json", "--netns", space.name,
                                "--ready-file", ready], stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    try:
        deadline = time.monotonic() + 10
        while not os.path.exists(ready):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server("for i in range(400): listen().close()")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        os.close(read_end)
        os.unlink(ready)


def test_ready_file_that_cannot_be_made_is_2_and_named(space):
    result = tcplinger("trace", "--netns", space.name, "--ready-file", "/nonexistent/ready",
                       "-d", "1")
    assert result.returncode == 2
    assert "/nonexistent/ready" in result.stderr.splitlines()[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_loaded_after(tracer, number):
    programs = truth.bpf_programs(tracer.pid)
    assert len(programs) >= 4
    assert programs <= truth.bpf_programs_loaded(bpftool())
    status = tracer.stop(number)
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    await_unloaded(programs)


def test_nothing_is_pinned(tracer):
    path = "/sys/fs/bpf"
    assert not [name for _, _, names in os.walk(path) for name in names
                if "tcplinger" in name or name in ("owners", "records")]


def test_two_tracers_side_by_side_are_both_complete(make, space, client, server):
    tracers = [make.tracer(space=space) for _ in range(2)]
    pair = Pair(client, server)
    pair.client_closes()
    for tracer in tracers:
        assert len(tracer.wait_steps(pair.client_cookie, 5)) == 5
        assert len(tracer.wait_steps(pair.server_cookie, 4)) == 4
    assert [t.stop() for t in tracers] == [0, 0]
    first, second = ([(t["cookie"], t["old"], t["new"], t["owner"]["pid"], t["owner_by"])
                      for t in tracer.transitions()] for tracer in tracers)
    assert first == second


def test_killed_tracer_does_not_disturb_the_next(make, space, client, server):
    make.tracer(space=space).stop(signal.SIGKILL)
    tracer = make.tracer(space=space)
    pair = Pair(client, server)
    pair.client_closes()
    assert len(tracer.wait_steps(pair.client_cookie, 5)) == 5
