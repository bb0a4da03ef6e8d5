#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a refresh costs with many sockets, each time in a network namespace of its own.

`leaks` with CLOSE_WAITs in the backlog of one process; `timewait` and `ports` with TIME_WAITs that they saw made,
towards one destination (from one more address for each 12,000) and towards 1,000. The time of a whole --once, with
and without BPF; the CPU time of each refresh of a running one, its most RSS, and what its BPF maps hold in the
kernel. Medians and spreads.

Leaves bench-refresh.json in the build folder; bench.py takes it into bench.json.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

from kernel_memory import MemoryGroup, of_a_socket

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import usage  # noqa: E402

READY_TIMEOUT_S = 30
SETTLE_S = 3
WATCHED_S = 6
KEPT = 10000  # connections; the kernel memory of a socket is measured with them
# Of those asked for, as some packets of a busy machine come late and end a TIME_WAIT.
TIME_WAITS_MIN = 0.95


class Space:
    """A network namespace where nothing keeps many sockets from being there at once."""

    SETTINGS = ("net.core.somaxconn=1000000", "net.ipv4.tcp_max_tw_buckets=1048576", "net.ipv4.tcp_tw_reuse=0")

    def __init__(self):
        self.name = f"tcpl-{uuid.uuid4().hex[:10]}"

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run("ip", "link", "set", "lo", "up")
        self.run("sysctl", "-qw", *self.SETTINGS)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.name], check=True)

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command):
        subprocess.run(self.command(*command), check=True, stdout=subprocess.DEVNULL)

    def time_waits(self):
        done = subprocess.run(self.command("cat", "/proc/net/sockstat"), check=True, stdout=subprocess.PIPE,
                              text=True)
        return int(re.search(r"\btw (\d+)", done.stdout).group(1))


class Running:
    """A view of the tool at work in one namespace, its output in a file."""

    def __init__(self, tool, view, space, folder, prepare=None):
        self.output, self.ready = folder / "output", folder / "ready"
        self.ready.unlink(missing_ok=True)
        age = ("--age", "0.1") if view == "leaks" else ()
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen([tool, view, "--json", *age, "--netns", space.name, "--ready-file",
                                             str(self.ready)], stdout=output, stderr=subprocess.DEVNULL,
                                            preexec_fn=prepare)

    def __enter__(self):
        end = time.monotonic() + READY_TIMEOUT_S
        while not self.ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise RuntimeError("the tool does not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(READY_TIMEOUT_S)

    def refreshes(self):
        with open(self.output, "rb") as lines:
            return sum(line.startswith(b'{"type":"refresh"') for line in lines)

    def watch(self):
        """What --once takes is paid by a running one as well, once: settled, it is over."""
        time.sleep(SETTLE_S)
        pid = self.process.pid
        cpu_s, refreshes = usage.cpu_s(pid), self.refreshes()
        time.sleep(WATCHED_S)
        cpu_s, refreshes = usage.cpu_s(pid) - cpu_s, self.refreshes() - refreshes
        if not refreshes:
            raise RuntimeError("no refresh while watched")
        yield "CPU of a refresh", "s", [cpu_s / refreshes]
        yield "user memory", "MB", [usage.memory_kb(pid, "RssAnon") * 1024 / 1e6]
        yield "most RSS", "MB", [usage.memory_kb(pid, "VmHWM") * 1024 / 1e6]  # the ring too, mapped twice
        yield "BPF maps", "MB", [usage.maps_bytes(pid) / 1e6]


def once(tool, view, space, *arguments):
    begun = time.monotonic()
    subprocess.run([tool, view, "--once", "--json", "--netns", space.name, *arguments], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begun


def all_once(tool, view, space, rounds):
    yield "--once", "s", [once(tool, view, space) for _ in range(rounds)]
    yield "--once --no-bpf", "s", [once(tool, view, space, "--no-bpf") for _ in range(rounds)]


@contextlib.contextmanager
def running(load, space, *arguments):
    """A load that says in a line when its sockets are there, and keeps them."""
    with subprocess.Popen(space.command(load, *arguments, "--duration", "600"), stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            yield
        finally:
            process.terminate()
            process.communicate()


def close_waits(load, space, sockets):
    return running(load, space, "hold", "--unaccepted", "--connections", str(sockets))


def requests(load, space, connections):
    """Established ones, both ends of which have an owner."""
    return running(load, space, "bystander-requests", "--connections", str(connections), "--announce")


def measure_leaks(tool, load, sockets, rounds, folder):
    with Space() as space, close_waits(load, space, sockets):
        yield from all_once(tool, "leaks", space, rounds)
        with Running(tool, "leaks", space, folder) as run:
            yield from run.watch()


def measure_time_waits(tool, load, view, sockets, destinations, rounds, folder):
    """They live for a minute: all is measured within that, so the tool is there when they are made."""
    with Space() as space:
        with Running(tool, view, space, folder) as run:
            space.run(load, "churn", "--connections", str(sockets), "--destinations", str(destinations))
            yield from run.watch()
        yield from all_once(tool, view, space, rounds)
        left = space.time_waits()
        if left < TIME_WAITS_MIN * sockets:
            print(f"{'':8}  only {left:,} TIME_WAITs were left at the end", flush=True)


def kernel_memory(tool, load, view, connections, folder):
    """Of sockets that came while the view ran: in CLOSE_WAIT (one end is left) for leaks."""
    begin, sockets = (close_waits, connections) if view == "leaks" else (requests, 2 * connections)
    with contextlib.ExitStack() as stack:
        group = stack.enter_context(MemoryGroup())
        space = stack.enter_context(Space())
        stack.enter_context(Running(tool, view, space, folder, group.enter))
        return of_a_socket(group, lambda: stack.enter_context(begin(load, space, connections)), sockets)


def measure_kernel_memory(tool, load, view, rounds, folder):
    try:
        yield "kernel memory", "B", [kernel_memory(tool, load, view, KEPT, folder) for _ in range(rounds)]
    except OSError as error:
        print(f"SKIP kernel memory of a socket: {error}")


def measurements(tool, load, options, folder):
    for view in ("trace", "leaks"):
        yield KEPT, view, None, measure_kernel_memory(tool, load, view, options.rounds, folder)
    for sockets in options.sockets:
        if "leaks" in options.views:
            yield sockets, "leaks", None, measure_leaks(tool, load, sockets, options.rounds, folder)
    for view in ("timewait", "ports"):
        for destinations in (1, 1000):
            for sockets in options.sockets:
                if view in options.views:
                    yield sockets, view, destinations, measure_time_waits(tool, load, view, sockets, destinations,
                                                                          options.rounds, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=5, help="of --once")
    parser.add_argument("--sockets", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--views", nargs="+", choices=["leaks", "timewait", "ports"],
                        default=["leaks", "timewait", "ports"])
    options = parser.parse_args()
    tool, load = (os.path.join(options.build, name) for name in ("tcplinger", "tests/load"))
    results = []
    print(f"{'sockets':>8}  {'to':>5}  {'view':<8}  {'what':<16}  median (least..most)")
    with tempfile.TemporaryDirectory() as folder:
        for sockets, view, destinations, figures in measurements(tool, load, options, pathlib.Path(folder)):
            for what, unit, values in figures:
                median = statistics.median(values)
                print(f"{sockets:>8}  {destinations or '-':>5}  {view:<8}  {what:<16}  "
                      f"{median:.3f} {unit} ({min(values):.3f}..{max(values):.3f})", flush=True)
                results.append({"sockets": sockets, "destinations": destinations, "view": view, "what": what,
                                "unit": unit, "values": values, "median": median})
    with open(os.path.join(options.build, "bench-refresh.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
