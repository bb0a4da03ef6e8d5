# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`tcplinger timewait --json`, and what always adds up in it."""
import time

import truth
import views
from tracer import PATIENCE_S
from views import View, complaints, refreshes  # noqa: F401 (for the tests)

REASONS = ("expired", "reused", "syn", "reset", "destroyed", "unknown")
HISTOGRAMS = ("lifetime", "fin_wait2_lifetime", "connected")
NO_END = dict.fromkeys(REASONS, 0)


class TimeWaits(View):
    command = "timewait"

    def end(self):
        """Stops it: its last refresh, with every row that ever was."""
        assert self.stop() == 0
        last = self.refreshes()[-1]
        for row in last.rows:
            check_books(row)
        return last


def once(space, *arguments, **options):
    """What `timewait --once` says of a namespace; it says that owners cannot be known."""
    refresh, said = views.once("timewait", space, *arguments, **options)
    assert len(said) == 1 and "owners are known only for" in said[0]
    return refresh


def total(refresh, key):
    return sum(row[key] for row in refresh.rows)


def ends(refresh_or_row):
    """{reason: count}, without those that did not happen."""
    rows = getattr(refresh_or_row, "rows", [refresh_or_row])
    sums = {reason: sum(row["reasons"][reason] for row in rows) for reason in REASONS}
    return {reason: count for reason, count in sums.items() if count}


def check_histogram(histogram):
    figures = [histogram[key] for key in ("min_s", "p50_s", "p90_s", "p99_s", "max_s")]
    buckets = histogram["buckets"]
    assert sum(bucket["count"] for bucket in buckets) == histogram["count"]
    edges = [bucket["le_s"] for bucket in buckets]
    assert edges[-1] is None and edges[:-1] == sorted(set(edges[:-1]))
    if not histogram["count"]:
        assert figures == [None] * 5
        return
    assert figures == sorted(figures)
    low = 0
    for bucket in buckets:
        high = float("inf") if bucket["le_s"] is None else bucket["le_s"]
        if histogram["min_s"] > high or histogram["max_s"] < low:
            assert bucket["count"] == 0, (bucket, figures)
        low = high


def check_books(row, older=0):
    """`older`: TIME_WAITs that were there before the tool."""
    assert older + row["created"] - row["ended"] == row["sockets"]
    assert sum(row["reasons"].values()) == row["ended"]
    assert row["predates"] <= min(older, row["sockets"])
    assert row["closed_first"] <= row["closed"]
    assert row["lifetime"]["count"] <= row["ended"]
    assert row["connected"]["count"] <= row["closed"]
    for key in HISTOGRAMS:
        check_histogram(row[key])


class Counters:
    """What the kernel counts in a namespace from here on. TW grows when a minisocket is made whose
    time is more than 4 s, TWKilled when it is less (in FIN_WAIT2, by a short tcp_fin_timeout): the
    sum is of all, in FIN_WAIT2 or not. TWRecycled counts those that connect() reused,
    TCPTimeWaitOverflow those that were refused."""

    def __init__(self, space):
        self.space, self.before = space, truth.netstat(space)

    def __getitem__(self, name):
        return truth.netstat(self.space)[name] - self.before[name]

    def minisockets(self):
        return self["TW"] + self["TWKilled"]


def end_when_all_is_closed(waits, space):
    """A FIN that the kernel drops in a race is sent again; the peer of a FIN_WAIT2 may be gone."""
    deadline = time.monotonic() + PATIENCE_S
    while set(counts := truth.ss_counts(space)) != {"TIME_WAIT"}:
        if time.monotonic() > deadline:
            assert set(counts) == {"TIME_WAIT", "FIN_WAIT2"}, counts
            break
        time.sleep(0.05)
    return waits.end()
