# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Too many, too short-lived, badly named: processes and namespaces by the thousand, all accounted for."""
import collections
import os
import re

import truth
from crowds import crowds, hostile_names  # noqa: F401 (a fixture)
from hostile import wanted_in_json
from timewaits import Counters, total
from tracer import steps
from traffic import nearly_all

NAMED = 1000
LOOKED_AT = 100  # by leaks, at a refresh
BRIEF = 10000
JOBS = 10
SPACES = 200
ONCE_AT_THE_END = ("-i", "600")
HARMFUL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")


def comm_of(pid):
    with open(f"/proc/{pid}/comm", "rb") as file:
        return file.read()[:-1]


def check_harmless(lines):
    for line in lines:
        line.decode("utf-8", "strict")
        assert not HARMFUL.search(line)


def named_in_json(rows):
    """{pid: comm}; a process has one row."""
    comms = {row["process"]["pid"]: row["process"]["comm"] for row in rows}
    assert len(comms) == len(rows)
    return comms


def lives(tracer):
    """{(pid, comm): steps} of the connections that were made by connect()."""
    by_owner = {}
    for t in tracer.transitions():
        if t["owner_by"] == "connect":
            by_owner.setdefault((t["owner"]["pid"], t["owner"]["comm"]), []).append(t)
    return {owner: steps(life) for owner, life in by_owner.items()}


def test_a_thousand_hostile_names_that_leave_a_TIME_WAIT_in_json(make, space, crowds):
    names = hostile_names(NAMED)
    tracer = make.tracer(space=space)
    waits = make.timewaits(space=space, interval=ONCE_AT_THE_END)
    wanted = dict(zip(crowds.run(space, "pass", names), map(wanted_in_json, names)))
    tracer.wait(lambda all_: sum(t["new"] == "TIME_WAIT" for t in all_) == NAMED)

    last = waits.end()
    out = [row for row in last.rows if row["direction"] == "out"]
    assert named_in_json(out) == wanted
    assert {(row["created"], row["closed"], row["closed_first"]) for row in out} == {(1, 1, 1)}
    assert tracer.stop() == 0
    whole = truth.CLIENT + truth.ACTIVE
    assert lives(tracer) == {owner: whole for owner in wanted.items()}
    check_harmless(tracer.lines + waits.lines)


def test_a_thousand_hostile_names_that_leak_in_json(make, space, crowds):
    names = hostile_names(NAMED)
    leaks = make.leaks("--age", "0", space=space, interval=ONCE_AT_THE_END)
    with crowds.hold(space, NAMED, names) as pids:
        wanted = {pid: wanted_in_json(comm_of(pid)) for pid in pids}
        assert sorted(wanted.values()) == sorted(map(wanted_in_json, names))
        assert leaks.stop() == 0
    rows = leaks.refreshes()[-1].rows
    assert named_in_json(rows) == wanted
    assert {(row["sockets"], row["kinds"]["drained"]) for row in rows} == {(1, 1)}
    # nobody is accused of a leak before he was looked at: so many are at a refresh
    assert collections.Counter(row["verdict"] for row in rows) == \
        {"leak": LOOKED_AT, "mixed": NAMED - LOOKED_AT}
    assert [holder["comm"] for row in rows for c in row["connections"] for holder in c["holders"]] \
        == [row["process"]["comm"] for row in rows]
    check_harmless(leaks.lines)


def pids_of(lines, pattern):
    found = (re.search(pattern, line) for line in lines)
    return sorted(int(match[1]) for match in found if match)


def test_a_thousand_hostile_names_in_text(make, space, crowds):
    """No name makes a line, none hides one."""
    names = hostile_names(NAMED)
    tracer = make.tracer(space=space, json_lines=False)
    waits = make.timewaits("--limit", str(2 * NAMED), space=space, json_lines=False,
                           interval=ONCE_AT_THE_END)
    leaks = make.leaks("--age", "0", "--limit", str(2 * NAMED), space=space, json_lines=False,
                       interval=ONCE_AT_THE_END)
    passed = crowds.run(space, "pass", names)
    tracer.wait(lambda _: sum(b"->TIME_WAIT" in line for line in tracer.lines) == NAMED)
    assert waits.stop() == 0
    with crowds.hold(space, NAMED, names) as held:
        assert leaks.stop() == 0
    assert tracer.stop() == 0
    assert pids_of(tracer.lines, rb"^[\d:.]+ +(\d+) .* SYN_SENT->ESTABLISHED") == \
        sorted(passed + held)
    assert pids_of(waits.lines, rb"^ *(\d+) .* to 127\.0\.0\.1:") == sorted(passed)
    assert pids_of(leaks.lines, rb"^ *(\d+) .* (?:leak|mixed)$") == sorted(held)
    assert len(pids_of(leaks.lines, rb"^ *(\d+) .* leak$")) == LOOKED_AT
    check_harmless(tracer.lines + waits.lines + leaks.lines)


def check_three(pid, owners):
    by_start = sorted(owners, key=lambda owner: owner["start_time"])
    assert {owner["pid"] for owner in owners} == {pid}
    assert [owner["comm"] for owner in by_start] == ["first", "second", "third"]
    assert len({owner["start_time"] for owner in owners}) == 3


def test_processes_of_one_pid_are_not_one(make, space, crowds):
    names = [b"first", b"second", b"third"]
    tracer = make.tracer(space=space)
    waits = make.timewaits(space=space, interval=ONCE_AT_THE_END)
    pids = crowds.run(space, "again", names)
    assert len(set(pids)) == 1
    tracer.wait(lambda all_: sum(t["new"] == "TIME_WAIT" for t in all_) == len(names))
    rows = [row for row in waits.end().rows if row["direction"] == "out"]
    assert [row["created"] for row in rows] == [1, 1, 1]
    check_three(pids[0], [row["process"] for row in rows])
    assert tracer.stop() == 0
    check_three(pids[0], [t["owner"] for t in tracer.transitions() if t["old"] == "CLOSE"
                          and t["owner_by"] == "connect"])


def losses(view):
    """Without what a kernel that is short of memory for a moment refused: who closes is charged."""
    last = view.objects[-1]
    return {key: last[key] for key in truth.NO_LOSS
            if last[key] and key not in ("no_memory", "relists")}


def peak_rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"^VmHWM:\s+(\d+)", file.read(), re.M)[1])


def test_ten_thousand_processes_of_a_millisecond_are_all_charged(make, space, crowds):
    names = [b"job-%d" % (i % JOBS) for i in range(BRIEF)]
    by_comm = make.timewaits("--by", "comm", space=space, interval=ONCE_AT_THE_END)
    by_pid = make.timewaits(space=space, interval=ONCE_AT_THE_END)
    counters = Counters(space)
    before = peak_rss_kb(by_pid.pid)
    pids = crowds.run(space, "pass", names)
    assert counters.minisockets() == BRIEF
    # a row and a process for each: a kilobyte, not more
    assert peak_rss_kb(by_pid.pid) - before < BRIEF
    last = by_comm.end()
    jobs = {row["key"]: row for row in last.rows if row["direction"] == "out"}
    assert {key: row["closed_first"] for key, row in jobs.items()} == \
        {f"job-{i}": BRIEF // JOBS for i in range(JOBS)}
    assert nearly_all(total(last, "created"), BRIEF)
    assert nearly_all(total(last, "sockets"), truth.ss_counts(space)["TIME_WAIT"])
    last = by_pid.end()
    out = [row for row in last.rows if row["direction"] == "out"]
    assert {row["closed_first"] for row in out} == {1}
    assert nearly_all(total(last, "created"), BRIEF)
    comms = {row["process"]["pid"]: row["process"]["comm"] for row in out}
    assert comms == dict(zip(pids, (name.decode() for name in names)))
    assert losses(by_comm) == losses(by_pid) == {}


def descriptors(pid):
    """What they refer to."""
    folder = f"/proc/{pid}/fd"
    links = []
    for fd in os.listdir(folder):
        try:
            links.append(os.readlink(f"{folder}/{fd}"))
        except FileNotFoundError:  # closed meanwhile
            pass
    return sorted(links)


def lasting(links):
    """Without those of a moment: the ready file, a listing's."""
    return [link for link in links if not link.endswith("/ready")
            and not link.startswith(("/proc", "/run/netns", "net:", "socket:", "anon_inode:bpf_iter"))]


def await_descriptors(view, wanted):
    """Listing takes some, for a moment."""
    view.wait(lambda _: descriptors(view.pid) == wanted, f"the descriptors {wanted}")


def test_namespaces_that_come_and_go_are_left_to_go(make, crowds):
    """A TIME_WAIT is destroyed when its namespace is, and that only when nobody holds it any more."""
    views = [make.timewaits(), make.leaks(), make.ports(), make.tracer()]
    tracer = views[-1]
    before = [lasting(descriptors(view.pid)) for view in views]
    pids = set(crowds.run(None, "spaces", hostile_names(SPACES)))

    def destroyed(all_):
        return [t for t in all_ if t["end_reason"] == "destroyed" and t["owner"]
                and t["owner"]["pid"] in pids]
    ends = tracer.wait(lambda all_: len(destroyed(all_)) == SPACES and destroyed(all_))
    assert {t["owner"]["pid"] for t in ends} == pids
    for view, wanted in zip(views, before):
        await_descriptors(view, wanted)
        assert view.stop() == 0
        assert losses(view) == {}
        assert [line for line in view.stderr().splitlines() if " shown, lost " not in line] == []
