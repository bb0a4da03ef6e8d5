# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The contract's `time_wait` and `refresh`: every key, its type, what is null, when a row is there."""
import json
import time

import pytest

import truth
from contract import PROCESS, REFRESH, check_types, number
from timewaits import HISTOGRAMS, REASONS, check_books, complaints, once, refreshes
from tracer import tcplinger
from traffic import Pair

ROW = {"type": str, "time": str, "seq": int, "process": dict, "key": str, "owner_by": str,
       "closer": dict, "direction": str, "netns": int, "family": str, "laddr": str, "lport": int,
       "raddr": str, "rport": int, "sockets": int, "predates": int, "fin_wait2": int,
       "created": int, "ended": int, "closed": int, "closed_first": int,
       "closed_by_reset": int, "rearmed": int, "reset_by_data": int, "sent_bytes": int,
       "received_bytes": int, "idle": dict,
       "overflow": int, "created_per_s": number, "reasons": dict, "lifetime": dict,
       "fin_wait2_lifetime": dict, "connected": dict, "incomplete": bool}
NULL_OR = {"process", "key", "owner_by", "closer", "family", "lport", "raddr", "rport",
           "created_per_s"}
HISTOGRAM = {"count": int, "min_s": number, "p50_s": number, "p90_s": number, "p99_s": number,
             "max_s": number, "buckets": list}


def check_row(row, older=0):
    check_types(row, ROW, NULL_OR)
    truth.seconds(row["time"])
    for process in filter(None, (row["process"], row["closer"])):
        check_types(process, PROCESS, {"start_time", "comm", "exe", "cgroup", "container"})
    assert row["owner_by"] in {None, "connect", "holder", "close", "listen"}
    assert row["direction"] in {"in", "out", "unknown"}
    assert row["family"] in {None, "ipv4", "ipv6"}
    if row["direction"] == "in":
        assert row["lport"] and row["raddr"] is None and row["rport"] is None
    else:
        assert row["lport"] is None and row["raddr"] and row["rport"]
    assert set(row["reasons"]) == set(REASONS)
    for name in HISTOGRAMS:
        check_types(row[name], HISTOGRAM, {"min_s", "p50_s", "p90_s", "p99_s", "max_s"})
        for bucket in row[name]["buckets"]:
            check_types(bucket, {"le_s": number, "count": int}, {"le_s"})
    check_books(row, older)


@pytest.fixture
def crowd(make, space, client, server):
    """Both directions, both families, a mixed one; one that a child closed; FIN_WAIT2."""
    def act():
        for address in ("127.0.0.1", "::1"):
            Pair(client, server, address).client_closes()
            Pair(client, server, address).server_closes()
        server("a = listen('::')")
        client(f"d = connect('127.0.0.1', {server('port(a)')}); "
               f"e = connect('::ffff:127.0.0.1', {server('port(a)')})")
        server("f = accept(a); g = accept(a)")
        client("d.close(); e.close()")
        server("drain(f); drain(g); f.close(); g.close()")
        Pair(client, server)
        client("w = Child('c.close()')")
        client("c.close(); w.release(); w.stop()")
        server("drain(s); s.close()")
        Pair(client, server)
        client("c.close()")
    return act


def test_every_key_with_its_type(make, space, crowd):
    waits = make.timewaits(space=space)
    crowd()
    waits.wait_refresh(lambda refresh: sum(r["sockets"] for r in refresh.rows) == 7
                       and sum(r["fin_wait2"] for r in refresh.rows) == 1)
    space.run("ss", "-K", "state", "time-wait")
    waits.wait_refresh(lambda refresh: sum(r["ended"] for r in refresh.rows) == 7)
    assert waits.stop() == 0
    for refresh in waits.refreshes():
        check_types(refresh.end, REFRESH)
        assert refresh.end["view"] == "timewait" and refresh.end["rows"] == len(refresh.rows)
        for row in refresh.rows:
            check_row(row)
            assert row["seq"] == refresh.end["seq"] and row["time"] == refresh.end["time"]
            assert not row["incomplete"] and row["process"] and row["key"] is None
    rows = waits.refreshes()[-1].rows
    assert {row["direction"] for row in rows} == {"in", "out"}
    assert len([row for row in rows if row["closer"]]) == 1
    # v4-mapped and plain IPv4 towards one destination are one row
    assert [(row["laddr"], row["closed"]) for row in rows
            if row["family"] is None and row["direction"] == "out"] == [("127.0.0.1", 2)]
    assert {o["type"] for o in waits.objects} == {"time_wait", "refresh", "loss"}
    assert waits.objects[-1]["type"] == "loss"
    assert [r.end["seq"] for r in waits.refreshes()] == \
        list(range(1, len(waits.refreshes()) + 1))


def test_row_at_zero_is_printed_once_more_and_at_the_end(make, space, client, server):
    waits = make.timewaits(space=space)
    pair = Pair(client, server)
    pair.client_closes()
    waits.wait_row(client.pid, lambda row: row["sockets"])
    space.run("ss", "-K", "state", "time-wait")
    waits.wait_row(client.pid, lambda row: row["ended"])
    seq = waits.refreshes()[-1].end["seq"]
    waits.wait_refresh(lambda refresh: refresh.end["seq"] > seq + 3)
    shown = [refresh.of(client.pid) for refresh in waits.refreshes()]
    assert [row["sockets"] for row in shown if row and row["ended"]] == [0]
    assert shown[-1] is None

    pair.connect()  # it returns, and its counters go on
    pair.client_closes()
    row = waits.wait_row(client.pid, lambda row: row["created"] == 2)
    assert (row["sockets"], row["ended"], row["closed"]) == (1, 1, 2)
    space.run("ss", "-K", "state", "time-wait")
    waits.wait_row(client.pid, lambda row: row["ended"] == 2)
    last = waits.end()
    assert last.of(client.pid)["ended"] == 2 and last.of(client.pid)["sockets"] == 0
    assert last.of(server.pid)["closed"] == 2  # it never had any


@pytest.mark.parametrize("by", ["comm", "exe", "cgroup"])
def test_group_replaces_the_process_only(make, space, server, by):
    """Two processes of a kind; destinations and directions stay apart."""
    waits = make.timewaits("--by", by, space=space)
    clients = [make.actor(space, comm=b"twin") for _ in range(2)]
    for one in clients:
        for _ in range(2):
            Pair(one, server).client_closes()
    last = waits.end()
    key = {"comm": "twin", "exe": "/usr/bin/python3.11", "cgroup": "/"}[by]
    if by != "comm":
        [key] = {row["key"] for row in last.rows}
    ours = [row for row in last.rows if row["direction"] == "out"]
    assert [(row["key"], row["created"]) for row in ours] == [(key, 1)] * 4
    for row in last.rows:
        check_row(row)
        assert row["process"] is None


def test_group_of_two_processes_has_no_common_closer(make, space, server):
    waits = make.timewaits("--by", "comm", space=space)
    pair = None
    for _ in range(2):
        client = make.actor(space, comm=b"twin")
        pair = Pair(client, server, port=pair.port if pair else 0)
        pair.client_closes()
        server("l.close()")
    row = waits.wait_refresh(lambda refresh: next((r for r in refresh.rows
                                                   if r["sockets"] == 2), None))
    assert (row["key"], row["closer"], row["owner_by"]) == ("twin", None, "connect")
    waits.end()


def test_closer_in_a_group_is_null_where_it_is_the_owner(make, space, client, server):
    waits = make.timewaits("--by", "comm", space=space)
    Pair(client, server).client_closes()
    own = waits.wait_refresh(lambda refresh: next((r for r in refresh.rows if r["sockets"]), None))
    assert (own["key"], own["closer"]) == ("python3", None)
    Pair(client, server)
    client("w = Child('c.close()')")
    client("c.close()")
    child = client("w.release()")
    server("drain(s); s.close()")
    [other] = waits.wait_refresh(lambda refresh: [r for r in refresh.rows if r["sockets"]
                                                  and r["rport"] != own["rport"]])
    assert other["closer"]["pid"] == child
    client("w.stop()")


def test_without_owner_process_and_key_are_null(make, space, client, server):
    Pair(client, server).client_closes()
    waits = make.timewaits("--by", "comm", space=space)
    [row] = waits.wait_refresh(lambda refresh: refresh.rows)
    check_row(row, older=1)
    assert (row["process"], row["key"], row["predates"]) == (None, None, 1)


def test_rate_is_the_change_since_the_oldest_refresh(make, space, client, server):
    """A row that is new has the refresh before it to be compared with: there it had none."""
    waits = make.timewaits(space=space)
    pair = Pair(client, server)
    waits.wait_refresh(lambda refresh: refresh)
    pair.client_closes()
    waits.wait_row(client.pid, lambda row: row["created"] == 1)
    for _ in range(4):
        pair.connect()
        pair.client_closes()
    waits.wait_row(client.pid, lambda row: row["created"] == 5)
    waits.end()
    refreshes = waits.refreshes()
    first = next(i for i, refresh in enumerate(refreshes) if refresh.of(client.pid))
    assert first > 0
    rows = [refresh.of(client.pid) for refresh in refreshes[first:] if refresh.of(client.pid)]
    oldest = truth.seconds(refreshes[first - 1].end["time"])
    for row in rows:
        between = truth.seconds(row["time"]) - oldest
        assert row["created_per_s"] == pytest.approx(row["created"] / between, rel=0.01)


def test_duration_ends_it_with_a_last_refresh(space):
    begun = time.monotonic()
    result = tcplinger("timewait", "--json", "-d", "0.5", "-i", "0.1", "--netns", space.name)
    assert result.returncode == 0 and complaints(result.stderr) == []
    assert 0.5 <= time.monotonic() - begun
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(refreshes(objects)) >= 2
    assert objects[-1]["type"] == "loss" and objects[-2]["type"] == "refresh"


def test_hostile_comm_is_valid_JSON(make, space, server):
    waits = make.timewaits("--by", "comm", space=space)
    client = make.actor(space, comm=b'\xff"\\\n\x1b[31m')
    Pair(client, server).client_closes()
    waits.wait_refresh(lambda refresh: refresh.key('\ufffd"\\\n\x1b[31m'))


def test_once_shows_what_exists_by_destination(make, space, client, server, source):
    pair = Pair(client, server)
    for _ in range(3):
        pair.client_closes()
        pair.connect()
    client("c.shutdown(socket.SHUT_WR)")
    while truth.ss_counts(space).get("FIN_WAIT2") != 1:
        time.sleep(0.01)
    client("c.close()")  # in FIN_WAIT2: a minisocket, at once
    refresh = once(space, *source)
    [row] = refresh.rows
    check_row(row, older=3)
    assert (row["sockets"], row["predates"], row["fin_wait2"]) == (3, 3, 1)
    assert (row["raddr"], row["rport"], row["process"]) == ("127.0.0.1", pair.port, None)
    assert (row["closed"], row["ended"], refresh.end["rows"]) == (0, 0, 1)
