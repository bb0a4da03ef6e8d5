# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What closed connections carried, how long they were idle, and which were reset."""
import pytest

from traffic import Pair


@pytest.fixture
def waits(make, space):
    return make.timewaits(space=space)


def row_of(waits, pid, condition=lambda row: True):
    return waits.wait_row(pid, condition)


def test_bytes_of_both_sides(waits, client, server):
    Pair(client, server)
    client("c.sendall(bytes(100000))")
    server("n = 0\nwhile n < 100000: n += len(s.recv(65536))")
    server("s.sendall(bytes(777))")
    client("assert len(c.recv(65536)) == 777; c.close()")
    server("drain(s); s.close()")
    ours = row_of(waits, client.pid, lambda r: r["closed"] == 1)
    assert (ours["sent_bytes"], ours["received_bytes"]) == (100000, 777)
    theirs = row_of(waits, server.pid, lambda r: r["closed"] == 1)
    assert (theirs["sent_bytes"], theirs["received_bytes"]) == (777, 100000)
    assert (ours["closed_first"], theirs["closed_first"]) == (1, 0)


def test_data_that_is_still_under_way_is_sent(waits, client, server):
    Pair(client, server)
    client("c.sendall(bytes(50000)); c.close()")
    ours = row_of(waits, client.pid, lambda r: r["closed"] == 1)
    assert ours["sent_bytes"] == 50000
    server("drain(s); s.close()")


def test_nothing_carried_is_nothing(waits, client, server):
    Pair(client, server).client_closes()
    for actor in (client, server):
        row = row_of(waits, actor.pid, lambda r: r["closed"] == 1)
        assert (row["sent_bytes"], row["received_bytes"]) == (0, 0)
        assert row["idle"]["count"] == 1


def test_idle_is_since_the_last_data(waits, client, server):
    Pair(client, server)
    server("s.sendall(b'x')")
    client("c.recv(1); import time; time.sleep(0.5); c.close()")
    server("drain(s); s.close()")
    row = row_of(waits, client.pid, lambda r: r["closed"] == 1)
    assert row["idle"]["count"] == 1 and 0.48 <= row["idle"]["min_s"] <= row["connected"]["max_s"]


def test_abort_is_a_reset_of_its_own(waits, client, server):
    Pair(client, server)
    client("reset_on_close(c); c.close()")
    ours = row_of(waits, client.pid, lambda r: r["closed"] == 1)
    assert (ours["closed_first"], ours["closed_by_reset"]) == (1, 1)
    assert ours["idle"]["count"] == 0
    theirs = row_of(waits, server.pid, lambda r: r["closed"] == 1)
    assert (theirs["closed_first"], theirs["closed_by_reset"]) == (0, 0)
    server("s.close()")


def test_close_with_unread_data_after_the_peer_is_a_reset(waits, client, server):
    Pair(client, server)
    client("c.sendall(b'unread'); c.shutdown(socket.SHUT_WR)")
    server("import select; select.select([s], [], []); time.sleep(0.05); s.close()")
    theirs = row_of(waits, server.pid, lambda r: r["closed_by_reset"] == 1)
    assert (theirs["closed"], theirs["closed_first"]) == (1, 0)
    assert theirs["received_bytes"] == 6
    client("c.close()")


def test_data_after_a_half_close_ends_what_waits(waits, client, server):
    """The client's minisocket is in FIN_WAIT2; what comes then is refused by an RST."""
    Pair(client, server)
    client("c.close()")
    row_of(waits, client.pid, lambda r: r["fin_wait2"] == 1)
    server("s.sendall(b'late')")
    ours = row_of(waits, client.pid, lambda r: r["reset_by_data"] == 1)
    assert ours["fin_wait2"] == 0 and sum(ours["reasons"].values()) == 0
    server("s.close()")
