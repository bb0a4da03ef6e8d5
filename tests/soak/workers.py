# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Traffic that does not end: each kind is a program that is begun again when it is over."""
import os
import subprocess
import tempfile
import time

from crowds import hostile_names, packed

PASS, HOLD, SPACES = 20000, 300, 10  # processes of a round
NAMES = 50  # of the processes: each a row by comm, whose histograms are full before long
# the same each time: else there would be ever more destinations, which are rows
PASS_PORT, SPACES_PORT, CHURN_PORT, CHURN6_PORT = 7001, 7002, 7003, 7100
HOLD_S = 20
CHURN_S = 30
SPACES_EVERY_S = 20  # each has destinations of its own, and so rows, for as long as there is room
# TIME_WAITs beyond it are refused, as on a host that was tuned so
MINISOCKETS = 50000


def prepare(space):
    space.sysctl(ip_local_port_range="1024 65000", tcp_tw_reuse=1,
                 tcp_max_tw_buckets=MINISOCKETS)


class Worker:
    def __init__(self, name, command, names=0, every_s=0):
        self.name, self.command, self.every_s = name, command, every_s
        self.rounds = self.failed = 0
        self.names = tempfile.TemporaryFile()
        self.names.write(packed(hostile_names(NAMES) * -(-names // NAMES)))
        self.begin()

    def begin(self):
        self.begun = time.monotonic()
        self.names.seek(0)
        self.process = subprocess.Popen(self.command, stdin=self.names, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def keep(self):
        if self.process.poll() is None or time.monotonic() - self.begun < self.every_s:
            return
        self.rounds += 1
        self.failed += self.process.returncode != 0
        self.begin()

    def end(self):
        self.process.kill()
        self.process.wait()


class Load:
    def __init__(self, space, build):
        tests = os.path.join(build, "tests")
        crowd, load = os.path.join(tests, "crowd"), os.path.join(tests, "load")
        self.workers = [
            Worker(f"{PASS} processes",
                   space.enter(crowd, "pass", str(PASS), str(PASS_PORT)), PASS),
            Worker("connections", space.enter(load, "churn", "--duration", str(CHURN_S),
                                              "--destinations", "10", "--port", str(CHURN_PORT))),
            Worker("connections of IPv6 that the server closes",
                   space.enter(load, "churn", "--duration", str(CHURN_S), "--address", "::1",
                               "--closer", "server", "--interval-ms", "1",
                               "--port", str(CHURN6_PORT))),
            Worker("CLOSE_WAITs", space.enter(load, "hold", "--duration", str(HOLD_S),
                                              "--connections", str(HOLD))),
            Worker(f"{SPACES} namespaces", [crowd, "spaces", str(SPACES), str(SPACES_PORT)], SPACES,
                   SPACES_EVERY_S),
        ]

    def keep(self):
        for worker in self.workers:
            worker.keep()

    def end(self):
        for worker in self.workers:
            worker.end()

    def summary(self):
        return "rounds: " + ", ".join(f"{w.rounds} of {w.name} ({w.failed} failed)"
                                      for w in self.workers)
