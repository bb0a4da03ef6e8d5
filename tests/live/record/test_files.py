# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The files of a recording: a new one when one is full, each to be read alone; a command's time; a
moment of it; other names in it."""
import ipaddress
import json
import os
import re
import signal
import subprocess
import time

import pytest

import closewait
from recording import Recorder, shown
from tracer import PATIENCE_S, binary, refused, tcplinger
from traffic import Pair, churn

SIZE = 64 << 10


@pytest.fixture(autouse=True)
def bpf():
    if os.geteuid() != 0 or refused():
        pytest.skip(refused() or "needs root")


def files_of(path):
    """From the oldest on."""
    older = sorted((p for p in path.parent.glob(path.name + ".*")),
                   key=lambda p: -int(p.suffix[1:]))
    return [*older, path]


def transitions(path):
    return [o for o in shown(path, "trace") if o["type"] == "transition"]


class Rotating(Recorder):
    def tool(self):
        return [*super().tool(), "--rotate", str(SIZE)]


@pytest.fixture(scope="module")
def rotated(make_module, tmp_path_factory):
    """(files, a recording in one file beside them)"""
    load = os.path.join(os.path.dirname(os.path.abspath(binary())), "tests", "load")
    if not os.access(load, os.X_OK):
        pytest.skip(f"{load} is not built")
    space, kept = make_module.space(), tmp_path_factory.mktemp("rotated")
    one = make_module.view(Recorder, (), {"space": space})
    many = make_module.view(Rotating, (), {"space": space})
    churn(space, load, 3000)
    assert (many.stop(), one.stop()) == (0, 0)
    for name in os.listdir(many.directory.name):
        if name.startswith("recording"):
            os.rename(os.path.join(many.directory.name, name), kept / name)
    os.rename(one.recording, kept / "one")
    return files_of(kept / "recording"), kept / "one"


def test_files_are_no_larger_and_have_each_transition_once(rotated):
    files, one = rotated
    assert len(files) > 2
    assert all(path.stat().st_size <= SIZE and path.stat().st_mode & 0o777 == 0o600
               for path in files)
    seen = [(t["cookie"], t["old"], t["new"]) for path in files for t in transitions(path)]
    assert len(seen) == len(set(seen))
    other = {(t["cookie"], t["old"], t["new"]) for t in transitions(one)}
    assert len(set(seen) & other) >= 3000 * 9


def test_each_file_knows_what_came_before(rotated):
    """Who made a TIME_WAIT is in no table of the kernel's."""
    files, one = rotated
    last = [o for o in shown(files[-1], "timewait") if o["type"] == "time_wait" and o["sockets"]]
    whole = [o for o in shown(one, "timewait") if o["type"] == "time_wait" and o["sockets"]]

    def owners(rows):
        return {(r["process"]["pid"], r["process"]["comm"]) for r in rows if r["process"]}

    assert owners(last) and owners(last) == owners(whole)


def test_a_file_that_exists_becomes_the_first(space, tmp_path):
    path = tmp_path / "rec"
    path.write_text("old")
    done = tcplinger("record", "-o", str(path), "--rotate", "1M", "-d", "0.2",
                     "--netns", space.name)
    assert done.returncode == 0
    assert (tmp_path / "rec.1").read_text() == "old"
    assert shown(path, "leaks")


def test_old_files_are_deleted(make, space, tmp_path):
    old, young, path = tmp_path / "rec.2", tmp_path / "rec.1", tmp_path / "rec"
    for file in (old, young):
        file.write_text("x")
    os.utime(old, (time.time() - 100, time.time() - 100))
    process = subprocess.Popen([binary(), "record", "-o", str(path), "--rotate", "1M",
                                "--retain", "60", "--netns", space.name])
    deadline = time.monotonic() + PATIENCE_S
    while old.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    assert young.exists() and path.exists()


@pytest.mark.parametrize("words, status", [
    (("true",), 0),
    (("sh", "-c", "exit 7"), 7),
    (("sh", "-c", "kill -TERM $$"), 128 + signal.SIGTERM),
    (("/no/such/command",), 127),
], ids=lambda value: "_".join(value) if isinstance(value, tuple) else str(value))
def test_a_commands_status(space, tmp_path, words, status):
    path = tmp_path / "rec"
    done = tcplinger("record", "-o", str(path), "--netns", space.name, "--", *words)
    assert done.returncode == status
    assert shown(path, "leaks")[-1]["type"] == "loss"


def test_a_command_has_what_its_caller_has(space, tmp_path):
    """Neither the seccomp filter nor the capabilities that are left; all of it is recorded."""
    status = r"grep -E '^(CapEff|CapBnd|Seccomp|NoNewPrivs)' /proc/self/status"
    here = subprocess.run(["sh", "-c", status], capture_output=True, text=True, check=True)
    done = tcplinger("record", "-o", str(tmp_path / "rec"), "--netns", space.name, "--",
                     "sh", "-c", status)
    assert done.stdout == here.stdout


def test_a_command_is_watched_from_its_beginning(make, space, tmp_path):
    path = tmp_path / "rec"
    connect = "import socket; l = socket.create_server(('127.0.0.1', 0)); " \
              "c = socket.create_connection(l.getsockname()); print(c.getsockname()[1])"
    done = subprocess.run(space.enter(binary(), "record", "-o", str(path), "--",
                                      "/usr/bin/python3", "-c", connect),
                          capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0
    steps = [(t["old"], t["new"]) for t in transitions(path) if t["lport"] == int(done.stdout)]
    assert ("SYN_SENT", "ESTABLISHED") in steps


@pytest.fixture(scope="module")
def moments(make_module, tmp_path_factory):
    """A recording: at its end there is one CLOSE_WAIT more than at its beginning."""
    path = tmp_path_factory.mktemp("moments") / "rec"
    space = make_module.space()
    server, client = make_module.actor(space), make_module.actor(space)
    recorder = make_module.view(Recorder, (), {"space": space})
    recorder.wait_shown("leaks", lambda all_: any(o["type"] == "refresh" for o in all_))
    closewait.leak(space, client, server)
    recorder.wait_shown("leaks", lambda all_: any(o["type"] == "close_wait" for o in all_))
    assert recorder.stop() == 0
    os.rename(recorder.recording, path)
    return path


def test_at_a_moment_there_is_what_there_was_then(moments):
    times = [o["time"] for o in shown(moments, "leaks") if o["type"] == "refresh"]
    for at, count in (("+0", 0), (times[0], 0), (times[-1], 1)):
        objects = shown(moments, "leaks", "--at", at)
        assert [o["type"] for o in objects] == ["close_wait"] * count + ["refresh", "loss"]
        assert at == "+0" or objects[-2]["time"] == at


@pytest.mark.parametrize("at", ["+100000", "2001-01-01T00:00:00Z", "2101-01-01T00:00:00Z"])
def test_a_moment_outside_is_2_and_the_span_is_named(moments, at):
    done = tcplinger("leaks", "-I", str(moments), "--at", at, "--json")
    [line] = done.stderr.splitlines()
    times = [o["time"] for o in shown(moments, "leaks") if o["type"] == "refresh"]
    begin, end = re.findall(r"\d{4}-\S+Z", line)[-2:]
    assert (done.returncode, done.stdout) == (2, "")
    assert begin <= times[0] and times[-1] <= end


@pytest.mark.parametrize("arguments, value", [
    (("leaks", "--at", "+1"), "--at"),
    (("leaks", "-I", "/tmp/x", "--at", "yesterday"), "yesterday"),
    (("record", "-o", "/tmp/x", "--rotate", "0"), "--rotate"),
    (("record", "-o", "-", "--rotate", "1M"), "--rotate"),
    (("record", "-o", "/tmp/x", "--retain", "5"), "--retain"),
    (("record", "-o", "/tmp/x", "true"), "true"),
    (("leaks", "--", "true"), "true"),
], ids=" ".join)
def test_wrong_usage_is_2(arguments, value):
    done = tcplinger(*arguments)
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "") and value in line


def test_anonymous_recordings_have_other_addresses_and_names(make, space, tmp_path):
    path = tmp_path / "rec"
    space.run("ip", "address", "add", "10.77.1.1/32", "dev", "lo")
    server, client = make.actor(space), make.actor(space)
    pair = Pair(client, server, "10.77.1.1")
    client("kept = [c]")
    server("kept = [l, s]")
    done = tcplinger("record", "-o", str(path), "--anonymize", "--netns", space.name, "--",
                     "ip", "netns", "exec", space.name, "true")
    assert done.returncode == 0
    text = json.dumps(shown(path, "ports"))
    assert "10.77.1.1" not in text and os.uname().nodename not in text
    [row] = [o for o in shown(path, "ports") if o["type"] == "ports"
             and o["rport"] == pair.port][-1:]
    assert not ipaddress.ip_address(row["raddr"]).is_loopback
    [owner] = row["by_owner"]
    assert owner["process"]["pid"] == client.pid
    assert owner["process"]["exe"] != os.readlink(f"/proc/{client.pid}/exe")
