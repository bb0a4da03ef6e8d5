# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Natural expiry, 60 to 62 s after entry (64 at HZ=1000): begun before all other tests."""
import time

import pytest

from timewaits import NO_END, check_books, ends, total
from tracer import steps
from truth import ACTIVE, CLIENT, PASSIVE, SERVER

pytestmark = pytest.mark.alone

SEEN_S = 5


def limit(expiring):
    return max(expiring.end - time.monotonic(), SEEN_S)


def expired(expiring, tracer, cookie):
    last = tracer.wait_step(cookie, "TIME_WAIT", "CLOSE", limit(expiring))
    assert last["end_reason"] == "expired"
    assert 59.9 <= last["in_old_s"] <= 64.5
    return last


def test_clients_TIME_WAIT_expires_with_owner_and_whole_life(expiring):
    pair = expiring.client_closed
    last = expired(expiring, expiring.tracer, pair.client_cookie)
    assert (last["owner"]["pid"], last["owner_by"]) == (expiring.client_pid, "connect")
    assert steps(expiring.tracer.transitions(pair.client_cookie)) == \
        CLIENT + ACTIVE + ["TIME_WAIT->CLOSE"]


def test_servers_TIME_WAIT_over_IPv6_expires_with_owner_and_whole_life(expiring):
    pair = expiring.server_closed
    last = expired(expiring, expiring.tracer, pair.server_cookie)
    assert (last["owner"]["pid"], last["owner_by"]) == (expiring.server_pid, "close")
    assert last["direction"] == "in" and last["family"] == "ipv6"
    assert steps(expiring.tracer.transitions(pair.server_cookie)) == \
        SERVER + ACTIVE + ["TIME_WAIT->CLOSE"]
    assert steps(expiring.tracer.transitions(pair.client_cookie)) == CLIENT + PASSIVE


def test_TIME_WAIT_born_with_open_descriptor_expires(expiring):
    expired(expiring, expiring.tracer, expiring.shut.client_cookie)


def test_owner_is_known_although_dead_for_a_minute(expiring):
    last = expired(expiring, expiring.tracer, expiring.dead.client_cookie)
    assert last["owner"]["pid"] == expiring.mortal_pid
    assert last["owner"]["comm"] == "python3" and last["owner"]["exe"]
    assert last["closer"]["pid"] == expiring.mortal_pid


@pytest.mark.parametrize("which", ["client_closed", "shut", "dead"])
def test_TIME_WAIT_older_than_the_tool_expires_with_true_length(expiring, which):
    last = expired(expiring, expiring.late, getattr(expiring, which).client_cookie)
    assert last["owner"] is None
    assert last["direction"] == "unknown"


def test_servers_TIME_WAIT_older_than_the_tool_is_in_by_its_listener(expiring):
    last = expired(expiring, expiring.late, expiring.server_closed.server_cookie)
    assert last["direction"] == "in"


def whole_lives(expiring, timewaits, pid, count, older=0):
    """All of a row's have expired, as old as the kernel's timers let them get."""
    row = timewaits.wait_refresh(
        lambda refresh: next((row for row in refresh.rows if row["ended"] == count
                              and (row["process"] or {}).get("pid") == pid), None),
        f"the end of {count}", limit(expiring))
    assert row["reasons"] == {**NO_END, "expired": count}
    assert (row["sockets"], row["predates"], row["created"]) == (0, 0, count - older)
    lifetime = row["lifetime"]
    assert lifetime["count"] == count
    assert 59.9 <= lifetime["min_s"] and lifetime["max_s"] <= 64.5
    # a bucket of its own, apart from those that end early and those that should not be there
    assert [b["le_s"] for b in lifetime["buckets"] if b["count"]] == [pytest.approx(66)]
    check_books(row, older)


def test_timewait_counts_whole_lives(expiring):
    """`shut` and `client_closed` go to different listeners: a row for each."""
    timewaits = expiring.timewaits
    whole_lives(expiring, timewaits, expiring.server_pid, 1)
    whole_lives(expiring, timewaits, expiring.mortal_pid, 1)
    last = timewaits.end()
    assert ends(last) == {"expired": 4} and total(last, "created") == 4
    ours = [r for r in last.rows if r["process"]["pid"] == expiring.client_pid and r["created"]]
    assert {r["rport"] for r in ours} == {expiring.client_closed.port, expiring.shut.port}


def test_timewait_counts_whole_lives_of_what_is_older(expiring):
    """The listeners are still there, and charged with what came in to them."""
    timewaits = expiring.late_timewaits
    whole_lives(expiring, timewaits, expiring.server_pid, 1, older=1)
    timewaits.wait_refresh(lambda refresh: refresh.end["seq"] > 1 and not refresh.rows, "no row",
                           limit(expiring))
    assert timewaits.stop() == 0
    last = timewaits.refreshes()[-1]
    assert ends(last) == {"expired": 4} and total(last, "created") == 0
    for row in last.rows:
        check_books(row, older=row["ended"])
        assert 59.9 <= row["lifetime"]["min_s"] and row["lifetime"]["max_s"] <= 64.5


def test_tracers_stop_with_status_0_and_one_last_loss_line(expiring):
    """What other traffic of the host makes the kernel skip is counted; ours was complete."""
    for tracer in (expiring.tracer, expiring.late):
        assert tracer.stop() == 0
        assert tracer.objects[-1]["type"] == "loss"
