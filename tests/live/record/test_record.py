# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A recording shows what was shown: byte for byte of the same stream, and what another process saw."""
import json
import os
import signal
import stat
import subprocess

import pytest

import closewait
from recording import DAMAGED, Recorder, shown
from together import VIEWS, Together
from tracer import PATIENCE_S, binary, refused, step, tcplinger
from traffic import Pair, churn


@pytest.fixture(autouse=True)
def bpf():
    if os.geteuid() != 0 or refused():
        pytest.skip(refused() or "needs root")


class Tee(Together):
    """The views in one process, which keeps their stream."""

    views = (*VIEWS, "closing", "opening")

    def tool(self):
        words = super().tool()
        self.recording = os.path.join(self.directory.name, "recording")
        return [*words[:-1], "record=" + self.recording, words[-1]]


def lingers(make, space):
    """Connections of each kind, some of them before the tool begins."""
    server, client = make.actor(space), make.actor(space)
    server("kept = []")
    client("kept = []")
    closewait.leak(space, client, server)
    Pair(client, server).client_closes()
    return server, client


def test_each_view_shows_the_stream_byte_for_byte(make, space, load_program):
    server, client = lingers(make, space)
    tee = make.view(Tee, ("--age", "0.5"), {"space": space})
    churn(space, load_program, 500)
    for make_one, _, _ in closewait.SCENARIOS.values():
        make_one(space, client, server)
    Pair(client, server).server_closes()
    tee.wait_said("leaks", lambda all_: any(o["type"] == "close_wait" and o["verdict"] == "leak"
                                            for o in all_))
    assert tee.stop() == 0
    for view in Tee.views:
        with open(tee.files[view], "rb") as file:
            said = file.read()
        aged = ("--age", "0.5") if view in ("leaks", "closing") else ()
        again = subprocess.run([binary(), view, "-I", tee.recording, "--json", *aged],
                               capture_output=True, timeout=PATIENCE_S, check=True)
        assert said and again.stdout == said, view


def owners(transitions):
    """But of listeners: who of several holders is asked depends on the listings."""
    return {(t["cookie"], step(t)): t["owner"] and t["owner"]["pid"] for t in transitions
            if t["raddr"]}


def test_what_another_process_saw_is_in_the_recording(make, space, load_program):
    lingers(make, space)
    tracer, recorder = make.tracer(space=space), make.view(Recorder, (), {"space": space})
    churn(space, load_program, 300)
    assert (tracer.stop(), recorder.stop()) == (0, 0)
    seen = [o for o in shown(recorder.recording, "trace") if o["type"] == "transition"]
    traced, recorded = owners(tracer.transitions()), owners(seen)
    # each watches by itself: what began or ended while only one of them did aside
    both = traced.keys() & recorded.keys()
    assert len(both) > 300 * 6
    assert [(key, traced[key], recorded[key]) for key in both if traced[key] != recorded[key]] == []


def test_a_recording_is_for_its_owner_alone_and_never_overwritten(space, tmp_path):
    path = tmp_path / "rec"
    record = ("record", "-o", str(path), "--netns", space.name, "-d", "0.2")
    assert tcplinger(*record).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    again = tcplinger(*record)
    assert again.returncode == 2 and str(path) in again.stderr
    assert len(again.stderr.splitlines()) == 1
    assert path.read_bytes() == before


def test_a_pipe_carries_a_recording(space, tmp_path):
    tool = f"{binary()} record -o - --netns {space.name} -d 0.5 -i 0.1 | " \
           f"{binary()} ports -I - --json"
    done = subprocess.run(["sh", "-c", tool], capture_output=True, text=True, timeout=PATIENCE_S)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and done.stderr == ""
    assert [o["type"] for o in objects] == ["refresh"] * (len(objects) - 1) + ["loss"]
    assert [o["seq"] for o in objects[:-1]] == list(range(1, len(objects)))


def test_full_disk_is_1_with_one_line():
    done = tcplinger("record", "-o", "/dev/full", "-d", "1")
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if "not seen" not in line]
    assert "/dev/full" in line and "No space left" in line


@pytest.fixture(scope="module")
def whole(make_module, tmp_path_factory):
    """A recording with some refreshes."""
    path = tmp_path_factory.mktemp("whole") / "rec"
    space = make_module.space()
    lingers(make_module, space)
    assert tcplinger("record", "-o", str(path), "--netns", space.name, "-i", "0.1",
                     "-d", "2").returncode == 0
    return path


def count(objects):
    return sum(o["type"] == "refresh" for o in objects)


def test_what_has_no_end_is_read_up_to_its_last_whole_frame(whole, tmp_path):
    data, cut = whole.read_bytes(), tmp_path / "cut"
    cut.write_bytes(data[:len(data) * 3 // 4])
    done = tcplinger("leaks", "-I", str(cut), "--json")
    assert done.returncode == 0
    [line] = [line for line in done.stderr.splitlines() if str(cut) in line]
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert "T" in line and objects[-1]["type"] == "loss"
    assert count(objects) < count(shown(whole, "leaks"))


def test_damage_ends_it_with_1(whole, tmp_path):
    data, bad = bytearray(whole.read_bytes()), tmp_path / "bad"
    data[len(data) * 3 // 4] ^= 1
    bad.write_bytes(data)
    done = tcplinger("leaks", "-I", str(bad), "--json")
    [line] = [line for line in done.stderr.splitlines() if str(bad) in line]
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and DAMAGED in line
    assert count(objects) < count(shown(whole, "leaks"))


ALIENS = {
    "text": (lambda data: b"a text\n", "no recording"),
    "empty": (lambda data: b"", "no recording"),
    "newer": (lambda data: data[:8] + b"\xff\xff\0\0" + data[12:], "newer"),
    "other-byte-order": (lambda data: data[:12] + data[12:16][::-1] + data[16:], "byte order"),
    "no-header": (lambda data: data[:20], "damaged"),
}


@pytest.mark.parametrize("name", ALIENS)
def test_what_is_no_recording_is_1(whole, tmp_path, name):
    path = tmp_path / "alien"
    change, said = ALIENS[name]
    path.write_bytes(change(whole.read_bytes()))
    done = tcplinger("leaks", "-I", str(path), "--json")
    [line] = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == ""
    assert str(path) in line and said in line


@pytest.mark.parametrize("arguments, value", [
    (["leaks", "-I", "/no/such/file"], "/no/such/file"),
    (["leaks", "-I", "/tmp"], "/tmp"),
    (["leaks", "-I", ""], "--input"),
    (["record", "-o", "/no/such/file"], "/no/such/file"),
    (["record", "-o", "/tmp"], "/tmp"),
    (["record"], "--output"),
    (["record", "-o", "/tmp/x", "--json"], "--json"),
    (["leaks", "-o", "/tmp/x"], "--output"),
    (["record", "-I", "/tmp/x"], "--input"),
], ids=" ".join)
def test_wrong_usage_is_2(arguments, value):
    done = tcplinger(*arguments)
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "") and value in line


@pytest.mark.parametrize("asking", [("--netns", "/proc/self/ns/net"), ("--no-bpf",),
                                    ("--hooks", "auto"), ("--audit",), ("--ring-size", "64")],
                         ids=" ".join)
def test_what_asks_the_host_is_2_beside_a_recording(whole, asking):
    done = tcplinger("leaks", "-I", str(whole), *asking)
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "") and asking[0] in line


def test_a_recording_that_grows_is_read_meanwhile(make, space):
    recorder = make.view(Recorder, (), {"space": space})
    Pair(make.actor(space), make.actor(space))
    recorder.wait_shown("trace", lambda all_: any(
        o["type"] == "transition" and o["new"] == "ESTABLISHED" for o in all_))
    recorder.process.send_signal(signal.SIGKILL)
    recorder.process.wait(PATIENCE_S)
    assert [o for o in shown(recorder.recording, "trace") if o["type"] == "transition"]
