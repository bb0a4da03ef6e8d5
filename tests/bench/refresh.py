#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""refresh.py [--build build] [--rounds 5] [--sockets N...]: what a refresh of `leaks` costs with many sockets
in CLOSE_WAIT, in the backlog of one process, in a network namespace of its own: the time of a whole --once, with and
without BPF, and the CPU time of each refresh of a running one. Medians and spreads; leaves build/bench-refresh.json."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import time
import uuid

WATCHED_S = 6


class Space:
    def __init__(self):
        self.name = f"tcpl-{uuid.uuid4().hex[:10]}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run("ip", "link", "set", "lo", "up")
        self.run("sysctl", "-qw", "net.core.somaxconn=1000000")

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command):
        subprocess.run(self.command(*command), check=True)

    def remove(self):
        subprocess.run(["ip", "netns", "delete", self.name], check=True)


def once(tool, space, *arguments):
    begun = time.monotonic()
    subprocess.run([tool, "leaks", "--once", "--json", "--netns", space.name, *arguments], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begun


def cpu_of_a_refresh(tool, space):
    """What --once takes is paid by a running one as well, once: it is of the first refresh."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([tool, "leaks", "--json", "--age", "0.1", "-d", str(WATCHED_S), "--netns",
                           space.name], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    refreshes = sum(json.loads(line)["type"] == "refresh" for line in done.stdout.splitlines())
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / refreshes


def measure(tool, load, sockets, rounds):
    space = Space()
    try:
        hold = subprocess.Popen(space.command(load, "hold", "--unaccepted", "--connections", str(sockets),
                                              "--duration", "600"), stdout=subprocess.PIPE)
        try:
            hold.stdout.readline()
            yield "--once", [once(tool, space) for _ in range(rounds)]
            yield "--once --no-bpf", [once(tool, space, "--no-bpf") for _ in range(rounds)]
            yield "CPU of a refresh", [cpu_of_a_refresh(tool, space)]
        finally:
            hold.terminate()
            hold.wait(60)
    finally:
        space.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sockets", type=int, nargs="+", default=[1000, 10000, 100000])
    options = parser.parse_args()
    tool, load = (os.path.join(options.build, name) for name in ("tcplinger", "tests/load"))
    results = []
    print(f"{'sockets':>8}  {'leaks':<18} median s (least..most)")
    for sockets in options.sockets:
        for what, seconds in measure(tool, load, sockets, options.rounds):
            median = statistics.median(seconds)
            print(f"{sockets:>8}  {what:<18} {median:.3f} ({min(seconds):.3f}..{max(seconds):.3f})",
                  flush=True)
            results.append({"sockets": sockets, "what": what, "seconds": seconds, "median": median})
    with open(os.path.join(options.build, "bench-refresh.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
