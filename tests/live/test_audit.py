# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--audit: what the kernel counted, what was seen of it, and why they differ where they do."""
import signal
import time

import pytest

import audits
import truth
from audits import Books, explained, seen, unexplained
from leaksview import Leaks
from portsview import Ports
from privileges import anyones_binary, as_nobody  # noqa: F401
from timewaits import TimeWaits
from tracer import PATIENCE_S, Tracer, tcplinger
from traffic import CHURN_TRIES, Pair, churn

VIEWS = {"trace": Tracer, "leaks": Leaks, "timewait": TimeWaits, "ports": Ports}
FEW = 200
MANY = 20000
PERCENT = 0.01


@pytest.fixture(params=VIEWS)
def view(request):
    return VIEWS[request.param]


def watch(make, kind, *arguments, **options):
    return make.view(kind, ("--audit", *arguments), options)


def books(make, kind, space, *arguments):
    return Books(space, watch(make, kind, *arguments, space=space))


def reset(one, name):
    one(f"reset_on_close({name}); {name}.close()")


def test_opens_and_closes_of_both_sides(make, space, load_program, view):
    account = books(make, view, space)
    churn(space, load_program, FEW, "--interval-ms", "1")
    churn(space, load_program, FEW, "--closer", "server", "--interval-ms", "1")
    churn(space, load_program, FEW, "--address", "::1", "--interval-ms", "1")
    lines = account.close()
    assert unexplained(lines) == {}
    assert all(explained(line) == {} for line in lines.values())
    assert lines["ActiveOpens"]["seen"] == lines["PassiveOpens"]["seen"] == 3 * FEW
    assert lines["TW"]["seen"] == 3 * FEW


def test_a_connect_without_a_port_of_a_socket_that_was_disconnected(make, space, client, server, view):
    """It has an error pending, which is of the connection before."""
    space.sysctl(ip_local_port_range="20000 20003")
    server("l = listen('127.0.0.1', 5000)")
    account = books(make, view, space)
    client("again = connect('127.0.0.1', 5000); disconnect(again)")
    client("kept = exhaust(connect, '127.0.0.1', 5000)")
    assert client("failure(again.connect, ('127.0.0.1', 5000))") == "EADDRNOTAVAIL"
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["ActiveOpens"]["seen"] == 1 + 4 and lines["AttemptFails"]["seen"] == 0


def test_resets_and_connects_that_fail(make, space, client, server, view):
    account = books(make, view, space)
    for _ in range(20):
        Pair(client, server)
        reset(client, "c")  # ESTABLISHED at both ends: two resets
        server("s.close()")
        Pair(client, server)
        server("s.close()")
        client("drain(c)")
        reset(client, "c")  # CLOSE_WAIT
        client("n = failure(connect, '127.0.0.1', 1)")  # refused
    client("b = begin('127.0.0.1', 9, ('127.0.0.1', 40001))")
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["ActiveOpens"]["seen"] == 61 and lines["PassiveOpens"]["seen"] == 40
    assert lines["AttemptFails"]["seen"] == 21
    assert lines["EstabResets"]["seen"] == 60


def test_connects_without_a_port_have_not_opened(make, space, client, server, view):
    space.sysctl(ip_local_port_range="40000 40009", tcp_tw_reuse=0)
    server("l = listen('127.0.0.1', 7000)")
    account = books(make, view, space)
    client("made = exhaust(connect, '127.0.0.1', 7000)")  # one fails
    client("one = made[0].getsockname()")
    assert client("failure(connect, '127.0.0.1', 7000, one)") == "EADDRNOTAVAIL"
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["ActiveOpens"]["seen"] == lines["ActiveOpens"]["kernel"] == client("len(made)")


def test_minisockets_of_every_kind(make, space, client, server, view):
    space.sysctl(tcp_fin_timeout=3)
    account = books(make, view, space)
    bound = Pair(client, server, source=("127.0.0.1", 40000))
    bound.client_closes()
    bound.connect(source=("127.0.0.1", 40000))  # reused
    bound.server_closes()
    server("kept = []")
    for _ in range(5):
        Pair(client, server)
        client("c.close()")  # FIN_WAIT2 for three seconds: killed
        server("kept.append(s)")
    Pair(client, server)
    client("c.shutdown(1)")
    server("drain(s); s.close()")  # a TIME_WAIT whose descriptor is still open
    client("drain(c)")
    account.wait_for_minisockets(8)
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["TWRecycled"]["seen"] == 1
    assert lines["TWKilled"]["seen"] >= 5
    assert lines["TW"]["seen"] + lines["TWKilled"]["seen"] == 8
    assert lines["tw"]["seen"] == lines["tw"]["kernel"]


def test_refused_minisockets(make, space, client, server, view):
    space.sysctl(tcp_max_tw_buckets=3)
    account = books(make, view, space)
    for _ in range(8):
        Pair(client, server).client_closes()
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["TCPTimeWaitOverflow"]["seen"] == 5
    assert lines["tw"]["seen"] == 3


def test_older_minisockets_predate(make, space, client, server, view):
    pair = Pair(client, server, source=("127.0.0.1", 40000))
    pair.client_closes()
    for _ in range(3):
        pair.connect()
        pair.client_closes()
    account = books(make, view, space)
    pair.connect(source=("127.0.0.1", 40000))  # takes one of the old ones over
    pair.client_closes()
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["TWRecycled"]["seen"] == 1
    assert lines["tw"]["kernel"] == 4 and lines["tw"]["seen"] == 1
    assert explained(lines["tw"]) == {"predates": 3}


def test_minisockets_of_older_connections(make, space, client, server, view):
    """No view needs the cookie of all of them, but the books do."""
    Pair(client, server)
    account = books(make, view, space)
    client("c.close()")
    server("drain(s); s.close()")
    account.wait_for_minisockets(1)
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["TW"]["seen"] == lines["tw"]["seen"] == 1


def test_request_sockets_are_not_traced(make, space, client, server, view):
    port = server("l = listen()") or server("port(l)")
    account = books(make, view, space)
    client(f"send_syn(('127.0.0.1', 50000), ('127.0.0.1', {port}))")
    client("n = failure(connect, '127.0.0.1', 1)")
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["AttemptFails"]["seen"] == 1
    assert explained(lines["AttemptFails"]) == {"requests": 1}


@pytest.mark.parametrize("kind", [Tracer, TimeWaits, Leaks])
def test_what_a_filter_leaves_out_is_explained_by_it(make, space, client, server, kind):
    server("l = listen('127.0.0.1', 7000); m = listen('127.0.0.1', 7001)")
    account = books(make, kind, space, "--rport", "7000")
    client("a = connect('127.0.0.1', 7000); b = connect('127.0.0.1', 7001)")
    server("s = accept(l); t = accept(m)")
    client("a.close(); b.close()")
    server("drain(s); drain(t); s.close(); t.close()")
    lines = account.close()
    assert unexplained(lines) == {}
    assert seen(lines) == {"ActiveOpens": 1, "TW": 1, "tw": 1}
    assert explained(lines["ActiveOpens"]) == {"filter": 1}
    assert explained(lines["PassiveOpens"]) == {"filter": 2}
    assert explained(lines["TW"]) == explained(lines["tw"]) == {"filter": 1}


def test_a_port_that_connect_chooses_is_filtered_too(make, space, client, server):
    space.sysctl(ip_local_port_range="40000 40009")
    server("l = listen('127.0.0.1', 7000)")
    account = books(make, Tracer, space, "--lport", "30000-39999")
    client("a = [connect('127.0.0.1', 7000) for i in range(3)]")
    client("b = connect('127.0.0.1', 7000, ('127.0.0.1', 30000))")
    lines = account.close()
    assert unexplained(lines) == {}
    assert lines["ActiveOpens"]["seen"] == 1
    assert explained(lines["ActiveOpens"]) == {"filter": 3}


def test_time_waits_that_cannot_be_followed(make, space, client, server):
    without = ["setpriv", "--bounding-set", "-syslog", "--inh-caps", "-syslog"]
    account = Books(space, watch(make, Tracer, space=space, prefix=without))
    if "not followed" not in account.view.stderr():
        pytest.skip("this host shows the kernel's symbols to everybody")
    Pair(client, server).client_closes()
    lines = account.close()
    assert unexplained(lines) == {}
    assert explained(lines["TW"]) == explained(lines["tw"]) == {"unfollowed": 1}
    assert lines["ActiveOpens"]["seen"] == 1


def await_fin_wait2(space):
    """The ACK of a FIN may be delayed."""
    deadline = time.monotonic() + PATIENCE_S
    while "FIN_WAIT2" not in truth.ss_counts(space):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("kind", [Leaks, TimeWaits, Ports])
def test_rows_are_those_of_a_view_without_audit(make, space, client, server, kind):
    """It streams more than the view needs: of that, the view gets nothing."""
    views = [watch(make, kind, space=space), make.view(kind, (), {"space": space})]
    for _ in range(3):
        Pair(client, server)
    client("c.close()")
    server("n = s")
    Pair(client, server).server_closes()
    await_fin_wait2(space)
    for one in views:
        assert one.stop() == 0
    rows = [sorted(map(figures, one.refreshes()[-1].rows)) for one in views]
    assert rows[0] == rows[1]


# What bind() takes is only listed; a TIME_WAIT may be reused once it is old enough.
WHEN = ("time", "seq", "blocked_by_bind", "supply", "free", "reusable")


def figures(row):
    """What does not depend on when the refresh was."""
    return repr([(key, value) for key, value in row.items()
                 if isinstance(value, (int, str)) and key not in WHEN
                 and not key.endswith(("_s", "_ns"))])


@pytest.mark.alone  # a namespace that another test makes gets the number of the one that has gone
def test_namespaces_that_come_and_go(make):
    there = make.space()
    one = watch(make, Tracer)
    young, short = make.space(), make.space()
    for space in (there, young, short):
        actor = make.actor(space)
        assert actor("failure(connect, '127.0.0.1', 1)") == "ECONNREFUSED"
    actor.close()
    gone = short.inode
    short.remove()
    assert one.stop() == 0
    for space in (there, young):
        lines = audits.of(one, space)
        assert unexplained(lines) == {}
        assert seen(lines) == {"ActiveOpens": 1, "AttemptFails": 1}
    lines = {o["counter"]: o for o in one.objects if o["type"] == "audit" and o["netns"] == gone}
    assert lines["ActiveOpens"]["kernel"] is None and lines["ActiveOpens"]["seen"] == 1
    assert lines["ActiveOpens"]["unexplained"] is None


def test_table_for_people(make, space, load_program, view):
    one = watch(make, view, space=space, json_lines=False)
    churn(space, load_program, FEW, "--interval-ms", "1")
    assert one.stop() == 0
    text = b"\n".join(one.lines).decode()
    table = text[text.index("AUDIT "):].splitlines()
    assert max(map(len, table)) <= 80
    assert table[0].split() == ["AUDIT", "KERNEL", "SEEN", "UNEXPLAINED", "EXPLAINED", "BY"]
    assert table[1] == f"namespace {space.inode}"
    assert [line.split() for line in table[2:4]] == [
        ["ActiveOpens", str(FEW), str(FEW), "0"], ["PassiveOpens", str(FEW), str(FEW), "0"]]


def test_nothing_to_audit_is_said(make, space):
    one = watch(make, Tracer, space=space, json_lines=False)
    assert one.stop() == 0
    assert one.lines[-1] == b"1 namespace: nothing counted, nothing seen"


@pytest.mark.alone
def test_as_fast_as_they_go(make, load_program):
    best = None
    for closer in ["client", "server"] * CHURN_TRIES:
        space = make.space()
        account = books(make, Leaks, space)
        churn(space, load_program, MANY, "--closer", closer)
        lines = account.close()
        print(seen(lines), unexplained(lines))
        for name in ("ActiveOpens", "PassiveOpens", "TW", "tw"):
            assert abs(lines[name]["unexplained"]) <= MANY * PERCENT
        best = unexplained(lines)
        if not best:
            return
    pytest.fail(f"no run was complete: {best}")


@pytest.mark.alone
def test_what_was_lost_explains_what_was_not_seen(make, space, load_program):
    account = books(make, Leaks, space)
    account.view.process.send_signal(signal.SIGSTOP)
    churn(space, load_program, 2 * MANY)  # more than the ring holds
    account.view.process.send_signal(signal.SIGCONT)
    lines = account.close()
    loss = account.view.objects[-1]
    assert loss["ring_full"] > 0
    assert explained(lines["ActiveOpens"])["lost"] > 0
    total = sum(line["explained"]["lost"] for name, line in lines.items() if name != "tw")
    assert total <= loss["ring_full"] + loss["skipped"] + loss["refused"]
    assert explained(lines["tw"]).keys() == {"late"} and unexplained(lines).get("tw", 0) == 0
    for line in lines.values():
        assert abs(line["unexplained"]) <= 2 * MANY * PERCENT


def test_without_BPF_there_is_nothing_to_audit(anyones_binary):
    result = as_nobody(anyones_binary, "leaks", "--json", "--audit", "-d", "0.2")
    assert result.returncode == 0
    assert '"audit"' not in result.stdout
    assert "--audit" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments, value, accepted", [
    (["leaks", "--audit", "--no-bpf"], "--no-bpf", "--audit"),
    (["timewait", "--audit", "--once"], "--once", "-d"),
    (["--audit"], "--audit", "summary"),
    (["trace", "--audit=yes"], "--audit", "no argument"),
])
def test_wrong_usage(arguments, value, accepted):
    result = tcplinger(*arguments)
    assert result.returncode == 2 and result.stdout == ""
    [line] = result.stderr.splitlines()
    assert value in line and accepted in line
