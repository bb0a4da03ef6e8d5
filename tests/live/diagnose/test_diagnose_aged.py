# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What takes a minute to be wrong: begun before all other tests, looked at after them."""
import aging
from diagnosis import diagnose, is_place


def test_shut_down_and_forgotten(aged):
    """The other end is out of sight: who waits is told that nobody comes."""
    aged.await_age()
    found = diagnose(aged.here)
    advice = found.one("fin_wait2_owned", "warning")
    evidence = advice["evidence"]
    assert advice["about"]["process"]["pid"] == aged.client.pid
    assert evidence["sockets"] == aging.FORGOTTEN
    assert aging.AGE_S <= evidence["oldest_s"] < aged.age() + 1
    assert is_place(evidence["place"], raddr="10.77.0.2", rport=8080)
    assert any("tcp_fin_timeout" in word for word in advice["does_not_help"])
    assert found.grave() == {"fin_wait2_owned"}
    aged.client("for s in kept: s.close()")
    assert "fin_wait2_owned" not in diagnose(aged.here).rules()


def test_both_ends_of_a_half_close_are_here(aged):
    """Who has not closed is named, once: the end that waits is its other side."""
    aged.await_age()
    found = diagnose(aged.both)
    advice = found.one("half_closed_pair", "warning")
    evidence = advice["evidence"]
    assert [end["pid"] for end in evidence["ends"]] == [aged.waits.pid, aged.closes.pid]
    assert evidence["sockets"] == aging.FORGOTTEN and evidence["oldest_s"] >= aging.AGE_S
    assert advice["about"]["process"]["pid"] == aged.closes.pid
    assert found.grave() == {"half_closed_pair"}
    aged.closes("for s in kept: s.close()")
    assert diagnose(aged.both).grave() == set()
