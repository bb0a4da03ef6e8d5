# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Any one program or map may be refused: each view then shows the same, or says what it cannot see.

The same traffic is watched on a host that refuses one of them, and on one that refuses nothing. What
each refusal costs each view is the table below, which docs/hosts.md has as well: what the last test
finds different it prints as it should be.
"""
import errno
import json
import os
import subprocess

import pytest

import closewait
import lingering
import truth
from tracer import ROOT, binary, steps
from traffic import Pair, built

SAME, LESS, REFUSED = "same", "less, said", "refused"
VIEWS = ("trace", "leaks", "timewait", "ports", "opening", "closing")
AGE = ("--age", "0.1")
PORT, LOW, HIGH = 5000, 20000, 20009

# what each view makes of a host that refuses this
LADDER = {
    "transitions": (REFUSED, SAME, LESS, LESS, LESS, SAME),
    "transitions_missed": (LESS, SAME, LESS, LESS, LESS, SAME),
    "timewait_ended": (LESS, SAME, LESS, LESS, SAME, SAME),
    "list_sockets": (SAME, SAME, SAME, LESS, SAME, SAME),
    "list_holders": (SAME, SAME, SAME, LESS, SAME, SAME),
    "find_time_wait": (SAME, SAME, SAME, SAME, SAME, SAME),
    "tcplinge.rodata": (REFUSED, LESS, LESS, LESS, LESS, LESS),
    "tcplinge.bss": (REFUSED, LESS, LESS, LESS, LESS, LESS),
    "records": (REFUSED, LESS, LESS, LESS, LESS, LESS),
    "fin_wait2": (SAME, SAME, SAME, SAME, SAME, SAME),
    "last_calls": (LESS, SAME, LESS, LESS, LESS, SAME),
}
# those that can be loaded, and not be attached
ATTACHED = ("transitions", "timewait_ended", "list_sockets", "list_holders")
NAME_MAX = 15  # of a program or a map, in the kernel
ANSWERS = (errno.EPERM, errno.EINVAL, errno.E2BIG)


def host(part, answer, attach=False):
    """A prefix for commands: a host that refuses this part; none if it is None."""
    if part is None:
        return ()
    return ("env", "LD_PRELOAD=" + built("refuse.so"), "REFUSE=" + part[:NAME_MAX],
            f"REFUSE_ERRNO={answer}", *(["REFUSE_ATTACH=1"] if attach else []))


class Scene:
    """Traffic of two processes in a namespace of their own, and a view of it."""

    def __init__(self, make, prefix):
        self.make, self.prefix = make, prefix
        self.space = make.space()
        self.server, self.client = make.actor(self.space), make.actor(self.space)

    def who(self, process):
        """The pids differ from run to run."""
        roles = {self.server.pid: "server", self.client.pid: "client"}
        return process and roles.get(process["pid"], "somebody else")

    def trace(self):
        tracer = self.tool = self.make.tracer(space=self.space, prefix=self.prefix)
        pair = Pair(self.client, self.server)
        pair.client_closes()
        tracer.wait_step(pair.server_cookie, "LAST_ACK", "CLOSE")
        self.await_time_wait()
        self.space.run("ss", "-K", "state", "time-wait")
        self.settle(lambda: any(t["end_reason"] for t in tracer.transitions()))
        assert tracer.stop() == 0
        return [self.told(tracer, cookie) for cookie in (pair.client_cookie,
                                                         pair.server_cookie)]

    def told(self, tracer, cookie):
        all_ = tracer.transitions(cookie)
        return [(*step.split("->"), self.who(t["owner"]), t["owner_by"], self.who(t["closer"]),
                 t["direction"], t["end_reason"]) for step, t in zip(steps(all_), all_)]

    def await_time_wait(self, count=1):
        self.settle(lambda: truth.ss_counts(self.space).get("TIME_WAIT", 0) == count)

    def settle(self, condition):
        """Until it holds; what cannot be seen never does, which takes as long as a few refreshes."""
        try:
            self.tool.wait(lambda _: condition(), "the condition", limit=3)
        except AssertionError:
            pass

    def leaks(self):
        closewait.leak(self.space, self.client, self.server)
        view = self.tool = self.make.leaks(*AGE, space=self.space, prefix=self.prefix)
        closewait.leak(self.space, self.client, self.server)
        closewait.backlog(self.space, self.client, self.server)
        view.wait_refresh(lambda r: sum(row["sockets"] for row in r.rows) == 3
                          and all(row["verdict"] != "transient" for row in r.rows))
        assert view.stop() == 0
        return [(self.who(row["process"]), row["sockets"], row["kinds"],
                 sorted((c["age_is_lower_bound"], [h["fd"] for h in c["holders"]])
                        for c in row["connections"]))
                for row in view.refreshes()[-1].rows]

    def opening(self):
        view = self.tool = self.make.opening(space=self.space, prefix=self.prefix)
        self.server("l = listen('127.0.0.1', 5000, 0, 1); m = listen('127.0.0.1', 5001)")
        self.client("kept = [connect('127.0.0.1', 5001) for _ in range(3)]")
        self.client("kept += [begin('127.0.0.1', 5000) for _ in range(3)]")
        self.client("failure(connect, '127.0.0.1', 5002)")
        view.wait_refresh(lambda r: any(row["type"] == "opening" and row["retransmits"]
                                        for row in r.rows))
        assert view.stop() == 0
        rows = view.refreshes()[-1].rows
        return ([(self.who(row["process"]), row["rport"], row["pending"], row["attempts"],
                  row["established"], row["failed"], row["verdict"])
                 for row in sorted(rows, key=lambda row: row.get("rport") or 0)
                 if row["type"] == "opening"],
                [(self.who(row["process"]), row["lport"], row["queue"], row["queue_limit"],
                  row["accepted"], row["verdict"])
                 for row in sorted(rows, key=lambda row: row["lport"] or 0)
                 if row["type"] == "listener"])

    def closing(self):
        lingering.half_closed(self.space, self.client, self.server)
        view = self.tool = self.make.closing(*AGE, space=self.space, prefix=self.prefix)
        lingering.half_closed(self.space, self.client, self.server)
        self.server("kept[1].shutdown(socket.SHUT_WR)")
        view.wait_refresh(lambda r: len(r.rows) == 1 and r.rows[0]["verdict"] != "transient")
        assert view.stop() == 0
        return [(self.who(row["process"]), row["owner_by"], row["sockets"], row["by_state"],
                 row["verdict"], [[h["fd"] for h in c["holders"]] for c in row["connections"]])
                for row in view.refreshes()[-1].rows if row["sockets"]]

    def timewait(self):
        view = self.tool = self.make.timewaits(space=self.space, prefix=self.prefix)
        for _ in range(3):
            Pair(self.client, self.server, port=PORT).client_closes()
            self.server("l.close()")
        self.await_time_wait(3)
        view.wait_refresh(lambda r: sum(row["sockets"] for row in r.rows) == 3)
        self.space.run("ss", "-K", "state", "time-wait")
        self.settle(lambda: not truth.ss_counts(self.space).get("TIME_WAIT"))
        assert view.stop() == 0
        return [(self.who(row["process"]), row["owner_by"], row["created"], row["ended"],
                 row["closed"], row["closed_first"], row["reasons"], row["sockets"])
                for row in view.refreshes()[-1].rows if row["rport"] == PORT]

    def ports(self):
        self.space.sysctl(ip_local_port_range=f"{LOW} {HIGH}")
        self.server(f"l = listen('127.0.0.1', {PORT}, backlog=64)")
        self.client(f"b = listen('127.0.0.1', {LOW + 3})")
        view = self.tool = self.make.ports(space=self.space, prefix=self.prefix)
        self.client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
        view.wait_destination("127.0.0.1", PORT, lambda row: row["used"] >= HIGH - LOW)
        self.settle(view.failures)
        assert view.stop() == 0
        row = view.destination("127.0.0.1", PORT)
        return ([row[key] for key in ("used", "supply", "blocked_by_bind", "by_state")],
                [(self.who(o["process"]), o["ports"]) for o in row["by_owner"]],
                [(self.who(f["owner"]), f["cause"], f["count"]) for f in view.failures()[-1:]])


def watch(make, view, prefix=()):
    """(what the view tells, its complaints), None for a view that does not run."""
    scene = Scene(make, prefix)
    try:
        told = getattr(scene, view)()
    except AssertionError as error:
        if "the tracer is not ready" not in str(error) or not prefix:
            raise
        return None, [str(error)]
    return told, [line for line in scene.tool.stderr().splitlines() if " shown, lost " not in line]


@pytest.fixture(scope="module")
def whole(make_module):
    """What each view tells on a host that refuses nothing."""
    return {view: watch(make_module, view)[0] for view in VIEWS}


def outcome(told, said, part, want):
    if told is None:
        assert len(said) == 1 and "refuse" in said[0] or "cannot" in said[0], said
        return REFUSED
    if not said:
        assert told == want
        return SAME
    assert len(said) == 1 and (part in said[0] or "going on without BPF" in said[0]), said
    return LESS


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("part", LADDER)
def test_each_that_is_refused(make, whole, part, view):
    answer = ANSWERS[list(LADDER).index(part) % len(ANSWERS)]
    told, said = watch(make, view, host(part, answer))
    assert outcome(told, said, part, whole[view]) == LADDER[part][VIEWS.index(view)]
    if told is not None and said:
        assert errno.errorcode[answer] in said[0]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("part", ATTACHED)
def test_each_that_cannot_be_attached(make, whole, part, view):
    told, said = watch(make, view, host(part, errno.EPERM, attach=True))
    assert outcome(told, said, part, whole[view]) == LADDER[part][VIEWS.index(view)]


@pytest.mark.parametrize("part", LADDER)
def test_doctor_names_it(part):
    result = subprocess.run([*host(part, errno.E2BIG), binary(), "doctor", "--json"],
                            capture_output=True, text=True, check=True, timeout=60)
    found = {o["hook"]: o for o in map(json.loads, result.stdout.splitlines())
             if o["type"] == "hook"}
    assert set(LADDER) <= set(found)
    row = found[part]
    if part.startswith("tcplinge."):
        return
    assert "E2BIG: Argument list too long" in row["why"]
    assert row["form"] in ("none", None)
    assert (row["without"] is None) == all(o == SAME for o in LADDER[part])


def test_the_docs_have_the_table():
    print(table())  # to be copied
    with open(os.path.join(ROOT, "docs", "hosts.md"), encoding="utf-8") as file:
        assert table() in file.read()


def table():
    """As docs/hosts.md has it."""
    lines = ["| refused | " + " | ".join(VIEWS) + " |", "| --- " * (len(VIEWS) + 1) + "|"]
    lines += [f"| `{part}` | " + " | ".join(row) + " |" for part, row in LADDER.items()]
    return "\n".join(lines)
