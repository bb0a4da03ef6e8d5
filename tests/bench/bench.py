#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What tracing costs: the same loads untraced and traced in turn, for tcplinger and its kin.

Needs root. Each load runs in a network namespace of its own, which takes its TIME_WAITs with it
when it goes; tracers see all namespaces. Prints one table, writes bench.json into the build folder.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from report import print_table, summarize_all, write_json
from runs import BpfStats, Namespace, Running, search_path
from tracers import TRACERS, BenchError

LOADS = {
    "churn": ("churn",),
    "syscalls": ("bystander-syscalls",),
    "requests": ("bystander-requests", "--connections", "10000", "--announce"),
    "timers": ("bystander-timers",),
    "storm": ("storm", "--port", "7000", "--announce"),
}

# Loads that concern some tracers only.
TRACERS_OF_LOAD = {
    "timers": ("nothing", "floor", "trace --json", "timewait", "ports"),
    "storm": ("nothing", "floor", "ports"),
}

# The range of ports, where it is not the kernel's own: a short one makes for many failures.
PORT_RANGES = {"storm": (40000, 40099)}

# The tracer's events are still being written when the load has ended.
LAGGING = ("churn", "storm")


# Rounds in which BPF time is measured.
STATS_ROUNDS = {"churn": 3, "syscalls": 1, "requests": 1, "timers": 1, "storm": 1}


# -- measuring ------------------------------------------------------------------------------------


class Bench:
    """The runs, and what they gave: results[tracer][load] is a list of pairs."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.pairs = {}
        self.stats = {}
        self.skipped = {}
        self.failed = {}

    def command(self, tracer):
        """The command with its program found, or None."""
        parts = [part.replace("{build}", str(self.options.build)) for part in tracer.command]
        program = shutil.which(parts[0], path=search_path())
        return [program, *parts[1:]] if program else None

    def load(self, namespace, name, on_phase=lambda phase: None):
        program = f"{self.options.build}/tests/load"
        arguments = (program, *LOADS[name], "--duration", str(self.options.seconds))
        result = namespace.run(arguments, on_phase)
        result["operations"] = next(iter(result.values()))  # its unit comes first
        return result

    def untraced(self, load):
        with Namespace(PORT_RANGES.get(load)) as namespace:
            return self.load(namespace, load)

    def traced(self, tracer, load):
        """One load under the tracer, which has stopped before the namespace goes."""
        with Namespace(PORT_RANGES.get(load)) as namespace:
            with Running(tracer, self.command(tracer), self.folder) as run:
                used = {}

                def on_phase(phase):
                    used[phase] = run.usage()

                result = self.load(namespace, load, on_phase)
                run.drain()
                if load in LAGGING:
                    used["end"]["cpu_s"] = run.cpu_s()
                result["usage"] = {key: used["end"][key] - used["begin"][key]
                                   for key in used["end"]}
                result["peak_rss_kb"] = run.peak_rss_kb()
                run.finish()
                result.update(tracer.losses(run, namespace))
                result["written_bytes"] = run.written_bytes()
        return result

    def pair(self, tracer, load, traced_first):
        """Alternating which is first takes a drift of the machine out of the ratio."""
        runs = {}
        for is_traced in (traced_first, not traced_first):
            runs[is_traced] = self.traced(tracer, load) if is_traced else self.untraced(load)
        kept = runs[True]["per_s"] / runs[False]["per_s"]
        return {"kept": kept, "untraced": runs[False], "traced": runs[True]}

    def usable(self, load):
        return [tracer for tracer in TRACERS
                if tracer.name not in self.skipped and tracer.name not in self.failed
                and tracer.name in TRACERS_OF_LOAD.get(load, (tracer.name,))]

    def select(self):
        for tracer in TRACERS:
            if self.options.only and tracer.name not in self.options.only:
                self.skipped[tracer.name] = "not chosen"
            elif not self.command(tracer):
                self.skipped[tracer.name] = "not installed or not built"
                print(f"SKIP {tracer.name}: {self.skipped[tracer.name]}", file=sys.stderr)

    def attempt(self, tracer, what, work):
        """A tracer that fails once is out; the others go on."""
        try:
            result = work()
        except (BenchError, OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
            self.failed[tracer.name] = f"{what}: {type(error).__name__}: {error}"
            print(f"FAIL {tracer.name}: {self.failed[tracer.name]}", file=sys.stderr)
            return None
        print(f"{what:<22} {tracer.name:<13} {result.get('kept', 1):5.3f}", file=sys.stderr)
        return result

    def run_pairs(self, number):
        for load in self.options.loads:
            for tracer in self.usable(load):
                what = f"round {number + 1} {load}"
                pair = self.attempt(tracer, what, lambda: self.pair(tracer, load, number % 2))
                if pair:
                    self.pairs.setdefault(tracer.name, {}).setdefault(load, []).append(pair)

    def run_stats(self, load):
        with BpfStats():
            for tracer in self.usable(load):
                result = self.attempt(tracer, f"BPF time {load}",
                                      lambda: self.traced(tracer, load))
                if result:
                    by_load = self.stats.setdefault(tracer.name, {})
                    by_load.setdefault(load, []).append(result)

    def run(self):
        self.select()
        for number in range(self.options.rounds):
            self.run_pairs(number)
            for load in self.options.loads:
                if number < STATS_ROUNDS[load]:
                    self.run_stats(load)


# -- the command line -----------------------------------------------------------------------------


def bounded(kind, low, high):
    """An argument type with bounds, so that a run is bounded too."""
    def parse(text):
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not within {low}..{high}")
        return value
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"),
                        help="folder of tcplinger, tests/load, tests/floor, tests/floor.bpf.o")
    parser.add_argument("--rounds", type=bounded(int, 1, 100), default=5)
    parser.add_argument("--seconds", type=bounded(float, 0.1, 30), default=3,
                        help="length of each run")
    parser.add_argument("--only", action="append", metavar="NAME",
                        choices=[tracer.name for tracer in TRACERS],
                        help="only this tracer (may be repeated): %(choices)s")
    parser.add_argument("--load", action="append", dest="loads", choices=list(LOADS),
                        help="only this load (may be repeated)")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.loads = options.loads or list(LOADS)
    return options


def scratch_folder(build):
    """On tmpfs where there is one: the disk's speed is not what is measured."""
    shared = "/dev/shm"
    return tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else build)


def exit_on_signal(number, _frame):
    sys.exit(128 + number)


def main():
    options = parse_arguments()
    if os.geteuid():
        sys.exit("bench: needs root")
    if not os.access(options.build / "tests" / "load", os.X_OK):
        sys.exit(f"bench: {options.build}/tests/load is missing: build it first")
    # So that every "with" above is left in order, and the statistics are switched off again.
    signal.signal(signal.SIGTERM, exit_on_signal)
    with scratch_folder(options.build) as folder:
        bench = Bench(options, pathlib.Path(folder))
        bench.run()
    rows = summarize_all(bench)
    print_table(bench, rows)
    write_json(bench, rows, options.build / "bench.json")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
