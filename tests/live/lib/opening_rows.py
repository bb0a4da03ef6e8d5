# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`listener` rows of `tcplinger opening --json`."""


def listener(refresh, port):
    """The one row of a listener, or None."""
    found = [row for row in refresh.rows if row["type"] == "listener" and row["lport"] == port]
    assert len(found) <= 1, found
    return found[0] if found else None


def wait_listener(view, port, condition=lambda row: True):
    def look(refresh):
        row = listener(refresh, port)
        return row if row and condition(row) else None
    return view.wait_refresh(look, f"the listener at {port}")
