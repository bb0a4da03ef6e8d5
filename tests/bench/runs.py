# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The parts of a run: a namespace, a load in it, a tracer beside it."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from tracers import BenchError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import usage  # noqa: E402

READY_TIMEOUT = 15
STOP_TIMEOUT = 15
DRAIN_TIMEOUT = 10
TIME_WAITS_GONE_TIMEOUT = 10
PROGRAM = "program "  # begins the key of what each program took
BPF_STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")


def wait_until(condition, timeout, step=0.02):
    """True as soon as the condition holds, False when the time is over."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def stop_process(process, number):
    """Asks, then insists. Returns True if asking was enough."""
    for attempt in (number, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(attempt)
        try:
            process.wait(STOP_TIMEOUT)
            return attempt == number
        except subprocess.TimeoutExpired:
            continue
    return False


def time_wait_objects():
    """How many minisockets the kernel keeps, about; None where it does not tell."""
    try:
        lines = pathlib.Path("/proc/slabinfo").read_text().splitlines()
    except OSError:
        return None
    counts = [int(line.split()[1]) for line in lines if line.startswith("tw_sock_TCP")]
    return sum(counts) if counts else None


class Namespace:
    """A network namespace with loopback up, alive as long as a process that sleeps in it."""

    # Its own limit of TIME_WAITs: a long run must not spill over into another path of the kernel.
    SETUP = ("ip link set lo up && echo 1048576 >/proc/sys/net/ipv4/tcp_max_tw_buckets && "
             "{ [ -z \"$1\" ] || echo \"$1\" >/proc/sys/net/ipv4/ip_local_port_range; } && "
             "echo up && exec sleep 900")

    def __init__(self, port_range=None):
        self.port_range = " ".join(map(str, port_range or ()))

    def __enter__(self):
        self.time_waits_before = time_wait_objects()
        self.holder = subprocess.Popen(("unshare", "--net", "sh", "-c", self.SETUP, "sh", self.port_range),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "up\n":
            self.holder.kill()
            raise BenchError("cannot make a network namespace")
        self.path = f"/proc/{self.holder.pid}/ns/net"
        self.inode = os.stat(self.path).st_ino
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        wait_until(self.time_waits_gone, TIME_WAITS_GONE_TIMEOUT)

    def time_waits_gone(self):
        """The namespace's end is work in the background, which must not slow the next run."""
        now = time_wait_objects()
        return now is None or now < self.time_waits_before + 2000

    def run(self, arguments, on_phase):
        """Runs a load, which ends by itself, and returns the object that it prints.

        on_phase is called with "begin" and "end" around what is measured: when the load announces
        it, otherwise around the whole.
        """
        result = None
        announces = "--announce" in arguments
        if not announces:
            on_phase("begin")
        with subprocess.Popen(("nsenter", f"--net={self.path}", *arguments),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as load:
            try:
                for line in load.stdout:
                    if line.startswith(b"{"):
                        result = json.loads(line)
                    else:
                        on_phase(line.decode().strip())
            except BaseException:
                stop_process(load, signal.SIGTERM)
                raise
        if load.returncode or not result:
            raise BenchError(f"the load failed, status {load.returncode}")
        if not announces:
            on_phase("end")
        return result


class BpfStats:
    """Run times of BPF programs are counted inside, and only there: counting has a cost."""

    def __enter__(self):
        self.before = BPF_STATS.read_text()
        BPF_STATS.write_text("1")

    def __exit__(self, *_):
        BPF_STATS.write_text(self.before)


def read_programs(ids):
    """What the kernel knows of these BPF programs."""
    if not ids:
        return []
    shown = subprocess.run(("bpftool", "prog", "show", "--json"), capture_output=True, text=True,
                           env={**os.environ, "PATH": search_path()})
    if shown.returncode:
        raise BenchError(f"bpftool: {shown.stderr.strip()}")
    return [program for program in json.loads(shown.stdout) if program["id"] in ids]


def search_path():
    """Tools of the administrator are not in everyone's PATH."""
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


class Running:
    """A tracer at work, its output in files of its own."""

    def __init__(self, tracer, command, folder):
        self.tracer = tracer
        self.ready_file = folder / "ready"
        self.output_path = folder / "output" if tracer.keep_output else pathlib.Path(os.devnull)
        self.stderr_path = folder / "stderr"
        self.command = [part.replace("{ready}", str(self.ready_file)) for part in command]

    def __enter__(self):
        self.ready_file.unlink(missing_ok=True)
        command = self.command
        if self.tracer.needs_tracefs and not os.path.isdir("/sys/kernel/tracing/events"):
            # In a mount namespace of its own: the host stays as it is.
            command = ("unshare", "--mount", "sh", "-c",
                       'mount -t tracefs tracefs /sys/kernel/tracing && exec "$0" "$@"', *command)
        with open(self.output_path, "wb") as output, open(self.stderr_path, "wb") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=errors)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        if self.tracer.keep_output:
            self.output_path.unlink()  # hundreds of megabytes, maybe in memory

    def wait_ready(self):
        ready = {"file": self.ready_file.exists,
                 "output": lambda: self.output_path.stat().st_size > 0,
                 "link": self.has_link,
                 "start": lambda: True}[self.tracer.ready]
        if not wait_until(lambda: self.process.poll() is not None or ready(), READY_TIMEOUT):
            raise BenchError(f"not ready after {READY_TIMEOUT} s: {self.last_words()}")
        self.check_alive()
        time.sleep(0.3)  # "link" is the first link, not the last

    def check_alive(self):
        if self.process.poll() is not None:
            raise BenchError(f"exit status {self.process.returncode}: {self.last_words()}")

    def stop(self):
        return stop_process(self.process, self.tracer.stop)

    def finish(self):
        """The end of a good run: a tracer that died or does not stop has measured nothing."""
        self.check_alive()
        if not self.stop():
            raise BenchError("does not stop when asked")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def written_bytes(self):
        """To stdout; None where that was thrown away."""
        return self.output_path.stat().st_size if self.tracer.keep_output else None

    def last_words(self):
        lines = self.stderr().strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def output_records(self):
        with open(self.output_path, "rb") as lines:
            for line in lines:
                yield json.loads(line)

    def fdinfo(self):
        """The text of every descriptor's fdinfo; descriptors come and go."""
        folder = pathlib.Path(f"/proc/{self.process.pid}/fdinfo")
        for path in folder.iterdir():
            try:
                yield path.read_text()
            except OSError:
                continue

    def has_link(self):
        try:
            return any("link_type:" in text for text in self.fdinfo())
        except OSError:
            return False

    def programs(self):
        """By its own descriptors of programs and links: others may be tracing as well."""
        found = (re.search(r"^prog_id:\s*(\d+)$", text, re.MULTILINE) for text in self.fdinfo())
        return {int(match.group(1)) for match in found if match}

    def cpu_s(self):
        return usage.cpu_s(self.process.pid)

    def usage(self):
        """What it and its programs have used so far."""
        self.check_alive()
        programs = read_programs(self.programs())
        return {"cpu_s": self.cpu_s(),
                "bpf_ns": sum(program.get("run_time_ns", 0) for program in programs),
                "bpf_runs": sum(program.get("run_cnt", 0) for program in programs),
                "bpf_skipped": sum(program.get("recursion_misses", 0) for program in programs),
                **{PROGRAM + program["name"]: program.get("run_time_ns", 0) for program in programs}}

    def peak_rss_kb(self):
        self.check_alive()
        return usage.memory_kb(self.process.pid, "VmHWM")

    def drain(self):
        """Until it has been idle for a while, or for a bounded time."""
        time.sleep(self.tracer.drain)
        seen = [self.cpu_s()]

        def is_idle():
            seen.append(self.cpu_s())
            return len(seen) > 3 and seen[-1] - seen[-4] <= 1 / usage.TICKS

        wait_until(is_idle, DRAIN_TIMEOUT, step=0.1)
