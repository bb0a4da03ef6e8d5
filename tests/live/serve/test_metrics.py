# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What /metrics counts, against what happened."""
import gzip
import subprocess

import pytest

import closewait
from crowds import crowds  # noqa: F401 (a fixture)
from hostile import NAMES
from serving import OPENMETRICS, parsed
from traffic import Pair

CLOSED = 7


def closed_by_client(make, space, client, server, count):
    for _ in range(count):
        Pair(client, server).client_closes()


def test_what_was_closed_is_counted(make, space, client, server):
    serve = make.serve(space=space)
    comm = client("open('/proc/self/comm').read().strip()")
    closed_by_client(make, space, client, server, CLOSED)
    metrics = serve.await_metrics(lambda m: m("connections_closed_total") == 2 * CLOSED
                                  and m("time_wait_sockets", direction="out") == CLOSED)
    assert metrics("time_waits_total", comm=comm, direction="out") == CLOSED
    assert metrics("time_waits_total", direction="in") == 0
    assert metrics("connections_closed_total", comm=comm, closed_first="true") == CLOSED
    assert metrics("connections_closed_total", comm=comm, closed_first="false") == CLOSED
    assert metrics("connected_seconds_count", comm=comm) == 2 * CLOSED
    assert metrics("connected_seconds_bucket", comm=comm, le="+Inf") == 2 * CLOSED
    assert metrics("ports_used") == CLOSED
    assert all(0 < supply < 65536 for supply in metrics.series("ports_supply").values())
    assert metrics("records_lost_total") == metrics("incomplete") == 0
    assert len(metrics.series("records_lost_total")) == 5


def test_counters_stay_when_processes_are_gone(make, space, server):
    serve = make.serve(space=space)
    for _ in range(3):
        client = make.actor(space, comm=b"short-lived")
        Pair(client, server).client_closes()
        client.exit()
    serve.await_metrics(lambda m: m("time_waits_total", comm="short-lived") == 3)
    metrics = serve.metrics()
    assert len(metrics.series("time_waits_total", comm="short-lived")) == 1


def test_a_leak_is_seen_and_found(make, space, client, server):
    serve = make.serve("--age", "0.2", space=space)
    closewait.leak(space, client, server)
    metrics = serve.await_metrics(lambda m: m("close_wait_sockets", verdict="leak"))
    assert metrics("close_wait_oldest_seconds") > 0
    assert 0 < metrics("descriptors_used_ratio") < 1
    assert not any("pid" in dict(labels) or "cookie" in dict(labels) for _, labels in metrics)


def test_each_hostile_name_is_a_series(make, space, server):
    serve = make.serve(space=space)
    clients = [make.actor(space, comm=name) for name in NAMES.values()]
    for client in clients:
        Pair(client, server).client_closes()
    metrics = serve.await_metrics(lambda m: m("time_waits_total") == len(NAMES))
    assert set(metrics.series("time_waits_total").values()) == {1}
    assert metrics("time_waits_total", comm="") == 1
    assert metrics("time_waits_total", comm=r"a\x0ab\x0dc\x09d") == 1


def test_beyond_max_series_the_smallest_are_left_out(make, space, server):
    serve = make.serve("--max-series", "2", space=space)
    for count in range(1, 4):
        client = make.actor(space, comm=b"c%d" % count)
        closed_by_client(make, space, client, server, count)
    metrics = serve.await_metrics(lambda m: m("time_waits_total") == 5)
    assert metrics.series("time_waits_total", comm="c1") == {}
    assert metrics("series_omitted", family="tcplinger_time_waits_total") == 1


def test_the_queue_of_a_listener_is_there_while_it_is_empty(make, space, client, server):
    serve = make.serve(space=space)
    server("l = listen(backlog=3)")
    address = f"127.0.0.1:{server('port(l)')}"
    metrics = serve.await_metrics(lambda m: m.series("listener_queue", address=address))
    assert metrics("listener_queue", address=address) == 0
    assert metrics("listener_queue_limit", address=address) == 3
    client(f"kept = [connect('127.0.0.1', {address.split(':')[1]}) for _ in range(2)]")
    serve.await_metrics(lambda m: m("listener_queue", address=address) == 2)


def test_refused_connects_are_counted(make, space, client):
    serve = make.serve(space=space)
    client("failure(connect, '127.0.0.1', 1)")
    serve.await_metrics(lambda m: m("connect_failures_total", errno="ECONNREFUSED") == 1)


def test_a_container_is_a_label_where_it_is_asked_for(make, space, client, server):
    serve = make.serve("--labels", "container", space=space)
    Pair(client, server).client_closes()
    metrics = serve.await_metrics(lambda m: m("time_waits_total"))
    assert metrics.series("time_waits_total", container="")


def test_without_bpf_there_is_what_exists(make, space, client, server):
    serve = make.serve("--no-bpf", "--age", "0.1", space=space)
    closewait.leak(space, client, server)
    metrics = serve.await_metrics(lambda m: m("close_wait_sockets"))
    assert not metrics.series("hook_info")


def test_the_hooks_and_the_version_are_told(make, space):
    metrics = make.serve(space=space).metrics()
    assert metrics.series("hook_info", hook="transitions", form="tracepoint")
    assert metrics("build_info") == 1


def test_both_formats_and_gzip_are_the_same(make, space, client, server):
    serve = make.serve("-i", "1000", space=space)
    response, text = serve.get("/metrics")
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    response, other = serve.get("/metrics", Accept=OPENMETRICS)
    assert response.headers["Content-Type"] == OPENMETRICS + "; charset=utf-8"
    assert other.endswith(b"\n# EOF\n")
    assert parsed(other.decode()) == parsed(text.decode())
    response, packed = serve.get("/metrics", Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == text


def test_promtool_finds_nothing(make, space, client, server):
    serve = make.serve("--age", "0.1", space=space)
    closewait.leak(space, client, server)
    Pair(client, server).client_closes()
    serve.await_metrics(lambda m: m("close_wait_sockets") and m("time_waits_total"))
    result = subprocess.run(["promtool", "check", "metrics"], input=serve.get("/metrics")[1],
                            capture_output=True, timeout=30)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@pytest.mark.alone
def test_a_hundred_thousand_processes_are_few_series(make, space, crowds):
    serve = make.serve(space=space)
    count = 100000
    crowds.run(space, "pass", [b"crowd"] * count)
    metrics = serve.await_metrics(lambda m: m("connections_closed_total", comm="crowd") >= count)
    assert len(metrics) < 1000
