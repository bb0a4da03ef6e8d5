# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The contract's `close_wait` and `refresh`: every key, its type, and what adds up."""
import json
import re
import time

import pytest

import closewait
import truth
from contract import PROCESS, REFRESH, check_types, number
from leaksview import complaints, once, refreshes
from tracer import refused, tcplinger

ROW = {"type": str, "time": str, "seq": int, "process": dict, "key": None, "owner_by": str,
       "sockets": int, "kinds": dict, "dead": int, "unread_bytes": int, "oldest_s": number,
       "began": list, "growth_per_s": number, "fds": int, "fd_limit": int,
       "fds_exhausted_in_s": number, "verdict": str, "evidence": dict, "places": list,
       "maker": dict, "connections": list, "omitted": int, "stacks": list,
       "incomplete": bool}
NULL_OR = {"process", "key", "owner_by", "dead", "oldest_s", "began", "growth_per_s", "fds",
           "fd_limit", "fds_exhausted_in_s", "maker", "stacks"}
SPAN = {"from": str, "to": str, "count": int}
CONNECTION = {"cookie": str, "netns": int, "family": str, "laddr": str, "lport": int, "raddr": str,
              "rport": int, "direction": str, "fd": int, "age_s": number,
              "age_is_lower_bound": bool, "recvq_bytes": int, "kind": str, "watched": str,
              "holders": list, "holders_total": int}
EVIDENCE = {"cause": str, "threads": int, "looked_at": int, "waiting": int, "state": str,
            "wchan": str, "syscall": str, "names": list, "idle_loop": bool, "stopped": bool,
            "tracer": dict, "frozen": bool, "cpu_share": number, "starved": number,
            "unwatched": int, "listener": dict, "peer": dict}
PLACE = {"direction": str, "netns": int, "family": str, "laddr": str, "lport": int, "raddr": str,
         "rport": int, "sockets": int}
LISTENER = {**PLACE, "queue": int, "queue_limit": int, "holders": list, "holders_total": int}
del LISTENER["sockets"]
PEER = {**PLACE, "holders": list, "holders_total": int}
NAME = {"name": str, "threads": int, "waiting_in": str}
CAUSES = {"drained", "forgotten", "growing", "inherited"}
WATCHED = {"in", "other", "no", None}
HOLDER = {"pid": int, "comm": str, "fd": int}
KINDS = {"unread_data", "fin_only", "drained", "sending", "unaccepted", "unknown"}
VERDICTS = {"leak", "stall", "idle_pool", "not_reading", "backlog", "half_closed", "transient",
            "stopped", "relay", "dead", "unknown", "mixed"}


def check_evidence(row):
    evidence = row["evidence"]
    check_types(evidence, EVIDENCE, EVIDENCE)
    assert (evidence["cause"] in CAUSES) == (row["verdict"] == "leak")
    if evidence["listener"]:
        check_types(evidence["listener"], LISTENER, {"raddr", "rport"})
    if evidence["peer"]:
        check_types(evidence["peer"], PEER, {"family", "lport", "raddr", "rport"})
    for end in (evidence["listener"], evidence["peer"]):
        for holder in end["holders"] if end else []:
            check_types(holder, HOLDER)
    for name in evidence["names"] or []:
        check_types(name, NAME, {"waiting_in"})
    if evidence["threads"]:
        assert evidence["waiting"] <= evidence["looked_at"] <= evidence["threads"]


def check_began(row):
    """Equal spans, one after the other, from the oldest until now; some sockets are left out."""
    spans = row["began"]
    if spans is None:
        return
    assert len(spans) == 12
    for span in spans:
        check_types(span, SPAN)
    assert [s["to"] for s in spans[:-1]] == [s["from"] for s in spans[1:]]
    assert spans[-1]["to"] == row["time"]
    assert 0 < sum(s["count"] for s in spans) <= row["sockets"]
    lengths = [truth.seconds(s["to"]) - truth.seconds(s["from"]) for s in spans]
    assert max(lengths) - min(lengths) < 1e-5


def check_row(row):
    check_types(row, ROW, NULL_OR)
    check_began(row)
    truth.seconds(row["time"])
    if row["process"]:
        check_types(row["process"], PROCESS, {"start_time", "comm", "exe", "cgroup", "container"})
    assert set(row["kinds"]) == KINDS
    assert sum(row["kinds"].values()) == row["sockets"]
    assert row["verdict"] in VERDICTS
    assert row["owner_by"] in ("holder", "listen", "accept", "connect", "close", None)
    check_evidence(row)
    assert (row["evidence"]["listener"] is not None) == (row["kinds"]["unaccepted"] > 0)
    for place in row["places"]:
        check_types(place, PLACE, {"family", "lport", "raddr", "rport"})
        assert (place["lport"] is None) != (place["rport"] is None)
    assert sum(place["sockets"] for place in row["places"]) == row["sockets"]  # few places
    assert len(row["connections"]) == min(10, row["sockets"])
    assert row["omitted"] == row["sockets"] - len(row["connections"])
    for c in row["connections"]:
        check_types(c, CONNECTION, {"fd", "watched"})
        assert c["watched"] in WATCHED
        assert re.fullmatch("[0-9a-f]+", c["cookie"])
        assert c["family"] in ("ipv4", "ipv6") and c["direction"] in ("in", "out", "unknown")
        assert c["kind"] in KINDS
        for holder in c["holders"]:
            check_types(holder, HOLDER)


@pytest.fixture
def crowd(make, space, client, server):
    """One of each, by three processes."""
    for name, (scenario, _, _) in closewait.SCENARIOS.items():
        scenario(space, client, server if name != "stall" else make.actor(space))
    return space


def test_every_key_with_its_type(make, crowd, source):
    leaks = make.leaks("--age", "0.1", *source, space=crowd)
    leaks.wait_refresh(lambda r: r.end["seq"] >= 4)
    assert leaks.stop() == 0
    kinds = set()
    for refresh in leaks.refreshes():
        check_types(refresh.end, REFRESH)
        assert refresh.end["view"] == "leaks" and refresh.end["rows"] == len(refresh.rows)
        for row in refresh.rows:
            check_row(row)
            assert row["seq"] == refresh.end["seq"] and row["time"] == refresh.end["time"]
            assert not row["incomplete"]
            kinds |= {k for k, n in row["kinds"].items() if n}
    assert kinds == KINDS - {"unknown"}
    assert {o["type"] for o in leaks.objects} == {"close_wait", "refresh", "loss"}
    assert leaks.objects[-1]["type"] == "loss"
    assert [r.end["seq"] for r in leaks.refreshes()] == \
        list(range(1, len(leaks.refreshes()) + 1))


def test_connections_are_those_of_ss(crowd, source):
    wanted = {c: row for c, row in truth.ss(crowd).items() if row[0] == "CLOSE_WAIT"}
    refresh = once(crowd, *source)
    got = {c["cookie"]: c for row in refresh.rows for c in row["connections"]}
    assert set(got) == set(wanted)
    for cookie, connection in got.items():
        assert wanted[cookie][1:] == (f'{connection["laddr"]}:{connection["lport"]}',
                                      f'{connection["raddr"]}:{connection["rport"]}')


def test_with_and_without_BPF_the_same(crowd):
    """Kinds, verdicts, holders of the same sockets; times differ, and a program sees more of a socket:
    that connect() chose its port, when it will probe its peer."""
    if refused():
        pytest.skip(refused())
    with_bpf, without = (once(crowd, *arguments) for arguments in ([], ["--no-bpf"]))

    def plain(refresh):
        rows = []
        for row in refresh.rows:
            row = dict(row, time=None, oldest_s=None)
            row["connections"] = sorted((dict(c, age_s=None, age_is_lower_bound=None, direction=None)
                                         for c in row["connections"]),
                                        key=lambda c: c["cookie"])
            row["places"] = [dict(place, direction=None) for place in row["places"]]
            row.pop("evidence")  # a moment later its threads may be elsewhere
            row.pop("dead")  # without BPF nobody knows
            row.pop("began")  # spans until a moment later, of what is known to the moment
            # /proc has hundredths of a second, the kernel more
            row["process"] = {**row["process"], "start_time": None}
            rows.append(row)
        return rows
    assert plain(with_bpf) == plain(without)


def test_no_more_than_one_refresh_per_interval(make, space, source):
    leaks = make.leaks(*source, space=space, interval=("-i", "0.2"))
    leaks.wait_refresh(lambda r: r.end["seq"] >= 8)
    assert leaks.stop() == 0
    times = [truth.seconds(r.end["time"]) for r in leaks.refreshes()]
    steps = [b - a for a, b in zip(times, times[1:-1])]
    assert min(steps) >= 0.19  # how late they come is the machine's


def test_duration_ends_it_with_a_last_refresh(space, source):
    begun = time.monotonic()
    result = tcplinger("leaks", "--json", "-d", "0.5", "-i", "0.1", "--netns", space.name, *source)
    assert result.returncode == 0 and complaints(result.stderr) == []
    assert time.monotonic() - begun >= 0.5
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(refreshes(objects)) >= 2  # as many as 2 % of a CPU allow
    assert objects[-1]["type"] == "loss" and objects[-2]["type"] == "refresh"


def test_hostile_comm_is_valid_JSON(make, space, client, source):
    server = make.actor(space, comm=b'\xff"\\\n\x1b[31m')
    closewait.leak(space, client, server)
    row = once(space, *source).of(server.pid)
    assert row["process"]["comm"] == '\ufffd"\\\n\x1b[31m'
    assert row["connections"][0]["holders"][0]["comm"] == row["process"]["comm"]
    by_comm = once(space, "--by", "comm", *source)
    assert by_comm.key(row["process"]["comm"])["sockets"] == 1
