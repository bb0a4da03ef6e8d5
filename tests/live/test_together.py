# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One process runs any set of views on one stream: each shows what it shows alone, row for row."""
import functools
import json
import time

import pytest

import closewait
import truth
from leaksview import Leaks
from portsview import Ports, destinations
from timewaits import TimeWaits
from together import VIEWS, Together
from tracer import PATIENCE_S, Tracer, hooks, refused, step, tcplinger
from traffic import Pair, built
from views import refreshes

LOW, HIGH = 20000, 20009
PORT, SLOW = 5000, 5010
AGE_S = 0.1

# Two programs read the clock, one after the other, for the same event: a guest may stand still in
# between while others have its CPU. connect_slowly() takes more than twice as long.
SAME_MOMENT_S = 0.4

# A moment's own, and so not compared; why:
OWN = {
    "time": "when it is shown",
    "seq": "how often it was shown before",
    "created_per_s": "since the refresh in which the row was first seen",
    "growth_per_s": "likewise",
    "fds_exhausted_in_s": "what follows from growth_per_s, once it was watched for 10 s",
    "began": "spans of time until it is shown",
    "consumed_per_s": "likewise",
    "sustainable_per_s": "of ports that are held: as long as until now; else see mean_hold_s",
    "exhausted_in_s": "what follows from the rates of the last refreshes",
    "cpu_share": "since the last look",
    "buckets": "an edge may lie between two readings of one moment; their sum is `count`",
    "search_ns": "the time between two readings, of microseconds",
    "starved": "of the CPU time between the last two refreshes",
}
# Where accept() is not traced (`doctor` tells) who accepted is found by a listing, if one comes
# before the end: beside `ports` there are more. Else it is who listens, or closes.
OWN_WITHOUT_ACCEPT = {"owner_by": "how it was found: by what came first"}
# How long something has been going on, as of the refresh; at least, since the first refresh.
AGES = ("oldest_s", "age_s")
# When an event was, or how long something took that is over.
MOMENTS = ("first", "last", "start_time")
LENGTHS = ("min_s", "p50_s", "p90_s", "p99_s", "max_s", "in_old_s", "mean_hold_s")


class Scene:
    """Connections that were there before the views, and then some of each kind."""

    def __init__(self, make):
        self.space = make.space()
        self.space.sysctl(tcp_tw_reuse=0)
        self.server, self.client = make.actor(self.space), make.actor(self.space)
        self.server("kept = []")
        self.client("kept = []")
        self.older = Pair(self.client, self.server)
        self.server("kept.append(l); older = s")
        self.client("older = c")
        closewait.leak(self.space, self.client, self.server)
        Pair(self.client, self.server).client_closes()
        self.server("kept.append(l)")

    def run(self):
        self.close_all_ways()
        self.connect_slowly()
        for make_one, _, _ in closewait.SCENARIOS.values():
            make_one(self.space, self.client, self.server)
        self.use_up_ports()

    def close_all_ways(self):
        """TIME_WAITs are ended, all but the last; one connection waits for the peer's FIN."""
        self.client("older.close()")
        self.server("drain(older); older.close()")
        for close in (Pair.client_closes, Pair.server_closes):
            close(Pair(self.client, self.server))
            self.server("kept.append(l)")
        self.await_time_waits(4)
        self.space.run("ss", "-K", "state", "time-wait")
        self.await_time_waits(0)
        Pair(self.client, self.server)
        self.client("c.close()")
        self.server("kept += [l, s]")
        Pair(self.client, self.server).client_closes()
        self.server("kept.append(l)")
        self.await_time_waits(1)

    def await_time_waits(self, count):
        self.watch.wait_refresh(lambda _: truth.ss_counts(self.space).get("TIME_WAIT", 0) == count)

    def connect_slowly(self):
        """The SYN is dropped, and sent again after a second."""
        self.server(f"deaf, filler = deafen('127.0.0.1', {SLOW})")
        self.client(f"slow = begin('127.0.0.1', {SLOW})")
        self.watch.wait_refresh(lambda _: any(
            state == "SYN_SENT" for state, _, _ in truth.ss(self.space).values()))
        self.server("accept(deaf)")
        assert self.client("await_end(slow)") is None
        self.client("reset_on_close(slow); slow.close()")

    def use_up_ports(self):
        """The ports that are left are all ESTABLISHED, whichever failure a census is taken at."""
        self.space.sysctl(ip_local_port_range=f"{LOW} {HIGH}")
        self.server(f"busy = listen('127.0.0.1', {PORT}, backlog=64)")
        self.server(f"bound = bind('127.0.0.1', {LOW + 3}); bound.listen()")
        self.client(f"kept += exhaust(connect, '127.0.0.1', {PORT})")
        assert self.client(f"[failure(connect, '127.0.0.1', {PORT}) for i in range(3)]") == \
            ["EADDRNOTAVAIL"] * 3


def same_moment(alone, together):
    return abs(truth.seconds(alone) - truth.seconds(together)) < SAME_MOMENT_S


def differs(key, alone, together, apart):
    """True if a member differs by more than the moment that it is shown at. That connect() was
    called is seen by who streams it; else a bind() to the same port may hide it."""
    if key == "direction" and {alone, together} == {"unknown", "out"}:
        return False
    if alone is None or together is None or key not in (*AGES, *MOMENTS, *LENGTHS):
        return alone != together
    if key in MOMENTS:
        return not same_moment(alone, together)
    return abs(alone - together) > SAME_MOMENT_S + (apart if key in AGES else 0)


@functools.lru_cache(None)
def own():
    told = tcplinger("doctor", "--json", *hooks("doctor", ())).stdout
    accepts = [o["form"] == "fentry" for o in map(json.loads, told.splitlines())
               if o.get("hook", "").startswith("accepted_by")]
    return OWN if any(accepts) else {**OWN, **OWN_WITHOUT_ACCEPT}


def differences(alone, together, apart, path=""):
    """Where two values that JSON has differ: [(path, alone, together)]."""
    key = path.rpartition(".")[2]
    if key in own():
        return []
    if isinstance(alone, dict) and isinstance(together, dict) and set(alone) == set(together):
        return [d for k in alone
                for d in differences(alone[k], together[k], apart, f"{path}.{k}")]
    if isinstance(alone, list) and isinstance(together, list) and len(alone) == len(together):
        return [d for i, pair in enumerate(zip(alone, together))
                for d in differences(*pair, apart, f"{path}.{i}")]
    return [(path, alone, together)] if differs(key, alone, together, apart) else []


def mean_hold_s(row):
    """What `sustainable_per_s` stands for; None where ports are held: each as long as until now."""
    if row["used"] or not row["sustainable_per_s"]:
        return None
    return row["supply"] / row["sustainable_per_s"]


def apart_s(alone, together):
    return abs(truth.seconds(alone.end["time"]) - truth.seconds(together.end["time"]))


def without_bounds(row):
    """An age that is a lower bound depends on when the socket was first listed, and so its place."""
    if row["type"] == "close_wait":
        row["connections"].sort(key=lambda c: c["cookie"])
    for connection in row.get("connections", ()):
        if connection["age_is_lower_bound"]:
            connection["age_s"] = None


def check_last_rows(view, all_alone, all_together):
    alone, together = all_alone[-1], all_together[-1]
    apart = apart_s(alone, together) + apart_s(all_alone[0], all_together[0])
    for row in destinations(alone) + destinations(together):
        row["mean_hold_s"] = mean_hold_s(row)
    for row in alone.rows + together.rows:
        without_bounds(row)
    assert differences(alone.rows, together.rows, apart, view) == []
    assert not alone.end["incomplete"] and not together.end["incomplete"]


def by_cookie(transitions):
    found = {}
    for transition in transitions:
        found.setdefault(transition["cookie"], []).append(transition)
    return found


def check_transitions(alone, together):
    """Two CPUs' records may come in another order, those of a connection do not."""
    alone, together = by_cookie(alone), by_cookie(together)
    assert {c: [step(t) for t in ts] for c, ts in alone.items()} == \
        {c: [step(t) for t in ts] for c, ts in together.items()}
    assert differences(alone, together, 0, "trace") == []


def await_refresh_after(refreshes_of, when):
    """Each lists less often than it is asked to where that would take too much of a CPU."""
    deadline = time.monotonic() + PATIENCE_S
    while truth.seconds(refreshes_of()[-1].end["time"]) < when:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_listing_serves_all(make, space, server, client, tmp_path):
    """Each refresh reads one iterator over the sockets of the namespace, and one over descriptors."""
    if refused():
        pytest.skip(refused())
    counted = tmp_path / "iterators"
    prefix = ("env", f"LD_PRELOAD={built('refuse.so')}", f"ITERATORS={counted}")
    together = make.view(Together, ("--age", str(AGE_S)), {"space": space, "prefix": prefix})
    Pair(client, server)
    together.wait_said("ports", lambda said: len(refreshes(said)) >= 10)
    assert together.stop() == 0
    shown = len(refreshes(together.said("ports")))
    assert shown < counted.stat().st_size <= 2 * (shown + 1)  # all is listed at the start as well


FILTERS = {
    "all": lambda scene: (),
    "rport": lambda scene: ("--rport", str(PORT)),
    "pid": lambda scene: ("-p", str(scene.client.pid)),
}


@pytest.mark.parametrize("chosen", FILTERS)
def test_each_shows_what_it_shows_alone(make, chosen):
    scene = Scene(make)
    arguments, options = FILTERS[chosen](scene), {"space": scene.space}
    with_age = ("--age", str(AGE_S), *arguments)
    together = make.view(Together, with_age, options)
    alone = {
        "leaks": make.view(Leaks, with_age, options),
        "timewait": make.view(TimeWaits, arguments, options),
        "ports": make.view(Ports, arguments, options),
        "trace": make.view(Tracer, arguments, options),
    }
    scene.watch = alone["leaks"]
    scene.run()
    done = time.time()
    for refreshes_of in (alone["leaks"].refreshes, lambda: refreshes(together.said("leaks"))):
        await_refresh_after(refreshes_of, done + AGE_S)
    assert [tool.stop() for tool in (together, *alone.values())] == [0] * 5
    for view in VIEWS[:-1]:
        assert alone[view].refreshes()[-1].rows or chosen != "all"
        check_last_rows(view, alone[view].refreshes(), refreshes(together.said(view)))
    check_transitions(alone["trace"].transitions(),
                      [o for o in together.said("trace") if o["type"] == "transition"])
    assert alone["trace"].transitions() or chosen == "pid"
