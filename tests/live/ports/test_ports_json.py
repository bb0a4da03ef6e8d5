# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The contract's `ports`, `port_failure` and `refresh`: every key, its type, and what adds up."""
import time

import pytest

import truth
from portsview import PORT, check_sums, destinations, failures, once, towards
from tracer import refused

number = (int, float)
CENSUS = {"type": str, "time": str, "seq": int, "netns": int, "family": str, "laddr": str,
          "raddr": str, "rport": int, "range_low": int, "range_high": int, "reserved": int,
          "blocked_by_bind": int, "blocked_by": list, "supply": int,
          "supply_is_upper_bound": bool, "used": int, "bound": int, "bound_in_range": int,
          "free": int, "reusable": int, "by_state": dict, "by_owner": list,
          "listeners_in_range": list, "consumed_per_s": number,
          "sustainable_per_s": number, "exhausted_in_s": number, "incomplete": bool}
CENSUS_NULL = {"family", "consumed_per_s", "exhausted_in_s"}
WITHOUT_BPF_NULL = {"blocked_by_bind", "blocked_by", "bound", "bound_in_range", "free", "reusable"}
FAILURE = {"type": str, "time": str, "seq": int, "owner": dict, "key": str, "call": str,
           "errno": str, "cause": str, "netns": int, "family": str, "laddr": str, "lport": int,
           "raddr": str, "rport": int, "count": int, "first": str, "last": str, "search_ns": int,
           "census": dict, "in_the_way": dict, "stacks": list, "incomplete": bool}
PROCESS = {"pid": int, "start_time": str, "comm": str, "exe": str, "cgroup": str, "container": str}
PROCESS_NULL = {"start_time", "comm", "exe", "cgroup", "container"}
REFRESH = {"type": str, "time": str, "view": str, "seq": int, "rows": int, "incomplete": bool}
LOW, SUPPLY = 20000, 2000


def check_types(o, types, nullable=()):
    assert set(o) == set(types)
    for key, kind in types.items():
        if o[key] is None:
            assert key in nullable, key
            continue
        assert isinstance(o[key], kind), (key, o[key])
        assert kind in (bool, dict, list, str) or not isinstance(o[key], bool), key


def check_census(row, nullable=CENSUS_NULL):
    check_types(row, CENSUS, nullable)
    truth.seconds(row["time"])
    check_sums(row)
    assert row["type"] == "ports" and set(row["by_state"]) <= set(truth.SS_STATES.values())
    for owner in row["by_owner"]:
        check_types(owner, {"process": dict, "key": str, "ports": int},
                    {"process", "key"})
        if owner["process"]:
            check_types(owner["process"], PROCESS, PROCESS_NULL)


def check_failure(row):
    check_types(row, FAILURE, {"census", "key", "lport", "in_the_way", "stacks"})
    check_types(row["owner"], PROCESS, PROCESS_NULL)
    assert row["count"] > 0
    assert truth.seconds(row["first"]) <= truth.seconds(row["last"]) <= truth.seconds(row["time"])
    assert (row["census"] is None) == (row["cause"] == "tuple_in_use")
    if row["census"]:
        check_census(row["census"])
        assert row["census"]["seq"] == row["seq"]
        assert [row["census"][k] for k in ("netns", "laddr", "raddr", "rport")] == \
            [row[k] for k in ("netns", "laddr", "raddr", "rport")]


@pytest.fixture
def listening(space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}", tcp_tw_reuse=0)
    server(f"l = [listen(a, {PORT}, backlog=4096) for a in ('127.0.0.1', '::1')]")


def test_every_key_with_its_type(make, space, client, listening):
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 7}")
    ports = make.ports(space=space)
    client(f"""
kept = [connect('::1', {PORT}) for i in range(3)]
kept += exhaust(connect, '127.0.0.1', {PORT})
first = connect('::1', {PORT}, ('::1', 30000))
failure(connect, '::1', {PORT}, ('::1', 30000))""")
    ports.wait_failure(cause="tuple_in_use")
    ports.wait_failure(cause="range_exhausted")
    ports.wait_refreshes_from_now(3)
    assert ports.stop() == 0
    assert {o["type"] for o in ports.objects} == {"ports", "port_failure", "refresh", "loss"}
    assert ports.objects[-1]["type"] == "loss" and ports.objects[-2]["type"] == "refresh"
    for i, refresh in enumerate(ports.refreshes()):
        check_types(refresh.end, REFRESH)
        assert refresh.end["view"] == "ports" and refresh.end["rows"] == len(refresh.rows)
        assert refresh.end["seq"] == i + 1
        for row in refresh.rows:
            assert row["seq"] == refresh.end["seq"] and row["time"] == refresh.end["time"]
            assert not row["incomplete"] and row["netns"] == space.inode
            check_census(row) if row["type"] == "ports" else check_failure(row)


def test_failure_is_told_when_it_grows(make, space, client, listening):
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 7}")
    ports = make.ports(space=space)
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    first = ports.wait_failure(1)
    ports.wait_refreshes_from_now(3)
    assert len(ports.failures()) == 1
    client(f"failure(connect, '127.0.0.1', {PORT})")
    second = ports.wait_failure(2)
    assert len(ports.failures()) == 2
    assert second["first"] == first["first"] and second["last"] > first["last"]
    ports.stop()


def test_destination_without_ports_is_told_once_more_and_in_the_end(make, space, client,
                                                                   listening):
    ports = make.ports(space=space)
    client(f"kept = [connect('127.0.0.1', {PORT}) for i in range(3)]")
    client(f"other = connect('::1', {PORT})")
    ports.wait_destination("127.0.0.1", condition=lambda row: row["used"] == 3)
    client("for s in kept: reset_on_close(s); s.close()")
    ports.wait_destination("127.0.0.1", condition=lambda row: row["used"] == 0)
    ports.wait_refreshes_from_now(4)
    assert ports.stop() == 0
    told = [towards(destinations(r), "127.0.0.1") for r in ports.refreshes()]
    used = [row and row["used"] for row in told]
    begun = used.index(3)
    gone = used.index(0)
    assert set(used[begun:gone]) == {3}
    assert set(used[gone + 1:-1]) == {None} and len(used) > gone + 3 and used[-1] == 0
    assert told[gone]["by_state"] == {} and told[gone]["by_owner"] == []


def test_rate_is_that_which_was_made(make, space, client, listening):
    """From the refresh before the first of them on."""
    ports = make.ports(space=space)
    ports.wait_refresh(lambda refresh: refresh.end["seq"] >= 2)
    client("kept = []")
    for _ in range(8):
        client(f"kept += [connect('127.0.0.1', {PORT}) for i in range(5)]")
        ports.wait_refreshes_from_now(1)
    assert ports.stop() == 0
    all_ = ports.refreshes()
    rows = [(i, towards(destinations(r), "127.0.0.1")) for i, r in enumerate(all_)]
    rows = [(i, row) for i, row in rows if row]
    begun = truth.seconds(all_[rows[0][0] - 1].end["time"])
    assert rows[-1][1]["used"] == 40
    for _, row in rows:
        elapsed = truth.seconds(row["time"]) - begun
        assert row["consumed_per_s"] == pytest.approx(row["used"] / elapsed, rel=1e-3)
        assert row["sustainable_per_s"] == pytest.approx(SUPPLY / 60, rel=1e-6)


def test_what_lasts_is_the_supply_by_the_time_a_port_is_held(make, space, client, listening):
    ports = make.ports(space=space)
    outer = time.monotonic()
    client(f"kept = [connect('127.0.0.1', {PORT}) for i in range(10)]")
    inner = time.monotonic()
    ports.wait_refreshes_from_now(3)
    least = time.monotonic() - inner
    client("for s in kept: reset_on_close(s); s.close()")
    most = time.monotonic() - outer
    row = ports.wait_destination("127.0.0.1", condition=lambda row: row["used"] == 0)
    assert SUPPLY / most <= row["sustainable_per_s"] <= SUPPLY / least


@pytest.mark.parametrize("own", [LOW + 7, LOW - 7], ids=["in the range", "below it"])
def test_ports_that_bind_chose_sustain_nothing(make, space, client, listening, server, own):
    """They come back at once, and connect() has no part in it."""
    ports = make.ports(space=space, interval=("-i", "0.2"))
    for _ in range(4):
        client(f"c = connect('127.0.0.1', {PORT}, ('127.0.0.1', {own}))")
        server("s = accept(l[0]); s.close()")
        client("drain(c); c.close()")
        ports.wait_refreshes_from_now(1)
    assert ports.stop() == 0
    rows = [towards(destinations(refresh), "127.0.0.1") for refresh in ports.refreshes()]
    rows = [row for row in rows if row]
    assert rows and {(row["used"], row["sustainable_per_s"]) for row in rows} == {(0, None)}


def steady(refreshes):
    """What the last six refreshes with their rows say: seconds, None, or either."""
    points = [(truth.seconds(end["time"]), row["used"] if row else 0) for end, row in refreshes]
    rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(points, points[1:])]
    if min(rates) <= 0 or max(rates) > 1.51 * min(rates):
        return [None]
    left = pytest.approx((SUPPLY - points[-1][1]) / ((min(rates) + max(rates)) / 2), rel=0.01)
    return [left] if max(rates) < 1.49 * min(rates) else [left, None]


def test_time_left_comes_after_five_steady_refreshes(make, space, client, listening, tmp_path):
    ports = make.ports(space=space, interval=("-i", "0.3"))
    ports.wait_refresh(lambda refresh: refresh.end["seq"] >= 2)
    client.start(f"""
kept, end = [], time.monotonic() + 15
while time.monotonic() < end and not os.path.exists({str(tmp_path / 'enough')!r}):
    kept.append(connect('127.0.0.1', {PORT}))
    time.sleep(0.01)""")
    ports.wait_refresh(lambda r: any(row["exhausted_in_s"] for row in destinations(r)), "a time")
    (tmp_path / "enough").touch()
    client.answer()
    assert ports.stop() == 0
    told = [(r.end, towards(destinations(r), "127.0.0.1")) for r in ports.refreshes()]
    first = next(i for i, (_, row) in enumerate(told) if row)
    for i, (_, row) in enumerate(told[:-1]):
        if row is None:
            continue
        wanted = steady(told[i - 5:i + 1]) if i >= first + 5 else [None]
        assert row["exhausted_in_s"] in wanted, (i, first)


@pytest.mark.parametrize("how", ["none", "listening", "bound"])
def test_without_BPF_the_supply_is_an_upper_bound(space, server, client, listening, how):
    client(f"c = connect('127.0.0.1', {PORT})")
    if how != "none":
        server(f"b = bind('::', {LOW + 1})")
    if how == "listening":
        server("b.listen()")
    [row] = destinations(once(space, "--no-bpf"))
    check_census(row, CENSUS_NULL | WITHOUT_BPF_NULL)
    assert (row["used"], row["supply"], row["supply_is_upper_bound"]) == (1, SUPPLY, True)
    assert {row[key] for key in WITHOUT_BPF_NULL} == {None}


def test_once_tells_what_is_exhausted(space, client, listening):
    if refused():
        pytest.skip(refused())
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 7}")
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    refresh = once(space, "--raddr", f"127.0.0.1:{PORT}")
    [row] = destinations(refresh)
    check_census(row)
    assert failures(refresh) == [] and row["free"] == 0 and row["by_state"] == {"ESTABLISHED": 8}
