# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rows of `tcplinger opening --json`: `listener` by its port, `opening` by that of a destination."""

KEYS = {"listener": "lport", "opening": "rport"}


def row_at(refresh, kind, port):
    """The one row of its kind at a port, or None."""
    found = [row for row in refresh.rows if row["type"] == kind and row[KEYS[kind]] == port]
    assert len(found) <= 1, found
    return found[0] if found else None


def wait_row_at(view, kind, port, condition):
    def look(refresh):
        row = row_at(refresh, kind, port)
        return row if row and condition(row) else None
    return view.wait_refresh(look, f"the {kind} row at {port}")


def listener(refresh, port):
    return row_at(refresh, "listener", port)


def wait_listener(view, port, condition=lambda row: True):
    return wait_row_at(view, "listener", port, condition)


def towards(refresh, port):
    return row_at(refresh, "opening", port)


def wait_towards(view, port, condition=lambda row: True):
    return wait_row_at(view, "opening", port, condition)
