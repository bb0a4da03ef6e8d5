#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""soak.py --build build [--seconds N]: every view at once, beside connections, processes, leaks and
namespaces that come and go as fast as they can. Prints what each view takes over time, and fails if
it took more in the last quarter of the run than in the third, if a descriptor stayed open, or if a
view did not last."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "live", "lib")]
import usage  # noqa: E402
import workers  # noqa: E402
from spaces import Space  # noqa: E402

READY_S, STOP_S = 30, 60
SAMPLE_S = 2
REPORTS = 12  # lines for each view, and the last
# By pid there is a row for each of the processes: text, which shows the first of them.
VIEWS = {
    "trace": ["trace", "--json"],
    "leaks": ["leaks", "--json", "--age", "1"],
    "by comm": ["timewait", "--json", "--by", "comm"],
    "by pid": ["timewait", "-i", "5"],
    "ports": ["ports", "--json"],
}
GROWTH = 1.02  # more is not flat
NOISE_KB = 1024


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--view", action="append", choices=VIEWS, help="only these")
    return parser.parse_args()


class View:
    def __init__(self, name, build, errors):
        self.name, self.errors, self.samples = name, errors, []
        with tempfile.TemporaryDirectory() as folder:
            ready = os.path.join(folder, "ready")
            self.process = subprocess.Popen(
                [os.path.join(build, "tcplinger"), *VIEWS[name], "--ready-file", ready],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            self.await_ready(ready)

    def await_ready(self, ready):
        deadline = time.monotonic() + READY_S
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{self.name} does not begin")
            time.sleep(0.05)

    def sample(self, at):
        if self.process.poll() is None:
            self.samples.append((at, usage.of(self.process.pid)))

    def end(self):
        """Its exit status, and what it says last."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.errors.seek(0)
        return status, self.errors.read().strip()

    def most(self, key, begin, end):
        return max(getattr(use, key) for at, use in self.samples if begin <= at < end)

    def growth(self, seconds):
        """What it took at most in the third quarter of the run, and in the last."""
        quarter = seconds / 4
        return (self.most("rss_kb", 2 * quarter, 3 * quarter),
                self.most("rss_kb", 3 * quarter, seconds + SAMPLE_S))


def report(views, at):
    for view in views:
        if view.samples:
            print(f"{at:6.0f} s  {view.name:8} {view.samples[-1][1]}")
    sys.stdout.flush()


def watch(views, load, seconds):
    begun = time.monotonic()
    next_report = 0
    while (at := time.monotonic() - begun) < seconds:
        load.keep()
        for view in views:
            view.sample(at)
        if at >= next_report:
            report(views, at)
            next_report += seconds / REPORTS
        time.sleep(SAMPLE_S)
    report(views, seconds)


def verdict(view, seconds):
    """What is wrong with it, line by line."""
    status, said = view.end()
    if status != 0:
        return [f"{view.name}: exit status {status}: {said}"]
    before, after = view.growth(seconds)
    print(f"{view.name}: {before} kB, then {after} kB; {said.splitlines()[-1] if said else ''}")
    wrong = []
    if after > before * GROWTH + NOISE_KB:
        wrong.append(f"{view.name}: grew from {before} to {after} kB")
    few = min(use.descriptors for _, use in view.samples)
    last = min(use.descriptors for _, use in view.samples[-5:])  # a listing takes some, for a moment
    if last > few:
        wrong.append(f"{view.name}: {few} descriptors became {last}")
    return wrong


def run(options, space, files):
    views = [View(name, options.build, file)
             for name, file in zip(options.view or VIEWS, files)]
    load = workers.Load(space, options.build)
    try:
        watch(views, load, options.seconds)
        load.end()
        print(load.summary())
        return [line for view in views for line in verdict(view, options.seconds)]
    finally:
        load.end()
        for view in views:
            view.process.kill()
            view.process.wait()


def main():
    options = arguments()
    tool = os.path.join(options.build, "tcplinger")
    print(subprocess.run([tool, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout, end="")
    space = Space()
    files = [tempfile.TemporaryFile("w+") for _ in VIEWS]
    try:
        workers.prepare(space)
        wrong = run(options, space, files)
    finally:
        space.remove()
        for file in files:
            file.close()
    print("\n".join(wrong) or "flat")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
