# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Views that are refreshed, as `tcplinger leaks --json`: their refreshes, each with its rows."""
import json
import re
import time

from tracer import PATIENCE_S, Tracer, tcplinger

ROW_TYPES = ("close_wait", "time_wait", "ports", "port_failure", "closing", "opening",
             "listener")


class Refresh:
    def __init__(self, rows, end):
        self.rows, self.end = rows, end

    def of(self, pid):
        """The row of a process, or None."""
        found = [row for row in self.rows if row["process"] and row["process"]["pid"] == pid]
        assert len(found) <= 1, found
        return found[0] if found else None

    def key(self, key):
        found = [row for row in self.rows if row["key"] == key]
        assert len(found) <= 1, found
        return found[0] if found else None

    def socket(self, cookie):
        """(row, connection) of each row that shows the socket."""
        return [(row, c) for row in self.rows for c in row["connections"] if c["cookie"] == cookie]


def refreshes(objects):
    """Rows come before the `refresh` that counts them."""
    all_, rows = [], []
    for o in objects:
        if o["type"] in ROW_TYPES:
            rows.append(o)
        elif o["type"] == "refresh":
            all_.append(Refresh(rows, o))
            rows = []
    return all_


def complaints(text):
    """Lines of stderr, without the one that a run ends with."""
    return [line for line in text.splitlines()
            if not re.match(r"tcplinger: \d+ refresh(es)? shown, ", line)]


def once(command, space, *arguments, **options):
    """(what `COMMAND --once` says of a namespace, its complaints)"""
    result = tcplinger(command, "--once", "--json", *(["--netns", space.name] if space else []),
                       *arguments, **options)
    assert result.returncode == 0, result.stderr
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert objects[-1]["type"] == "loss"
    [refresh] = refreshes(objects)
    return refresh, complaints(result.stderr)


class View(Tracer):
    """A command that runs."""

    def refreshes(self):
        return refreshes(self.poll())

    def wait_refresh(self, condition, what="", limit=PATIENCE_S):
        """Until condition(the newest refresh) is true; its value. Each refresh is asked once."""
        deadline = time.monotonic() + limit
        asked, last = 0, None
        while True:
            all_ = self.refreshes()
            for last in all_[asked:]:
                value = condition(last)
                if value:
                    return value
            asked = len(all_)
            if time.monotonic() > deadline:
                shown = [refresh for refresh in all_ if refresh.rows] or [last]
                raise AssertionError(f"waited {limit} s for {what or condition}; the last rows of "
                                     f"{asked} refreshes:\n" + json.dumps(shown[-1].rows))
            time.sleep(0.01)

    def wait_row(self, pid, condition=lambda row: True):
        """The first row of a process for which condition(row) holds."""
        def look(refresh):
            row = refresh.of(pid)
            return row if row and condition(row) else None
        return self.wait_refresh(look, f"a row of {pid}")
