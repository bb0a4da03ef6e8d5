# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every TIME_WAIT is accounted for: what timewait counts is what the kernel counts."""
import pytest

import truth
from timewaits import Counters, end_when_all_is_closed, ends, total
from tracer import PATIENCE_S
from traffic import CHURN_MISSED_MAX, CHURN_TRIES, Pair, churn

FEW = 300
MANY = 10000


def by_direction(refresh):
    """{direction: (created, closed, closed_first, connected)}"""
    sums = {}
    for row in refresh.rows:
        figures = (row["created"], row["closed"], row["closed_first"], row["connected"]["count"])
        sums[row["direction"]] = tuple(map(sum, zip(sums.get(row["direction"], (0,) * 4), figures)))
    return sums


def check_few(last):
    """On a busy machine a late packet may be answered with a reset, which ends a TIME_WAIT."""
    assert set(ends(last)) <= {"reset"}
    assert total(last, "sockets") + total(last, "ended") == FEW
    assert total(last, "fin_wait2") == 0


@pytest.mark.parametrize("closer", ["client", "server"])
def test_a_few_hundred_exactly(make, space, load_program, closer):
    waits = make.timewaits(space=space)
    counters = Counters(space)
    churn(space, load_program, FEW, "--closer", closer, "--interval-ms", "1")
    last = end_when_all_is_closed(waits, space)
    assert counters.minisockets() == FEW
    first, second = ("out", "in") if closer == "client" else ("in", "out")
    assert by_direction(last) == {first: (FEW, FEW, FEW, FEW), second: (0, FEW, 0, FEW)}
    assert total(last, "sockets") == truth.ss_counts(space)["TIME_WAIT"]
    check_few(last)
    assert len(last.rows) == 2 and not last.end["incomplete"]


def test_every_kind_of_end_adds_up(make, space, client, server):
    """TIME_WAITs that are reused, taken by a SYN, destroyed or left, beside minisockets that never
    become one."""
    space.sysctl(tcp_fin_timeout=3)
    waits = make.timewaits(space=space)
    counters = Counters(space)

    bound = Pair(client, server, source=("127.0.0.1", 40000))
    bound.client_closes()
    waits.wait_row(client.pid, lambda row: row["created"] == 1)
    bound.connect(source=("127.0.0.1", 40000))  # reused
    bound.server_closes()
    waits.wait_row(server.pid, lambda row: row["created"] == 1)
    bound.connect(source=("127.0.0.1", 40000))  # syn
    bound.client_closes()
    waits.wait_row(client.pid, lambda row: row["created"] == 2)
    space.run("ss", "-K", "state", "time-wait")  # destroyed
    for _ in range(3):
        bound.connect()
        bound.client_closes()  # left
    waiting = Pair(client, server)
    client("c.close()")  # times out in FIN_WAIT2
    server("w = s")
    reset = Pair(client, server)
    client("c.close()")
    both = waits.wait_refresh(lambda refresh: total(refresh, "fin_wait2") == 2 and refresh)
    server("reset_on_close(s); s.close()")  # reset in FIN_WAIT2
    waits.wait_refresh(lambda refresh: refresh.end["seq"] > both.end["seq"]
                       and not total(refresh, "fin_wait2"))

    last = waits.end()
    assert ends(last) == {"reused": 1, "syn": 1, "destroyed": 1}
    assert total(last, "created") == 6
    assert total(last, "sockets") == truth.ss_counts(space)["TIME_WAIT"] == 3
    assert counters.minisockets() == 6 + 2
    assert counters["TWRecycled"] == 1
    assert counters["TCPTimeWaitOverflow"] == 0
    fin_wait2 = [row for row in last.rows if row["rport"] in (waiting.port, reset.port)]
    assert [row["fin_wait2_lifetime"]["count"] for row in fin_wait2] == [1, 1]
    assert [(row["created"], row["closed_first"]) for row in fin_wait2] == [(0, 1), (0, 1)]


def check_many(last, space, counters, directions):
    """True if not one is missing; what is there adds up in any case."""
    wanted = {direction: (MANY * first, MANY, MANY * first, MANY)
              for direction, first in directions.items()}
    got, there = by_direction(last), truth.ss_counts(space)["TIME_WAIT"]
    born = counters.minisockets()
    print(got, total(last, "sockets"), there, born, ends(last), total(last, "fin_wait2"))
    for direction, figures in wanted.items():
        for have, want in zip(got[direction], figures):
            assert want * (1 - CHURN_MISSED_MAX) <= have <= want
    assert born == MANY
    assert set(ends(last)) <= {"reset", "syn", "reused"}
    return got == wanted and total(last, "sockets") == there and \
        total(last, "sockets") + total(last, "ended") == born and not last.end["incomplete"]


@pytest.mark.parametrize("arguments, directions", [
    (("--closer", "client"), {"out": 1, "in": 0}),
    (("--closer", "server"), {"out": 0, "in": 1}),
    (("--closer", "client", "--address", "::1"), {"out": 1, "in": 0}),
], ids=["client-closes", "server-closes", "ipv6"])
def test_ten_thousand_as_fast_as_they_go(make, load_program, arguments, directions):
    for _ in range(CHURN_TRIES):
        space = make.space()
        waits = make.timewaits(space=space)
        counters = Counters(space)
        churn(space, load_program, MANY, *arguments)
        if check_many(end_when_all_is_closed(waits, space), space, counters, directions):
            return
    pytest.fail(f"no run of {CHURN_TRIES} was complete")


def test_duration_accounts_for_all_in_its_last_refresh(make, space, load_program):
    """Nothing is left for a refresh that does not come: the interval is longer than the run."""
    waits = make.timewaits("-d", "3", space=space, interval=("-i", "600"))
    counters = Counters(space)
    churn(space, load_program, FEW, "--interval-ms", "1")
    assert waits.process.wait(PATIENCE_S) == 0
    first, last = waits.refreshes()
    assert first.rows == [] and (first.end["seq"], last.end["seq"]) == (1, 2)
    assert by_direction(last) == {"out": (FEW, FEW, FEW, FEW), "in": (0, FEW, 0, FEW)}
    assert counters.minisockets() == FEW
    check_few(last)
    assert waits.objects[-1]["type"] == "loss"
