# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections that close and do not come to their end: whose, where, and why."""
import time

import pytest

import lingering
from lingering import once
from privileges import anyones_binary, as_nobody  # noqa: F401
from screen import on_terminal, width

KEYS = ["type", "time", "seq", "process", "key", "owner_by", "direction", "netns", "family",
        "laddr", "lport", "raddr", "rport", "sockets", "by_state", "orphans", "oldest_s",
        "unacked_bytes", "unsent_bytes", "retransmits", "zero_window", "verdict", "connections",
        "omitted", "incomplete"]
CONNECTION = ["cookie", "netns", "family", "laddr", "lport", "raddr", "rport", "direction", "state",
              "fd", "age_s", "age_is_lower_bound", "unacked_bytes", "unsent_bytes", "retransmits",
              "holders", "holders_total"]


def closing(space, *arguments):
    return once("closing", space, *arguments)


def test_half_closed_and_the_peer_does_not_close(space, client, server, source):
    """Three of them, older than the tool: exact ages all the same, as the kernel keeps the ACK."""
    begun = time.monotonic()
    made = [lingering.half_closed(space, client, server) for _ in range(3)]
    refresh = closing(space, "--age", "0", *source)
    most = time.monotonic() - begun
    assert len(refresh.rows) == 3  # three ports, three places
    for pair in made:
        [row] = [row for row in refresh.rows if row["rport"] == pair.port]
        assert list(row) == KEYS
        assert row["verdict"] == "peer_does_not_close"
        assert row["process"]["pid"] == client.pid and row["owner_by"] == "holder"
        assert (row["sockets"], row["orphans"], row["omitted"]) == (1, 0, 0)
        assert row["by_state"] == {"FIN_WAIT2": 1}
        assert row["raddr"] == "127.0.0.1" and row["lport"] is None
        [c] = row["connections"]
        assert list(c) == CONNECTION
        assert c["cookie"] == pair.client_cookie and c["state"] == "FIN_WAIT2"
        assert (c["unacked_bytes"], c["unsent_bytes"], c["retransmits"]) == (0, 0, 0)
        assert c["age_is_lower_bound"] is False and 0 <= c["age_s"] <= most + 0.02
        [holder] = c["holders"]
        assert (holder["pid"], holder["fd"], c["holders_total"]) == (client.pid, c["fd"], 1)


def test_connections_to_one_place_are_one_row(space, client, server, source):
    server("l = listen()")
    port = server("port(l)")
    client(f"kept = [connect('127.0.0.1', {port}) for _ in range(12)]")
    server("kept = [accept(l) for _ in range(12)]")
    client("[c.shutdown(socket.SHUT_WR) for c in kept]")
    lingering.await_state(space, "fin-wait-2", 12)
    [row] = closing(space, *source).rows
    assert (row["sockets"], len(row["connections"]), row["omitted"]) == (12, 10, 2)
    ages = [c["age_s"] for c in row["connections"]]
    assert ages == sorted(ages, reverse=True) and row["oldest_s"] == ages[0]
    assert row["verdict"] == "transient"  # none is 10 s old


def test_a_service_is_what_closed_what_it_accepted(space, client, server, source):
    made = lingering.pair(client, server)
    server("s.shutdown(socket.SHUT_WR)")
    lingering.await_state(space, "fin-wait-2", 1)
    [row] = closing(space, *source).rows
    assert (row["direction"], row["lport"], row["rport"]) == ("in", made.port, None)
    assert row["process"]["pid"] == server.pid


def test_nobody_answers_our_fin(space, client, server, source):
    """With one look what is sent again says enough."""
    made = lingering.unanswered(space, client, server)
    lingering.await_retransmits(space, "fin-wait-1", 2)
    [row] = closing(space, *source).rows
    assert (row["verdict"], row["by_state"]) == ("peer_silent", {"FIN_WAIT1": 1})
    assert row["process"]["pid"] == client.pid and row["orphans"] == 0
    assert row["retransmits"] >= 2 and row["zero_window"] == 0
    [c] = row["connections"]
    assert c["cookie"] == made.client_cookie and c["retransmits"] == row["retransmits"]
    assert (c["unacked_bytes"], c["unsent_bytes"]) == (0, 0)  # the FIN is none


def test_nobody_answers_our_data(space, client, server, source):
    made = lingering.pair(client, server)
    lingering.silence(space, made.port)
    client("c.sendall(bytes(1000)); c.shutdown(socket.SHUT_WR)")
    lingering.await_retransmits(space, "fin-wait-1")
    [row] = closing(space, *source).rows
    assert row["verdict"] == "peer_silent"
    assert (row["unacked_bytes"], row["unsent_bytes"]) == (1000, 0)


def test_an_orphan_has_no_owner_that_a_listing_could_tell(space, client, server, source):
    made = lingering.orphan_in_last_ack(space, client, server)
    lingering.await_retransmits(space, "last-ack")
    [row] = [row for row in closing(space, *source).rows if "LAST_ACK" in row["by_state"]]
    assert (row["process"], row["owner_by"], row["orphans"]) == (None, None, 1)
    assert (row["verdict"], row["lport"]) == ("peer_silent", made.port)
    [c] = row["connections"]
    assert (c["fd"], c["holders"], c["holders_total"]) == (None, [], 0)
    assert c["cookie"] == made.server_cookie


def test_the_stream_knows_who_closed_an_orphan(make, space, client, server):
    """Where `trace` runs beside it."""
    view = make.closing_beside_trace(space=space)
    lingering.orphan_in_last_ack(space, client, server)

    def look(refresh):
        found = [row for row in refresh.rows if "LAST_ACK" in row["by_state"]]
        return found and found[0]["process"] and found[0]
    row = view.wait_refresh(look)
    assert row["process"]["pid"] == server.pid and row["owner_by"] == "close"
    assert row["connections"][0]["age_is_lower_bound"] is False


def queued_in_fin_wait1(space):
    """Send-Q, as ss has it."""
    [line] = lingering.await_state(space, "fin-wait-1", 1)
    return int(line.split()[1])


def test_the_peer_takes_no_data(space, client, server, source):
    made = lingering.window_closed(space, client, server)
    before = queued_in_fin_wait1(space)
    [row] = closing(space, "--age", "0", *source).rows
    assert (row["verdict"], row["zero_window"]) == ("peer_window_closed", 1)
    # a probe may get something through meanwhile; without our FIN
    assert queued_in_fin_wait1(space) <= row["unacked_bytes"] + row["unsent_bytes"] + 1 <= before
    assert row["unsent_bytes"] > 0
    assert row["connections"][0]["cookie"] == made.client_cookie


def test_silence_takes_two_listings_where_it_goes_on(make, space, client, server, source):
    lingering.unanswered(space, client, server)
    lingering.await_retransmits(space, "fin-wait-1")
    view = make.closing("--age", "0.3", *source, space=space)
    row = view.wait_row(client.pid, lambda row: row["verdict"] == "peer_silent")
    assert row["sockets"] == 1
    assert view.refreshes()[0].of(client.pid)["verdict"] == "transient"


def test_a_row_that_is_over_is_shown_once_more(make, space, client, server, source):
    lingering.half_closed(space, client, server)
    view = make.closing(*source, space=space)
    view.wait_row(client.pid)
    server("s.close()")
    row = view.wait_row(client.pid, lambda row: row["sockets"] == 0)
    assert (row["by_state"], row["connections"], row["oldest_s"]) == ({}, [], None)
    view.wait_refresh(lambda refresh: not refresh.rows)


def test_filters(space, client, server, source):
    """Of two ends that are both half-closed; the states are those that the sockets are in."""
    made = lingering.half_closed(space, client, server)
    other = lingering.pair(client, server)
    lingering.silence(space, other.port)
    server("s.shutdown(socket.SHUT_WR)")
    lingering.await_state(space, "fin-wait-1", 1)
    assert len(closing(space, *source).rows) == 2
    for arguments, pid in (
            (["--state", "FIN_WAIT2"], client.pid), (["--state", "fin_wait1"], server.pid),
            (["-p", str(server.pid)], server.pid), (["--rport", str(made.port)], client.pid),
            (["--lport", str(other.port)], server.pid),
            (["--lport", str(made.client_port)], client.pid)):
        [row] = closing(space, *arguments, *source).rows
        assert row["process"]["pid"] == pid, arguments
    assert closing(space, "-6", *source).rows == []


def test_by_comm(make, space, client, server, source):
    lingering.half_closed(space, client, server)
    other = make.actor(space)
    other(f"c = connect('127.0.0.1', {server('port(l)')})")
    server("kept.append(accept(l))")
    other("c.shutdown(socket.SHUT_WR)")
    lingering.await_state(space, "fin-wait-2", 2)
    [row] = closing(space, "--by", "comm", *source).rows
    assert (row["process"], row["key"], row["sockets"]) == (None, "python3", 2)


def test_two_who_hold_it_are_one_row(space, client, server, source):
    lingering.half_closed(space, client, server)
    client("child = Child('')")
    child = client("child.release()")
    [row] = closing(space, *source).rows
    [c] = row["connections"]
    assert row["process"]["pid"] == client.pid and c["holders_total"] == 2
    assert [holder["pid"] for holder in c["holders"]] == [client.pid, child]
    client("child.stop()")


def test_nobody_sees_them_without_their_owners(anyones_binary, space, client, server):  # noqa: F811
    lingering.half_closed(space, client, server)
    result = as_nobody(anyones_binary, "closing", "--once", inside=space)
    assert result.returncode == 0
    assert "(nobody known)" in result.stdout and "1 FIN_WAIT2" in result.stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_the_screen(space, client, server, columns):
    lingering.half_closed(space, client, server)
    text = on_terminal(columns, "closing", "--once", "--age", "0", "--netns", space.name)
    assert "peer_does_not_close" in text and str(client.pid) in text
    assert f"python3[{server.pid}]" in " ".join(text.split())
    assert all(width(line) <= columns for line in text.splitlines())
