# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where the output goes: a full disk, a reader that stalls, one that goes away. Beside what test_exits
and the refusals of each command say of their JSON."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

from tracer import PATIENCE_S, binary, refused
from traffic import churn
from views import complaints

COMMANDS = [("--help",), ("trace", "--help"), ("--version",), (), ("--json",), ("doctor",),
            ("doctor", "--json"), ("leaks", "--once"), ("timewait", "--once"), ("ports", "--once"),
            ("opening", "--once"), ("closing", "--once"), ("diagnose", "-d", "0.1"),
            ("ports", "-d", "5", "--json")]
every_command = pytest.mark.parametrize("arguments", COMMANDS,
                                        ids=lambda words: "_".join(words) or "summary")
BURST = 12000  # connections: ten transitions of 184 bytes each, more than ring and pipe hold


def said(text):
    """Without what a command says before it begins."""
    return [line for line in complaints(text) if "owners are known only for" not in line
            and "not seen: " not in line]


@every_command
def test_full_disk_is_1_with_one_line(arguments):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([binary(), *arguments], stdout=full, stderr=subprocess.PIPE,
                                text=True, timeout=PATIENCE_S)
    assert result.returncode == 1
    assert len(said(result.stderr)) == 1 and "No space left" in said(result.stderr)[0]


@every_command
def test_reader_that_is_gone_already_is_0(arguments):
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        result = subprocess.run([binary(), *arguments], stdout=write_end, stderr=subprocess.PIPE,
                                text=True, timeout=PATIENCE_S)
    finally:
        os.close(write_end)
    assert (result.returncode, said(result.stderr)) == (0, [])


class Stalled:
    """A pipe that nobody reads, until read() is called."""

    def __init__(self, space, *arguments):
        self.ready = f"/tmp/{space.name}.ready"
        self.read_end, write_end = os.pipe()
        self.process = subprocess.Popen([binary(), *arguments, "--netns", space.name,
                                         "--ready-file", self.ready],
                                        stdout=write_end, stderr=subprocess.PIPE, text=True)
        os.close(write_end)

    def __enter__(self):
        self.await_(lambda: os.path.exists(self.ready))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        os.close(self.read_end)
        os.unlink(self.ready)

    def await_(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.01)

    def status(self, key):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(rf"^{key}:\s+(\d+)", file.read(), re.M)[1])

    def waits_for_the_pipe(self):
        with open(f"/proc/{self.process.pid}/syscall", encoding="utf-8") as file:
            return file.read().startswith("1 0x1 ")  # write(1, ...)

    def cpu_ticks(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE_S)
        return status, self.process.stderr.read()


@pytest.fixture(autouse=True)
def bpf():
    if os.geteuid() != 0 or refused():
        pytest.skip(refused() or "needs root")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_stalled_reader_costs_nothing_and_what_is_lost_is_counted(space, load_program, form):
    with Stalled(space, "trace", *form) as stalled:
        churn(space, load_program, BURST)
        stalled.await_(stalled.waits_for_the_pipe)
        before = stalled.cpu_ticks(), stalled.status("VmRSS")
        churn(space, load_program, BURST)
        assert (stalled.cpu_ticks(), stalled.status("VmRSS")) == before
        status, errors = stalled.end()
    assert status == 0
    assert int(re.search(r"ring full (\d+)", errors)[1]) > 0
    assert int(re.search(r"(\d+) bytes were not written", errors)[1]) > 0
    assert len(errors.splitlines()) == 2


def objects_in(path):
    with open(path, "rb") as file:
        whole, _, _ = file.read().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def test_stalled_reader_that_goes_on_is_told_of_the_loss_and_of_its_end(space, load_program,
                                                                        tmp_path):
    """What exists is listed again, once there is room for it."""
    path = tmp_path / "read"
    with Stalled(space, "trace", "--json") as stalled, open(path, "wb") as file:
        churn(space, load_program, BURST)
        stalled.await_(stalled.waits_for_the_pipe)
        churn(space, load_program, BURST)  # what the pipe has no room for fills the ring
        reader = subprocess.Popen(["cat"], stdin=stalled.read_end, stdout=file)
        try:
            stalled.await_(lambda: b'"relists":1' in path.read_bytes())
            status, _ = stalled.end()
        finally:
            reader.kill()
            reader.wait()
    losses = [o for o in objects_in(path) if o["type"] == "loss"]
    assert status == 0
    assert losses[-1]["ring_full"] > 0 and losses[-1]["relists"] >= 1
