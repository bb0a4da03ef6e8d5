# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`--audit --json`: the lines of a namespace, and the kernel's counters as a test reads them."""
import re
import time

import truth
from tracer import PATIENCE_S

COUNTERS = ("ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets", "TW", "TWRecycled",
            "TWKilled", "TCPTimeWaitOverflow", "tw")
WHYS = ("filter", "lost", "predates", "late", "requests", "unfollowed")


def kernel(space):
    all_ = {**truth.netstat(space, "snmp"), **truth.netstat(space)}
    all_["tw"] = int(re.search(r"^TCP:.* tw (\d+)", space.run("cat", "/proc/net/sockstat"), re.M)[1])
    return {name: all_[name] for name in COUNTERS}


def at_rest(space):
    """The same once nothing moves any more: the ACK of a FIN may be delayed."""
    deadline = time.monotonic() + PATIENCE_S
    last = kernel(space)
    while True:
        time.sleep(0.1)
        now = kernel(space)
        if now == last:
            return now
        assert time.monotonic() < deadline
        last = now


class Books:
    """Begun before the view, compared with what it says at its end."""

    def __init__(self, space, view):
        self.space, self.view = space, view
        self.before = kernel(space)

    def wait_for_minisockets(self, count):
        """Until the kernel has made so many since."""
        deadline = time.monotonic() + PATIENCE_S
        made = 0
        while made < count:
            assert time.monotonic() < deadline, made
            time.sleep(0.05)
            now = kernel(self.space)
            made = sum(now[name] - self.before[name] for name in ("TW", "TWKilled"))

    def close(self, expiring=False):
        """{counter: its line} once the view has ended; its kernel's figures are the kernel's. If
        minisockets are `expiring` meanwhile, there may be fewer when the view reads them."""
        after = at_rest(self.space)
        assert self.view.stop() == 0
        lines = of(self.view, self.space)
        for name in COUNTERS:
            expected = after[name] - (0 if name == "tw" else self.before[name])
            if name == "tw" and expiring:
                assert lines[name]["kernel"] <= expected, lines[name]
            else:
                assert lines[name]["kernel"] == expected, lines[name]
        return lines


def of(view, space):
    lines = {o["counter"]: o for o in view.objects
             if o["type"] == "audit" and o["netns"] == space.inode}
    assert list(lines) == list(COUNTERS)
    for line in lines.values():
        check(line)
    assert view.objects[-1]["type"] == "loss"
    return lines


def check(line):
    assert list(line) == ["type", "time", "netns", "counter", "kernel", "seen", "explained",
                          "unexplained"]
    truth.seconds(line["time"])
    if line["kernel"] is None:
        assert line["explained"] is None and line["unexplained"] is None
        return
    assert tuple(line["explained"]) == WHYS
    assert line["seen"] + sum(line["explained"].values()) + line["unexplained"] == line["kernel"]


def explained(line):
    return {why: count for why, count in line["explained"].items() if count}


def seen(lines):
    return {name: line["seen"] for name, line in lines.items() if line["seen"]}


def unexplained(lines):
    return {name: line["unexplained"] for name, line in lines.items() if line["unexplained"]}
