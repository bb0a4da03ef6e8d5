# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`tcplinger ports --json`, and what always adds up in it."""
import time

import truth
import views
from tracer import PATIENCE_S
from views import View, complaints, refreshes  # noqa: F401 (for the tests)

PORT = 5000  # of servers: below every range that a test makes


def destinations(refresh):
    return [row for row in refresh.rows if row["type"] == "ports"]


def failures(refresh):
    return [row for row in refresh.rows if row["type"] == "port_failure"]


def towards(rows, raddr, rport=PORT, laddr=None):
    """The row of a destination, or None."""
    found = [row for row in rows if (row["raddr"], row["rport"]) == (raddr, rport)
             and laddr in (None, row["laddr"])]
    assert len(found) <= 1, found
    return found[0] if found else None


def check_sums(census):
    """Of a row, or of a failure's census."""
    assert sum(census["by_state"].values()) == census["used"]
    assert sum(owner["ports"] for owner in census["by_owner"]) == census["used"] or \
        len(census["by_owner"]) == 10
    held = [owner["ports"] for owner in census["by_owner"]]
    assert held == sorted(held, reverse=True) and 0 not in held
    if census["supply"] is None:
        return
    length = census["range_high"] - census["range_low"] + 1
    if census["supply_is_upper_bound"]:
        assert census["supply"] == length - census["reserved"] and census["free"] is None
        return
    assert census["supply"] == length - census["reserved"] - census["blocked_by_bind"]
    assert census["free"] == census["supply"] - census["used"]


def owners(census):
    """{pid: ports}, None for the unknown."""
    return {owner["process"] and owner["process"]["pid"]: owner["ports"]
            for owner in census["by_owner"]}


def once(space, *arguments, **options):
    """What `ports --once` says of a namespace."""
    refresh, said = views.once("ports", space, *arguments, **options)
    assert said == []
    return refresh


class Ports(View):
    command = "ports"

    def destination(self, raddr, rport=PORT, laddr=None):
        """Its newest row, or None."""
        all_ = self.refreshes()
        return towards(destinations(all_[-1]), raddr, rport, laddr) if all_ else None

    def wait_destination(self, raddr, rport=PORT, condition=lambda row: True, laddr=None):
        """The first row of a destination for which condition(row) holds."""
        def look(refresh):
            row = towards(destinations(refresh), raddr, rport, laddr)
            return row if row and condition(row) else None
        return self.wait_refresh(look, f"a row of {raddr}:{rport}")

    def failures(self):
        """All that were told, each as often as it grew."""
        return [o for o in self.poll() if o["type"] == "port_failure"]

    def wait_failure(self, count=1, limit=PATIENCE_S, **wanted):
        """The newest word on connects that failed so often, by what they have in common."""
        deadline = time.monotonic() + limit
        while True:
            told = [o for o in self.failures()
                    if all(o[key] == value for key, value in wanted.items())]
            if told and told[-1]["count"] >= count:
                return told[-1]
            assert time.monotonic() < deadline, (count, wanted, self.failures())
            time.sleep(0.01)

    def wait_refreshes_from_now(self, count=2):
        """What happened until now has been told then."""
        now = time.time()
        seen = []

        def look(refresh):
            if truth.seconds(refresh.end["time"]) > now:
                seen.append(refresh)
            return len(seen) >= count
        self.wait_refresh(look)
