# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Natural expiry, 60 to 62 s after entry (64 at HZ=1000): begun before all other tests."""
import pytest

from tracer import steps
from truth import ACTIVE, CLIENT, PASSIVE, SERVER

LIMIT = 75


def expired(tracer, cookie):
    last = tracer.wait_step(cookie, "TIME_WAIT", "CLOSE", LIMIT)
    assert last["end_reason"] == "expired"
    assert 59.9 <= last["in_old_s"] <= 64.5
    return last


def test_clients_TIME_WAIT_expires_with_owner_and_whole_life(expiring):
    pair = expiring.client_closed
    last = expired(expiring.tracer, pair.client_cookie)
    assert (last["owner"]["pid"], last["owner_by"]) == (expiring.client_pid, "connect")
    assert steps(expiring.tracer.transitions(pair.client_cookie)) == \
        CLIENT + ACTIVE + ["TIME_WAIT->CLOSE"]


def test_servers_TIME_WAIT_over_IPv6_expires_with_owner_and_whole_life(expiring):
    pair = expiring.server_closed
    last = expired(expiring.tracer, pair.server_cookie)
    assert (last["owner"]["pid"], last["owner_by"]) == (expiring.server_pid, "close")
    assert last["direction"] == "in" and last["family"] == "ipv6"
    assert steps(expiring.tracer.transitions(pair.server_cookie)) == \
        SERVER + ACTIVE + ["TIME_WAIT->CLOSE"]
    assert steps(expiring.tracer.transitions(pair.client_cookie)) == CLIENT + PASSIVE


def test_TIME_WAIT_born_with_open_descriptor_expires(expiring):
    expired(expiring.tracer, expiring.shut.client_cookie)


def test_owner_is_known_although_dead_for_a_minute(expiring):
    last = expired(expiring.tracer, expiring.dead.client_cookie)
    assert last["owner"]["pid"] == expiring.mortal_pid
    assert last["owner"]["comm"] == "python3" and last["owner"]["exe"]
    assert last["closer"]["pid"] == expiring.mortal_pid


@pytest.mark.parametrize("which", ["client_closed", "shut", "dead"])
def test_TIME_WAIT_older_than_the_tool_expires_with_true_length(expiring, which):
    last = expired(expiring.late, getattr(expiring, which).client_cookie)
    assert last["owner"] is None
    assert last["direction"] == "unknown"


def test_servers_TIME_WAIT_older_than_the_tool_is_in_by_its_listener(expiring):
    last = expired(expiring.late, expiring.server_closed.server_cookie)
    assert last["direction"] == "in"


def test_tracers_stop_with_status_0_and_one_last_loss_line(expiring):
    """What other traffic of the host makes the kernel skip is counted; ours was complete."""
    for tracer in (expiring.tracer, expiring.late):
        assert tracer.stop() == 0
        assert tracer.objects[-1]["type"] == "loss"
