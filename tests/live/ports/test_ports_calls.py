# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ways to connect beside connect(), and connects that fail by the hundred thousand."""
import os
import subprocess

import pytest

import truth
from portsview import PORT, check_sums, owners

LOW, SUPPLY = 20000, 8
STORM_S = 2
LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib")
SKIPPED = 77


@pytest.fixture(scope="module")
def connects(tmp_path_factory):
    """connects.c, built."""
    path = tmp_path_factory.mktemp("connects") / "connects"
    subprocess.run(["gcc", "-O2", "-std=c11", "-pthread", os.path.join(LIB, "connects.c"), "-o",
                    str(path)], check=True)
    return str(path)


@pytest.fixture
def ports(make, space, server):
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}", tcp_tw_reuse=0)
    server(f"l = listen('127.0.0.1', {PORT}, backlog=4096)")
    return make.ports(space=space)


def check_failure(failure, count):
    assert (failure["cause"], failure["count"]) == ("range_exhausted", count)
    assert (failure["call"], failure["errno"]) == ("connect", "EADDRNOTAVAIL")
    check_sums(failure["census"])
    assert failure["census"]["used"] == failure["census"]["supply"] == SUPPLY


def test_io_uring(ports, space, connects):
    """The ring's workers are threads of the process."""
    process = subprocess.Popen(space.enter(connects, "uring", str(SUPPLY + 3), str(PORT)),
                               stdout=subprocess.PIPE, text=True)
    try:
        results = [process.stdout.readline().strip() for _ in range(SUPPLY + 3)]
        if results == [""] * len(results) and process.wait(10) == SKIPPED:
            pytest.skip("io_uring is not allowed here")
        assert results == ["0"] * SUPPLY + ["99"] * 3
        failure = ports.wait_failure(3)
        check_failure(failure, 3)
        assert failure["owner"]["pid"] == process.pid and failure["owner"]["comm"] == "connects"
        assert owners(failure["census"]) == {process.pid: SUPPLY}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


FAST_OPEN = {
    "sendto": "make().sendto(b'x', 0x20000000, ('127.0.0.1', PORT))",  # MSG_FASTOPEN
    "deferred": "deferred()",
}


@pytest.mark.parametrize("name", FAST_OPEN)
def test_fast_open(ports, space, client, name):
    space.sysctl(tcp_fastopen=1)
    client(f"""
PORT = {PORT}
def deferred():
    s = make()
    s.setsockopt(socket.IPPROTO_TCP, 30, 1)  # TCP_FASTOPEN_CONNECT
    s.connect(('127.0.0.1', PORT))
kept = exhaust(connect, '127.0.0.1', PORT)""")
    call = FAST_OPEN[name]
    assert client(f"[failure(lambda: {call}) for i in range(2)]") == ["EADDRNOTAVAIL"] * 2
    failure = ports.wait_failure(3)
    check_failure(failure, 3)
    assert failure["owner"]["pid"] == client.pid


@pytest.mark.parametrize("threads", [1, 4])
def test_storm_of_retries(ports, space, client, connects, threads):
    """Every failure is counted, in a handful of lines."""
    client(f"kept = exhaust(connect, '127.0.0.1', {PORT})")
    ports.wait_failure(1)
    failed = int(space.run(connects, "storm", str(STORM_S), str(threads), str(PORT)))
    assert ports.stop() == 0
    failures = [o for o in ports.failures() if o["owner"]["pid"] != client.pid]
    assert failures[-1]["owner"]["comm"] == "connects"
    check_failure(failures[-1], failed)
    assert len({o["owner"]["pid"] for o in failures}) == 1
    for failure in failures:
        check_sums(failure["census"])
    refreshes = len(ports.refreshes())
    assert len(failures) <= refreshes and len(ports.lines) <= 3 * refreshes + 10
    loss = ports.objects[-1]
    assert loss["type"] == "loss" and {k: loss[k] for k in truth.NO_LOSS} == truth.NO_LOSS
    print(f"{failed / STORM_S:.0f} failures a second")
